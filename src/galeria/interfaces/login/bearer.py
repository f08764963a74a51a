"""Every request carries an access token, and it says who is asking. Roles are read anew each time, never from the token."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import Request
from fastapi.responses import JSONResponse

from galeria.actions.core.caller import Caller
from galeria.domain.errors import Unauthenticated
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal
from galeria.interfaces.login.authority import Authority
from galeria.ports.database import Database, UnitOfWork
from galeria.ports.tokens import Claims, Tokens
from galeria.ports.work import IdGenerator

# What may go into logs and the audit trail just as a client sent it.
_CORRELATION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def bearer(tokens: Tokens, database: Database, id_generator: IdGenerator) -> Callable[[Request], Caller]:
    """A dependency for every door behind sign-in: `caller: Caller = Depends(bearer(...))`.

    It raises Unauthenticated; register `unauthenticated_handler` for it on the application.
    """

    def read_caller(request: Request) -> Caller:
        claims = tokens.read(_token(request))
        with database(reading=True) as uow:
            principal = _admitted(uow, claims)
            assignments, locks = uow.people.assignments(principal.id), tuple(uow.locks.all())
        correlation = _correlation_id(request, id_generator)
        return Caller(principal=principal, assignments=assignments, correlation_id=correlation, locks=locks)

    return read_caller


def unauthenticated_handler(authority: Authority) -> Callable[[Request, Exception], JSONResponse]:
    """`app.add_exception_handler(Unauthenticated, unauthenticated_handler(authority))`: 401 in the shape of ARM.

    The challenge tells clients where to sign in (RFC 6750 §3; `authorization_uri` is what Azure's clients look for).
    """

    def answer(request: Request, error: Exception) -> JSONResponse:
        code = error.code if isinstance(error, Unauthenticated) else Unauthenticated.code
        challenge = f'Bearer authorization_uri="{authority.login_endpoint}"'
        if request.headers.get("authorization"):
            challenge += ', error="invalid_token"'
        body = {"error": {"code": code, "message": str(error)}}
        return JSONResponse(body, status_code=401, headers={"WWW-Authenticate": challenge})

    return answer


def _admitted(uow: UnitOfWork, claims: Claims) -> Principal:
    principal = uow.people.find(claims.principal_id)
    if principal is None or not principal.enabled:
        raise Unauthenticated(
            Message("This account does not exist any more or is disabled."), hint=Message("Ask an Owner to enable it.")
        )
    if not principal.accepts(datetime.fromtimestamp(claims.issued_at, UTC)):
        raise Unauthenticated(Message("The access token was revoked."), hint=Message("Sign in again."))
    return principal


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated(
            Message(
                "Authentication failed. The 'Authorization' header is missing or has another form than "
                "'Bearer <token>'."
            ),
            hint=Message("Sign in first, with 'az login' or at the token endpoint."),
            code="AuthenticationFailed",
        )
    return token.strip()


def _correlation_id(request: Request, id_generator: IdGenerator) -> str:
    sent = request.headers.get("x-ms-correlation-request-id", "")
    return sent if _CORRELATION_ID.fullmatch(sent) else id_generator.new_guid()
