"""The appliance as a machine that has started and waits for its orders: saved once, gone on from often.

It knows no disk yet, so that nothing of one disk is ever seen by another. A state fits one QEMU and one appliance only; for
others it is not found, and the appliance starts with its kernel.
"""

import hashlib
import json
import os
import shutil
import socket
import threading
from pathlib import Path
from typing import IO, Any

from galeria.adapters.inspection.appliance_command import (
    COMMAND_LINE,
    PROGRAM,
    appliance_files,
    end_machine,
    machine_command,
    start_confined,
)
from galeria.adapters.inspection.confinement import ProgramLimits
from galeria.domain.errors import ToolFailed
from galeria.domain.messages import Message

PREFIX = "state-"
_READY = b"ready\n"
_LIMITS = ProgramLimits(memory=2 << 30, processor=300)
_SECONDS = 600.0  # on a host that is very busy
_PIECE = 1 << 20
# The disk that the machine has while nobody has given it one: its driver is not loaded yet.
_NO_DISK = "driver=null-co,size=1048576"


def find_state(appliance: Path) -> Path | None:
    """Return the state that this host's QEMU can go on from; None where there is none."""
    name = _state_name(appliance)
    path = appliance / name if name else None
    return path if path and path.is_file() else None


def save_state(appliance: Path) -> None:
    """Start the appliance in the folder, and write its state beside it, in place of others. Raises ToolFailed."""
    name = _state_name(appliance)
    if name is None:
        raise _failed(Message("QEMU or the appliance is missing"))
    unfinished = appliance / f".{name}-{os.getpid()}"
    try:
        with unfinished.open("xb") as target:
            _save(appliance, target)
        unfinished.chmod(0o444)
        for other in appliance.glob(f"{PREFIX}*"):
            other.unlink()
        unfinished.replace(appliance / name)
    finally:
        unfinished.unlink(missing_ok=True)


def _state_name(appliance: Path) -> str | None:
    """The name changes with QEMU's program, with the appliance's files, and with how this module starts them."""
    program = shutil.which(PROGRAM)
    if program is None:
        return None
    made_of = [COMMAND_LINE, Path(__file__).read_text(), " ".join(machine_command(Path("/"), disk="", port=0))]
    try:
        facts = [path.stat() for path in (Path(program).resolve(), *appliance_files(appliance))]
    except FileNotFoundError:
        return None
    made_of += [f"{each.st_size} {each.st_mtime_ns}" for each in facts]
    return PREFIX + hashlib.sha256("\0".join(made_of).encode()).hexdigest()[:16]


def _save(appliance: Path, target: IO[bytes]) -> None:
    port, port_end = socket.socketpair()
    control, control_end = socket.socketpair()
    with port, control:
        with port_end, control_end:
            more = ["-chardev", f"socket,id=control,fd={control_end.fileno()}", "-mon", "chardev=control,mode=control"]
            command = machine_command(appliance, disk=_NO_DISK, port=port_end.fileno(), more=more, words="galeria=save")
            passing = (port_end.fileno(), control_end.fileno())
            process = start_confined(command, _LIMITS, readable=appliance_files(appliance), passing=passing)
        try:
            port.settimeout(_SECONDS)
            control.settimeout(_SECONDS)
            said = b""
            while said != _READY:
                piece = port.recv(len(_READY) - len(said))
                if not piece:
                    raise _failed(Message("the machine ended before it was ready"))
                said += piece
            _Control(control).save(target)
        except OSError as error:
            raise _failed(Message("the machine gives no answer")) from error
        finally:
            end_machine(process)


class _Control:
    """QEMU's monitor, in the form of its document qmp-spec."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lines = connection.makefile("rb")
        self._lines.readline()  # the greeting
        self._ask("qmp_capabilities")

    def save(self, target: IO[bytes]) -> None:
        """Write the machine's state: QEMU stops it meanwhile. QEMU itself may write to no file."""
        reading, writing = os.pipe()
        with open(reading, "rb", buffering=0) as source:
            with open(writing, "wb", buffering=0):
                self._send("getfd", {"fdname": "state"}, [writing])
                self._answer()
            copying = threading.Thread(target=shutil.copyfileobj, args=(source, target, _PIECE), daemon=True)
            copying.start()
            self._ask("migrate", {"uri": "fd:state"})
            copying.join(_SECONDS)
        if self._ask("query-migrate").get("status") != "completed":
            raise _failed(Message("QEMU could not write it"))

    def _ask(self, command: str, arguments: dict[str, Any] | None = None) -> dict[str, Any]:
        self._send(command, arguments or {}, [])
        return self._answer()

    def _send(self, command: str, arguments: dict[str, Any], files: list[int]) -> None:
        socket.send_fds(
            self._connection, [json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n"], files
        )

    def _answer(self) -> dict[str, Any]:
        for line in self._lines:
            answer = json.loads(line)
            if "error" in answer:
                raise _failed(Message("QEMU says: {said}", said=str(answer["error"].get("desc"))))
            if "return" in answer:
                return dict(answer["return"])
        raise _failed(Message("QEMU ended"))


def _failed(reason: Message) -> ToolFailed:
    return ToolFailed(
        Message("The state of the machine that looks into disks was not saved: {reason}.", reason=reason),
        hint=Message("Looks work without it, and take longer. Run 'galeria doctor' on the host."),
    )
