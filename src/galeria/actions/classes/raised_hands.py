"""A student raises a hand on the own page; an educator of the lab sees who did and since when, and answers."""

from dataclasses import dataclass

from galeria.actions.core.request import Request
from galeria.actions.labs.labs import get_lab
from galeria.actions.labs.machines import MACHINE
from galeria.actions.rosters.invitations import INVITE
from galeria.actions.rosters.lab_users import get_user
from galeria.actions.rosters.my_machines import OwnMachine, get_own_machine
from galeria.domain.classes.class_help import RaisedHand
from galeria.domain.ids import ResourceId
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.labs.roster import LabUser


@dataclass(frozen=True, kw_only=True)
class HandUp:
    """A hand that nobody has answered, with whose it is."""

    hand: RaisedHand
    user: LabUser
    machine: LabMachine | None


def raise_hand(request: Request, lab_id: ResourceId, machine: str) -> None:
    """Raises the hand of the caller, who has the machine; one that is up stays as it is. Raises NotFound."""
    mine = get_own_machine(request, lab_id, machine)
    hand = request.uow.raised_hands.find(mine.user.id)
    if hand and hand.is_up:
        return
    if hand:
        request.uow.raised_hands.remove(hand)
    request.uow.raised_hands.add(RaisedHand(user_id=mine.user.id, lab_id=mine.lab.id, raised_at=request.clock.now()))
    request.audit(f"{MACHINE}/raiseHand/action", _scope(mine))


def lower_hand(request: Request, lab_id: ResourceId, machine: str) -> None:
    """Takes the caller's hand down, and what was answered to it. May be repeated. Raises NotFound."""
    mine = get_own_machine(request, lab_id, machine)
    hand = request.uow.raised_hands.find(mine.user.id)
    if hand:
        request.uow.raised_hands.remove(hand)
        request.audit(f"{MACHINE}/lowerHand/action", _scope(mine))


def answer_hand(request: Request, lab_id: ResourceId, user: str) -> None:
    """Answers the hand of the lab's user of that name: the student is told who comes. May be repeated.

    Raises Forbidden, NotFound.
    """
    lab = get_lab(request, lab_id)
    request.caller.require(INVITE, lab.key)
    found = get_user(request, lab_id, user)
    hand = request.uow.raised_hands.find(found.id)
    if hand and hand.is_up:
        hand.answered_at, hand.answered_by = request.clock.now(), request.caller.principal.display_name
        request.audit(f"{MACHINE}/answerHand/action", found.resource_id)


def hands_up(request: Request, lab: Lab) -> list[HandUp]:
    """Returns the lab's hands that nobody has answered, the first raised in front."""
    hands = request.uow.raised_hands.of_lab(lab.id)
    users = {each.id: each for each in request.uow.lab_users.of_ids({each.user_id for each in hands})}
    machines = request.uow.machines.of_users(users.keys())
    return [
        HandUp(hand=each, user=users[each.user_id], machine=machines.get(each.user_id))
        for each in hands
        if each.user_id in users
    ]


def _scope(mine: OwnMachine) -> str:
    return f"{mine.lab.resource_id}/virtualMachines/{mine.machine.name}"
