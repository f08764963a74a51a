"""Confinement of the programs that read what strangers made: bubblewrap, an unprivileged user of their own, and limits.

Such a program sees the distribution's programs and nothing else of the host's files, no network and no other processes.
It has no rights, writes to no file, and ends with the process that started it.
"""

import os
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# Numbers that belong to nobody: below systemd's containers, above people and packages.
_FIRST_USER, _USERS = 0x60000000, 0x0FFFFFFF


@dataclass(frozen=True, kw_only=True, slots=True)
class ProgramLimits:
    """What a program may use; `memory` is address space in bytes, `processor` its time in seconds."""

    memory: int
    processor: int
    open_files: int = 128


def confined(command: Sequence[str], limits: ProgramLimits, *, readable: Sequence[Path] = ()) -> list[str]:
    """Return the command that runs `command` confined. Of the host it sees /usr and `readable`, which it cannot change.

    Where Galeria runs as root, the program runs as a user number that nobody else has.
    """
    words = ["prlimit", f"--as={limits.memory}", f"--cpu={limits.processor}", f"--nofile={limits.open_files}"]
    words += ["--fsize=0", "--core=0", "bwrap", "--die-with-parent", "--new-session", "--clearenv"]
    words += ["--setenv", "PATH", "/usr/sbin:/usr/bin", "--setenv", "LC_ALL", "C.UTF-8", "--chdir", "/"]
    words += ["--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev"]
    for name in ("bin", "sbin", "lib", "lib64"):
        words += ["--symlink", f"usr/{name}", f"/{name}"]
    for path in readable:
        for parent in reversed(path.parents[:-1]):
            words += ["--perms", "0755", "--dir", str(parent)]
        words += ["--ro-bind", str(path), str(path)]
    if os.geteuid() != 0:
        return [*words, "--unshare-all", "--cap-drop", "ALL", *command]
    words += ["--unshare-net", "--unshare-ipc", "--unshare-pid", "--unshare-uts", "--cap-drop", "ALL"]
    # Three capabilities, which the next program in the chain needs to become somebody else, and loses by that.
    words += [word for name in ("SETUID", "SETGID", "SETPCAP") for word in ("--cap-add", f"CAP_{name}")]
    user = str(_FIRST_USER + secrets.randbelow(_USERS))
    words += ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs"]
    return [*words, "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", *command]


def python_folders() -> list[Path]:
    """The folders that this interpreter and its packages lie in, as far as they are not below /usr."""
    found = {Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix)}
    return sorted(path for path in found if not path.is_relative_to("/usr"))
