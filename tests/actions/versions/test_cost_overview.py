"""Pages about cost show the figures that asking the stores gives, added up by image and region, and say what is missing."""

from collections import Counter
from decimal import Decimal

import pytest

from galeria.actions.galleries.galleries import put_gallery
from galeria.actions.versions.cost_overview import (
    ROWS,
    Cost,
    CostSum,
    GalleryCosts,
    ImageUses,
    VersionLine,
    get_cost_lines,
    get_cost_overview,
    get_image_costs,
)
from galeria.actions.versions.versions import delete_version
from galeria.domain.errors import NotFound
from galeria.domain.images.soft_delete import Retention
from galeria.reconcilers.storage_usage import measure_storage_usage
from tests.exact_costs import VersionCost, gallery_costs
from tests.local_installation import GALLERY, GROUP, MIB, LocalInstallation, disk_bytes, version_id
from tests.prepared_installations import MakeInstallation
from tests.version_rows import BRAZIL, VersionRows, add_image, add_shared_versions

CENT = Decimal("0.000001")  # what prices are rounded to


def fill(installation: LocalInstallation) -> None:
    """Two images; the versions share most of their bytes, and a lab stands on the first."""
    add_shared_versions(installation)
    installation.run(installation.begin_import("other", disk_bytes(MIB, seed=2)))


@pytest.fixture
def filled(new_installation: MakeInstallation) -> LocalInstallation:
    return new_installation(fill)


def seen(installation: LocalInstallation, text: str = "", page: int = 1) -> GalleryCosts:
    with installation.request() as request:
        return get_cost_overview(request, GALLERY, text=text, page=page)


def uses(installation: LocalInstallation, image: str, page: int = 1) -> ImageUses:
    with installation.request() as request:
        return get_image_costs(request, GALLERY.child("images", image), page=page)


def asked(installation: LocalInstallation) -> list[VersionCost]:
    with installation.request() as request:
        return gallery_costs(request, GALLERY, installation.context.stores)


def bytes_of(lines: list[VersionCost]) -> Counter[str]:
    found: Counter[str] = Counter()
    for each in lines:
        found.update({region.region: region.stored_bytes for region in each.regions})
    return found


def check(sums: CostSum, lines: list[VersionCost]) -> None:
    assert {each.region: each.stored_bytes for each in sums.regions} == dict(bytes_of(lines))
    assert sums.stored_bytes == sum(bytes_of(lines).values())
    assert (sums.versions, sums.logical_bytes) == (len(lines), sum(each.logical_bytes for each in lines))
    assert sums.labs == sum(len(each.labs) for each in lines)
    assert sums.unmeasured == 0
    # Each line's price is rounded, the sum's price once.
    count = sum(len(each.regions) for each in lines)
    assert abs(sums.price_month - sum(each.price_month for each in lines)) <= CENT * count


def check_all(installation: LocalInstallation) -> None:
    """The pages against the stores."""
    lines = asked(installation)
    found = seen(installation)
    check(found.sums, lines)
    assert {each.image.name for each in found.images} == {each.definition.name for each in lines}
    for image in found.images:
        own = [each for each in lines if each.definition.id == image.image.id]
        check(image.sums, own)
        used = uses(installation, image.image.name)
        check(used.sums, own)
        by_id = {each.version.id: each for each in own}
        assert {each.version.id for each in used.versions} == set(by_id)
        for each in used.versions:
            line = by_id[each.version.id]
            assert [(it.region, it.stored_bytes, it.price_month) for it in each.regions] == [
                (it.region, it.stored_bytes, it.price_month) for it in line.regions
            ]
            assert (each.price_month, each.logical_bytes) == (line.price_month, line.logical_bytes)
            assert [lab.lab_id for lab in each.labs] == [lab.resource_id for lab in line.labs]


def lines(installation: LocalInstallation, *, limit: int) -> list[VersionLine]:
    """All versions of the gallery, in parts of so many."""
    found, place, is_first = list[VersionLine](), None, True
    while place or is_first:
        with installation.request() as request:
            part = get_cost_lines(request, GALLERY, after=place, limit=limit)
        assert part.sums == seen(installation).sums
        found, place, is_first = [*found, *part.lines], part.place, False
    return found


@pytest.mark.parametrize("limit", [1, 3, 4, 9])
def test_lines_come_in_parts_with_what_each_version_is_by_itself(filled: LocalInstallation, limit: int) -> None:
    measure_storage_usage(filled.context)
    shown = lines(filled, limit=limit)
    assert [
        (each.image, each.display_name, each.use.version.id, each.use.logical_bytes, each.use.price_month)
        for each in shown
    ] == [
        (each.definition.name, each.definition.display_name, each.version.id, each.logical_bytes, each.price_month)
        for each in asked(filled)
    ]
    assert [dict(each.use.version.whole_bytes) for each in shown] == [
        {region.region: region.whole_bytes for region in each.regions} for each in asked(filled)
    ]


