"""The orders that the appliance gets to change a disk: small files in a tar archive, made of checked values only."""

import io
import re
import secrets
import tarfile
from datetime import UTC, datetime

from galeria.adapters.inspection.appliance_machine import LARGEST_ORDERS
from galeria.adapters.inspection.host_keys import new_host_keys
from galeria.domain.classes.work_disks import WORK_LABEL
from galeria.domain.errors import Invalid
from galeria.domain.labs.disk_changes import DiskChanges
from galeria.domain.labs.hardware import CARD_SLOT
from galeria.domain.messages import Message

DAY = 86400  # seconds
_LINE = re.compile(r"[^\x00-\x1f\x7f]*")
_FIELD = re.compile(r"[!-9;-~]*")  # of a file whose fields end with a colon
# The card by its place, which is the same in every machine here: in another one the rule is about nothing.
_CARD_RULE = (
    b"# Written by Galeria: the network settings of this system are for this card, which has another name there.\n"
    b'SUBSYSTEM=="net", ACTION=="add", KERNELS=="0000:00:%02x.0", NAME="%%s"\n' % CARD_SLOT
)
_CARD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,14}")
_FOLDER = re.compile(r"/[a-z]{1,32}")
_SOURCE = re.compile(r"[A-Za-z0-9]{1,40}")


def archive_orders(changes: DiskChanges) -> bytes:
    """Return the archive. Raises Invalid for what cannot stand in the files that it is written to."""
    files = _account_files(changes) | _machine_files(changes)
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for folder in sorted({name.partition("/")[0] for name in files if "/" in name}):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o700
            archive.addfile(entry)
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o600
            archive.addfile(entry, io.BytesIO(content))
    if len(made.getvalue()) > LARGEST_ORDERS:
        raise Invalid(
            Message("There is too much to be changed on the disk at once."),
            hint=Message("Name fewer accounts or keys."),
        )
    return made.getvalue()


def _account_files(changes: DiskChanges) -> dict[str, bytes]:
    # Nobody's name is empty, so that lists without names name nobody.
    files = {"keep": _lines(changes.keep), "retire": _lines(changes.retire)}
    if changes.close_others:
        files["close_others"] = b""
    if changes.user_name:
        files["user"] = _checked(_FIELD, changes.user_name)
        files["hash"] = _checked(_FIELD, changes.password_hash)
        files["day"] = b"%d" % (datetime.now(UTC).timestamp() // DAY)
        if not changes.is_admin:
            files["plain"] = b""
    if changes.ssh_keys:
        files["ssh_keys"] = _lines(changes.ssh_keys)
    return files


def _machine_files(changes: DiskChanges) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    if changes.host_name:
        files["host_name"] = _checked(_FIELD, changes.host_name) + b"\n"
    if changes.new_identity:
        files["machine_id"] = secrets.token_hex(16).encode() + b"\n"
        files["renew_keys"] = b""
    if changes.new_identity or changes.ensures_host_keys:
        files |= new_host_keys()
    if changes.card_name:
        files["card"] = _CARD_RULE % _checked(_CARD, changes.card_name)
    if changes.work_folder:
        folder = _checked(_FOLDER, changes.work_folder)
        files["work_folder"] = folder + b"\n"
        # Without the disk the system starts all the same.
        files["work_line"] = b"LABEL=%s %s ext4 defaults,nofail 0 2\n" % (WORK_LABEL.encode(), folder)
    if changes.data_sources:
        names = b", ".join(_checked(_SOURCE, each) for each in changes.data_sources)
        files["data_sources"] = (
            b"# Written by Galeria: machines there have a NoCloud disk.\ndatasource_list: [ %s ]\n" % names
        )
    return files


def _lines(texts: tuple[str, ...]) -> bytes:
    return b"".join(_checked(_LINE, text) + b"\n" for text in texts)


def _checked(pattern: re.Pattern[str], text: str) -> bytes:
    if not pattern.fullmatch(text):
        raise Invalid(
            Message("'{text}' cannot be written to the files of a system.", text=text),
            hint=Message("Use plain letters and digits."),
        )
    return text.encode()
