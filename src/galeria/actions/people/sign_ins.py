"""What every way of signing in ends with: that nothing has changed since the secret was checked, and the audit log."""

import logging

from galeria.actions.core.audit import record_audit
from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.caller import Caller
from galeria.actions.people.principals import subscription_scope
from galeria.domain.errors import Unauthenticated
from galeria.domain.foreign_text import foreign_text
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal

log = logging.getLogger(__name__)

SIGN_IN = "Galeria.Identity/sessions/write"
"""The action of all entries about signing in, successful or not."""

# The ways to sign in, as the audit log tells them.
IN_BROWSER = Message("signed in in a browser")
WITH_SECRET = Message("signed in with its secret")
WITH_IDENTITY = Message("signed in with its machine's identity header")

# What was refused.
BLOCKED = Message("too many wrong tries: refused without a check")
WRONG_CODE = Message("a wrong code or secret")
UNKNOWN_NAME = Message("wrong name or secret for somebody unknown")


def with_password(program: str) -> Message:
    """A person gave name and password to the program, which is named for people."""
    return Message("signed in with a password, for {program}", program=program)


def with_device_code(program: str) -> Message:
    """A person answered the device code that the program showed."""
    return Message("signed in with a device code, for {program}", program=program)


def with_browser(program: str) -> Message:
    """A person signed in in a browser that the program opened."""
    return Message("signed in with a browser, for {program}", program=program)


def wrong_secret(name: str) -> Message:
    """The secret was wrong; `name` is that of somebody who exists."""
    return Message("wrong name or secret for {name}", name=name)


def require_unchanged(request: BaseRequest, principal: Principal) -> None:
    """Raises Unauthenticated where the principal was disabled, or signed out everywhere, since `principal` was read.

    Between the check of a secret and what is given for it a password may be reset: what is given in a writing transaction
    that asks this is either from before the reset, which then ends it, or is not given.
    """
    now = request.uow.people.find(principal.id)
    if now is None or not now.enabled or now.tokens_not_before != principal.tokens_not_before:
        raise Unauthenticated(
            Message("The password or secret was changed at this moment, or the account was disabled."),
            hint=Message("Sign in again."),
        )


def record_sign_in(request: BaseRequest, principal: Principal, way: Message, *, address: str) -> None:
    """Records who signed in, in which way and from where, in the audit log and the program's; in the transaction in which a
    session or token is given.

    Raises Unauthenticated as `require_unchanged` does. The caller commits.
    """
    require_unchanged(request, principal)
    log.info("%s from %s: %s", principal.name, address or "here", foreign_text(str(way)))
    caller = Caller(principal=principal, assignments=[], address=address)
    record_audit(request, caller, SIGN_IN, subscription_scope(request), detail=way)
