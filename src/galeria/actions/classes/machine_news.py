"""What a student is told at once on the pages of the own machine: warnings, messages, who watches, and the raised hand."""

from dataclasses import dataclass

from galeria.actions.classes.presence import find_warning
from galeria.actions.classes.usage import find_usage_warning
from galeria.actions.classes.watching import watchers_of
from galeria.actions.core.request import Request
from galeria.actions.rosters.my_machines import OwnMachine
from galeria.domain.classes.class_help import SHOWN_FOR, ClassMessage, MachineWatcher, RaisedHand
from galeria.domain.messages import Message


@dataclass(frozen=True, kw_only=True)
class MachineNews:
    """What is new of one machine of the caller."""

    hours_warning: Message | None  # that the hours end soon
    shutdown_warning: Message | None  # that nobody uses it, which the student may answer
    messages: tuple[ClassMessage, ...]  # that were not closed yet, the oldest first
    watchers: tuple[MachineWatcher, ...]
    hand: RaisedHand | None  # as long as it is up, and for a while after somebody has answered it


def machine_news(request: Request, own: OwnMachine) -> MachineNews:
    """Returns what is new of the caller's machine."""
    now = request.clock.now()
    hand = request.uow.raised_hands.find(own.user.id)
    return MachineNews(
        hours_warning=find_usage_warning(request, own.lab, own.machine),
        shutdown_warning=find_warning(request, own.lab, own.machine),
        messages=tuple(request.uow.class_messages.open_of(own.user.id, since=now - SHOWN_FOR)),
        watchers=tuple(watchers_of(request, own.machine.id)),
        hand=hand if hand and (hand.is_up or hand.tells_answer(now)) else None,
    )
