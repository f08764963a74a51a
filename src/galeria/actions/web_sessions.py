"""Signing in and out in a browser."""

from galeria.actions.audit import record_audit
from galeria.actions.caller import Caller
from galeria.actions.principals import subscription_scope
from galeria.domain.people import Principal
from galeria.domain.sign_in import fingerprint
from galeria.domain.web_sessions import LIFE, SEEN_EVERY, WebSession
from galeria.ports.database import UnitOfWork
from galeria.ports.work import Clock, Dice

SIGN_IN = "Galeria.Identity/sessions/write"
LONGEST_BROWSER = 200


def open_web_session(
    uow: UnitOfWork, clock: Clock, dice: Dice, principal: Principal, *, address: str = "", browser: str = ""
) -> str:
    """The secret that the browser keeps. Also forgets sessions that have ended. The caller commits."""
    now, secret = clock.now(), dice.new_secret()
    for old in uow.web_sessions.expired(now):
        uow.web_sessions.remove(old)
    uow.web_sessions.add(
        WebSession(
            id=fingerprint(secret),
            principal_id=principal.id,
            created_at=now,
            seen_at=now,
            expires_at=now + LIFE,
            address=address,
            browser=browser[:LONGEST_BROWSER],
        )
    )
    caller = Caller(principal=principal, assignments=[])
    record_audit(uow, clock, dice, caller, SIGN_IN, subscription_scope(uow), detail="signed in in a browser")
    return secret


def find_web_session(uow: UnitOfWork, clock: Clock, secret: str) -> tuple[WebSession, Principal] | None:
    """None where it is unknown or has ended, or where its person may not sign in any more."""
    session = uow.web_sessions.find(fingerprint(secret))
    if session is None or not session.is_valid(clock.now()):
        return None
    principal = uow.people.find(session.principal_id)
    if principal is None or not principal.accepts(session.created_at):
        return None
    return session, principal


def is_to_be_seen(session: WebSession, clock: Clock) -> bool:
    """Whether its use should be noted again."""
    return clock.now() - session.seen_at >= SEEN_EVERY


def note_use(uow: UnitOfWork, clock: Clock, id: str) -> None:
    session = uow.web_sessions.find(id)
    if session is not None:
        session.seen_at = clock.now()


def close_web_session(uow: UnitOfWork, id: str) -> None:
    """May be repeated."""
    session = uow.web_sessions.find(id)
    if session is not None:
        uow.web_sessions.remove(session)


def close_other_sessions(uow: UnitOfWork, principal_id: str, *, but: str = "") -> None:
    """Sign a person out of every browser except the one of session `but`."""
    for session in uow.web_sessions.of_principal(principal_id):
        if session.id != but:
            uow.web_sessions.remove(session)
