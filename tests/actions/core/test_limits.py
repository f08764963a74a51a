"""Labs, machines and running operations: so many of one person, so many of everybody, also at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from galeria.actions.labs.classic_labs import DraftRequest, delete_either, delete_template, put_lab
from galeria.actions.labs.lab_settings import LabSettings, update_lab
from galeria.actions.labs.labs import create_lab, delete_lab
from galeria.actions.labs.machines import start_machine, stop_machine
from galeria.actions.versions.operations import cancel_operation, retry_operation
from galeria.domain.errors import Conflict, TooManyRequests
from galeria.domain.limits import Limit, Limits
from galeria.domain.operations import OPERATION_TYPES, Operation, OperationKind
from galeria.domain.settings import Settings
from galeria.domain.states import OperationStatus
from tests.local_installation import ACCOUNT, GALLERY, LocalInstallation, lab_id, lab_request, secrets
from tests.prepared_installations import MakeInstallation, with_linux

LINUX = GALLERY.child("images", "linux")
MANY = Limit(per_person=1000, in_all=1000)


@pytest.fixture
def linux(new_installation: MakeInstallation) -> LocalInstallation:
    return new_installation(with_linux)


def limited(
    installation: LocalInstallation,
    *,
    labs: Limit = MANY,
    machines: Limit = MANY,
    operations: Limit = MANY,
    exports: Limit = MANY,
) -> LocalInstallation:
    limits = Limits(labs=labs, machines=machines, operations=operations, exports=exports)
    return installation.with_settings(replace(installation.context.settings, limits=limits))


def draft(installation: LocalInstallation, name: str, *, who: str = "educator", capacity: int | None = None) -> None:
    with installation.request(who) as request:
        put_lab(request, ACCOUNT, lab_id(name), DraftRequest(capacity=capacity), secrets())


def change_capacity(installation: LocalInstallation, name: str, capacity: int, *, who: str = "educator") -> None:
    with installation.request(who) as request:
        update_lab(request, lab_id(name), LabSettings(capacity=capacity), secrets())


def test_one_person_has_so_many_labs_with_and_without_a_template(linux: LocalInstallation) -> None:
    few = limited(linux, labs=Limit(per_person=2, in_all=3))
    few.begin_lab("one", LINUX)
    draft(few, "two")
    for one_more in (lambda: few.begin_lab("three", LINUX), lambda: draft(few, "three")):
        with pytest.raises(
            Conflict, match="One person may have 2 labs at a time, and this would be number 3"
        ) as refused:
            one_more()
        assert refused.value.code == "QuotaExceeded"
        assert "'labs_per_person' under [limits]" in str(refused.value.hint)
    few.begin_lab("theirs", LINUX, who="colleague")


def test_everybody_together_has_so_many_labs_administrators_included(linux: LocalInstallation) -> None:
    few = limited(linux, labs=Limit(per_person=2, in_all=2))
    few.begin_lab("one", LINUX)
    few.begin_lab("two", LINUX, who="colleague")
    with pytest.raises(
        Conflict, match="This installation takes 2 labs at a time, and this would be number 3"
    ) as refused:
        few.begin_lab("three", LINUX, who="admin")
    assert "'labs' under [limits]" in str(refused.value.hint)


def test_one_lab_account_has_so_many_labs_and_machines(linux: LocalInstallation) -> None:
    few = limited(linux, labs=Limit(per_person=9, per_account=2, in_all=9))
    few.begin_lab("one", LINUX)
    draft(few, "two", who="colleague")
    with pytest.raises(
        Conflict, match="A lab account may have 2 labs at a time, and this would be number 3"
    ) as refused:
        few.begin_lab("three", LINUX, who="admin")
    assert "'labs_per_account' under [limits]" in str(refused.value.hint)
    few = limited(linux, machines=Limit(per_person=99, per_account=10, in_all=99))
    with pytest.raises(Conflict, match="of a lab account may have 10 machines together, and this would make 11"):
        change_capacity(few, "one", 10)
    change_capacity(few, "one", 9)


@pytest.mark.parametrize(
    ("exports", "setting"),
    [
        (Limit(per_person=1, per_account=9, in_all=9), "exports_per_person"),
        (Limit(per_person=9, per_account=1, in_all=9), "exports_per_account"),
        (Limit(per_person=9, per_account=9, in_all=1), "exports"),
    ],
)
def test_so_many_exports_are_under_way(linux: LocalInstallation, exports: Limit, setting: str) -> None:
    for lab in ("one", "two"):
        linux.run(linux.begin_lab(lab, LINUX))
    few = limited(linux, exports=exports)
    first = few.begin_export("one", "first")
    with pytest.raises(TooManyRequests) as refused:
        few.begin_export("two", "second")
    assert (refused.value.code, refused.value.seconds) == ("OperationNotAllowed", 60)
    assert f"'{setting}' under [limits]" in str(refused.value.hint)
    few.run(first)
    few.begin_export("two", "second")


def test_a_lab_that_is_gone_makes_room(linux: LocalInstallation) -> None:
    few = limited(linux, labs=Limit(per_person=1, in_all=1))
    few.run(few.begin_lab("one", LINUX))
    with few.request("educator") as request:
        removal = delete_lab(request, lab_id("one"))
    with pytest.raises(Conflict, match="number 2"):
        few.begin_lab("two", LINUX)  # its machine is still there
    few.run(removal)
    draft(few, "two")
    with few.request("educator") as request:
        delete_either(request, ACCOUNT, lab_id("two"))
    few.begin_lab("three", LINUX)


def test_a_lab_that_gets_or_loses_its_template_counts_once(linux: LocalInstallation) -> None:
    few = limited(linux, labs=Limit(per_person=1, in_all=1), machines=Limit(per_person=6, in_all=6))
    draft(few, "one", capacity=5)
    with few.request("educator") as request:
        wanted = lab_request("one", LINUX)
        made = create_lab(request, lab_id("one"), replace(wanted, settings=LabSettings(capacity=5)), secrets())[2]
    few.run(made)
    with few.request("educator") as request:
        removal = delete_template(request, ACCOUNT, lab_id("one"))
        assert request.uow.lab_queries.totals().labs == 1
        assert request.uow.lab_queries.totals().machines == 6
    few.run(removal)
    with few.request() as request:
        author = few.people["educator"].id
        assert request.uow.lab_queries.totals(author_id=author).labs == 1
        assert request.uow.lab_queries.totals(author_id=author).machines == 5


def test_a_lab_counts_with_its_template_and_its_capacity(linux: LocalInstallation) -> None:
    few = limited(linux, machines=Limit(per_person=10, in_all=12))
    few.begin_lab("one", LINUX)
    change_capacity(few, "one", 9)
    with pytest.raises(
        Conflict, match="labs of one person may have 10 machines together, and this would make 11"
    ) as told:
        few.begin_lab("two", LINUX)
    assert told.value.code == "QuotaExceeded"
    assert "'machines_per_person' under [limits]" in str(told.value.hint)
    change_capacity(few, "one", 7)
    few.begin_lab("two", LINUX)
    with pytest.raises(Conflict, match="All labs together may have 12 machines, and this would make 13") as told:
        draft(few, "theirs", who="colleague", capacity=4)
    assert "'machines' under [limits]" in str(told.value.hint)
    draft(few, "theirs", who="colleague", capacity=3)


def test_the_capacity_is_its_makers_whoever_changes_it(linux: LocalInstallation) -> None:
    few = limited(linux, machines=Limit(per_person=5, in_all=100))
    few.begin_lab("one", LINUX)
    with pytest.raises(Conflict, match="would make 6"):
        change_capacity(few, "one", 5, who="admin")
    change_capacity(few, "one", 4, who="admin")
    with few.request() as request:
        assert request.uow.lab_queries.totals(author_id=few.people["admin"].id).machines == 0


def test_whoever_is_above_a_limit_that_was_lowered_can_come_down(linux: LocalInstallation) -> None:
    linux.begin_lab("one", LINUX)
    change_capacity(linux, "one", 50)
    few = limited(linux, machines=Limit(per_person=10, in_all=10))
    change_capacity(few, "one", 40)
    change_capacity(few, "one", 40)
    with pytest.raises(Conflict):
        change_capacity(few, "one", 41)


def test_one_person_runs_so_many_operations(linux: LocalInstallation) -> None:
    few = limited(linux, operations=Limit(per_person=2, in_all=3))
    begun = [few.begin_lab("one", LINUX), few.begin_lab("two", LINUX)]
    with pytest.raises(TooManyRequests, match="as one person may have at a time: 2") as refused:
        few.begin_lab("three", LINUX)
    assert refused.value.code == "OperationNotAllowed"
    assert "'operations_per_person' under [limits]" in str(refused.value.hint)
    begun.append(few.begin_lab("theirs", LINUX, who="colleague"))
    with pytest.raises(TooManyRequests, match="as this installation takes at a time: 3") as refused:
        few.begin_lab("fourth", LINUX, who="admin")
    assert "'operations' under [limits]" in str(refused.value.hint)
    few.run(begun[0])
    few.begin_lab("three", LINUX)


def test_what_gives_room_back_is_taken_and_not_counted(linux: LocalInstallation) -> None:
    few = limited(linux, operations=Limit(per_person=1, in_all=1))
    for name in ("one", "two"):
        few.run(few.begin_lab(name, LINUX))
    few.run(few.begin_start("one"))
    few.begin_lab("busy", LINUX)
    with few.request("educator") as request:
        with pytest.raises(TooManyRequests):
            start_machine(request, lab_id("two"), "template")
        stop_machine(request, lab_id("one"), "template")
        delete_lab(request, lab_id("two"))
        assert request.uow.operations.count_limited() == 1


def test_a_retry_counts_as_an_operation_of_whoever_began_it(linux: LocalInstallation) -> None:
    few = limited(linux, operations=Limit(per_person=1, in_all=10))
    failed = few.begin_lab("one", LINUX)
    with few.request("educator") as request:
        cancel_operation(request, failed.id)
    assert few.run(failed).status is OperationStatus.CANCELED
    other = few.begin_lab("two", LINUX)
    for who in ("educator", "admin"):
        with pytest.raises(TooManyRequests), few.request(who) as request:
            retry_operation(request, failed.id)
    few.run(other)
    with few.request("educator") as request:
        assert retry_operation(request, failed.id).status is OperationStatus.NOT_STARTED


@pytest.mark.parametrize("kind", OperationKind)
def test_every_kind_is_limited_unless_it_removes_or_switches_off(kind: OperationKind) -> None:
    frees = kind.value.startswith(("delete_", "stop_"))
    assert OPERATION_TYPES[kind].is_limited is not frees


@pytest.mark.parametrize(
    ("limits", "most"),
    [
        ({"labs": Limit(per_person=3, in_all=100)}, 3),
        ({"labs": Limit(per_person=100, in_all=4)}, 4),
        ({"machines": Limit(per_person=5, in_all=100)}, 5),
        ({"operations": Limit(per_person=2, in_all=100)}, 2),
    ],
)
def test_requests_at_the_same_moment_do_not_pass_together(
    linux: LocalInstallation, limits: dict[str, Limit], most: int
) -> None:
    few, at_once = limited(linux, **limits), 8
    start = Barrier(at_once)

    def make(number: int) -> Operation | None:
        start.wait(timeout=30)
        try:
            return few.begin_lab(f"lab{number}", LINUX)
        except (Conflict, TooManyRequests):
            return None

    with ThreadPoolExecutor(at_once) as pool:
        made = [each for each in pool.map(make, range(at_once)) if each]
    assert len(made) == most
    with few.request() as request:
        assert request.uow.lab_queries.totals().labs == most


def test_labs_of_nobody_known_count_in_all_only(linux: LocalInstallation) -> None:
    linux.begin_lab("old", LINUX)
    with linux.request() as request:
        request.uow.labs.get_by_key(lab_id("old").key).author_id = ""
    few = limited(linux, labs=Limit(per_person=1, in_all=2))
    few.begin_lab("one", LINUX)
    with pytest.raises(Conflict, match="takes 2 labs"):
        few.begin_lab("two", LINUX, who="colleague")


def test_the_defaults_are_far_above_what_tests_and_demonstrations_need() -> None:
    limits = Settings().limits
    assert (limits.labs.per_person, limits.machines.per_person, limits.operations.per_person) >= (500, 5_000, 200)
    assert all(each.in_all > each.per_person for each in (limits.labs, limits.machines, limits.operations))
