"""Browser sessions: signing in and out, listing and ending them."""

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.request import Request
from galeria.actions.people.people import set_password
from galeria.actions.people.sign_ins import IN_BROWSER, record_sign_in
from galeria.domain.errors import NotFound
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal
from galeria.domain.people.sign_in import fingerprint
from galeria.domain.people.web_sessions import LIFE, SEEN_EVERY, WebSession
from galeria.ports.work import SecretHasher

LONGEST_BROWSER = 200


def open_web_session(
    request: BaseRequest,
    principal: Principal,
    *,
    address: str = "",
    browser: str = "",
    instead_of: str = "",
    issuer: str = "",
) -> str:
    """Starts a browser session and returns its secret for the cookie. The caller commits.

    Sessions that have ended and the one with id `instead_of` are removed. Raises Unauthenticated where the person was signed
    out everywhere since `principal` was read.
    """
    now, secret = request.clock.now(), request.id_generator.new_secret()
    close_web_session(request, instead_of)
    for old in request.uow.web_sessions.expired(now):
        request.uow.web_sessions.remove(old)
    request.uow.web_sessions.add(
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
    record_sign_in(request, principal, IN_BROWSER, address=address)
    return secret


def find_web_session(request: BaseRequest, secret: str) -> tuple[WebSession, Principal] | None:
    """Returns the session and its person; None where either is unknown, ended or no longer allowed."""
    session = request.uow.web_sessions.find(fingerprint(secret))
    if session is None or not session.is_valid(request.clock.now()):
        return None
    principal = request.uow.people.find(session.principal_id)
    if principal is None or not principal.accepts(session.created_at):
        return None
    return session, principal


def is_use_outdated(request: BaseRequest, session: WebSession) -> bool:
    """Tells whether the time of the session's last use is so old that it should be recorded again."""
    return request.clock.now() - session.seen_at >= SEEN_EVERY


def record_use(request: BaseRequest, id: str) -> None:
    """Records that the session was used now, if it still exists."""
    session = request.uow.web_sessions.find(id)
    if session is not None:
        session.seen_at = request.clock.now()


def close_web_session(request: BaseRequest, id: str) -> None:
    """Ends the session with that id; may be repeated."""
    session = request.uow.web_sessions.find(id)
    if session is not None:
        request.uow.web_sessions.remove(session)


def list_web_sessions(request: Request) -> list[WebSession]:
    """Returns the caller's own valid browser sessions, the last used first."""
    now = request.clock.now()
    own = request.uow.web_sessions.of_principal(request.caller.principal.id)
    return sorted((each for each in own if each.is_valid(now)), key=lambda each: each.seen_at, reverse=True)


def end_web_session(request: Request, id: str) -> None:
    """Ends one of the caller's own browser sessions; may be repeated. Raises NotFound for somebody else's."""
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
    """Ends the caller's browser sessions except the one with id `but`, and returns how many they were."""
    others = [each for each in list_web_sessions(request) if each.id != but]
    for session in others:
        request.uow.web_sessions.remove(session)
    return len(others)


def change_own_password(
    request: Request, password: str, secrets: SecretHasher, *, address: str = "", browser: str = ""
) -> str:
    """Sets the caller's password, ends all sessions, and returns the secret of a new one for this browser. Raises Invalid.

    The interface asks for the current password before.
    """
    principal, _ = set_password(request, request.caller.principal.id, password, secrets)
    return open_web_session(request, principal, address=address, browser=browser)
