"""What a student can do with the own machine now, and where not, why and who can help."""

from dataclasses import dataclass

from galeria.actions.core.request import Request
from galeria.actions.labs.machines import can_be_set_offline, require_lab
from galeria.actions.rosters.my_machines import MyMachine
from galeria.domain.errors import Conflict
from galeria.domain.labs.revisions import needs_password
from galeria.domain.labs.ways_in import NO_AGENT
from galeria.domain.messages import EMPTY, Message, Word, join
from galeria.domain.states import MachineState
from galeria.interfaces.web.kit.permits import ALLOWED, Permission, refused
from galeria.interfaces.web.labs.lab_permits import running_terminal

_ON = (MachineState.RUNNING, MachineState.RESETTING_PASSWORD)


@dataclass(frozen=True, kw_only=True)
class StudentPermits:
    """The buttons of a machine's card and page, each allowed or with the reason against it."""

    start: Permission
    stop: Permission
    connect: Permission
    screen: Permission
    terminal: Permission
    password: Permission
    reimage: Permission


def student_permits(request: Request, mine: MyMachine) -> StudentPermits:
    machine = mine.machine
    free, off = _free(mine), _off(mine)
    terminal = running_terminal(mine.lab, machine)
    offline = can_be_set_offline(request, mine.lab, machine)
    return StudentPermits(
        start=free and _start(mine),
        stop=_stop(mine, free),
        connect=off,
        screen=ALLOWED if machine.is_unreachable or machine.state is MachineState.STARTING else off,
        terminal=terminal or (refused(join(terminal.why, ask_educator(mine))) if off else off),
        password=free and (ALLOWED if offline else off and _without_agent(mine)),
        reimage=free,
    )


_OFF_ALREADY = Message("The machine is off.")


def ask_educator(mine: MyMachine) -> Message:
    """Say who can help; nothing where nobody is known."""
    return Message("Ask {people}.", people=mine.educators) if mine.educators else EMPTY


def _free(mine: MyMachine) -> Permission:
    if mine.under_way:
        kind = Word(mine.under_way[0].kind.replace("_", " "))
        busy = Message("The machine is busy: {kind} is under way.", kind=kind)
        return refused(join(busy, Message("Wait until that has ended.")))
    try:
        require_lab(mine.lab)
    except Conflict as error:
        return refused(join(error.message, ask_educator(mine)))
    if mine.machine.state in (MachineState.CREATING, MachineState.DELETING):
        return refused(Message("The machine is {state}.", state=mine.machine.state))
    return ALLOWED


def _start(mine: MyMachine) -> Permission:
    if mine.machine.state in _ON:
        return refused(Message("The machine runs already."))
    if needs_password(mine.machine):
        return refused(Message("The machine has no password yet. Set one of your own first."))
    if mine.seconds_left or mine.is_in_class:
        return ALLOWED
    if mine.is_for_classes:
        return refused(join(Message("The machine is available during classes only."), ask_educator(mine)))
    return refused(join(Message("Your hours with this machine are used up."), ask_educator(mine)))


def _stop(mine: MyMachine, free: Permission) -> Permission:
    if mine.place:
        return ALLOWED  # it waits no longer then
    is_off = mine.machine.state is MachineState.STOPPED and not mine.machine.is_unreachable
    return refused(_OFF_ALREADY) if is_off else free


def _off(mine: MyMachine) -> Permission:
    machine = mine.machine
    if machine.state in _ON:
        return ALLOWED
    if machine.is_unreachable:
        told = Message("The machine is on, but cannot be reached: {failure}", failure=machine.failure)
        return refused(join(told, ask_educator(mine)))
    return refused(Message("The machine does not run. Start it first."))


def _without_agent(mine: MyMachine) -> Permission:
    return refused(join(NO_AGENT, ask_educator(mine))) if mine.machine.has_agent is False else ALLOWED
