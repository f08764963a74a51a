"""What images occupy is measured in the background, says what asking the stores would say, and follows what comes and goes."""

import threading
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import ClassVar

import pytest

from galeria.actions.galleries.galleries import put_gallery
from galeria.actions.versions.versions import delete_version
from galeria.adapters.files.audit_copy import FileAuditCopy
from galeria.bootstrap.periodic_jobs import Reconciler, periodic_jobs, usage_jobs
from galeria.domain.errors import StoreUnavailable
from galeria.domain.messages import Message
from galeria.ports.images import Digest
from galeria.ports.work import Traffic
from galeria.reconcilers.storage_usage import measure_storage_usage
from tests.exact_costs import gallery_costs
from tests.failing import FailingStore, with_stores
from tests.local_installation import GALLERY, GROUP, MIB, LocalInstallation, disk_bytes, version_id
from tests.prepared_installations import MakeInstallation
from tests.reconcilers.started import Started
from tests.reconcilers.told_relay import ToldRelay
from tests.version_rows import BRAZIL, add_shared_versions
from tests.waiting import until

Figures = dict[tuple[str, str], int]


@pytest.fixture
def filled(new_installation: MakeInstallation) -> LocalInstallation:
    """Three versions that share most of their bytes, two of one image."""
    return new_installation(add_shared_versions)


def asked(installation: LocalInstallation) -> Figures:
    """Of the stores themselves."""
    with installation.request() as request:
        costs = gallery_costs(request, GALLERY, installation.context.stores)
    return {(cost.version.id, line.region): line.stored_bytes for cost in costs for line in cost.regions}


def measured(installation: LocalInstallation) -> Figures:
    with installation.context.database(reading=True) as uow:
        images = [each.id for each in uow.definitions.below(GALLERY.key)]
        versions = [each for image in images for each in uow.storage_usage.versions(image, offset=0, limit=9)]
    return {(each.id, region): own for each in versions for region, own in each.own_bytes.items()}


def delete(installation: LocalInstallation, image: str, number: str = "1.0.0") -> None:
    with installation.request() as request:
        operation = delete_version(request, version_id(image, number))
    installation.run(operation)


def test_the_figures_are_those_of_the_stores(filled: LocalInstallation) -> None:
    assert measured(filled) == {}
    measure_storage_usage(filled.context)
    assert measured(filled) == asked(filled)
    assert len(measured(filled)) == 6


def test_when_an_older_version_goes_the_younger_ones_hold_what_they_shared(filled: LocalInstallation) -> None:
    measure_storage_usage(filled.context)
    before = measured(filled)
    delete(filled, "linux")
    measure_storage_usage(filled.context)
    assert measured(filled) == asked(filled) != before
    assert sum(measured(filled).values()) <= sum(before.values())


def test_a_new_version_is_measured_against_the_older_ones_only(filled: LocalInstallation) -> None:
    measure_storage_usage(filled.context)
    with filled.context.database(reading=True) as uow:
        before = uow.storage_usage.chains(BRAZIL[0])
    filled.engine.write(filled.guest_of("algebra"), 0, b"lesson three")
    filled.run(filled.begin_export("algebra", "Algebra"))
    measure_storage_usage(filled.context)
    with filled.context.database(reading=True) as uow:
        after = uow.storage_usage.chains(BRAZIL[0])
    assert (len(after), after | before == after) == (4, True), "what was measured stays as it was"
    assert measured(filled) == asked(filled)


class AwayStore(FailingStore):
    """It cannot say what it holds."""

    def growth(
        self, sets: Sequence[Collection[Digest]], *, before: Iterable[Digest], traffic: Traffic | None = None
    ) -> list[int]:
        self.calls += 1
        raise self.error


class UnweighedStore(FailingStore):
    """It cannot say what sets of manifests occupy by themselves."""

    def whole_sizes(self, sets: Iterable[Collection[Digest]], *, traffic: Traffic | None = None) -> list[int]:
        self.calls += 1
        raise self.error


