"""The one door to outside programs. Arguments are lists, never shell text; a failure tells the command to replay by hand."""

import logging
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

from galeria.domain.errors import OutOfSpace, ToolFailed

log = logging.getLogger(__name__)


def run(command: Sequence[str | Path], *, timeout: float = 600, input_text: str | None = None) -> str:
    """Run a program to its end and return what it printed on standard output.

    `timeout` is in seconds. Raises OutOfSpace where the program met a full disk, ToolFailed where it is missing,
    was too slow or ended with another status than 0.
    """
    words = [str(word) for word in command]
    replay = shlex.join(words)
    try:
        done = subprocess.run(words, capture_output=True, text=True, input=input_text, timeout=timeout, check=False)
    except FileNotFoundError as error:
        raise ToolFailed(
            f"The program {words[0]} is not installed.", hint="Run 'galeria doctor': it names the package to install."
        ) from error
    except subprocess.TimeoutExpired as error:
        log.warning("too slow (%s s): %s", timeout, replay)
        raise ToolFailed(
            f"{words[0]} did not finish within {timeout:.0f} seconds.", hint="Try again when the host is less busy."
        ) from error
    if done.returncode != 0:
        log.warning("exit status %s: %s\n%s", done.returncode, replay, done.stderr.strip())
        raise _failure(words[0], done.returncode, done.stderr)
    return done.stdout


def _failure(program: str, status: int, stderr: str) -> ToolFailed | OutOfSpace:
    if "No space left on device" in stderr:
        return OutOfSpace(
            f"The disk is full: {program} could not write.", hint="Free or add disk space, then retry the operation."
        )
    last = stderr.strip().splitlines()[-1] if stderr.strip() else "no message"
    return ToolFailed(
        f"{program} ended with status {status}: {last}",
        hint="The log holds the whole command, to be replayed by hand.",
    )
