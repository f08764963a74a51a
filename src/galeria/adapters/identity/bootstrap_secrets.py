"""The first administrator's secrets, in one file that only the service's account can read, until it is deleted."""

import json
from pathlib import Path

from galeria.actions.people.first_start import FirstSecrets
from galeria.adapters.identity.files import ensure_private_folder, find_private, locked_folder, write_private
from galeria.domain.errors import Unavailable
from galeria.domain.messages import Message
from galeria.ports.work import IdGenerator

FILE_NAME = "bootstrap.json"


def ensure_bootstrap_secrets(folder: Path, id_generator: IdGenerator) -> FirstSecrets:
    """Read <folder>/bootstrap.json, or create it with a user name and password, a client id and secret, and the first link.

    Call it only before the first start has ended: afterwards the file may have been deleted on purpose, and new secrets
    would be of no use. Raises Unavailable.
    """
    ensure_private_folder(folder)
    path = folder / FILE_NAME
    with locked_folder(folder):
        data = find_private(path)
        if data is not None:
            return _parsed(path, data)
        made = FirstSecrets(
            password=id_generator.new_secret(),
            client_id=id_generator.new_guid(),
            client_secret=id_generator.new_secret(),
            welcome=id_generator.new_secret(),
        )
        content = {
            "userName": made.user_name,
            "password": made.password,
            "clientId": made.client_id,
            "clientSecret": made.client_secret,
            "welcome": made.welcome,
        }
        write_private(path, json.dumps(content, indent=2).encode() + b"\n")
        return made


def forget_first_password(folder: Path) -> None:
    """Remove the first password and the link from the file, which are of no use once another password was chosen.

    May be repeated. Raises Unavailable.
    """
    path = folder / FILE_NAME
    with locked_folder(folder):
        data = find_private(path)
        if data is None:
            return
        first = _parsed(path, data)
        if first.password or first.welcome:
            content = {"userName": first.user_name, "clientId": first.client_id, "clientSecret": first.client_secret}
            write_private(path, json.dumps(content, indent=2).encode() + b"\n")


def _parsed(path: Path, data: bytes) -> FirstSecrets:
    try:
        found = json.loads(data)
        return FirstSecrets(
            user_name=str(found["userName"]),
            password=str(found.get("password", "")),  # forgotten once another one was chosen, as the link is
            client_id=str(found["clientId"]),
            client_secret=str(found["clientSecret"]),
            welcome=str(found.get("welcome", "")),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Unavailable(
            Message("The file '{path}' is damaged.", path=str(path)),
            hint=Message("Delete it and start again: it is made anew."),
        ) from error
