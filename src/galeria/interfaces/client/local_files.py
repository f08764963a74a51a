"""Files of this program: the sign-in and the addresses of unfinished uploads, readable by their owner only."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from galeria.domain.errors import Invalid, Unauthenticated
from galeria.domain.messages import Message
from galeria.interfaces.client.credentials import Session, Token

CONNECT_FILE = "connect.json"


@dataclass(frozen=True, kw_only=True)
class ConnectFile:
    """The facts that an installation writes to its data directory for the administrator on the same host."""

    endpoint: str
    ca_file: Path
    tenant_id: str
    subscription_id: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class KeptSession:
    """A sign-in by `galeria login`: tokens, never the password."""

    endpoint: str
    ca_file: Path | None
    user: str
    token: Token


class SessionFile:
    """A file with one sign-in, readable by its owner only."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "session.json"

    def find(self) -> KeptSession | None:
        kept = read_json(self.path)
        if kept is None:
            return None
        return KeptSession(
            endpoint=str(kept["endpoint"]),
            ca_file=Path(kept["ca_file"]) if kept.get("ca_file") else None,
            user=str(kept["user"]),
            token=Token(
                value=str(kept["access_token"]),
                expires_at=float(kept["expires_at"]),
                refresh=str(kept["refresh_token"]),
            ),
        )

    def keep(self, session: KeptSession) -> None:
        kept = {
            "endpoint": session.endpoint,
            "ca_file": str(session.ca_file.resolve()) if session.ca_file else None,
            "user": session.user,
            "access_token": session.token.value,
            "expires_at": session.token.expires_at,
            "refresh_token": session.token.refresh,
        }
        write_private(self.path, json.dumps(kept, indent=2))

    def credentials(self, session: KeptSession) -> Session:
        """Return credentials that store each new token before it is used."""

        def keep(token: Token) -> None:
            self.keep(KeptSession(endpoint=session.endpoint, ca_file=session.ca_file, user=session.user, token=token))

        return Session(session.token, keep=keep)

    def forget(self) -> bool:
        """Remove the sign-in, and return whether there was one."""
        had = self.path.exists()
        remove_file(self.path)
        return had


def config_folder(environment: Mapping[str, str]) -> Path:
    """Return ~/.config/galeria, or the folder below XDG_CONFIG_HOME (XDG Base Directory Specification)."""
    base = environment.get("XDG_CONFIG_HOME") or str(Path(environment.get("HOME") or "~").expanduser() / ".config")
    return Path(base) / "galeria"


def state_folder(environment: Mapping[str, str]) -> Path:
    """Return ~/.local/state/galeria, or the folder below XDG_STATE_HOME."""
    base = environment.get("XDG_STATE_HOME") or str(
        Path(environment.get("HOME") or "~").expanduser() / ".local" / "state"
    )
    return Path(base) / "galeria"


def read_connect_file(data: Path) -> ConnectFile:
    """Read the file. Raises Unauthenticated where there is none, or where it belongs to another account."""
    path = data / CONNECT_FILE
    try:
        found = read_json(path)
    except PermissionError as error:
        raise Unauthenticated(
            Message("'{path}' belongs to somebody else.", path=str(path)),
            hint=Message("Run the command as the person who runs the server, or sign in with 'galeria login'."),
        ) from error
    if found is None:
        raise Unauthenticated(
            Message("There is no '{path}'.", path=str(path)),
            hint=Message(
                "Start the server first: galeria serve --data {data}. On another host use 'galeria login'.",
                data=str(data),
            ),
        )
    try:
        return ConnectFile(
            endpoint=found["endpoint"],
            ca_file=Path(found["ca_file"]),
            tenant_id=found["tenant_id"],
            subscription_id=found["subscription_id"],
            client_id=found["client_id"],
            client_secret=found["client_secret"],
        )
    except KeyError as error:
        raise Invalid(
            Message("'{path}' has no {error}.", path=str(path), error=str(error)),
            hint=Message("Start the server once: it writes the file anew."),
        ) from error


def read_json(path: Path) -> dict[str, Any] | None:
    """Read a JSON object; None without the file. Raises Invalid for other content."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError as error:
        raise Invalid(
            Message("'{path}' is damaged.", path=str(path)), hint=Message("Remove it and try again.")
        ) from error
    if not isinstance(content, dict):
        raise Invalid(Message("'{path}' is damaged.", path=str(path)), hint=Message("Remove it and try again."))
    return content


def write_private(path: Path, text: str) -> None:
    """Write the file whole or not at all, for the owner only (mode 0600)."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def remove_file(path: Path) -> None:
    path.unlink(missing_ok=True)
