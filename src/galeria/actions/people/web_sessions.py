"""Signing in and out in a browser."""

from galeria.actions.core.audit import record_audit
from galeria.actions.core.caller import Caller
from galeria.actions.core.request import Request
from galeria.actions.people.people import set_password
from galeria.actions.people.principals import subscription_scope
from galeria.domain.errors import NotFound
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal
from galeria.domain.people.sign_in import fingerprint
from galeria.domain.people.web_sessions import LIFE, SEEN_EVERY, WebSession
from galeria.ports.database import UnitOfWork
from galeria.ports.work import Clock, IdGenerator, SecretHasher

SIGN_IN = "Galeria.Identity/sessions/write"
LONGEST_BROWSER = 200


def open_web_session(
    uow: UnitOfWork,
    clock: Clock,
    id_generator: IdGenerator,
    principal: Principal,
    *,
    address: str = "",
    browser: str = "",
    instead_of: str = "",
    issuer: str = "",
) -> str:
    """The secret that the browser keeps. Also forgets sessions that have ended, and the one of the id `instead_of`.

    The caller commits.
    """
    now, secret = clock.now(), id_generator.new_secret()
    close_web_session(uow, instead_of)
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
            issuer=issuer,
        )
    )
    caller = Caller(principal=principal, assignments=[])
    record_audit(
        uow, clock, id_generator, caller, SIGN_IN, subscription_scope(uow), detail=Message("signed in in a browser")
    )
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


def list_web_sessions(request: Request) -> list[WebSession]:
    """The caller's own that still work, the last used first."""
    now = request.clock.now()
    own = request.uow.web_sessions.of_principal(request.caller.principal.id)
    return sorted((each for each in own if each.is_valid(now)), key=lambda each: each.seen_at, reverse=True)


def end_web_session(request: Request, id: str) -> None:
    """One of the caller's own; may be repeated. Raises NotFound for somebody else's."""
    session = request.uow.web_sessions.find(id)
    if session is None:
        return
    if session.principal_id != request.caller.principal.id:
        raise NotFound(
            Message("There is no such session of yours."),
            hint=Message("Open your account again: it lists those there are."),
        )
    request.uow.web_sessions.remove(session)


def end_other_sessions(request: Request, *, but: str) -> int:
    """Sign the caller out of every browser except the one of session `but`; how many these were."""
    others = [each for each in list_web_sessions(request) if each.id != but]
    for session in others:
        request.uow.web_sessions.remove(session)
    return len(others)


def change_own_password(
    request: Request, secrets: SecretHasher, password: str, *, address: str = "", browser: str = ""
) -> str:
    """The caller is signed out everywhere, and signed in again in this browser: returns its new secret. Raises Invalid.

    The door asks for the current password before.
    """
    uow, clock, id_generator, who = request.uow, request.clock, request.id_generator, request.caller
    principal, _ = set_password(uow, secrets, clock, id_generator, who, who.principal.id, password)
    return open_web_session(uow, clock, id_generator, principal, address=address, browser=browser)
