"""Machines that nobody uses are switched off by each of Azure's rules, after a warning that somebody may answer."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from galeria.actions.classes.presence import find_warning, keep_running, note_line
from galeria.actions.labs.lab_settings import LabSettings
from galeria.actions.labs.machines import start_machine
from galeria.domain.errors import Conflict, NotFound
from galeria.domain.labs.labs import LabMachine
from galeria.domain.labs.profiles import Profiles
from galeria.domain.reach.relay import RelayConnection, RelayState, Service
from galeria.domain.states import MachineState
from galeria.ports.machines import Machine
from galeria.reconcilers.unused_machines import switch_off_unused
from tests.crashing import Crash
from tests.local_installation import LocalInstallation
from tests.prepared_installations import MakeInstallation, with_lab
from tests.reconcilers.class_rows import LAB, SetClock, add_students, set_lab, states, with_clock, work
from tests.reconcilers.told_relay import ToldRelay

NAME = "student0-vm"
LEFT: Profiles = {"shutdownOnDisconnect": "Enabled", "disconnectDelay": "PT10M"}
NEVER: Profiles = {"shutdownWhenNotConnected": "Enabled", "noConnectDelay": "PT20M"}
ABSENT: Profiles = {"shutdownOnIdle": "UserAbsence", "idleDelay": "PT30M"}
LOW: Profiles = {"shutdownOnIdle": "LowUsage", "idleDelay": "PT30M"}


@dataclass
class Room:
    """One student's running machine, the relay, and the clock."""

    installation: LocalInstallation
    clock: SetClock
    machine: LabMachine
    relay: ToldRelay

    def rule(self, profile: Profiles) -> None:
        set_lab(self.installation, LabSettings(usage_quota="PT99H", profiles={"autoShutdownProfile": profile}))

    def start(self) -> None:
        with self.installation.request("student0") as request:
            operation = start_machine(request, LAB, NAME)
        self.installation.run(operation)

    def minutes(self, count: int) -> None:
        for _ in range(count):
            switch_off_unused(self.installation.context, self.relay)
            work(self.installation)
            self.clock.pass_by(minutes=1)

    def connect(self, sent: int = 0) -> None:
        connection = RelayConnection(
            machine=self.machine.id, scope="", service=Service.SSH, address="", since=self.clock.at, sent=sent
        )
        self.relay.seen = RelayState(connections=(connection,))

    def leave(self) -> None:
        self.relay.seen = RelayState()

    def look(self, *, typed: bool = False) -> None:
        """A screen or a terminal is open, and says so."""
        with self.installation.requests.anonymous_writing() as request:
            note_line(request, self.machine.id, typed=typed)

    def compute(self, seconds: float) -> None:
        spent = self.installation.engine.spent
        spent[self.machine.id] = spent.get(self.machine.id, 0) + seconds

    @property
    def is_running(self) -> bool:
        return states(self.installation)[NAME] is MachineState.RUNNING

    @property
    def messages(self) -> list[str]:
        return self.installation.engine.guest(Machine(id=self.machine.id, region=self.machine.region)).messages

    @property
    def warning(self) -> str:
        with self.installation.requests.anonymous_reading() as request:
            lab = request.uow.labs.get_by_key(LAB.key)
            return str(find_warning(request, lab, request.uow.machines.get(self.machine.id)) or "")


@pytest.fixture
def room(new_installation: MakeInstallation) -> Room:
    installation, clock = with_clock(new_installation(with_lab), "2026-11-23T07:00")
    (machine,) = add_students(installation, 1)
    found = Room(installation, clock, machine, ToldRelay())
    found.rule({})
    found.start()
    return found


def test_without_a_rule_machines_run_on(room: Room) -> None:
    room.minutes(120)
    assert room.is_running


def test_everybody_has_left(room: Room) -> None:
    room.rule(LEFT)
    room.minutes(60)
    assert room.is_running, "nobody has come yet"
    room.connect()
    room.minutes(30)
    assert room.is_running
    room.leave()
    room.minutes(4)
    assert room.messages == []
    room.minutes(2)
    assert room.messages == [
        "This machine is shut down in 5 minutes, because everybody has left it. "
        "Work at it, or press 'Keep running' on its page."
    ]
    assert room.is_running
    room.minutes(4)
    assert (room.is_running, len(room.messages)) == (False, 1)


