"""Inviting a lab's users by mail. What is recorded here is sent by a reconciler (`reconcilers.invitation_mails`)."""

from dataclasses import dataclass

from galeria.actions.core.request import Request
from galeria.actions.labs.labs import get_lab
from galeria.actions.rosters.lab_users import USER, get_user
from galeria.domain.errors import Conflict, Invalid
from galeria.domain.ids import ResourceId
from galeria.domain.labs.addresses import is_address
from galeria.domain.labs.invitations import UserInvitation
from galeria.domain.labs.roster import InvitationState, LabUser
from galeria.domain.messages import EMPTY, Message, join

INVITE = f"{USER}/invite/action"
MAX_NOTE = 2000  # characters
NO_MAIL = Message("This installation sends no mail.")
GIVE_LINK = Message("Give the registration link to the users yourself; an administrator can set up mail.")


@dataclass(frozen=True, kw_only=True)
class InvitationRequest:
    """What the educator writes to everybody invited, and the mail's language; without one that of the settings counts."""

    text: str = ""
    language: str = ""


def invite_user(request: Request, lab_id: ResourceId, name: str, wanted: InvitationRequest) -> LabUser:
    """Records that a user is to be invited, in the state Sending until the mail is sent. It may be repeated: while one is being
    sent there is no second.

    Where the installation sends no mail the state is Failed at once, as programs for Azure expect it. Raises Forbidden,
    NotFound, and Invalid for too long a text.
    """
    user = get_user(request, lab_id, name)
    request.caller.require(INVITE, lab_id.key)
    _require_short(wanted)
    invitation = _invite(request, user, wanted)
    if request.settings.mail is None:
        user.invitation, invitation.failure = InvitationState.FAILED, join(NO_MAIL, GIVE_LINK)
    request.audit(INVITE, user.resource_id)
    return user


def invite_all(
    request: Request, lab_id: ResourceId, wanted: InvitationRequest, *, again: bool = False
) -> list[LabUser]:
    """Invites everybody on the roster who has not registered and was not invited yet, or `again` was; returns them.

    Raises as `invite_user` does, and Conflict where the installation sends no mail.
    """
    lab = get_lab(request, lab_id)
    request.caller.require(INVITE, lab.key)
    if request.settings.mail is None:
        raise Conflict(NO_MAIL, hint=GIVE_LINK, code="MailNotSetUp")
    _require_short(wanted)
    waiting = {InvitationState.NOT_SENT, InvitationState.FAILED} | ({InvitationState.SENT} if again else set())
    found = [
        user
        for user in request.uow.lab_users.of_lab(lab.id)
        if user.principal_id is None and user.invitation in waiting and is_address(user.email)
    ]
    for user in found:
        _invite(request, user, wanted)
    request.audit(INVITE, lab.resource_id, detail=Message("{count} invited", count=len(found)))
    return found


def _require_short(wanted: InvitationRequest) -> None:
    if len(wanted.text) > MAX_NOTE:
        raise Invalid(
            Message(
                "The text has {count} characters, and at most {most} are possible.",
                count=len(wanted.text),
                most=MAX_NOTE,
            ),
            hint=Message("Write less."),
            target="text",
        )


def _invite(request: Request, user: LabUser, wanted: InvitationRequest) -> UserInvitation:
    """Records the invitation, as a new mail unless the one before is still to be sent."""
    now, mail = request.clock.now(), request.settings.mail
    invitation = request.uow.invitations.find(user.id)
    if invitation is None:
        invitation = UserInvitation(user_id=user.id, invited_by="", language="", due_at=now)
        request.uow.invitations.add(invitation)
    invitation.language = wanted.language or (mail.language if mail else "")
    invitation.invited_by, user.invitation_text = request.caller.principal.id, wanted.text
    if user.invitation is not InvitationState.SENDING:
        invitation.number += 1
        invitation.tries, invitation.begun_at = 0, None
        user.invitation, user.invited_at = InvitationState.SENDING, None
    invitation.due_at, invitation.failure = now, EMPTY
    request.touch(user)
    return invitation
