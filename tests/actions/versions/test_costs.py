"""What images occupy adds up to what the stores hold, and what a deletion frees is known before it is done."""

import pytest

from galeria.actions.versions.cost_overview import get_image_costs, readable_labs
from galeria.actions.versions.costs import (
    DeletionImpact,
    freed_by_deletion,
    impact_of_deletion,
    live_digests,
)
from galeria.actions.versions.versions import delete_version
from galeria.adapters.store import pacing
from galeria.domain.errors import NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.prices import Prices
from tests.exact_costs import gallery_costs
from tests.local_installation import GALLERY, MIB, LocalInstallation, disk_bytes, version_id
from tests.prepared_installations import MakeInstallation
from tests.role_assignments import assign_role
from tests.version_rows import BRAZIL, add_shared_versions


@pytest.fixture
def filled(new_installation: MakeInstallation) -> LocalInstallation:
    """Three versions that share most of their bytes, and a lab on the first."""
    return new_installation(add_shared_versions)


def impact(installation: LocalInstallation, id: ResourceId) -> DeletionImpact:
    with installation.request() as request:
        return impact_of_deletion(request, id, installation.context.stores)


def stored(installation: LocalInstallation, region: str) -> int:
    with installation.request() as request:
        digests = live_digests(request, region)
    return installation.context.stores[region].holding(digests, others=[]).stored_bytes


def test_all_lines_add_up_to_the_distinct_bytes_that_are_stored(filled: LocalInstallation) -> None:
    with filled.request() as request:
        costs = gallery_costs(request, GALLERY, filled.context.stores)
    assert [str(each.version.number) for each in costs] == ["1.0.0", "1.0.0", "1.0.1"]
    for region in BRAZIL:
        lines = [line for each in costs for line in each.regions if line.region == region]
        assert sum(line.stored_bytes for line in lines) == stored(filled, region)
        assert sum(line.whole_bytes for line in lines) > stored(filled, region), "shared bytes are counted once"
        assert all(line.price_month == Prices().month(region, line.stored_bytes) for line in lines)
    assert costs[0].logical_bytes == MIB
    assert [lab.name for lab in costs[0].labs] == ["algebra"]
    assert all(each.price_month == sum(line.price_month for line in each.regions) for each in costs)


def test_what_a_lab_stands_on_is_freed_later(filled: LocalInstallation) -> None:
    told = impact(filled, version_id("linux"))
    assert [lab.name for lab in told.labs] == ["algebra"]
    assert told.regions[0].freed_now == 0
    for number in ("1.0.0", "1.0.1"):
        with filled.request() as request:
            operation = delete_version(request, version_id("Algebra", number))
        filled.run(operation)
    south, southeast = impact(filled, version_id("linux")).regions
    assert south.freed_now == 0
    assert south.freed_later > 0
    assert (southeast.freed_now > 0, southeast.freed_later) == (True, 0), "no machine is there"


def test_the_impact_says_what_the_deletion_then_frees(filled: LocalInstallation) -> None:
    told = impact(filled, version_id("Algebra", "1.0.0"))
    with filled.request() as request:
        operation = delete_version(request, version_id("Algebra", "1.0.0"))
    before = {region: stored(filled, region) for region in BRAZIL}
    filled.run(operation)
    for each in told.regions:
        assert each.freed_now > 0
        assert before[each.region] - each.freed_now == stored(filled, each.region)


def test_what_another_version_has_whole_frees_nothing(installation: LocalInstallation) -> None:
    for number in ("1.0.0", "2.0.0"):
        installation.run(installation.begin_import("linux", disk_bytes(MIB), version=number, regions=BRAZIL))
    for each in impact(installation, version_id("linux")).regions:
        assert (each.freed_now, each.freed_later) == (0, 0)
    with installation.request() as request:
        operation = delete_version(request, version_id("linux", "2.0.0"))
    installation.run(operation)

    told = impact(installation, version_id("linux")).regions

    assert [(each.region, each.freed_later) for each in told] == [(region, 0) for region in BRAZIL]
    assert all(each.freed_now == stored(installation, each.region) > 0 for each in told)


class Busy:
    """Somebody waits for answers, and notes for how long others have waited."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def wait_quiet(self, seconds: float) -> None:
        self.waits.append(seconds)


def test_the_figures_for_a_page_give_way_to_answers(filled: LocalInstallation, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AT_ONCE", "WORK", "REST"):  # every manifest takes too long
        monkeypatch.setattr(pacing, name, 0.0)
    traffic, id = Busy(), version_id("Algebra", "1.0.0")
    with filled.request() as request:
        told = freed_by_deletion(request, id, filled.context.stores, traffic)
    assert told == impact(filled, id).regions
    assert set(traffic.waits) == {pacing.LONGEST_WAIT}


def test_asking_changes_nothing(filled: LocalInstallation) -> None:
    assert impact(filled, version_id("linux")).regions == impact(filled, version_id("linux")).regions
    with filled.context.database(reading=True) as uow:
        assert uow.operations.unsettled() == []


def test_labs_are_named_to_those_who_may_read_them(filled: LocalInstallation) -> None:
    """Somebody who reads the gallery alone hears how many labs there are, and no name."""
    assign_role(filled, "nobody", "Reader", GALLERY.key)
    with filled.request("nobody") as request:
        told = impact_of_deletion(request, version_id("linux"), filled.context.stores)
        costs = gallery_costs(request, GALLERY, filled.context.stores)
        uses = get_image_costs(request, GALLERY.child("images", "linux"))
        named = [readable_labs(request, each.version.id) for each in costs]
    assert (told.labs, told.other_labs) == ((), 1)
    assert [(each.labs, each.other_labs) for each in costs] == [((), 1), ((), 0), ((), 0)]
    assert [(each.labs, each.other_labs) for each in uses.versions] == [((), 1)]
    assert named == [[], [], []]
    with filled.request() as request:
        everything = get_image_costs(request, GALLERY.child("images", "linux"))
    assert sorted(lab.title for each in everything.versions for lab in each.labs) == ["algebra"]
    assert {each.other_labs for each in everything.versions} == {0}


def test_costs_are_for_those_who_may_see_the_gallery(filled: LocalInstallation) -> None:
    with pytest.raises(NotFound), filled.request("educator") as request:
        gallery_costs(request, GALLERY, filled.context.stores)
    with pytest.raises(NotFound), filled.request("nobody") as request:
        impact_of_deletion(request, version_id("linux"), filled.context.stores)