def test_nobody_came(room: Room) -> None:
    room.rule(NEVER)
    room.minutes(16)
    assert "because nobody has connected to it" in room.warning
    room.minutes(5)
    assert not room.is_running
    room.start()
    room.minutes(10)
    room.look()
    room.minutes(60)
    assert room.is_running


def test_nobody_types(room: Room) -> None:
    room.rule(ABSENT)
    room.connect()
    sent = 0
    for _ in range(40):  # a program that keeps its line alive
        sent += 60
        room.connect(sent)
        room.minutes(1)
    assert not room.is_running


def test_who_types_through_the_relay_works(room: Room) -> None:
    room.rule(ABSENT)
    sent = 0
    for _ in range(60):
        sent += 400
        room.connect(sent)
        room.minutes(1)
    assert (room.is_running, room.messages) == (True, [])


def test_who_types_at_the_screen_works_and_who_only_looks_does_not(room: Room) -> None:
    room.rule(ABSENT)
    for minute in range(60):
        room.look(typed=minute % 20 == 0)
        room.minutes(1)
    assert room.is_running
    for _ in range(40):
        room.look()
        room.minutes(1)
    assert not room.is_running


def test_a_machine_that_computes_counts_as_used_where_low_usage_is_the_rule(room: Room) -> None:
    room.rule(LOW)
    for _ in range(60):
        room.compute(30)
        room.minutes(1)
    assert room.is_running
    for _ in range(32):
        room.compute(1)
        room.minutes(1)
    assert not room.is_running


def test_a_machine_that_computes_is_idle_where_user_absence_is_the_rule(room: Room) -> None:
    room.rule(ABSENT)
    for _ in range(32):
        room.compute(60)
        room.minutes(1)
    assert not room.is_running


def test_the_warning_is_answered(room: Room) -> None:
    room.rule(NEVER)
    room.minutes(17)
    assert room.warning
    with room.installation.request("student0") as request:
        keep_running(request, LAB, NAME)
    assert room.warning == ""
    room.minutes(15)
    assert room.is_running
    room.minutes(6)
    assert (room.is_running, len(room.messages)) == (False, 2)
    with pytest.raises(Conflict, match="not running"), room.installation.request("student0") as request:
        keep_running(request, LAB, NAME)


def test_nobody_else_answers_it(room: Room) -> None:
    with pytest.raises(NotFound), room.installation.request("nobody") as request:
        keep_running(request, LAB, NAME)
    with room.installation.request("educator") as request:
        keep_running(request, LAB, NAME)


def test_nobody_is_switched_off_unwarned_after_a_time_without_the_service(room: Room) -> None:
    room.rule(NEVER)
    room.minutes(1)
    room.clock.at += timedelta(hours=3)
    room.minutes(1)
    assert (room.is_running, len(room.messages)) == (True, 1)
    room.minutes(1)
    assert not room.is_running


def test_a_start_begins_anew(room: Room) -> None:
    room.rule(LEFT | NEVER)
    room.look()
    room.minutes(13)
    assert not room.is_running
    room.start()
    room.minutes(12)
    assert room.is_running, "that somebody left before the start does not count"


def test_the_delays_of_azure_may_be_left_out(room: Room) -> None:
    room.rule({"shutdownWhenNotConnected": "Enabled"})
    room.minutes(14)
    assert room.is_running
    room.minutes(2)
    assert not room.is_running


@pytest.mark.parametrize("place", ["own_power.begin_own", "presence.record_own_audit"])
def test_a_crash_loses_no_shutdown_and_doubles_none(room: Room, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    def fail(*_: object, **__: object) -> None:
        raise Crash

    room.rule(NEVER)
    room.minutes(20)
    with monkeypatch.context() as patched:
        patched.setattr(f"galeria.actions.classes.{place}", fail)
        with pytest.raises(Crash):
            switch_off_unused(room.installation.context, room.relay)
    assert room.is_running
    switch_off_unused(room.installation.context, room.relay)
    switch_off_unused(room.installation.context, room.relay)
    assert len(work(room.installation)) == 1
    assert not room.is_running
