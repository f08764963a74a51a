"""The bridge's ports: which of them may pass frames to others at all. The rules say to which."""

import logging
import subprocess
from collections.abc import Iterable
from pathlib import Path

from galeria.adapters.engine.network.table import Guest
from galeria.programs import program_environment

log = logging.getLogger("galeria.guard")

PORTS = Path("/sys/class/net")


def match_ports(guests: Iterable[Guest]) -> None:
    """Isolate each machine's port, but for machines that have a network in common with others of their lab.

    libvirt isolates every port when its machine starts; a port that is not there yet is left for the next time.
    """
    for guest in guests:
        wanted = "0" if guest.policy.lab else "1"
        if (found := _find(guest.tap)) is not None and found != wanted:
            switch = "on" if wanted == "1" else "off"
            command = ["ip", "link", "set", "dev", guest.tap, "type", "bridge_slave", "isolated", switch]
            done = subprocess.run(
                command, check=False, capture_output=True, text=True, env=program_environment(), timeout=60
            )
            if done.returncode:  # the rules refuse what is not to pass, or the machine went off
                log.warning("the port %s could not be switched: %s", guest.tap, done.stderr.strip())


def _find(tap: str) -> str | None:
    try:
        return (PORTS / tap / "brport" / "isolated").read_text(encoding="ascii").strip()
    except OSError:
        return None
