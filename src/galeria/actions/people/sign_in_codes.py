"""Signing in where no browser is at hand, with a device code, or in a browser that carries back an authorization code.

Sources: RFC 8628 (device codes), RFC 6749 §4.1 and RFC 7636 (authorization codes). The callers commit.
"""

import hashlib
import hmac
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.people.principals import find_enabled
from galeria.actions.people.sign_ins import require_unchanged
from galeria.actions.people.token_sessions import revoke_family
from galeria.domain.people.principals import Principal
from galeria.domain.people.sign_in import AuthorizationCode, DeviceCode, DeviceCodeAnswer, fingerprint

log = logging.getLogger(__name__)

DEVICE_LIFE = timedelta(minutes=15)
AUTHORIZATION_LIFE = timedelta(minutes=5)
# Expired codes are kept so long, so that a late program hears "expired" and not "unknown".
KEPT_AFTER_EXPIRY = timedelta(hours=1)
INTERVAL = 3  # seconds between two polls of a waiting program; RFC 8628 §3.2 has 5 as the default
INTERVAL_STEP = 5  # seconds that each poll before its time adds to the interval (RFC 8628 §3.5)
# Polls may come so much early, because a delay of one poll makes the next seem early.
TOLERANCE = timedelta(seconds=1)
# No vowels, so that no words are formed, and no letters that look like others (RFC 8628 §6.1).
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
USER_CODE_LENGTH = 8


class PendingReason(Enum):
    """Why a program gets no token for its device code."""

    PENDING = auto()
    TOO_EARLY = auto()
    DECLINED = auto()
    EXPIRED = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, kw_only=True)
class DeviceStart:
    """The two codes of a new device sign-in: one that the program keeps, one that it shows."""

    device_code: str = field(repr=False)
    user_code: str  # such as BCDF-GHJK


@dataclass(frozen=True, kw_only=True)
class RedeemedCode:
    """The principal who signed in, and the scope that the program asked for.

    `family` and `nonce` are set for authorization codes only.
    """

    principal: Principal
    scope: str
    family: str = ""
    nonce: str = ""


@dataclass(frozen=True, kw_only=True)
class AuthorizationRequest:
    """The parameters with which a program opened the browser; the interface has checked them."""

    client_id: str
    redirect_uri: str
    scope: str
    challenge: str  # S256
    nonce: str


def start_device_sign_in(request: BaseRequest, client_id: str, scope: str) -> DeviceStart:
    """Makes a pair of codes that are valid for 15 minutes. Also removes old ones."""
    now = request.clock.now()
    for old in request.uow.device_codes.expired(now - KEPT_AFTER_EXPIRY):
        request.uow.device_codes.remove(old)
    start = DeviceStart(device_code=request.id_generator.new_secret(), user_code=_new_user_code(request))
    request.uow.device_codes.add(
        DeviceCode(
            id=fingerprint(start.device_code),
            user_code=_user_code_hash(start.user_code),
            client_id=client_id,
            scope=scope,
            issued_at=now,
            expires_at=now + DEVICE_LIFE,
            interval=INTERVAL,
        )
    )
    request.uow.flush()
    return start


def find_device_sign_in(request: BaseRequest, user_code: str) -> DeviceCode | None:
    """Returns the device sign-in that waits with this user code, in any case and with or without the dash, or None."""
    found = request.uow.device_codes.find_by_user_code(_user_code_hash(user_code))
    is_waiting = (
        found is not None and found.answer is DeviceCodeAnswer.PENDING and request.clock.now() < found.expires_at
    )
    return found if is_waiting else None


def answer_device_sign_in(request: BaseRequest, user_code: str, principal: Principal | None) -> bool:
    """Approves a waiting device sign-in for `principal`, who has just signed in; None declines it.

    Returns False where none is waiting. Raises Unauthenticated where the person was signed out everywhere meanwhile.
    """
    found = find_device_sign_in(request, user_code)
    if found is None:
        return False
    if principal is not None:
        require_unchanged(request, principal)
    found.answer = DeviceCodeAnswer.DECLINED if principal is None else DeviceCodeAnswer.APPROVED
    found.principal_id = None if principal is None else principal.id
    return True


