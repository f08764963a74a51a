"""Messages of an educator to the students of a lab: on their pages at once, and in machines whose agent takes them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from galeria.actions.classes.usage import GuestMessage
from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.request import Request
from galeria.actions.labs.lab_settings import LAB
from galeria.actions.labs.labs import get_lab
from galeria.actions.rosters.invitations import INVITE
from galeria.actions.rosters.lab_users import get_user
from galeria.actions.rosters.my_machines import get_own_machine
from galeria.domain.classes.class_help import SHOWN_FOR, ClassMessage, checked_text
from galeria.domain.errors import Conflict, missing
from galeria.domain.ids import ResourceId
from galeria.domain.labs.labs import Lab
from galeria.domain.messages import Message
from galeria.domain.states import MachineState

NEWS = timedelta(minutes=2)
"""How late a message may still be shown in a machine: on its page it is longer."""


@dataclass(frozen=True, kw_only=True)
class SentMessage:
    """What was sent at once, to one student or to all."""

    text: str
    sender: str
    sent_at: datetime
    to: str  # the student's name; empty where it went to several
    count: int
    seen: int  # by how many of them it was closed


def send_message(request: Request, lab_id: ResourceId, text: str, *, to: str = "") -> int:
    """Sends the text to the lab's user of the name `to` or, without one, to all who have registered; returns to how many.

    Raises Forbidden, NotFound, Invalid for an empty text or a long one, and Conflict where nobody would get it.
    """
    lab = get_lab(request, lab_id)
    request.caller.require(INVITE, lab.key)
    line, now = checked_text(text), request.clock.now()
    users = [get_user(request, lab_id, to)] if to else request.uow.lab_users.of_lab(lab.id)
    registered = [each for each in users if each.principal_id]
    if not registered:
        raise Conflict(
            Message("Nobody would get the message: nobody has registered yet."),
            hint=Message("Give your students the link under People, and send it when they are there."),
            target="text",
        )
    sending = request.id_generator.new_id()
    for user in registered:
        request.uow.class_messages.add(
            ClassMessage(
                id=request.id_generator.new_id(),
                lab_id=lab.id,
                user_id=user.id,
                sending=sending,
                text=line,
                sender=request.caller.principal.display_name,
                sent_at=now,
            )
        )
    scope = registered[0].resource_id if to else lab.resource_id
    request.audit(f"{LAB}/sendMessage/action", scope, detail=Message("{count} people", count=len(registered)))
    return len(registered)


def sent_messages(request: Request, lab: Lab) -> list[SentMessage]:
    """Returns what was sent in the lab lately, the newest first."""
    found: dict[str, list[ClassMessage]] = {}
    for each in request.uow.class_messages.of_lab(lab.id, since=request.clock.now() - SHOWN_FOR):
        found.setdefault(each.sending, []).append(each)
    alone = {some[0].user_id for some in found.values() if len(some) == 1}
    names = {each.id: each.shown_name for each in request.uow.lab_users.of_ids(alone)}
    return [
        SentMessage(
            text=some[0].text,
            sender=some[0].sender,
            sent_at=some[0].sent_at,
            to=names.get(some[0].user_id, "") if len(some) == 1 else "",
            count=len(some),
            seen=sum(each.seen_at is not None for each in some),
        )
        for some in found.values()
    ]


def close_message(request: Request, lab_id: ResourceId, machine: str, id: str) -> None:
    """Notes that the caller, who has the machine, has read the message. May be repeated. Raises NotFound."""
    mine = get_own_machine(request, lab_id, machine)
    found = request.uow.class_messages.find(id)
    if found is None or found.user_id != mine.user.id:
        raise missing(Message("message"), id)
    found.seen_at = found.seen_at or request.clock.now()


def take_not_shown(request: BaseRequest) -> list[GuestMessage]:
    """Returns what is to be shown in running machines now. Each message is returned once, so that none is shown twice."""
    now, shown = request.clock.now(), []
    waiting = request.uow.class_messages.not_shown(since=now - NEWS)
    machines = request.uow.machines.of_users({each.user_id for each in waiting})
    for each in waiting:
        each.shown_at = now
        machine = machines.get(each.user_id)
        if machine and machine.state is MachineState.RUNNING:
            text = Message("{sender}: {text}", sender=each.sender, text=each.text)
            shown.append(GuestMessage(machine_id=machine.id, region=machine.region, text=text))
    return shown