class SmallStore(FailingStore):
    """It has room for one set at a time."""

    def growth(
        self, sets: Sequence[Collection[Digest]], *, before: Iterable[Digest], traffic: Traffic | None = None
    ) -> list[int]:
        return self.real.growth(sets, before=before, traffic=traffic)[:1]


def seen_through(installation: LocalInstallation, kind: type[FailingStore], *regions: str) -> LocalInstallation:
    error = StoreUnavailable(Message("The store is away."), hint=Message("Wait."))
    stores = {each: kind(real=installation.context.stores[each], verb="growth", error=error) for each in regions}
    return with_stores(installation, **stores)


def test_where_nothing_changed_no_store_is_asked(filled: LocalInstallation) -> None:
    measure_storage_usage(filled.context)
    away = seen_through(filled, AwayStore, *BRAZIL)
    measure_storage_usage(away.context)
    assert [store.calls for store in away.context.stores.values() if isinstance(store, AwayStore)] == [0, 0]


def news(installation: LocalInstallation) -> list[bool]:
    with installation.context.database(reading=True) as uow:
        return [uow.storage_usage.has_news(region) for region in BRAZIL]


def test_versions_that_came_or_went_are_news_until_all_are_measured(filled: LocalInstallation) -> None:
    assert news(filled) == [True, True]
    measure_storage_usage(filled.context)
    assert news(filled) == [False, False]
    delete(filled, "Algebra", "1.0.1")  # the youngest: what is older stays as it was measured
    measure_storage_usage(filled.context)
    assert (news(filled), measured(filled)) == ([False, False], asked(filled))
    delete(filled, "linux")
    assert news(filled) == [True, True]
    filled.run(filled.begin_import("linux", disk_bytes(MIB), version="2.0.0", regions=BRAZIL[:1]))
    measure_storage_usage(seen_through(filled, AwayStore, BRAZIL[0]).context)
    assert news(filled) == [True, False]
    measure_storage_usage(filled.context)
    assert (news(filled), measured(filled)) == ([False, False], asked(filled))


def test_one_that_came_while_another_went_is_news(filled: LocalInstallation) -> None:
    measure_storage_usage(filled.context)
    delete(filled, "linux")
    filled.run(filled.begin_import("linux", disk_bytes(MIB), version="2.0.0", regions=BRAZIL))
    assert news(filled) == [True, True]
    measure_storage_usage(filled.context)
    assert measured(filled) == asked(filled)


def whole(installation: LocalInstallation) -> list[int | None]:
    """What each copy occupies by itself, as kept; the oldest version first."""
    with installation.context.database(reading=True) as uow:
        gallery = uow.galleries.get_by_key(GALLERY.key)
        versions = uow.storage_usage.of_gallery(gallery.id, after=None, limit=9)
    return [each.whole_bytes.get(region) for each in versions for region in BRAZIL]


def test_what_a_version_is_by_itself_is_asked_once(filled: LocalInstallation) -> None:
    measure_storage_usage(filled.context)
    assert all(whole(filled))
    before = whole(filled)
    delete(filled, "linux")
    away = seen_through(filled, UnweighedStore, *BRAZIL)
    measure_storage_usage(away.context)
    assert (whole(filled), news(filled)) == (before[2:], [False, False]), "what goes changes no other"
    assert [store.calls for store in away.context.stores.values() if isinstance(store, UnweighedStore)] == [0, 0]


def test_what_was_not_known_before_an_update_is_found_out(filled: LocalInstallation) -> None:
    measure_storage_usage(filled.context)
    before = whole(filled)
    with filled.context.database() as uow:
        (first, *_) = uow.storage_usage.held(BRAZIL[0])
        uow.storage_usage.weigh(BRAZIL[0], {first.version_id: None})  # type: ignore[dict-item]  # as after the update
        uow.commit()
    assert news(filled) == [True, False]
    measure_storage_usage(seen_through(filled, UnweighedStore, BRAZIL[0]).context)
    assert (whole(filled)[0], news(filled)) == (None, [True, False])
    measure_storage_usage(filled.context)
    assert (whole(filled), news(filled)) == (before, [False, False])


