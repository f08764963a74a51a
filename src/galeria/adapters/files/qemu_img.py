"""Run qemu-img in a sandbox: with a given format, limits on memory, time and written bytes, no network and no privileges."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from galeria.adapters.files.refusal import REPAIR, refusal
from galeria.domain.errors import ToolFailed
from galeria.domain.messages import Message
from galeria.programs import run

MEMORY = 1 << 30  # bytes of address space, the limit of OpenStack's Nova and Glance
CPU = 120  # seconds
SECONDS = 600.0
_SYS_ADMIN = 1 << 21  # capabilities(7): CAP_SYS_ADMIN, which a new network namespace needs
_SHOWN = {"vpc": "VHD", "vhdx": "VHDX", "vmdk": "VMDK", "qcow2": "QCOW2"}
_LEAKS = 3  # the exit status of `qemu-img check` for clusters that nobody refers to: room is lost, and no byte


@dataclass(frozen=True, kw_only=True, slots=True)
class QemuFacts:
    """The facts that qemu-img reports. `suspicious` names what makes the file depend on others."""

    virtual_size: int  # bytes
    suspicious: tuple[Message, ...]


def inspect_with_qemu(path: Path, format: str) -> QemuFacts:
    """Return the facts. Raises Invalid where QEMU cannot read the file in that format, ToolFailed where qemu-img is missing."""
    answer = json.loads(_qemu_img("info", path, format, "--output=json"))
    details = answer.get("format-specific", {}).get("data", {})
    return QemuFacts(virtual_size=int(answer["virtual-size"]), suspicious=tuple(_suspicious(answer, details)))


def check_with_qemu(path: Path, format: str) -> None:
    """Check that the file's metadata is consistent and points to nothing behind its end. Raises Invalid.

    Clusters that nobody refers to, as a power cut leaves them, are no damage.
    """
    _qemu_img("check", path, format, fine=_LEAKS)


def _suspicious(answer: dict[str, Any], details: dict[str, Any]) -> list[Message]:
    found = {
        Message("a backing file"): any(key in answer for key in ("backing-filename", "full-backing-filename")),
        Message("an external data file"): "data-file" in details,
        Message("encryption"): bool(answer.get("encrypted")) or "encrypt" in details,
        Message("damage that QEMU noted"): bool(details.get("corrupt")),
        Message("several extents"): len(details.get("extents", [])) > 1,
    }
    return [name for name, present in found.items() if present]


def _qemu_img(verb: str, path: Path, format: str, *options: str, fine: int = 0) -> str:
    """Run a command on the file; an exit status of `fine` is no failure either."""
    if shutil.which("qemu-img") is None:
        raise ToolFailed(
            Message("The program qemu-img is not installed."), hint=Message("Install the package qemu-utils.")
        )
    command = [*sandbox(), "qemu-img", verb, "--force-share", *options, *_image(path, format)]
    try:
        return run(command, timeout=SECONDS)
    except ToolFailed as error:
        if error.__cause__ is not None:  # it did not end by itself, which says nothing about the file
            raise
        if fine and error.message.values.get("status") == fine:
            return ""
        # What the program said stands in the log: its last line alone explains nothing, and may repeat what the file says.
        raise refusal(
            Message("The file is damaged: it cannot be read as {format}.", format=_SHOWN.get(format, format)), REPAIR
        ) from error


def _image(path: Path, format: str) -> list[str]:
    """Return the words that name the file and its one format.

    A VHD has the size that it tells in bytes: `vhd.check_dynamic` has refused those for which that may be wrong. QEMU itself
    believes the geometry of makers that it does not know, and cuts off the disk's end.
    """
    if format != "vpc":
        return ["-f", format, str(path)]
    file = {"driver": "file", "filename": str(path)}
    return ["json:" + json.dumps({"driver": format, "force_size_calc": "current_size", "file": file})]


def sandbox() -> list[str]:
    """Return the command that the program runs under. `--fsize=0` forbids writing to files.

    Root drops its capabilities; only root can leave the network namespace.
    """
    limits = ["prlimit", f"--as={MEMORY}", f"--cpu={CPU}", "--fsize=0", "--core=0", "nice", "-n", "10"]
    if os.geteuid() == 0 and _can_unshare():
        limits += ["unshare", "--net", "setpriv", "--bounding-set=-all", "--inh-caps=-all"]
        return [*limits, "--no-new-privs"]
    return [*limits, "setpriv", "--no-new-privs"]


def _can_unshare() -> bool:
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    effective = next((line.split()[1] for line in lines if line.startswith("CapEff:")), "0")
    return bool(int(effective, 16) & _SYS_ADMIN)
