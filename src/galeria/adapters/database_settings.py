"""The part `[database]` of the settings file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from galeria.adapters.settings_values import require_only, secret_of, text_of
from galeria.domain.settings import DatabaseSettings


def read_database(table: Mapping[str, Any], data: Path) -> DatabaseSettings:
    """Read the part. Raises ValueError with the fault in it, and OSError for a password file that cannot be read."""
    require_only(table, {"url", "password_file"})
    address, file = text_of(table, "url"), text_of(table, "password_file")
    if not address:
        if file:
            raise ValueError("'password_file' needs 'url'")
        return DatabaseSettings()
    try:
        url = sa.make_url(address)
    except sa.exc.ArgumentError as error:
        raise ValueError("'url' is an address such as postgresql://galeria@db.example.org/galeria") from error
    if url.drivername != "postgresql" or not url.database:
        raise ValueError("'url' is an address such as postgresql://galeria@db.example.org/galeria")
    if file:
        url = url.set(password=secret_of(table, "password_file", data))
    return DatabaseSettings(url=url.render_as_string(hide_password=False))
