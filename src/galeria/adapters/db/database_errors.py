"""Translate errors of the database drivers into errors of the domain.

An error that is not listed is a bug and stays as it is.
"""

import re
import sqlite3
from typing import Any

from galeria.domain.errors import Collision, Conflict, Corrupt, GaleriaError, OutOfSpace, Unavailable
from galeria.domain.messages import Message, verbatim

# SQLSTATE codes of the PostgreSQL manual, appendix A.
_UNIQUE = "23505"
_COLLISIONS = {"40001", "40P01"}  # serialization failure, deadlock
_FULL = {"53100"}
_BUSY = {"55P03"}  # a lock was not to be had in time
_OTHER_OUTAGES = ("08", "53", "57", "58")  # connection, resources, operator's intervention, system

_FULL_WORDS = "database or disk is full"
_BUSY_WORDS = ("database is locked", "database table is locked")


def translated_error(error: BaseException) -> GaleriaError | None:
    """Return the domain's error for a driver's error; None where neither the environment nor another request caused it."""
    if isinstance(error, sqlite3.Error):
        return _from_sqlite(error)
    if type(error).__module__.split(".")[0] == "psycopg":
        return _from_postgresql(error)
    return None


NAMES_OF_TABLES = {
    "resource_groups": Message("resource group"),
    "galleries": Message("gallery"),
    "image_definitions": Message("image definition"),
    "image_versions": Message("image version"),
    "lab_accounts": Message("lab account"),
    "labs": Message("lab"),
    "principals": Message("principal"),
    "operations": Message("operation"),
    "uploads": Message("upload"),
    "disks": Message("disk"),
    "snapshots": Message("snapshot"),
    "managed_images": Message("image"),
    "lab_users": Message("lab user"),
    "lab_drafts": Message("lab"),
    "lab_schedules": Message("schedule"),
    "locks": Message("lock"),
}


def _singular(table: str) -> str:
    return re.sub("ies$", "y", table).removesuffix("s").replace("_", " ")


def is_busy(error: sqlite3.Error) -> bool:
    """Return whether another connection holds the lock (SQLITE_BUSY, SQLITE_LOCKED)."""
    return str(error).startswith(_BUSY_WORDS)


def _from_sqlite(error: sqlite3.Error) -> GaleriaError | None:
    words = str(error)
    if isinstance(error, sqlite3.IntegrityError):
        found = re.match(r"UNIQUE constraint failed: (\w+)[.](\w+)", words)
        if found:
            return exists_already(*found.groups())
        return still_used() if words.startswith("FOREIGN KEY") else None
    if _FULL_WORDS in words:
        return out_of_space()
    if is_busy(error):
        return busy()
    if "malformed" in words or "not a database" in words:
        return Corrupt(
            Message("The database is damaged: {words}.", words=words),
            hint=Message("Stop Galeria and restore the last backup."),
        )
    return unavailable(words) if isinstance(error, sqlite3.OperationalError) else None


def _from_postgresql(error: Any) -> GaleriaError | None:
    state = getattr(error, "sqlstate", None)
    if state is None:  # no answer at all: the connection was refused, broken off, or not there in time
        is_outage = any(each.__name__ == "OperationalError" for each in type(error).__mro__)
        return unavailable(str(error).strip()) if is_outage else None
    if state == _UNIQUE:
        return exists_already(str(error.diag.table_name), str(error.diag.constraint_name))
    if state == "23503":
        return still_used()
    if state in _COLLISIONS:
        return Collision(Message("Another request was quicker."), hint=Message("Look at what it did, then try again."))
    if state in _FULL:
        return out_of_space()
    if state in _BUSY:
        return busy()
    return unavailable(str(error).strip()) if state.startswith(_OTHER_OUTAGES) else None


def exists_already(table: str, where: str) -> Collision:
    """`where` names the column, or the index on it."""
    if table == "lab_machines" and "claimed_by" in where:
        return Collision(
            Message("Another request was quicker: it has claimed this machine, or another one for the same person."),
            hint=Message("Try again."),
        )
    if table == "lab_machines":  # machines' ids are random, so that only an SSH port can be taken twice
        return Collision(
            Message("This SSH port is given away already."), hint=Message("Try again: another one is chosen then.")
        )
    return Collision(
        Message("This {word} exists already.", word=NAMES_OF_TABLES.get(table) or verbatim(_singular(table))),
        hint=Message("Look at the one that is there, or choose another name."),
    )


def still_used() -> Conflict:
    return Conflict(
        Message("Something still uses what was to be removed, or what it should belong to is gone."),
        hint=Message("Look again at what there is, then remove what stands on it first."),
    )


def busy() -> Unavailable:
    return Unavailable(
        Message("The database is busy."),
        hint=Message("Try again; if it stays so, look for another program that holds it open."),
    )


def out_of_space() -> OutOfSpace:
    return OutOfSpace(Message("The database's disk is full."), hint=Message("Free or add disk space, then try again."))


def unavailable(words: str) -> Unavailable:
    return Unavailable(
        Message("The database does not work: {words}.", words=words),
        hint=Message("See that it runs and can be reached, then try again."),
    )