def test_the_figures_are_those_of_the_stores(filled: LocalInstallation) -> None:
    measure_storage_usage(filled.context)
    check_all(filled)
    assert seen(filled).sums.stored_bytes > 0
    assert [lab.title for lab in uses(filled, "linux").versions[0].labs] == ["algebra"]
    assert [each.version.name for each in uses(filled, "Algebra").versions] == ["1.0.1", "1.0.0"]


def test_they_follow_what_is_deleted_and_what_is_kept_for_a_while(filled: LocalInstallation) -> None:
    measure_storage_usage(filled.context)
    with filled.request() as request:
        operation = delete_version(request, version_id("Algebra"))
    filled.run(operation)
    with filled.request() as request:
        request.uow.versions.get_by_key(version_id("other").key).retention = Retention.SOFT_DELETED
    measure_storage_usage(filled.context)
    check_all(filled)
    assert [each.version.retention for each in uses(filled, "other").versions] == [Retention.SOFT_DELETED]


def test_what_is_not_measured_says_so(filled: LocalInstallation) -> None:
    def waiting(cost: Cost) -> dict[str, int]:
        return {each.region: each.unmeasured for each in cost.regions if each.unmeasured}

    before = seen(filled)
    assert (before.measured_at, before.sums.stored_bytes) == (None, 0)
    assert waiting(before.sums) == {BRAZIL[0]: 4, BRAZIL[1]: 3}
    measure_storage_usage(filled.context)
    filled.run(filled.begin_import("linux", disk_bytes(MIB, seed=3), version="1.0.1", regions=BRAZIL))
    after = seen(filled)
    assert after.measured_at is not None
    assert after.sums.stored_bytes > 0
    images = {each.image.name: each.sums for each in after.images}
    assert waiting(after.sums) == waiting(images["linux"]) == dict.fromkeys(BRAZIL, 1)
    assert waiting(images["Algebra"]) == {}
    used = uses(filled, "linux")
    assert [waiting(each) for each in used.versions] == [dict.fromkeys(BRAZIL, 1), {}]
    assert waiting(used.sums) == dict.fromkeys(BRAZIL, 1)
    measure_storage_usage(filled.context)
    check_all(filled)


def test_the_most_expensive_come_first_and_are_found_by_their_names(filled: LocalInstallation) -> None:
    measure_storage_usage(filled.context)
    prices = [each.sums.price_month for each in seen(filled).images]
    assert prices == sorted(prices, reverse=True)
    assert [each.image.name for each in seen(filled, text=" ALGE").images] == ["Algebra"]
    found = seen(filled, text="nothing")
    assert (found.images, found.pages) == ((), 1)
    assert found.sums.versions == 4, "the whole gallery"


def test_long_lists_come_in_pages(installation: LocalInstallation) -> None:
    many = [VersionRows(number=f"1.0.{patch}") for patch in range(ROWS + 3)]
    with installation.request() as request:
        add_image(request, "many", *many)
        for number in range(ROWS):
            add_image(request, f"image-{number:02}", VersionRows())
        add_image(request, "empty")
    first, last = seen(installation), seen(installation, page=99)
    assert [(len(each.images), each.page, each.pages) for each in (first, last)] == [(ROWS, 1, 2), (1, 2, 2)]
    names = {each.image.name for found in (first, last) for each in found.images}
    assert (len(names), "empty" in names) == (ROWS + 1, False)
    top, rest = uses(installation, "many"), uses(installation, "many", page=2)
    assert [each.version.name for each in top.versions] == [f"1.0.{patch}" for patch in range(ROWS + 2, 2, -1)]
    assert [each.version.name for each in rest.versions] == ["1.0.2", "1.0.1", "1.0.0"]
    assert uses(installation, "many", page=99).page == 2
    assert (uses(installation, "empty").versions, uses(installation, "empty").sums.versions) == ((), 0)


def test_they_are_for_those_who_may_see_the_gallery(filled: LocalInstallation) -> None:
    for who in ("educator", "nobody"):
        with pytest.raises(NotFound), filled.request(who) as request:
            get_cost_overview(request, GALLERY)
        with pytest.raises(NotFound), filled.request(who) as request:
            get_image_costs(request, GALLERY.child("images", "linux"))
    with pytest.raises(NotFound), filled.request() as request:
        get_image_costs(request, GALLERY.child("images", "gone"))


def test_one_gallery_knows_nothing_of_another(filled: LocalInstallation) -> None:
    other = GROUP.resource("Microsoft.Compute", "galleries", "second")
    with filled.request() as request:
        put_gallery(request, other, location=BRAZIL[0], tags={}, description="")
    measure_storage_usage(filled.context)
    with filled.request() as request:
        found = get_cost_overview(request, other)
    assert (found.images, found.sums.versions, found.sums.regions, found.measured_at) == ((), 0, (), None)
