"""Work handed to a process that has its imports behind it: every piece runs in a fork, so that none sees another's state."""

import logging
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from typing import Any, BinaryIO

log = logging.getLogger(__name__)

SECONDS = 120  # for one piece of work


def forked(perform: Callable[[], None]) -> dict[str, Any]:
    """What `perform` printed, and its exit status: {"code", "out", "err"}. It may print, exit, or be cut off by its time."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if not child:
            _redirect(out, err)
            _work(perform)
        _, status = os.waitpid(child, 0)
        return {"code": os.waitstatus_to_exitcode(status), "out": _text(out), "err": _text(err)}


def _redirect(out: BinaryIO, err: BinaryIO) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (out.fileno(), 1), (err.fileno(), 2)):
        os.dup2(source, target)


def _work(perform: Callable[[], None]) -> None:
    """Never returns."""
    code = 1
    signal.alarm(SECONDS)
    try:
        perform()
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:  # The child must not go on as the parent, whatever happened.
        log.exception("the work failed")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _text(file: BinaryIO) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")
