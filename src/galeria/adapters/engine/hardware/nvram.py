"""What UEFI firmware keeps between starts: boot entries are read from a machine's file, and written for a new machine.

virt-firmware does it as a program of its own: whatever runs in a machine can write into the file, and the reader shall end
with its input.
"""

import json
import logging
import re
import struct
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from galeria.domain.errors import ToolFailed
from galeria.domain.labs.hardware import LONGEST_VARIABLES, FirmwareVariable, Hardware
from galeria.programs import run

log = logging.getLogger(__name__)

_GLOBAL = "8be4df61-93ca-11d2-aa0d-00e098032b8c"  # UEFI specification 2.10, section 3.3
_SHIM = "605dab50-e046-4300-abb6-3dd810dd8b23"
_ENTRY = re.compile(r"Boot[0-9A-F]{4}")
_ORDER = "BootOrder"
_SHIM_KEYS = ("MokList", "MokListX")  # keys that a machine's owner has added to those of Secure Boot
# The first node of a device path (section 10.3): a partition or a file name, which mean the same in every machine with this
# disk. Entries for other devices, such as the firmware's own, are made anew by the firmware.
_MEDIA, _KEPT_MEDIA = 4, {1, 4}
_LARGEST_FILE = 4 << 20  # bytes
_SECONDS = 60.0


def write_variables(path: Path, *, template: Path, hardware: Hardware) -> None:
    """Write the file of a new machine's firmware, whole or not at all: the host's template with what the version knows.

    Raises ToolFailed.
    """
    unfinished = path.with_name(path.name + ".new")
    words: list[str | Path] = ["--input", template, "--output", unfinished]
    with tempfile.TemporaryDirectory(prefix="galeria-firmware-") as folder:
        if hardware.firmware_variables:
            told = Path(folder) / "variables.json"
            told.write_text(json.dumps(_as_json(hardware.firmware_variables)), encoding="ascii")
            words += ["--set-json", told]
        if hardware.loader:
            words += ["--append-boot-filepath", "\\" + hardware.loader.replace("/", "\\")]
        _program(words)
    unfinished.chmod(0o600)  # libvirt gives the file to QEMU's user at the start
    unfinished.replace(path)


def read_variables(path: Path) -> tuple[FirmwareVariable, ...]:
    """Return what is worth keeping of a machine's file; nothing where there is none or it cannot be read.

    A running machine may be writing: such a file is read as it is, and a part that makes no sense is left out.
    """
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST_FILE:
            return ()
        with tempfile.TemporaryDirectory(prefix="galeria-firmware-") as folder:
            told = Path(folder) / "variables.json"
            _program(["--input", path, "--output-json", told])
            return kept_variables(json.loads(told.read_bytes()).get("variables", []))
    except (ToolFailed, OSError, ValueError) as error:
        log.warning("the firmware's variables in %s cannot be read: %s", path, error)
        return ()


def kept_variables(found: Iterable[dict[str, Any]]) -> tuple[FirmwareVariable, ...]:
    """Return boot entries that hold in another machine, their order, and keys added to those of Secure Boot."""
    named = {(str(each["guid"]).lower(), str(each["name"])): each for each in found}
    kept = {
        name: each
        for (guid, name), each in sorted(named.items())
        if (guid == _GLOBAL and _ENTRY.fullmatch(name) and _is_portable(bytes.fromhex(each["data"])))
        or (guid == _SHIM and name in _SHIM_KEYS)
    }
    order = named.get((_GLOBAL, _ORDER))
    if order is not None:
        numbers = struct.iter_unpack("<H", _even(bytes.fromhex(order["data"])))
        data = b"".join(struct.pack("<H", number) for (number,) in numbers if f"Boot{number:04X}" in kept)
        if data:
            kept[_ORDER] = {**order, "data": data.hex()}
    variables = tuple(
        FirmwareVariable(name=name, guid=str(each["guid"]), attributes=int(each["attr"]), data=str(each["data"]))
        for name, each in kept.items()
    )
    if sum(len(each.data) // 2 + len(each.name) for each in variables) > LONGEST_VARIABLES:
        log.warning("a machine's firmware has more variables than are kept: none of them is")
        return ()
    return variables


def _is_portable(entry: bytes) -> bool:
    """Tell it from an EFI_LOAD_OPTION (section 3.1.3): attributes, length of the path, a title that ends with 0, the path."""
    end = next((place for place in range(6, len(entry) - 1, 2) if entry[place : place + 2] == b"\0\0"), None)
    if end is None or len(entry) < end + 6:
        return False
    return entry[end + 2] == _MEDIA and entry[end + 3] in _KEPT_MEDIA


def _even(data: bytes) -> bytes:
    return data[: len(data) // 2 * 2]


def _as_json(variables: Iterable[FirmwareVariable]) -> dict[str, Any]:
    rows = [{"name": each.name, "guid": each.guid, "attr": each.attributes, "data": each.data} for each in variables]
    return {"version": 2, "variables": rows}


def _program(words: list[str | Path]) -> None:
    run([sys.executable, "-m", "virt.firmware.vars", *words], timeout=_SECONDS)
