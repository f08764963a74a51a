"""What this person may do on a lab's page now."""

from dataclasses import dataclass

from galeria.actions.core.request import Request
from galeria.actions.labs.accounts import ACCOUNT
from galeria.actions.labs.lab_overview import LabOverview
from galeria.actions.labs.lab_settings import CREATE, LAB
from galeria.actions.labs.lab_validation import creatable_accounts
from galeria.actions.labs.machines import MACHINE, can_be_set_offline, require_lab, running_on_machine
from galeria.actions.labs.terminals import require_terminal
from galeria.actions.people.principals import subscription_scope
from galeria.actions.versions.exports import SAVE, export_source, require_idle
from galeria.domain.errors import Conflict, GaleriaError
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.labs.ways_in import NO_AGENT, STOP_SET_START
from galeria.domain.messages import Message, join
from galeria.domain.states import MachineState, ProvisioningState
from galeria.interfaces.web.kit.permits import ALLOWED, Permission, permit, refused
from galeria.interfaces.web.kit.urls import account_url

TEMPLATE = "template"
STARTABLE = {MachineState.STOPPED, MachineState.FAILED, MachineState.STARTING, MachineState.CREATING}


@dataclass(frozen=True, kw_only=True)
class LabPermits:
    """The buttons of the toolbar, each allowed or with the reason against it."""

    start: Permission
    stop: Permission
    password: Permission
    connect: Permission
    screen: Permission
    terminal: Permission
    export: Permission
    edit: Permission
    delete: Permission


def lab_permits(request: Request, seen: LabOverview) -> LabPermits:
    edit = permit(request, f"{LAB}/write", seen.lab.key)
    delete = permit(request, f"{LAB}/delete", seen.lab.key)
    if seen.lab.state is ProvisioningState.DELETING:
        gone = refused(Message("The lab is being deleted."))
        edit, delete = gone, gone
    machine = seen.template
    if machine is None:
        none = refused(Message("This lab has no template: its machines are made from the image itself."))
        return LabPermits(
            start=none,
            stop=none,
            password=none,
            connect=none,
            screen=none,
            terminal=none,
            export=none,
            edit=edit,
            delete=delete,
        )
    off, screen = _off(machine), permit(request, f"{MACHINE}/resetPassword/action", seen.lab.key)
    return LabPermits(
        start=_power(request, seen, machine, "start"),
        stop=_power(request, seen, machine, "stop"),
        password=_power(request, seen, machine, "resetPassword")
        and (ALLOWED if can_be_set_offline(request, seen.lab, machine) else off and _without_agent(machine)),
        connect=off,
        screen=screen if machine.is_unreachable or machine.state is MachineState.STARTING else screen and off,
        terminal=terminal_permit(request, seen.lab, machine),
        export=export_permit(request, seen),
        edit=edit,
        delete=delete,
    )


def terminal_permit(request: Request, lab: Lab, machine: LabMachine) -> Permission:
    """Return the answer that opening the terminal would give to who has no claim on the machine."""
    allowed = permit(request, f"{MACHINE}/resetPassword/action", lab.key)
    return allowed and running_terminal(lab, machine)


def running_terminal(lab: Lab, machine: LabMachine) -> Permission:
    """Return whether the machine's terminal can be opened now, by who may."""
    try:
        require_terminal(lab, machine)
    except Conflict as error:
        return refused(error.whole)
    return ALLOWED


def new_lab_permit(request: Request) -> Permission:
    """Return whether the person may make a lab with any account."""
    if creatable_accounts(request):
        return ALLOWED
    accounts = request.uow.accounts.below("/subscriptions")
    if not accounts:
        if request.caller.may(f"{ACCOUNT}/write", subscription_scope(request)):
            return refused(Message("There is no lab account yet."), place="/accounts")
        return refused(Message("There is no lab account yet. An administrator makes one first."))
    return permit(request, CREATE, accounts[0].key)


def export_permit(request: Request, seen: LabOverview) -> Permission:
    """Return the answer that exporting would give."""
    if seen.account is None or seen.template is None:
        gone = Message("The lab account of this lab is gone.")
        return refused(join(gone, Message("Have the lab join another one.")))
    allowed = permit(request, SAVE, seen.account.key) and permit(
        request, f"{MACHINE}/resetPassword/action", seen.lab.key
    )
    if not allowed:
        return allowed
    if seen.account.gallery_id is None and request.caller.may(f"{ACCOUNT}/write", seen.account.key):
        none = Message("The lab account '{account}' has no gallery attached.", account=seen.account.name)
        return refused(none, place=account_url(seen.account, "gallery"))
    try:
        require_lab(seen.lab)
        export_source(request, seen.account.arm_id, seen.lab.arm_id, TEMPLATE)
        require_idle(request, seen.lab, seen.template)
    except GaleriaError as error:
        return refused(error.whole)
    return ALLOWED


def _power(request: Request, seen: LabOverview, machine: LabMachine, verb: str) -> Permission:
    allowed = permit(request, f"{MACHINE}/{verb}/action", seen.lab.key)
    if not allowed:
        return allowed
    if running_on_machine(request, machine.id):
        return refused(Message("The template is busy. Wait until what is under way has ended."))
    try:
        require_lab(seen.lab)
    except Conflict as error:
        return refused(error.whole)
    return ALLOWED


def _off(machine: LabMachine) -> Permission:
    if machine.state in (MachineState.RUNNING, MachineState.RESETTING_PASSWORD):
        return ALLOWED
    if machine.is_unreachable:
        return refused(Message("The template is on, but cannot be reached: {failure}", failure=machine.failure))
    return refused(Message("The template does not run. Start it first."))


def _without_agent(machine: LabMachine) -> Permission:
    return refused(join(NO_AGENT, STOP_SET_START)) if machine.has_agent is False else ALLOWED
