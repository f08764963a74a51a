"""Find the server and the credentials: options first, then the environment, the data directory, and the stored sign-in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from galeria.domain.errors import Unauthenticated
from galeria.domain.messages import Message
from galeria.interfaces.client.connection import ServerConnection
from galeria.interfaces.client.credentials import AccessToken, ClientCredentials, ClientSecret, Password
from galeria.interfaces.client.local_files import CONNECT_FILE, SessionFile, config_folder, read_connect_file

AskPassword = Callable[[str], str]
"""Asks a person for the password of that user; raises Unauthenticated where nobody can be asked."""


@dataclass(frozen=True, kw_only=True)
class LookupOptions:
    """The options that were typed; None where they are not given."""

    endpoint: str | None = None
    ca_file: Path | None = None
    user: str | None = None
    data: Path | None = None


@dataclass(frozen=True, kw_only=True)
class FoundServer:
    endpoint: str
    ca_file: Path | None
    who: str  # a user's name or a client id
    credentials: ClientCredentials
    subscription: str | None = None  # None for the server's first one
    origin: str  # where this was found, for people

    def connect(self, *, patient: bool = False) -> ServerConnection:
        return ServerConnection(self.endpoint, self.credentials, ca_file=self.ca_file, patient=patient)


@dataclass(frozen=True, kw_only=True)
class _ServerAddress:
    endpoint: str
    ca_file: Path | None
    origin: str
    data: Path | None = None


class ServerLookup:
    """Finds a server. `environment` is that of the process; `ask` is used when only a user's name is known."""

    def __init__(self, environment: Mapping[str, str], ask: AskPassword) -> None:
        self._environment = environment
        self._ask = ask
        self._sessions = SessionFile(config_folder(environment))

    def resolve(self, wanted: LookupOptions) -> FoundServer:
        """Return the server. Raises Unauthenticated with every way to sign in."""
        place = self._place(wanted)
        if place is None:
            raise Unauthenticated(
                Message("It is not known which server to talk to."),
                hint=Message(
                    "On the server's host give --data DIR; elsewhere sign in once: galeria login --endpoint "
                    "https://HOST:PORT --ca-file CA.pem --user NAME."
                ),
            )
        return self._as_typed(wanted, place) or self._as_kept(place)

    def place_of_login(self, wanted: LookupOptions) -> tuple[str, Path | None]:
        """Return the endpoint and the authority for a new sign-in."""
        place = self._place(wanted)
        if place is None:
            raise Unauthenticated(
                Message("The endpoint is missing."),
                hint=Message("Give it: galeria login --endpoint https://HOST:PORT."),
            )
        return place.endpoint, place.ca_file

    def _place(self, wanted: LookupOptions) -> _ServerAddress | None:
        env = self._environment
        ca_file = wanted.ca_file or _path(env.get("GALERIA_CA_FILE"))
        if wanted.endpoint:
            return _ServerAddress(endpoint=wanted.endpoint, ca_file=ca_file, origin="--endpoint")
        if wanted.data:
            return _of_data(wanted.data, "--data")
        if env.get("GALERIA_ENDPOINT"):
            return _ServerAddress(endpoint=env["GALERIA_ENDPOINT"], ca_file=ca_file, origin="GALERIA_ENDPOINT")
        if env.get("GALERIA_DATA"):
            return _of_data(Path(env["GALERIA_DATA"]), "GALERIA_DATA")
        kept = self._sessions.find()
        if kept:
            return _ServerAddress(endpoint=kept.endpoint, ca_file=ca_file or kept.ca_file, origin="galeria login")
        if (Path("data") / CONNECT_FILE).exists():
            return _of_data(Path("data"), "./data")
        return None

    def _as_typed(self, wanted: LookupOptions, place: _ServerAddress) -> FoundServer | None:
        """Return the credentials of the options or the environment; None when they name none."""
        env = self._environment
        user = wanted.user or (None if place.data else env.get("GALERIA_USER"))
        if user:
            password = env.get("GALERIA_PASSWORD") or self._ask(user)
            return _found(place, user, Password(user=user, password=password))
        if place.data:
            return None
        if env.get("GALERIA_CLIENT_ID") and env.get("GALERIA_CLIENT_SECRET"):
            name = env["GALERIA_CLIENT_ID"]
            return _found(place, name, ClientSecret(client_id=name, client_secret=env["GALERIA_CLIENT_SECRET"]))
        if env.get("GALERIA_TOKEN"):
            return _found(place, "the bearer of GALERIA_TOKEN", AccessToken(value=env["GALERIA_TOKEN"]))
        return None

    def _as_kept(self, place: _ServerAddress) -> FoundServer:
        if place.data:
            kept = read_connect_file(place.data)
            secret = ClientSecret(client_id=kept.client_id, client_secret=kept.client_secret)
            return _found(place, kept.client_id, secret, subscription=kept.subscription_id)
        session = self._sessions.find()
        if session and session.endpoint.rstrip("/") == place.endpoint.rstrip("/"):
            return _found(place, session.user, self._sessions.credentials(session))
        raise Unauthenticated(
            Message("You are not signed in at {endpoint}.", endpoint=place.endpoint),
            hint=Message(
                "Sign in with 'galeria login', or give --user and GALERIA_PASSWORD, or GALERIA_CLIENT_ID "
                "and GALERIA_CLIENT_SECRET."
            ),
        )


def _of_data(data: Path, origin: str) -> _ServerAddress:
    kept = read_connect_file(data)
    return _ServerAddress(endpoint=kept.endpoint, ca_file=kept.ca_file, origin=origin, data=data)


def _found(
    place: _ServerAddress, who: str, credentials: ClientCredentials, *, subscription: str | None = None
) -> FoundServer:
    return FoundServer(
        endpoint=place.endpoint,
        ca_file=place.ca_file,
        who=who,
        credentials=credentials,
        subscription=subscription,
        origin=place.origin,
    )


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None
