"""Run other programs. Arguments are lists, never shell text; a failure logs the command, so that it can be repeated by hand.

The module lies beside the packages because the guest builder, which imports none of them but the errors, needs it too.
"""

import logging
import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

from galeria.domain.errors import OutOfSpace, ToolFailed
from galeria.domain.foreign_text import foreign_text
from galeria.domain.messages import Message

log = logging.getLogger(__name__)

LOGGED_LINES = 40
# What programs get of this process's environment. The rest may hold a secret, such as the key of a region's bucket, and
# some programs read files that came from strangers.
PASSED_ON = ("HOME", "LOGNAME", "TMPDIR", "TZ", "USER", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR")
# mkfs.fat, mke2fs and debugfs live here; a plain user's PATH on Debian leaves these folders out.
SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def run(
    command: Sequence[str | Path],
    *,
    timeout: float = 600,
    input_text: str | None = None,
    folder: Path | None = None,
    passing: Sequence[str] = (),
) -> str:
    """Run a program to its end, in `folder` where one is named, and return what it printed on standard output.

    `timeout` is in seconds. Of the environment the program gets little besides the variables `passing`. Messages are in
    English whatever the caller's language, because some are parsed. Raises OutOfSpace where the program met a full disk,
    ToolFailed where it is missing, was too slow or ended with another status than 0.
    """
    words = [str(word) for word in command]
    replay = shlex.join(words)
    try:
        done = subprocess.run(
            words,
            capture_output=True,
            text=True,
            errors="replace",
            input=input_text,
            timeout=timeout,
            check=False,
            cwd=folder,
            env=program_environment(passing),
        )
    except FileNotFoundError as error:
        raise ToolFailed(
            Message("The program {program} is not installed.", program=words[0]),
            hint=Message("Run 'galeria doctor': it names the package to install."),
        ) from error
    except subprocess.TimeoutExpired as error:
        log.warning("too slow (%s s): %s", timeout, replay)
        raise ToolFailed(
            Message("{program} did not finish within {timeout:.0f} seconds.", program=words[0], timeout=timeout),
            hint=Message("Try again when the host is less busy."),
        ) from error
    if done.returncode != 0:
        log.warning("exit status %s: %s\n%s", done.returncode, replay, _logged(done.stderr))
        raise program_failure(words[0], done.returncode, done.stderr)
    return done.stdout


def program_environment(passing: Sequence[str] = ()) -> dict[str, str]:
    """The environment of programs: where they find things and how they speak, and of everything else what `passing` names."""
    kept = {name: os.environ[name] for name in (*PASSED_ON, *passing) if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "PATH": program_path()}


def program_path() -> str:
    """The search path for programs: the caller's own, then the system folders."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS])


def _logged(stderr: str) -> str:
    """The last lines of what a program said: it may repeat what a hostile file put into it."""
    return "\n".join(foreign_text(line) for line in stderr[-65536:].strip().splitlines()[-LOGGED_LINES:])


def program_failure(program: str, status: int, stderr: str) -> ToolFailed | OutOfSpace:
    """The error of a program that ended with another status than 0, by what it said last."""
    if "No space left on device" in stderr:
        return OutOfSpace(
            Message("The disk is full: {program} could not write.", program=program),
            hint=Message("Free or add disk space, then retry the operation."),
        )
    last = foreign_text((stderr.strip().splitlines() or ["no message"])[-1])
    return ToolFailed(
        Message("{program} ended with status {status}: {last}", program=program, status=status, last=last),
        hint=Message("The log holds the whole command, to be replayed by hand."),
    )
