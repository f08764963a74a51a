"""Send the invitations that are due, each once.

That a mail is being handed over is recorded before, and what came of it after. Where the process dies between the two, nobody
knows whether the mail server has it: then it is not sent again, and the educator is told so.
"""

from dataclasses import dataclass
from datetime import timedelta

from galeria.actions.rosters.welcomes import needs_account
from galeria.domain.errors import GaleriaError
from galeria.domain.labs.invitations import WELCOME_LIFE, UserInvitation, next_wait
from galeria.domain.labs.labs import Lab
from galeria.domain.labs.roster import InvitationState, LabUser
from galeria.domain.messages import EMPTY, Message, join
from galeria.domain.people.mail import Mail
from galeria.domain.people.sign_in import fingerprint
from galeria.ports.database import UnitOfWork
from galeria.ports.other_servers.mail import (
    InvitationFacts,
    MailDelayed,
    MailRefused,
    MailServer,
    MailTexts,
    MailUncertain,
)
from galeria.workflows.context import WorkflowContext

BATCH = 50  # mails of one round
_DIED = Message("The server stopped while it handed this mail over, so that nobody knows whether it was sent.")
_ASK = Message("Ask the person whether it came, and invite again if not.")


@dataclass(frozen=True, kw_only=True)
class _Delivery:
    user_id: str
    number: int  # of the invitation
    mail: Mail


def send_invitations(context: WorkflowContext, server: MailServer, texts: MailTexts) -> None:
    """Send what is due now, one after the other. Nothing is sent where the settings have no mail server."""
    if context.settings.mail is None:
        return
    with context.database(reading=True) as uow:
        due = uow.invitations.due(context.clock.now(), BATCH)
    for user_id in due:
        delivery = _begin(context, user_id, texts)
        if delivery is not None:
            _end(context, delivery, _hand_over(server, delivery.mail))


def _hand_over(server: MailServer, mail: Mail) -> GaleriaError | None:
    """Return why it was not sent, or may not have been."""
    try:
        server.send(mail)
    except (MailDelayed, MailRefused, MailUncertain) as error:
        return error
    return None


def _begin(context: WorkflowContext, user_id: str, texts: MailTexts) -> _Delivery | None:
    """Record that the mail is being handed over; return None where there is nothing to hand over any more."""
    with context.database() as uow:
        invitation, user = uow.invitations.find(user_id), uow.lab_users.find(user_id)
        if invitation is None or user is None or user.invitation is not InvitationState.SENDING:
            return None
        if invitation.begun_at is not None:
            user.invitation, invitation.failure, invitation.begun_at = InvitationState.FAILED, join(_DIED, _ASK), None
            uow.commit()
            return None
        invitation.begun_at = context.clock.now()
        invitation.tries += 1
        lab = uow.labs.get(user.lab_id)
        welcome = _new_welcome(context, uow, invitation, user)
        mail = _mail(context, uow, texts, invitation, user, lab, welcome)
        uow.commit()
    return _Delivery(user_id=user_id, number=invitation.number, mail=mail)


def _new_welcome(context: WorkflowContext, uow: UnitOfWork, invitation: UserInvitation, user: LabUser) -> str:
    """Make the link for who has no account, in place of one that was sent before; return its path, or nothing."""
    invitation.welcome_hash, invitation.welcome_until = "", None
    mail = context.settings.mail
    if mail is None or not mail.new_accounts or not needs_account(context.request(uow), user):
        return ""
    secret = context.id_generator.new_secret()
    invitation.welcome_hash = fingerprint(secret)
    invitation.welcome_until = context.clock.now() + WELCOME_LIFE
    return f"/welcome/lab/{secret}"


def _mail(
    context: WorkflowContext,
    uow: UnitOfWork,
    texts: MailTexts,
    invitation: UserInvitation,
    user: LabUser,
    lab: Lab,
    welcome: str,
) -> Mail:
    educator = uow.people.find(invitation.invited_by)
    facts = InvitationFacts(
        lab=lab.title,
        educator=educator.display_name if educator else "",
        note=user.invitation_text,
        register_place=f"/register/{lab.registration_code}",
        welcome_place=welcome,
        welcome_until=invitation.welcome_until,
    )
    sender = context.settings.mail.sender if context.settings.mail else ""
    return Mail(
        to=user.email,
        message_id=f"<lab-invitation.{user.id}.{invitation.number}@{sender.rpartition('@')[2]}>",
        content=texts.invitation(invitation.language, facts),
    )


def _end(context: WorkflowContext, delivery: _Delivery, error: GaleriaError | None) -> None:
    """Record what came of it. A user who was removed meanwhile leaves nothing to be recorded."""
    with context.database() as uow:
        invitation, user = uow.invitations.find(delivery.user_id), uow.lab_users.find(delivery.user_id)
        if invitation is None or user is None or invitation.number != delivery.number:
            return
        now = context.clock.now()
        wait: timedelta | None = next_wait(invitation.tries) if isinstance(error, MailDelayed) else None
        invitation.begun_at, invitation.failure = None, error.whole if error else EMPTY
        if error is None:
            user.invitation, user.invited_at = InvitationState.SENT, now
        elif wait is not None:
            invitation.due_at = now + wait
        else:
            user.invitation = InvitationState.FAILED
        uow.commit()
