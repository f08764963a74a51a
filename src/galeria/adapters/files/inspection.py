"""Recognise a disk file by its content alone, and refuse everything but a disk that needs no other file.

oslo.utils' inspectors read it first; for formats with a header qemu-img follows in a sandbox, with that format given. A
file that shows two formats is refused, whatever its name says. Internal snapshots of a qcow2 file are accepted: they name
no other file, and reading the disk leaves them out.
"""

from collections.abc import Callable
from pathlib import Path

from oslo_utils.imageutils import format_inspector as oslo

from galeria.adapters.files.qcow2 import check_qcow2
from galeria.adapters.files.qemu_img import check_with_qemu, inspect_with_qemu
from galeria.adapters.files.raw import NEEDED, SECTOR, check_raw
from galeria.adapters.files.refusal import CONVERT, refusal
from galeria.adapters.files.signatures import HEAD, check_foreign
from galeria.adapters.files.vhd import FOOTER, check_dynamic, fixed_size
from galeria.adapters.files.vmdk import check_vmdk
from galeria.domain.messages import Message, and_list, verbatim
from galeria.ports.files import FileFacts

_SMALL_STEPS = 8 << 20  # bytes; oslo finds a VHDX's size only in small pieces, and its tables lie within this
_QEMU_NAMES = {"qcow2": "qcow2", "vhd": "vpc", "vhdx": "vhdx", "vmdk": "vmdk"}  # oslo's name: qemu's
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
    check_foreign(head, tail)
    inspector = _detect(path)
    if inspector.NAME in ("raw", "gpt"):
        facts = _raw_facts(head, tail, file_size)
    else:
        facts = _container_facts(path, inspector, head, tail, file_size)
    _check_size(facts.virtual_size, max_virtual_size)
    return facts


def _detect(path: Path) -> oslo.FileInspector:
    """Return the one format that oslo.utils recognises. `gpt` means a raw disk with a partition table of either kind."""
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
        formats = wrapper.formats or []
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
    check_raw(head, size)
    return FileFacts(format="raw" if fixed is None else "vhd", virtual_size=size, file_size=file_size)


def _container_facts(path: Path, inspector: oslo.FileInspector, head: bytes, tail: bytes, file_size: int) -> FileFacts:
    format = _QEMU_NAMES.get(inspector.NAME)
    if format is None:
        raise refusal(
            Message("The file is a disk in the format {name}, which Galeria does not read.", name=inspector.NAME)
        )
    own_check: dict[str, Callable[[], None]] = {
        "qcow2": lambda: check_qcow2(path),
        "vpc": lambda: check_dynamic(head[:FOOTER], tail),
        "vmdk": lambda: check_vmdk(path),
    }
    own_check.get(format, lambda: None)()
    _check_safety(inspector)
    found = inspect_with_qemu(path, format)
    if found.suspicious:
        raise refusal(Message("The file has {suspicious}.", suspicious=and_list(found.suspicious)))
    if format in _CHECKED:
        if inspector.virtual_size != found.virtual_size:  # two readers find different sizes: neither is trusted
            raise refusal(
                Message(
                    "The disk's size is told in two ways: {virtual_size} and {other_size} bytes.",
                    virtual_size=inspector.virtual_size,
                    other_size=found.virtual_size,
                )
            )
        check_with_qemu(path, format)
    return FileFacts(format=format, virtual_size=found.virtual_size, file_size=file_size)


def _check_safety(inspector: oslo.FileInspector) -> None:
    try:
        inspector.safety_check()
    except oslo.SafetyCheckFailed as error:
        reasons = "; ".join(str(reason) for reason in error.failures.values())
        raise refusal(
            Message("The {inspector} file is not safe to read: {reasons}.", inspector=str(inspector), reasons=reasons)
        ) from error
    except oslo.ImageFormatError as error:
        raise refusal(
            Message("The {inspector} file is damaged or cut off: {error}.", inspector=str(inspector), error=str(error))
        ) from error


def _check_size(size: int, most: int) -> None:
    if size <= 0 or size % SECTOR:
        raise refusal(Message("A disk of {size} bytes is not a whole number of sectors.", size=size))
    if size > most:
        raise refusal(
            Message("The disk claims {size} bytes; at most {most} are taken.", size=size, most=most),
            Message("Shrink the disk, or ask the administrator to raise the limit."),
        )
