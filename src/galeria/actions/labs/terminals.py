"""A machine's terminal in the browser, for callers who may set a password in it, where the lab's profile offers it."""

from dataclasses import dataclass

from galeria.actions.core.request import Request
from galeria.actions.labs.machines import MACHINE, reach_machine
from galeria.domain.errors import Conflict
from galeria.domain.ids import ResourceId
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.messages import Message
from galeria.domain.reach.authorities import offers_terminal
from galeria.domain.reach.relay import Service, service_address
from galeria.domain.reach.terminals import HostKey
from galeria.domain.states import MachineState

OPEN = f"{MACHINE}/openTerminal/action"
NOT_OFFERED = "TerminalNotOffered"
WRONG_TRY = Message("the machine refused the user name or the password")
BLOCKED = Message("too many wrong tries: nothing was passed on to the machine")
ANOTHER_KEY = Message("the machine showed another key than before")
_RUNNING = (MachineState.RUNNING, MachineState.RESETTING_PASSWORD)


@dataclass(frozen=True, kw_only=True, slots=True)
class Terminal:
    """Where a machine's SSH is for this host, and the key that it showed before."""

    machine_id: str
    scope: str
    region: str
    host: str
    port: int
    known: HostKey | None


def get_terminal(request: Request, lab_id: ResourceId, name: str) -> Terminal:
    """Returns the terminal of a machine that runs.

    Raises Forbidden, NotFound, and Conflict for a lock, a profile that does not say Public, and a machine that is off.
    """
    lab, machine = reach_machine(request, lab_id, name, "resetPassword")
    require_terminal(lab, machine)
    host, port = service_address(machine.address, machine.ssh_port, Service.SSH)
    return Terminal(
        machine_id=machine.id,
        scope=f"{lab.resource_id}/virtualMachines/{machine.name}",
        region=machine.region,
        host=host,
        port=port,
        known=HostKey(machine.host_key) if machine.host_key else None,
    )


def require_terminal(lab: Lab, machine: LabMachine) -> None:
    """Raises Conflict where the lab offers no terminal, or the machine is off."""
    if not offers_terminal(lab):
        raise Conflict(
            Message(
                "This lab offers no terminal in the browser: webSshAccess in its connection profile is not Public."
            ),
            hint=Message("Whoever may change the lab can set it to Public."),
            code=NOT_OFFERED,
        )
    if machine.is_unreachable:
        raise Conflict(
            Message("The machine is on, but cannot be reached: {failure}", failure=machine.failure),
            hint=Message("Look at its screen."),
        )
    if machine.state not in _RUNNING:
        raise Conflict(Message("The machine is off."), hint=Message("Start it, then open its terminal."))


def use_terminal(request: Request, lab_id: ResourceId, name: str, *, account: str, key: HostKey) -> None:
    """Records that the caller signed in as `account`, and remembers the machine's key.

    Raises as `get_terminal` does: the right may have ended meanwhile.
    """
    lab, machine = reach_machine(request, lab_id, name, "resetPassword")
    require_terminal(lab, machine)
    detail = Message("signed in to the machine as {account}", account=account)
    if machine.host_key and machine.host_key != key.line:
        detail = Message(
            "signed in to the machine as {account}, and took its new key {key}", account=account, key=key.fingerprint
        )
    machine.host_key = key.line
    request.audit(OPEN, f"{lab.resource_id}/virtualMachines/{machine.name}", detail=detail)
