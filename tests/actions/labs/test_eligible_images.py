"""A page of a lab account's images says of each what looking at it alone says, and several are switched at once."""

from functools import cache

import pytest

from galeria.actions.core.request import Request
from galeria.actions.labs.accounts import AccountRequest, put_account
from galeria.actions.labs.eligible_images import (
    EligibleImages,
    ImageSearch,
    ImageStatus,
    find_image,
    list_images,
    search_images,
)
from galeria.actions.labs.image_switches import enable_image, enable_images
from galeria.actions.labs.lab_images import choose_image
from galeria.actions.labs.lab_validation import check_lab
from galeria.domain.errors import Forbidden, GaleriaError, Invalid, NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.images.eligibility import ImageEligibility
from tests.domain.images.image_values import eligibility_of
from tests.local_installation import ACCOUNT, GALLERY, LocalInstallation, lab_id, lab_request
from tests.prepared_installations import MakeInstallation, Prepare
from tests.questions import counted
from tests.version_rows import add_many

REGIONS = ("brazilsouth", "brazilsoutheast", "westeurope")
IMAGES = 60


@cache
def stocking(seed: int) -> Prepare:
    def stock(installation: LocalInstallation) -> None:
        with installation.request() as request:
            add_many(request, IMAGES, REGIONS, seed=seed)
            request.uow.flush()
            for each in request.uow.definitions.below(GALLERY.key)[::7]:
                enable_image(request, ACCOUNT, each.name, enabled=False)

    return stock


@pytest.fixture
def stocked(new_installation: MakeInstallation, request: pytest.FixtureRequest) -> LocalInstallation:
    return new_installation(stocking(getattr(request, "param", 1)))


def search(installation: LocalInstallation, who: str = "educator", **wanted: object) -> EligibleImages:
    with installation.request(who) as request:
        return search_images(request, ACCOUNT, ImageSearch(**wanted))  # type: ignore[arg-type]  # each test its own


def said(offer: ImageEligibility) -> tuple[object, ...]:
    """All of it; objects of two units of work are never equal."""
    version = offer.version and offer.version.id
    return offer.definition.id, offer.enabled, version, offer.available_regions, offer.obstacles


def by_rule(installation: LocalInstallation, region: str) -> dict[str, ImageEligibility]:
    """By the definition's id: what the rules say of each image when everything of all its versions is read."""
    with installation.request() as request:
        uow = request.uow
        account = uow.accounts.get_by_key(ACCOUNT.key)
        return {
            each.id: eligibility_of(
                account,
                each,
                uow.versions.facts(uow.versions.of_definition(each.id)),
                enabled=account.enables(uow.accounts.find_choice(account.id, each.id)),
                region=region,
            )
            for each in uow.definitions.below(GALLERY.key)
        }


@pytest.mark.slow
@pytest.mark.parametrize("stocked", range(6), indirect=True)
@pytest.mark.parametrize("region", REGIONS)
def test_each_image_is_judged_as_if_it_were_asked_for_alone(stocked: LocalInstallation, region: str) -> None:
    alone = by_rule(stocked, region)
    with stocked.request() as request:
        listed = {each.definition.id: said(each) for each in list_images(request, ACCOUNT, region)}
    found = search(stocked, region=region, size=IMAGES)
    assert listed == {id: said(each) for id, each in alone.items()}
    assert {each.definition.id: said(each) for each in found.images} == {id: said(each) for id, each in alone.items()}
    assert found.counts[ImageStatus.USABLE] == sum(each.is_usable for each in alone.values())
    assert found.counts[ImageStatus.DISABLED] == sum(not each.enabled for each in alone.values())
    assert {each.code for offer in alone.values() for each in offer.obstacles} >= {"Disabled", "NotInRegion"}
    for status, fits in ((ImageStatus.USABLE, True), (ImageStatus.UNUSABLE, False)):
        kept = search(stocked, region=region, size=IMAGES, status=status)
        assert {each.definition.id for each in kept.images} == {
            id for id, each in alone.items() if each.is_usable is fits
        }


@pytest.mark.slow
@pytest.mark.parametrize("stocked", range(3), indirect=True)
@pytest.mark.parametrize("region", REGIONS)
def test_one_image_is_found_as_the_list_tells_it(stocked: LocalInstallation, region: str) -> None:
    alone = by_rule(stocked, region)
    with stocked.request("educator") as request:
        for each in alone.values():
            found = find_image(request, ACCOUNT, each.definition.name.upper(), region)
            assert found is not None
            assert said(found) == said(each)
            if each.version:
                (facts,) = request.uow.versions.facts([request.uow.versions.get(each.version.id)])
                assert (found.os_disk_size, found.facts) == (facts.os_disk.size if facts.os_disk else 0, ())
        assert find_image(request, ACCOUNT, "gone", region) is None
    with pytest.raises(NotFound), stocked.request("nobody") as request:
        find_image(request, ACCOUNT, "image-01", region)


