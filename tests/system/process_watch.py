"""Everything that processes of this host were started with meanwhile: their arguments and their environment."""

import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = ("qemu-img", "qemu-nbd", "prlimit", "setpriv", "unshare", "virtlogd", "libvirtd", "mkfs.ext4")
PAUSE = 0.02  # seconds between two looks
LOOKS = 8  # at each process: it is a copy of its parent until it becomes another program
OURS = b"-m\0galeria"

_SHIM = """#!{python}
import os, sys
try:
    with open(os.path.join({records!r}, str(os.getpid())), "ab") as record:
        record.write("\\0".join([{name!r}, *sys.argv[1:]]).encode() + b"\\1" + open("/proc/self/environ", "rb").read() + b"\\2")
except OSError:  # in a sandbox that writes nothing; what made the sandbox has told of both
    pass
os.execv({real!r}, [{name!r}, *sys.argv[1:]])
"""


@dataclass
class ProcessWatch:
    """Looks at all processes again and again; programs in place of those that are over in a moment tell of them."""

    folder: Path
    seen: set[tuple[bytes, bytes]] = field(default_factory=set)  # arguments and environment, each with NULs between
    _looks: dict[str, int] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)

    @property
    def path(self) -> str:
        """The search path on which the programs in place of others come first."""
        return f"{self.folder / 'programs'}{os.pathsep}{os.environ['PATH']}"

    def texts(self) -> dict[str, bytes]:
        """Each list of arguments, and each variable by its name; those of programs of others have the program's name before."""
        found: dict[str, bytes] = {}
        for number, (arguments, environment) in enumerate(sorted(self.seen | self._told())):
            program = os.fsdecode(arguments.partition(b"\0")[0])
            found[f"arguments of {program} {number}"] = arguments
            for variable in environment.split(b"\0"):
                name = os.fsdecode(variable.partition(b"=")[0])
                place = f"${name}" if OURS in arguments else f"{program} ${name}"
                found[f"{place}!{number}"] = variable
        return found

    def run(self) -> None:
        own = str(os.getpid())
        while not self._over.wait(PAUSE):
            now = {name for name in os.listdir("/proc") if name.isdecimal() and name != own}
            self._looks = {name: self._looks.get(name, 0) for name in now}
            for name in now:
                if self._looks[name] < LOOKS:
                    self._looks[name] += 1
                    self._look(Path("/proc") / name)

    def end(self) -> None:
        self._over.set()

    def prepare(self) -> None:
        records, programs = self.folder / "records", self.folder / "programs"
        records.mkdir(parents=True)
        records.chmod(0o1777)
        programs.mkdir()
        for name in PROGRAMS:
            real = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
            if real is not None:
                text = _SHIM.format(python=sys.executable, records=str(records), name=name, real=real)
                (programs / name).write_text(text, encoding="utf-8")
                (programs / name).chmod(0o755)

    def _look(self, process: Path) -> None:
        try:
            arguments, environment = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
        except OSError:  # it ended in between
            return
        if arguments:  # else it is ending just now, and was seen before
            self.seen.add((arguments, environment))

    def _told(self) -> set[tuple[bytes, bytes]]:
        records = b"".join(file.read_bytes() for file in (self.folder / "records").iterdir())
        pairs = (each.partition(b"\1") for each in records.split(b"\2") if each)
        return {(arguments, environment) for arguments, _, environment in pairs}


@contextmanager
def watching(folder: Path) -> Iterator[ProcessWatch]:
    watch = ProcessWatch(folder)
    watch.prepare()
    thread = threading.Thread(target=watch.run, name="process-watch")
    thread.start()
    try:
        yield watch
    finally:
        watch.end()
        thread.join(10)
