"""The part `[mail]` of the settings file: the server that takes mails."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from galeria.adapters.settings_values import LAST_PORT, flag_of, require_only, secret_of, text_of
from galeria.domain.people.mail import MailSettings, MailTls

LANGUAGES = ("en", "pt-BR")
_NAMES = {"host", "port", "tls", "user", "password_file", "from", "authority", "language", "new_accounts"}


def read_mail(table: Mapping[str, Any], data: Path, *, new_accounts: bool) -> MailSettings:
    """Read the part. `new_accounts` holds where the file says nothing. Raises ValueError with the fault in it, and OSError."""
    require_only(table, _NAMES)
    texts = {name: text_of(table, name) for name in ("host", "user", "from", "authority")}
    language = text_of(table, "language") or LANGUAGES[0]
    if language not in LANGUAGES:
        raise ValueError(f"'language' is one of {', '.join(LANGUAGES)}")
    password = secret_of(table, "password_file", data)
    return MailSettings(
        host=texts["host"],
        port=_port(table),
        tls=_tls(table),
        user=texts["user"],
        password=password,
        sender=texts["from"],
        authority=texts["authority"],
        language=language,
        new_accounts=flag_of(table, "new_accounts", default=new_accounts),
    )


def _tls(table: Mapping[str, Any]) -> MailTls:
    try:
        return MailTls(table.get("tls", MailTls.STARTTLS.value))
    except ValueError as error:
        raise ValueError(f"'tls' is one of {', '.join(each.value for each in MailTls)}") from error


def _port(table: Mapping[str, Any]) -> int:
    port = table.get("port", 0)
    if type(port) is not int or not 0 <= port <= LAST_PORT:
        raise ValueError(f"'port' is a port up to {LAST_PORT}")
    return port
