"""Sign-in with a name and a secret for all interfaces. Wrong tries are counted by name and address together."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from galeria.actions.core.request_factory import RequestFactory
from galeria.actions.people.people import sign_in
from galeria.actions.people.sign_ins import BLOCKED, SIGN_IN, UNKNOWN_NAME, WRONG_CODE, wrong_secret
from galeria.domain.errors import Unauthenticated
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal, PrincipalKind
from galeria.interfaces.http.known_browsers import MARK_SECONDS
from galeria.interfaces.login.throttle import TooManyTries, require_not_blocked
from galeria.ports.tokens import Tokens
from galeria.ports.work import SecretHasher, WrongTries

log = logging.getLogger(__name__)

WRONG_PER_NAME = 5  # from one address
# From all addresses together: many computers that guess one name are slowed down as well.
WRONG_PER_NAME_EVERYWHERE = 100
# A whole class may share one address, and everybody in it may mistype once.
WRONG_PER_ADDRESS = 50
DEVICES_PER_ADDRESS = 100
# Names are shorter (domain/people/principals.py): longer ones share one count by their beginning.
LONGEST_NAME = 100
MOST_KNOWN = 10_000  # pairs of name and address that signed in, remembered in this process


class PasswordSignIn:
    """Checks names and secrets. May be used by several threads. Unknown names are counted and blocked like others.

    A stranger's wrong tries keep nobody out: they count for their own address, and where a name is guessed from everywhere,
    the addresses stay open from which it signed in before. A browser in which the person has signed in is told by its mark, and
    its tries are counted apart, so that strangers at the same address do not keep it out either. Secrets of programs have 255
    random bits; they are not guessed by trying, so that only the address counts for them.
    """

    def __init__(self, requests: RequestFactory, secrets: SecretHasher, tokens: Tokens, tries: WrongTries) -> None:
        self._requests = requests
        self._tokens = tokens
        self._secrets = secrets
        self._tries = tries
        self._known: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def sign_in(self, name: str, secret: str, kind: PrincipalKind, address: str, *, mark: str = "") -> Principal:
        """Return the principal. `mark` is what the browser kept of `new_mark`.

        Raises Unauthenticated with the same message whatever was wrong, and TooManyTries without a check.
        """
        key, place = f"{kind}/{name.lower()[:LONGEST_NAME]}", self._place(address, mark, name)
        self._check(key, kind, place)
        principal = self._checked_secret(key, name, secret, kind, place)
        # Checked again: of many tries sent at once, a right one must not succeed after the wrong ones have blocked the key.
        self._check(key, kind, place)
        self._tries.forget(_name(key, place))
        self._remember(_pair(key, place))
        return principal

    def new_mark(self, principal: Principal) -> str:
        """Return the mark for a browser in which the person has just signed in."""
        return self._tokens.issue_mark(principal.id, seconds=MARK_SECONDS)

    def _place(self, address: str, mark: str, name: str | None = None) -> "_Place":
        """Return where tries are counted: in the browser where its mark is somebody's (of that name), else at the address.

        A mark from before a new password or a revocation counts no more.
        """
        at_address = _Place(key=address, address=address)
        if not mark:
            return at_address
        try:
            known = self._tokens.read_mark(mark)
        except Unauthenticated:
            return at_address
        with self._requests.anonymous_reading() as request:
            person = request.uow.people.find(known.principal_id)
        if person is None or not person.accepts(datetime.fromtimestamp(known.issued_at, UTC)):
            return at_address
        if name is not None and person.name.lower() != name.strip().lower():
            return at_address
        return _Place(key=f"browser {known.id}", address=address, is_known=True)

    def _checked_secret(self, key: str, name: str, secret: str, kind: PrincipalKind, place: "_Place") -> Principal:
        try:
            # Checking a secret takes a tenth of a second and more, which must not hold a lock for writing.
            with self._requests.anonymous_reading() as request:
                return sign_in(request, name, secret, kind, self._secrets)
        except Unauthenticated:
            self._tries.count(_name(key, place), limit=WRONG_PER_NAME)
            self._tries.count(_everywhere(key), limit=WRONG_PER_NAME_EVERYWHERE)
            self._tries.count(_address(place), limit=WRONG_PER_ADDRESS)
            detail = self._wrong(name, kind)
            log.warning("sign-in refused: %s, %s, from %s", kind, detail, place.address)
            self._record(key, detail, place.address)
            raise

    def check_address(self, address: str, mark: str = "") -> None:
        """Raise TooManyTries where the browser or address is blocked, before anything else that can be guessed is checked."""
        with self._recording_blocks("", address):
            require_not_blocked(self._tries, _address(self._place(address, mark)))

    def count_guess(self, address: str, mark: str = "") -> None:
        """Count a wrong code or secret of another kind for the browser or address."""
        self._tries.count(_address(self._place(address, mark)), limit=WRONG_PER_ADDRESS)
        log.warning("sign-in refused: %s, from %s", WRONG_CODE, address)
        self._record("", WRONG_CODE, address)

    def count_device(self, address: str) -> None:
        """Count a device sign-in that was started: strangers may start them, and each is kept for a while.

        Raises TooManyTries.
        """
        key = f"devices {address}"
        require_not_blocked(self._tries, key)
        self._tries.count(key, limit=DEVICES_PER_ADDRESS)

    def _check(self, key: str, kind: PrincipalKind, place: "_Place") -> None:
        keys = [_address(place)]
        if kind is not PrincipalKind.SERVICE_PRINCIPAL:
            keys.append(_name(key, place))
            with self._lock:
                is_known = place.is_known or _pair(key, place) in self._known
            if not is_known:
                keys.append(_everywhere(key))
        with self._recording_blocks(key, place.address):
            require_not_blocked(self._tries, *keys)

    @contextmanager
    def _recording_blocks(self, key: str, address: str) -> Iterator[None]:
        try:
            yield
        except TooManyTries:
            log.warning("sign-in refused: %s, from %s", BLOCKED, address)
            self._record(f"blocked/{key}", BLOCKED, address)
            raise

    def _record(self, about: str, detail: Message, address: str) -> None:
        self._requests.record_refusal(None, SIGN_IN, "", detail, about=about, address=address)

    def _wrong(self, name: str, kind: PrincipalKind) -> Message:
        """Return words with the name where it is somebody's; what else was typed may be a password, which no log may hold."""
        with self._requests.anonymous_reading() as request:
            found = request.uow.people.find_by_name(name)
        return wrong_secret(found.name) if found and found.kind is kind else UNKNOWN_NAME

    def _remember(self, pair: str) -> None:
        with self._lock:
            self._known[pair] = None
            self._known.move_to_end(pair)
            while len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a try came from: `key` is the address, or a browser that is known by its mark."""

    key: str
    address: str
    is_known: bool = False


def _pair(key: str, place: _Place) -> str:
    return f"{key}@{place.key}"


def _name(key: str, place: _Place) -> str:
    return f"name {_pair(key, place)}"


def _everywhere(key: str) -> str:
    return f"everywhere {key}"


def _address(place: _Place) -> str:
    return f"address {place.key}"
