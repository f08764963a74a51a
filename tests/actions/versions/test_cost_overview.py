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
    look_at_costs,
    look_at_image_costs,
)
from galeria.actions.versions.costs import VersionCost, gallery_costs
from galeria.actions.versions.versions import delete_version
from galeria.domain.errors import Forbidden, NotFound
from galeria.domain.images.soft_delete import Retention
from galeria.reconcilers.storage_usage import measure_holdings
from tests.scene import GALLERY, GROUP, MIB, Scene, disk_bytes, version_id
from tests.shelves import BRAZIL, VersionRows, add_image, fill_shelf
from tests.stages import MakeScene

CENT = Decimal("0.000001")  # what prices are rounded to


def fill(scene: Scene) -> None:
    """Two images; the versions share most of their bytes, and a lab stands on the first."""
    fill_shelf(scene)
    scene.run(scene.begin_import("other", disk_bytes(MIB, seed=2)))


@pytest.fixture
def shelf(new_scene: MakeScene) -> Scene:
    return new_scene(fill)


def seen(scene: Scene, text: str = "", page: int = 1) -> GalleryCosts:
    with scene.request() as request:
        return look_at_costs(request, GALLERY, text=text, page=page)


def uses(scene: Scene, image: str, page: int = 1) -> ImageUses:
    with scene.request() as request:
        return look_at_image_costs(request, GALLERY.child("images", image), page=page)


def asked(scene: Scene) -> list[VersionCost]:
    with scene.request() as request:
        return gallery_costs(request, GALLERY, scene.world.stores)


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


def check_all(scene: Scene) -> None:
    """The pages against the stores."""
    lines = asked(scene)
    found = seen(scene)
    check(found.sums, lines)
    assert {each.image.name for each in found.images} == {each.definition.name for each in lines}
    for image in found.images:
        own = [each for each in lines if each.definition.id == image.image.id]
        check(image.sums, own)
        used = uses(scene, image.image.name)
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


def test_the_figures_are_those_of_the_stores(shelf: Scene) -> None:
    measure_holdings(shelf.world)
    check_all(shelf)
    assert seen(shelf).sums.stored_bytes > 0
    assert [lab.title for lab in uses(shelf, "linux").versions[0].labs] == ["algebra"]
    assert [each.version.name for each in uses(shelf, "Algebra").versions] == ["1.0.1", "1.0.0"]


def test_they_follow_what_is_deleted_and_what_is_kept_for_a_while(shelf: Scene) -> None:
    measure_holdings(shelf.world)
    with shelf.request() as request:
        operation = delete_version(request, version_id("Algebra"))
    shelf.run(operation)
    with shelf.request() as request:
        request.uow.versions.get_by_key(version_id("other").key).retention = Retention.SOFT_DELETED
    measure_holdings(shelf.world)
    check_all(shelf)
    assert [each.version.retention for each in uses(shelf, "other").versions] == [Retention.SOFT_DELETED]


def test_what_is_not_measured_says_so(shelf: Scene) -> None:
    def waiting(cost: Cost) -> dict[str, int]:
        return {each.region: each.unmeasured for each in cost.regions if each.unmeasured}

    before = seen(shelf)
    assert (before.measured_at, before.sums.stored_bytes) == (None, 0)
    assert waiting(before.sums) == {BRAZIL[0]: 4, BRAZIL[1]: 3}
    measure_holdings(shelf.world)
    shelf.run(shelf.begin_import("linux", disk_bytes(MIB, seed=3), version="1.0.1", regions=BRAZIL))
    after = seen(shelf)
    assert after.measured_at is not None
    assert after.sums.stored_bytes > 0
    images = {each.image.name: each.sums for each in after.images}
    assert waiting(after.sums) == waiting(images["linux"]) == dict.fromkeys(BRAZIL, 1)
    assert waiting(images["Algebra"]) == {}
    used = uses(shelf, "linux")
    assert [waiting(each) for each in used.versions] == [dict.fromkeys(BRAZIL, 1), {}]
    assert waiting(used.sums) == dict.fromkeys(BRAZIL, 1)
    measure_holdings(shelf.world)
    check_all(shelf)


def test_the_dearest_come_first_and_are_found_by_their_names(shelf: Scene) -> None:
    measure_holdings(shelf.world)
    prices = [each.sums.price_month for each in seen(shelf).images]
    assert prices == sorted(prices, reverse=True)
    assert [each.image.name for each in seen(shelf, text=" ALGE").images] == ["Algebra"]
    found = seen(shelf, text="nothing")
    assert (found.images, found.pages) == ((), 1)
    assert found.sums.versions == 4, "the whole gallery"


def test_long_lists_come_in_pages(scene: Scene) -> None:
    many = [VersionRows(number=f"1.0.{patch}") for patch in range(ROWS + 3)]
    with scene.request() as request:
        add_image(request, "many", *many)
        for number in range(ROWS):
            add_image(request, f"image-{number:02}", VersionRows())
        add_image(request, "empty")
    first, last = seen(scene), seen(scene, page=99)
    assert [(len(each.images), each.page, each.pages) for each in (first, last)] == [(ROWS, 1, 2), (1, 2, 2)]
    names = {each.image.name for found in (first, last) for each in found.images}
    assert (len(names), "empty" in names) == (ROWS + 1, False)
    top, rest = uses(scene, "many"), uses(scene, "many", page=2)
    assert [each.version.name for each in top.versions] == [f"1.0.{patch}" for patch in range(ROWS + 2, 2, -1)]
    assert [each.version.name for each in rest.versions] == ["1.0.2", "1.0.1", "1.0.0"]
    assert uses(scene, "many", page=99).page == 2
    assert (uses(scene, "empty").versions, uses(scene, "empty").sums.versions) == ((), 0)


def test_they_are_for_those_who_may_see_the_gallery(shelf: Scene) -> None:
    for who in ("educator", "nobody"):
        with pytest.raises(Forbidden), shelf.request(who) as request:
            look_at_costs(request, GALLERY)
        with pytest.raises(Forbidden), shelf.request(who) as request:
            look_at_image_costs(request, GALLERY.child("images", "linux"))
    with pytest.raises(NotFound), shelf.request() as request:
        look_at_image_costs(request, GALLERY.child("images", "gone"))


def test_one_gallery_knows_nothing_of_another(shelf: Scene) -> None:
    other = GROUP.resource("Microsoft.Compute", "galleries", "second")
    with shelf.request() as request:
        put_gallery(request, other, location=BRAZIL[0], tags={}, description="")
    measure_holdings(shelf.world)
    with shelf.request() as request:
        found = look_at_costs(request, other)
    assert (found.images, found.sums.versions, found.sums.regions, found.measured_at) == ((), 0, (), None)
