"""The part `[mail]` of the settings file: the server that takes mails."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from galeria.adapters.settings_values import LAST_PORT, require_only, text_of
from galeria.domain.people.mail import MailSettings, MailTls

LANGUAGES = ("en", "pt-BR")
_NAMES = {"host", "port", "tls", "user", "password_file", "from", "authority", "language", "new_accounts"}


def read_mail(table: Mapping[str, Any], data: Path, *, new_accounts: bool) -> MailSettings:
    """Read the part. `new_accounts` holds where the file says nothing. Raises ValueError with the fault in it, and OSError."""
    require_only(table, _NAMES)
    texts = {name: text_of(table, name) for name in ("host", "user", "from", "authority", "password_file")}
    language, accounts = text_of(table, "language") or LANGUAGES[0], table.get("new_accounts", new_accounts)
    if language not in LANGUAGES:
        raise ValueError(f"'language' is one of {', '.join(LANGUAGES)}")
    if not isinstance(accounts, bool):
        raise ValueError("'new_accounts' is true or false")
    password = (data / texts["password_file"]).read_text(encoding="utf-8").strip() if texts["password_file"] else ""
    return MailSettings(
        host=texts["host"],
        port=_port(table),
        tls=_tls(table),
        user=texts["user"],
        password=password,
        sender=texts["from"],
        authority=texts["authority"],
        language=language,
        new_accounts=accounts,
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