def test_a_thorough_run_lists_all_versions_anyway(filled: LocalInstallation) -> None:
    measure_storage_usage(filled.context)
    with filled.context.database() as uow:
        (first, *_) = uow.storage_usage.held(BRAZIL[0])
        (disk,) = uow.versions.disks(first.version_id)
        other = next(each for each in uow.storage_usage.held(BRAZIL[0]) if each.digests != first.digests)
        (disk.digest,) = other.digests
        uow.commit()
    away = seen_through(filled, AwayStore, *BRAZIL)
    measure_storage_usage(away.context)
    assert [store.calls for store in away.context.stores.values() if isinstance(store, AwayStore)] == [0, 0]
    measure_storage_usage(filled.context, thorough=True)
    assert measured(filled) == asked(filled)


def test_a_store_that_is_away_holds_up_no_other(filled: LocalInstallation) -> None:
    measure_storage_usage(seen_through(filled, AwayStore, BRAZIL[0]).context)
    assert {region for _, region in measured(filled)} == {BRAZIL[1]}


def test_a_store_that_is_away_is_waited_for_once_for_all_galleries(filled: LocalInstallation) -> None:
    other = GROUP.resource("Microsoft.Compute", "galleries", "other")
    with filled.request() as request:
        put_gallery(request, other, location=BRAZIL[0], tags={}, description="")
        request.uow.flush()
        image = request.uow.definitions.get_by_key(GALLERY.child("images", "linux").key)
        image.gallery_id = request.uow.galleries.get_by_key(other.key).id
    away = seen_through(filled, AwayStore, BRAZIL[0])
    measure_storage_usage(away.context)
    store = away.context.stores[BRAZIL[0]]
    assert isinstance(store, AwayStore)
    assert store.calls == 1
    measure_storage_usage(filled.context)
    assert news(filled) == [False, False]


def test_regions_that_other_processes_serve_are_left_to_them(filled: LocalInstallation) -> None:
    measure_storage_usage(replace(filled.context, regions=frozenset(BRAZIL[1:])))
    assert {region for _, region in measured(filled)} == {BRAZIL[1]}


class SlowStore(FailingStore):
    """It does not answer until it is let."""

    asked: ClassVar[threading.Event]
    let: ClassVar[threading.Event]

    def growth(
        self, sets: Sequence[Collection[Digest]], *, before: Iterable[Digest], traffic: Traffic | None = None
    ) -> list[int]:
        self.asked.set()
        assert self.let.wait(60)
        return self.real.growth(sets, before=before, traffic=traffic)


def test_a_store_that_does_not_answer_holds_up_no_operation(
    filled: LocalInstallation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SlowStore, "asked", threading.Event(), raising=False)
    monkeypatch.setattr(SlowStore, "let", threading.Event(), raising=False)
    context, started = seen_through(filled, SlowStore, *BRAZIL).context, Started()
    copy = FileAuditCopy(path=filled.folder / "activity.jsonl")
    threads = [
        Reconciler(periodic_jobs(context, started, copy, ToldRelay())),
        Reconciler(usage_jobs(context), name="storage usage"),
    ]
    for each in threads:
        each.start()
    try:
        assert SlowStore.asked.wait(60)
        waiting = filled.begin_import("other", disk_bytes(MIB))
        until(lambda: waiting.id in started.ids, "the operation is begun")
        assert measured(filled) == {}
        SlowStore.let.set()
        until(lambda: news(filled) == [False, False], "all is measured")
    finally:
        SlowStore.let.set()
        for each in threads:
            each.stop()


def test_a_round_that_has_no_room_for_all_goes_on_in_the_next(filled: LocalInstallation) -> None:
    small = seen_through(filled, SmallStore, *BRAZIL)
    for count in (2, 4, 6):
        measure_storage_usage(small.context)
        assert len(measured(filled)) == count
    assert measured(filled) == asked(filled)
