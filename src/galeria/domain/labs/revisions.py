"""Revisions of a lab's content, and the machines that students get from them.

Publishing a lab captures its template as a revision; each student's machine is an overlay on one. A lab without a template
has its image as its only revision.
"""

from dataclasses import dataclass
from datetime import datetime

from galeria.domain.images.galleries import OsState, OsType
from galeria.domain.labs.labs import Lab, LabCreateOption, LabMachine, MachineKind
from galeria.domain.labs.windows import windows_host_name

LOCKED = "!"
"""A crypt(5) hash that no password has, since it begins with "!": the account is locked until a password is set, for OpenSSH
too."""

_HOST_NAME = 63  # characters at most (RFC 1123)
_ENABLED = "Enabled"


@dataclass(eq=False, kw_only=True)
class LabRevision:
    """One published content of a lab. `digest` is empty until the template is stored."""

    id: str
    lab_id: str
    number: int  # counts from 1
    digest: str = ""
    os_state: OsState  # a captured template is specialized, whatever its image was
    layer: str | None = None  # of the template's disk, which the revision was stored from; None for the lab's image
    is_ready: bool = False  # whether it is stored whole, so that machines are made from it
    created_at: datetime


def has_shared_password(lab: Lab) -> bool:
    """Tells whether all students' machines of the lab have one password; else everybody sets one of their own."""
    return bool(lab.profiles.get("useSharedPassword") == _ENABLED)


def student_account(lab: Lab) -> str:
    """Returns the account that students use: the one without administrator's rights, where the lab has one."""
    return lab.non_admin_user or lab.user_name


def first_password_hash(lab: Lab) -> str:
    """Returns the crypt(5) hash that a new student's machine begins with; LOCKED where the student sets a password first.

    It is empty where the password is the template's, which every machine has from it. Windows takes no hash: one for all is
    there what the account has in the template, and without a template everybody sets one.
    """
    if not has_shared_password(lab):
        return LOCKED
    if lab.os_type is OsType.WINDOWS:
        return "" if lab.create_option is LabCreateOption.TEMPLATE_VM else LOCKED
    if lab.non_admin_user:
        return lab.non_admin_hash or LOCKED
    return "" if lab.create_option is LabCreateOption.TEMPLATE_VM else (lab.admin_hash or LOCKED)


def needs_password(machine: LabMachine) -> bool:
    """Tells whether a password has to be set in the student's machine before its first start can be of use."""
    return machine.kind is MachineKind.USER and machine.pending_password_hash == LOCKED


def machine_host_name(lab: Lab, machine: LabMachine) -> str:
    """Returns the machine's host name: the lab's, and for a student's machine its number behind that.

    It has lower-case letters, digits and dashes, at most 63 characters (RFC 1123); for Windows at most 15.
    """
    number = "" if machine.kind is MachineKind.TEMPLATE else f"-{machine.name.rsplit('-', 1)[-1]}"
    if lab.os_type is OsType.WINDOWS:
        return windows_host_name(lab.name)[: 15 - len(number)].rstrip("-") + number
    plain = "".join(c if c.isalnum() else "-" for c in lab.name.lower())
    return (plain[: _HOST_NAME - len(number)].strip("-") or "lab") + number


def machine_name(number: int) -> str:
    """Returns the name of a lab's student machine; numbers count from 1."""
    return f"student-{number}"


def machine_number(machine: LabMachine) -> int:
    """Returns the number in the name of a student's machine; 0 for one with another name."""
    last = machine.name.rsplit("-", 1)[-1]
    return int(last) if last.isdecimal() else 0


def is_outdated(machine: LabMachine, newest: LabRevision | None) -> bool:
    """Tells whether the student's machine stands on an earlier revision than the lab's newest."""
    return newest is not None and machine.kind is MachineKind.USER and machine.revision < newest.number
