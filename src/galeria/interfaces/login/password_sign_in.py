"""The one way in with a name and a secret, whichever form they came in; it counts wrong tries by name and by address."""

from galeria.actions.core.request_factory import RequestFactory
from galeria.actions.people.people import sign_in
from galeria.domain.errors import Unauthenticated
from galeria.domain.people.principals import Principal, PrincipalKind
from galeria.interfaces.login.throttle import Throttle
from galeria.ports.work import SecretHasher

WRONG_PER_NAME = 5
# A whole class may sit behind one address, and everybody in it may mistype once.
WRONG_PER_ADDRESS = 50
DEVICES_PER_ADDRESS = 100
# Names are shorter (domain/people/principals.py): whatever is longer shares one count with its like.
LONGEST_NAME = 100


class PasswordSignIn:
    """May be used by several threads. Names that do not exist are counted and blocked like others."""

    def __init__(self, requests: RequestFactory, secrets: SecretHasher) -> None:
        self._requests = requests
        self._secrets = secrets
        self._names = Throttle(requests.clock, limit=WRONG_PER_NAME)
        self._addresses = Throttle(requests.clock, limit=WRONG_PER_ADDRESS)
        self._devices = Throttle(requests.clock, limit=DEVICES_PER_ADDRESS)

    def sign_in(self, name: str, secret: str, kind: PrincipalKind, address: str) -> Principal:
        """Raises Unauthenticated with the same words whatever was wrong; Blocked without having looked."""
        key = f"{kind}/{name.lower()[:LONGEST_NAME]}"
        self._check(key, address)
        try:
            # Checking a secret takes a tenth of a second and more: nobody who writes may have to wait for it.
            with self._requests.anonymous_reading() as request:
                principal = sign_in(request, name, secret, kind, self._secrets)
        except Unauthenticated:
            self._names.count(key)
            self._addresses.count(address)
            raise
        # Of many tries sent at once the right one would come through, if it were not for the wrong ones beside it.
        self._check(key, address)
        self._names.forget(key)
        return principal

    def check_address(self, address: str) -> None:
        """Before anything else that can be guessed is looked at. Raises Blocked."""
        self._addresses.check(address)

    def count_guess(self, address: str) -> None:
        self._addresses.count(address)

    def count_device(self, address: str) -> None:
        """Strangers may start device sign-ins, each of which is kept for a while. Raises Blocked."""
        self._devices.check(address)
        self._devices.count(address)

    def _check(self, key: str, address: str) -> None:
        self._names.check(key)
        self._addresses.check(address)