@pytest.mark.slow
@pytest.mark.parametrize("region", REGIONS)
def test_a_lab_that_is_planned_hears_of_its_image_what_making_it_would_say(
    stocked: LocalInstallation, region: str
) -> None:
    with stocked.request("educator") as request:
        names = [each.definition.arm_id for each in list_images(request, ACCOUNT, region)]
        exact = [each.arm_id for each in request.uow.versions.below(GALLERY.key)]
        other = ResourceId(GALLERY.subscription, "elsewhere").resource("Microsoft.Compute", "galleries", "gal")
        wrong = [other.child("images", "image-01"), GALLERY.child("images", "gone"), lab_id("algebra")]
        offered = [ACCOUNT.child("images", each.name) for each in names]
        heard = {image: (told(request, image, region), refused(request, image, region)) for image in names + offered}
        heard |= {image: (told(request, image, region), refused(request, image, region)) for image in exact + wrong}
    assert {image: before for image, (before, _) in heard.items()} == {
        image: after for image, (_, after) in heard.items()
    }
    assert {True, False} == {before is None for before, _ in heard.values()}
    assert all(heard[image][0] for image in wrong)


def told(request: Request, image: ResourceId, region: str) -> object:
    account = request.uow.accounts.get_by_key(ACCOUNT.key)
    findings = check_lab(request, lab_id("planned"), account, lab_request("planned", image, region=region))
    assert findings.errors.keys() <= {"image"}
    return words(findings.errors.get("image"))


def refused(request: Request, image: ResourceId, region: str) -> object:
    try:
        choose_image(request, request.uow.accounts.get_by_key(ACCOUNT.key), image, region)
    except GaleriaError as error:
        return words(error)
    return None


def words(error: GaleriaError | None) -> object:
    return error and (type(error), str(error), error.hint, error.code)


def test_the_installation_holds_images_of_every_kind(stocked: LocalInstallation) -> None:
    """Else the comparison above would prove little."""
    with stocked.request() as request:
        offers = [each for region in REGIONS for each in list_images(request, ACCOUNT, region)]
    codes = {each.code for offer in offers for each in offer.obstacles}
    assert any(each.is_usable for each in offers)
    assert codes == {
        "Disabled",
        "OsDiskTooLarge",
        "MultipleDisks",
        "NoVersion",
        "BeingMade",
        "NotInRegion",
        "ExcludedFromLatest",
        "NoUsableVersion",
        "Deleted",
    }


def test_a_few_questions_are_enough_for_all_images_and_for_one(stocked: LocalInstallation) -> None:
    with stocked.request() as request:
        region = REGIONS[0]
        with counted() as all_of_them:
            found = list_images(request, ACCOUNT, region)
        name = next(each.definition.name for each in found if each.is_usable)
        with counted() as one:
            find_image(request, ACCOUNT, name, region)
    assert len(found) == IMAGES
    assert len(all_of_them) <= 12
    assert len(one) <= 8


def test_a_page_holds_its_part_and_tells_how_many_there_are(stocked: LocalInstallation) -> None:
    pages = [search(stocked, page=number, size=25, usable_first=True) for number in (1, 2, 3)]
    assert [(len(each.images), each.found, each.pages) for each in pages] == [(25, 60, 3), (25, 60, 3), (10, 60, 3)]
    usable = [image.is_usable for each in pages for image in each.images]
    assert usable == sorted(usable, reverse=True)
    assert search(stocked, page=99, size=25).page == 3


def test_images_are_found_by_a_part_of_either_name(stocked: LocalInstallation) -> None:
    assert [each.definition.name for each in search(stocked, text="IMAGE 07").images] == ["image-07"]
    assert [each.definition.name for each in search(stocked, text="image-08").images] == ["image-08"]
    assert search(stocked, text="nothing").found == 0
    with pytest.raises(Invalid, match="no region"):
        search(stocked, region="moon")


def test_several_images_are_switched_at_once_and_each_is_written_down(stocked: LocalInstallation) -> None:
    before = search(stocked, size=IMAGES)
    names = [each.definition.name.upper() for each in before.images][:20]
    with stocked.request() as request:
        changed = enable_images(request, ACCOUNT, names, enabled=False)
    after = search(stocked, size=IMAGES)
    assert changed == sum(each.enabled for each in before.images[:20]) > 0
    assert not any(each.enabled for each in after.images[:20])
    assert [each.enabled for each in after.images[20:]] == [each.enabled for each in before.images[20:]]
    with stocked.request() as request:
        events = request.uow.audit.recent(below=ACCOUNT.key, limit=20)
    assert {(each.action, each.detail) for each in events} == {
        ("Microsoft.LabServices/labPlans/images/write", "disabled")
    }


def test_one_wrong_name_changes_nothing(stocked: LocalInstallation) -> None:
    before = search(stocked, size=IMAGES).counts
    with pytest.raises(NotFound, match="no image 'gone'"), stocked.request() as request:
        enable_images(request, ACCOUNT, ["image-01", "gone"], enabled=False)
    assert search(stocked, size=IMAGES).counts == before
    with pytest.raises(Forbidden), stocked.request("educator") as request:
        enable_images(request, ACCOUNT, ["image-01"], enabled=False)


def test_without_a_gallery_there_are_no_images(installation: LocalInstallation) -> None:
    with installation.request() as request:
        put_account(request, ACCOUNT, AccountRequest(location="brazilsouth", tags={}))
    assert search(installation).images == ()
