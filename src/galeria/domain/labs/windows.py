"""What Windows asks of names and passwords (docs/rules.md, "Credentials of machines")."""

import re

from galeria.domain.errors import Invalid
from galeria.domain.ids import password, user_name
from galeria.domain.images.galleries import OsType
from galeria.domain.messages import Message

# Accounts that every Windows has, and names that mean something else; Azure refuses most of them too.
_RESERVED = frozenset(
    {
        *("administrator", "admin", "guest", "defaultaccount", "wdagutilityaccount", "none", "system"),
        *("root", "user", "owner", "server", "support", "backup", "console"),
        *("sys", "aspnet", "con", "prn", "aux", "nul"),
        *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)),
    }
)
_USER = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,18}[A-Za-z0-9_-])?")
_COMPARED = 3  # a name of fewer characters may be in the password: Windows looks for longer ones only
LONGEST_HOST_NAME = 15  # NetBIOS


def account_name(os_type: OsType, name: str) -> str:
    """Returns the name if a machine's account may have it in that operating system. Raises Invalid."""
    return windows_user_name(name) if os_type is OsType.WINDOWS else user_name(name)


def account_password(os_type: OsType, text: str, *, user: str) -> str:
    """Returns the password if the account `user` may have it in that operating system. Raises Invalid."""
    password(text)
    if os_type is OsType.WINDOWS and len(user) >= _COMPARED and user.lower() in text.lower():
        raise Invalid(
            Message("The password contains the user name, which Windows refuses."),
            hint=Message("Choose another password."),
            target="password",
        )
    return text


def windows_user_name(name: str) -> str:
    """Returns the name if a Windows account may have it: at most 20 characters. Raises Invalid."""
    if not _USER.fullmatch(name):
        raise Invalid(
            Message("'{name}' cannot be the name of a Windows account.", name=name),
            hint=Message("Use 1 to 20 letters without accents, digits, '.', '-' and '_', and no '.' at the end."),
            target="name",
        )
    if name.lower() in _RESERVED or name.isdecimal():
        raise Invalid(
            Message("The user name '{name}' belongs to Windows itself.", name=name),
            hint=Message("Choose another user name."),
            target="name",
        )
    return name


def windows_host_name(name: str) -> str:
    """Makes a computer name of at most 15 letters, digits and dashes that does not consist of digits alone.

    >>> windows_host_name("Álgebra linear — turma A")
    'lgebra-linear'
    """
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:LONGEST_HOST_NAME].strip("-")
    if not plain or plain.isdecimal():
        plain = f"lab-{plain}"[:LONGEST_HOST_NAME].strip("-")
    return plain
