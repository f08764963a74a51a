"""The inspector: asks the appliance about a disk, doubts the answer, and says what was found or why nothing was."""

import logging
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import IO

from galeria.adapters.inspection import initramfs_modules
from galeria.adapters.inspection.answers import Answer, read_answer
from galeria.adapters.inspection.appliance_machine import LookLimits, asked_appliance
from galeria.adapters.inspection.confinement import ProgramLimits, confined, python_folders
from galeria.adapters.inspection.findings_reader import read_findings
from galeria.domain.errors import GaleriaError, ToolFailed
from galeria.domain.foreign_text import foreign_text
from galeria.domain.images.findings import Look
from galeria.domain.messages import Message
from galeria.guests.appliance import find_appliance
from galeria.ports.disks import DiskSource
from galeria.programs import program_environment

log = logging.getLogger(__name__)

AT_ONCE = 2  # looks in one process: each takes a processor and some 300 MiB
SECTOR = 512
_LISTING = ProgramLimits(memory=1 << 30, processor=20)
_LISTING_SECONDS = 60.0


class ApplianceInspector:
    """Looks at disks with the appliance that `scripts/setup` built, or with the one in the folder `appliance`."""

    def __init__(self, *, appliance: Path | None = None, limits: LookLimits | None = None) -> None:
        self._appliance, self._limits = appliance, limits or LookLimits()
        self._turn = threading.Semaphore(AT_ONCE)

    def look(self, disk: DiskSource) -> Look:
        appliance = self._appliance or find_appliance()
        if appliance is None:
            return Look(obstacle=Message("The small system that looks into disks is not installed."))
        try:
            with self._turn, asked_appliance(appliance, disk, self._limits) as content:
                answer = read_answer(content)
                return Look(findings=read_findings(answer, _first_sector(disk), list_initramfs(answer, content)))
        except GaleriaError as error:
            log.warning("a disk was not looked at: %s", error)
            return Look(obstacle=error.message)
        except (ValueError, OSError):
            log.exception("a disk was not looked at")
            return Look(obstacle=Message("The look into the disk failed. The server's log says how."))


def _first_sector(disk: DiskSource) -> bytes:
    with closing(disk.reader()) as reader:
        return reader.read(0, min(SECTOR, disk.size))


def list_initramfs(answer: Answer, content: IO[bytes]) -> list[str] | None:
    """Return the modules of the initramfs in the answer, listed by a confined program; None where it cannot be read."""
    if not answer.initramfs:
        return None
    program = Path(initramfs_modules.__file__).resolve()
    command = [sys.executable, "-I", "-B", str(program), str(answer.initramfs_size)]
    content.seek(answer.initramfs_offset)
    try:
        done = subprocess.run(
            confined(command, _LISTING, readable=[*python_folders(), program]),
            stdin=content,
            capture_output=True,
            env=program_environment(),
            timeout=_LISTING_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        log.warning("the initramfs %s takes too long to be read", answer.initramfs)
        return None
    except FileNotFoundError as error:
        raise ToolFailed(
            Message("The program {program} is not installed.", program=str(error.filename)),
            hint=Message("Run 'galeria doctor': it names the package to install."),
        ) from error
    if done.returncode != 0:
        last = done.stderr[-2000:].decode(errors="replace").strip().rpartition("\n")[2]
        log.warning("the initramfs %s cannot be read: %s", answer.initramfs, foreign_text(last))
        return None
    return done.stdout.decode("ascii", errors="replace").split()
