"""Recognise a disk file by its content alone, and refuse everything but a disk that needs no other file.

oslo.utils' inspectors read it first; for formats with a header qemu-img follows in a sandbox, with that format given. A
file that shows two formats is refused, whatever its name says. Internal snapshots of a qcow2 file are accepted: they name
no other file, and reading the disk leaves them out.
"""

from collections.abc import Set
from pathlib import Path

from oslo_utils.imageutils import format_inspector as oslo

from galeria.adapters.files.qcow2 import check_qcow2
from galeria.adapters.files.qemu_img import QemuFacts, check_with_qemu, inspect_with_qemu
from galeria.adapters.files.raw import NEEDED, check_raw
from galeria.adapters.files.refusal import AGAIN, CONVERT, SECTOR, refusal
from galeria.adapters.files.signatures import DESCRIPTOR, HEAD, check_foreign, is_left_over
from galeria.adapters.files.vhd import FOOTER, check_dynamic, fixed_size, is_whole_fixed
from galeria.adapters.files.vhdx import has_log, unreplayed_log
from galeria.adapters.files.vmdk import check_vmdk, two_sizes
from galeria.domain.errors import Invalid
from galeria.domain.messages import Message, and_list, verbatim
from galeria.domain.units import readable
from galeria.ports.files import FileFacts

_SMALL_STEPS = 8 << 20  # bytes; oslo finds a VHDX's size only in small pieces, and its tables lie within this
_QEMU_NAMES = {"qcow2": "qcow2", "vhd": "vpc", "vhdx": "vhdx", "vmdk": "vmdk"}  # oslo's name: qemu's
_RAW = ("raw", "gpt")
_CONTENTS = {"gpt", "iso", "luks"}  # what a disk may hold where something else proves that it is a disk
# Checks of oslo that are made here otherwise: it reads descriptions in ASCII alone, and does not know extended L2 entries.
_OWN = {("vmdk", "descriptor"), ("qcow2", "unknown_features")}
_UNSAFE = {
    "backing_file": Message("The file has {suspicious}.", suspicious=Message("a backing file")),
    "data_file": Message("The file has {suspicious}.", suspicious=Message("an external data file")),
}
_NOT_SAFE = Message("The file's header asks for something that is not safe to read.")
_CHECKED = ("qcow2", "vhdx", "vmdk")  # qemu-img cannot check vpc; the footer shows whether the file is whole


def inspect_file(path: Path, *, max_virtual_size: int) -> FileFacts:
    """Return the format and sizes of the disk in the file.

    Raises Invalid with the reason and a remedy, and ToolFailed where qemu-img is missing or the host is too busy.
    """
    file_size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(max(HEAD, NEEDED))
        file.seek(max(0, file_size - FOOTER))
        tail = file.read(FOOTER)
    is_fixed_vhd = is_whole_fixed(tail, file_size)
    if not is_fixed_vhd:
        check_foreign(head, tail, file_size)
    inspector = _detect(path, without=_CONTENTS if is_fixed_vhd else _left_over(head, file_size))
    if inspector.NAME in _RAW:
        facts = _raw_facts(head, tail, file_size)
    else:
        facts = _container_facts(path, inspector, head, tail, file_size)
    _check_size(facts.virtual_size, max_virtual_size)
    return facts


def _left_over(head: bytes, file_size: int) -> set[str]:
    """Return oslo's names of what an earlier use of the disk left on it."""
    places = {"iso": (DESCRIPTOR + 1, 5), "luks": (0, 6)}
    return {name for name, (offset, length) in places.items() if is_left_over(head, offset, length, file_size)}


def _detect(path: Path, *, without: Set[str]) -> oslo.FileInspector:
    """Return the one format that oslo.utils recognises, those left out that do not matter here.

    `gpt` means a raw disk with a partition table of either kind.
    """
    with path.open("rb") as file:
        wrapper = oslo.InspectWrapper(file)
        try:
            position = 0
            while wrapper.formats is None:
                piece = wrapper.read(4096 if position < _SMALL_STEPS else 1 << 20)
                position += len(piece)
                if not piece:
                    break
        finally:
            wrapper.close()
        formats = [each for each in wrapper.formats or [] if each.NAME not in without]
    if not formats and without:
        return oslo.RawFileInspector()
    if len(formats) != 1:
        names = and_list([verbatim(each) for each in sorted(map(str, formats))]) or Message("none")
        raise refusal(
            Message("The file shows several formats at once ({names}); it could be read as either.", names=names),
            CONVERT,
        )
    return formats[0]


def _raw_facts(head: bytes, tail: bytes, file_size: int) -> FileFacts:
    fixed = fixed_size(tail, file_size)
    size = file_size if fixed is None else fixed
    check_raw(head, size, is_known=fixed is not None)
    return FileFacts(format="raw" if fixed is None else "vhd", virtual_size=size, file_size=file_size)


def _container_facts(path: Path, inspector: oslo.FileInspector, head: bytes, tail: bytes, file_size: int) -> FileFacts:
    format = _QEMU_NAMES.get(inspector.NAME)
    if format is None:
        raise refusal(
            Message("The file is a disk in the format {name}, which Galeria does not read.", name=inspector.NAME)
        )
    size = inspector.virtual_size
    if format == "qcow2":
        check_qcow2(path)
    elif format == "vpc":
        check_dynamic(path, head[:FOOTER], tail)
    elif format == "vmdk":
        size = check_vmdk(path)
    _check_safety(inspector)
    found = _read_by_qemu(path, format)
    if found.suspicious:
        raise refusal(Message("The file has {suspicious}.", suspicious=and_list(found.suspicious)))
    if format in _CHECKED:
        if size != found.virtual_size:
            raise two_sizes(size, found.virtual_size)
        check_with_qemu(path, format)
    return FileFacts(format=format, virtual_size=found.virtual_size, file_size=file_size)


def _read_by_qemu(path: Path, format: str) -> QemuFacts:
    try:
        return inspect_with_qemu(path, format)
    except Invalid as error:
        if format == "vhdx" and has_log(path):
            raise unreplayed_log() from error
        raise


def _check_safety(inspector: oslo.FileInspector) -> None:
    """Let oslo.utils check the file, but for what `_OWN` checks more exactly. Raises Invalid."""
    try:
        inspector.safety_check()
    except oslo.SafetyCheckFailed as error:
        reasons = [failed for failed in error.failures if (inspector.NAME, failed) not in _OWN]
        if reasons:
            raise refusal(_UNSAFE.get(reasons[0], _NOT_SAFE)) from error
    except oslo.ImageFormatError as error:
        raise refusal(Message("The file's header is damaged or cut off."), AGAIN) from error


def _check_size(size: int, most: int) -> None:
    if size <= 0 or size % SECTOR:
        raise refusal(Message("A disk of {size} bytes is not a whole number of sectors.", size=size))
    if size > most:
        raise refusal(
            Message("The disk claims {size}; at most {most} are taken.", size=readable(size), most=readable(most)),
            Message("Shrink the disk; an administrator can raise the limit."),
        )