def redeem_device_code(request: BaseRequest, device_code: str, client_id: str) -> RedeemedCode | PendingReason:
    """Returns who signed in with the device code, or why there is nobody yet. An answered code is used up."""
    found, now = request.uow.device_codes.find(fingerprint(device_code)), request.clock.now()
    if found is None or found.client_id != client_id:
        return PendingReason.UNKNOWN
    if found.expires_at <= now:
        return PendingReason.EXPIRED
    if found.answer is DeviceCodeAnswer.PENDING:
        return _pending_reason(found, now)
    request.uow.device_codes.remove(found)
    principal = find_enabled(request, found.principal_id) if found.principal_id else None
    if principal is None:
        return PendingReason.DECLINED
    return RedeemedCode(principal=principal, scope=found.scope)


def authorize(request: BaseRequest, principal: Principal, wanted: AuthorizationRequest) -> str:
    """Returns an authorization code that is valid once and for 5 minutes. Also removes old ones.

    Raises Unauthenticated where the person was signed out everywhere since `principal` was read.
    """
    require_unchanged(request, principal)
    now = request.clock.now()
    for old in request.uow.authorization_codes.expired(now - KEPT_AFTER_EXPIRY):
        request.uow.authorization_codes.remove(old)
    code = request.id_generator.new_secret()
    request.uow.authorization_codes.add(
        AuthorizationCode(
            id=fingerprint(code),
            principal_id=principal.id,
            client_id=wanted.client_id,
            redirect_uri=wanted.redirect_uri,
            scope=wanted.scope,
            challenge=wanted.challenge,
            nonce=wanted.nonce,
            family=request.id_generator.new_id(),
            expires_at=now + AUTHORIZATION_LIFE,
        )
    )
    request.uow.flush()
    return code


def redeem_authorization_code(
    request: BaseRequest, code: str, *, client_id: str, redirect_uri: str, challenge: str
) -> RedeemedCode | None:
    """Returns who signed in; None where the code is unknown, expired, used or another program's.

    A second use revokes the tokens of the first, and those that are about to be issued for it: the code is removed.
    """
    found = request.uow.authorization_codes.find(fingerprint(code))
    if found is None or found.client_id != client_id or found.expires_at <= request.clock.now():
        return None
    if found.used_at:
        log.warning("an authorization code of principal %s came twice: its session is revoked", found.principal_id)
        revoke_family(request, found.family)
        request.uow.authorization_codes.remove(found)
        return None
    if found.redirect_uri != redirect_uri or not hmac.compare_digest(found.challenge.encode(), challenge.encode()):
        return None
    found.used_at = request.clock.now()
    principal = find_enabled(request, found.principal_id)
    if principal is None:
        return None
    return RedeemedCode(principal=principal, scope=found.scope, family=found.family, nonce=found.nonce)


def _pending_reason(found: DeviceCode, now: datetime) -> PendingReason:
    pause = timedelta(seconds=found.interval) - TOLERANCE
    is_early = found.polled_at is not None and now - found.polled_at < pause
    found.polled_at = now
    if not is_early:
        return PendingReason.PENDING
    found.interval += INTERVAL_STEP
    return PendingReason.TOO_EARLY


def _new_user_code(request: BaseRequest) -> str:
    """34 random bits: enough against guessing where wrong codes are counted (RFC 8628 §5.1)."""
    number = int.from_bytes(hashlib.sha256(request.id_generator.new_secret().encode()).digest())
    letters = ""
    for _ in range(USER_CODE_LENGTH):
        number, place = divmod(number, len(LETTERS))
        letters += LETTERS[place]
    return f"{letters[:4]}-{letters[4:]}"


def _user_code_hash(user_code: str) -> str:
    """The fingerprint of the letters alone."""
    return fingerprint("".join(letter for letter in user_code.upper() if letter.isalnum()))
