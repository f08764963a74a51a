"""Who has the screen or a terminal of a student's machine open, so that the student is told while it lasts."""

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.claims import is_claimed_by_caller
from galeria.actions.core.request import Request
from galeria.domain.classes.class_help import MachineWatcher, WatchedBy

SCREEN, TERMINAL = WatchedBy.SCREEN, WatchedBy.TERMINAL


def note_watcher(request: Request, machine_id: str, line: str, what: WatchedBy) -> None:
    """Notes that the caller's line to the machine is there now. Its own student is no watcher, and nobody's has none."""
    machine, now = request.uow.machines.find(machine_id), request.clock.now()
    if machine is None or machine.claimed_by is None or is_claimed_by_caller(request, machine):
        return
    found = request.uow.watchers.find(line)
    if found:
        found.seen_at = now
        return
    name = request.caller.principal.display_name
    request.uow.watchers.add(MachineWatcher(id=line, machine_id=machine_id, name=name, what=what, seen_at=now))


def forget_watcher(request: BaseRequest, line: str) -> None:
    """Notes that the line has ended. May be repeated."""
    found = request.uow.watchers.find(line)
    if found:
        request.uow.watchers.remove(found)


def watchers_of(request: BaseRequest, machine_id: str) -> list[MachineWatcher]:
    """Returns who watches the machine now, by name; of somebody with several windows the first."""
    now = request.clock.now()
    there = [each for each in request.uow.watchers.of_machines([machine_id]) if each.is_there(now)]
    return list({(each.name, each.what): each for each in reversed(there)}.values())[::-1]
