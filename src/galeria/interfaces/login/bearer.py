"""Authenticate requests by their access token. Roles are read from the database at each request, never from the token."""

from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import Request
from fastapi.responses import JSONResponse

from galeria.actions.core.caller import Caller
from galeria.domain.errors import Unauthenticated
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal
from galeria.interfaces.http.origins import client_address
from galeria.interfaces.http.request_ids import correlation_id_of
from galeria.interfaces.http.request_limits import RequestLimits
from galeria.interfaces.login.authority import Authority
from galeria.interfaces.services import Services
from galeria.ports.database import Database, UnitOfWork
from galeria.ports.tokens import Claims, Tokens
from galeria.ports.work import IdGenerator


def bearer(
    tokens: Tokens, database: Database, id_generator: IdGenerator, limits: RequestLimits
) -> Callable[[Request], Caller]:
    """Return a dependency for handlers that need a caller: `caller: Caller = Depends(bearer(...))`.

    It raises Unauthenticated, and TooManyRequests beyond the person's rate; register `unauthenticated_handler` on the
    application.
    """

    def read_caller(request: Request) -> Caller:
        claims = tokens.read(_token(request))
        with database(reading=True) as uow:
            principal = _admitted(uow, claims)
            limits.admit(request.scope, principal.id)
            assignments, locks = uow.people.assignments(principal.id), tuple(uow.locks.all())
        correlation = correlation_id_of(request.headers, id_generator)
        return Caller(
            principal=principal,
            assignments=assignments,
            correlation_id=correlation,
            address=client_address(request),
            locks=locks,
        )

    return read_caller


def bearer_of(services: Services) -> Callable[[Request], Caller]:
    """Return `bearer` for a server's own ports and limits."""
    return bearer(services.tokens, services.database, services.id_generator, services.request_limits)


def unauthenticated_handler(authority: Authority) -> Callable[[Request, Exception], JSONResponse]:
    """Return a handler for `app.add_exception_handler(Unauthenticated, …)`: 401 in the form of ARM.

    The challenge names where to sign in (RFC 6750 §3; Azure's clients read `authorization_uri`).
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
