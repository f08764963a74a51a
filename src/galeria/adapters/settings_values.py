"""Values of the settings file. Every function raises ValueError with the name of a setting that has another value."""

import math
from collections.abc import Mapping
from dataclasses import fields, replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from galeria.domain.reach.server_settings import EVERY_ADDRESS

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")

LAST_PORT = 65535


def require_only(table: Mapping[str, Any], names: set[str], *, word: str = "setting") -> None:
    unknown = table.keys() - names
    if unknown:
        raise ValueError(f"unknown {word} '{sorted(unknown)[0]}'")


def whole_number(table: Mapping[str, Any], name: str, default: int, *, least: int = 1) -> int:
    value = table.get(name, default)
    if type(value) is not int or value < least:
        raise ValueError(f"'{name}' is a whole number from {least} on")
    return value


def port_range(table: Mapping[str, Any], names: tuple[str, str], defaults: object) -> tuple[int, int]:
    first, last = (whole_number(table, name, getattr(defaults, name)) for name in names)
    if not first <= last <= LAST_PORT:
        raise ValueError(f"'{names[0]}' to '{names[1]}' is no range of ports up to {LAST_PORT}")
    return first, last


def port_number(table: Mapping[str, Any], name: str, default: int) -> int:
    port = whole_number(table, name, default, least=0)
    if port > LAST_PORT:
        raise ValueError(f"'{name}' is a port up to {LAST_PORT}")
    return port


def listening_address(table: Mapping[str, Any], name: str, default: str) -> str:
    address = text_of(table, name, default)
    return address if address in ("", EVERY_ADDRESS) else str(ip_address(address))


def seconds_of(table: Mapping[str, Any], name: str, default: float) -> float:
    value = table.get(name, default)
    if type(value) not in (int, float) or not 0 < value < math.inf:
        raise ValueError(f"'{name}' is a number of seconds above 0")
    return float(value)


def text_of(table: Mapping[str, Any], name: str, default: str = "") -> str:
    value = table.get(name, default)
    if not isinstance(value, str):
        raise ValueError(f"'{name}' is a text")
    return value


def flag_of(table: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
    value = table.get(name, default)
    if not isinstance(value, bool):
        raise ValueError(f"'{name}' is true or false")
    return value


def secret_of(table: Mapping[str, Any], name: str, data: Path) -> str:
    """Return what is in the file below the data directory that the setting names; empty where it names none.

    Raises OSError for one that cannot be read.
    """
    file = text_of(table, name)
    return (data / file).read_text(encoding="utf-8").strip() if file else ""


def whole_numbers(table: Mapping[str, Any], defaults: T) -> T:
    """Return the dataclass of whole numbers from 0 on with the values of the table, which has no other names."""
    names = [each.name for each in fields(defaults)]
    require_only(table, set(names))
    return replace(defaults, **{name: whole_number(table, name, getattr(defaults, name), least=0) for name in names})


def path_of(table: Mapping[str, Any], name: str) -> str:
    value = text_of(table, name)
    if value and not Path(value).is_absolute():
        raise ValueError(f"'{name}' is the whole path of a file")
    return value


def texts_of(table: Mapping[str, Any], name: str, *, example: str = "one") -> tuple[str, ...]:
    """Return a list of texts, such as `example`. A single text would else be taken for a list of its letters."""
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError(f"'{name}' is a list of texts, such as [\"{example}\"]")
    return tuple(value)


def networks_of(table: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(str(ip_network(each, strict=False)) for each in texts_of(table, name))
