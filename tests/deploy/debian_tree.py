"""A small Debian system in a folder, with a package installed and nothing running: a computer that is new."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from galeria.guests.packages import NETWORK
from galeria.programs import program_environment, run
from tests.real_guests.trees import RELEASE, find_sources

OPTIONS = (
    *("--quiet", "--mode=root", "--variant=minbase", "--format=tar"),
    "--dpkgopt=force-unsafe-io",  # it need not outlive a power failure
    '--aptopt=Apt::Install-Recommends "false"',
    *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("man", "locale")),
)
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def make_base(target: Path, package: Path) -> Path:
    """An archive of the system with all that the package depends on, and without the package."""
    depends = run(["dpkg-deb", "--field", package, "Depends"])
    names = sorted({each.split()[0] for each in depends.split(",")})
    sources = find_sources()
    where = sources if any(f" {RELEASE} " in line for line in sources) else ()
    run(["mmdebstrap", *OPTIONS, f"--include={','.join(names)}", RELEASE, target, *where], timeout=600, passing=NETWORK)
    return target


def make_debian_tree(folder: Path, base: Path, package: Path) -> None:
    """The system in a folder, with the package as dpkg installs it."""
    folder.mkdir()
    run(["tar", "-x", "--numeric-owner", "-f", base, "-C", folder])
    (folder / "galeria.deb").write_bytes(package.read_bytes())
    inside(folder, "dpkg", "--force-unsafe-io", "--install", "/galeria.deb")
    (folder / "galeria.deb").unlink()


def inside(tree: Path, *words: str) -> str:
    """Run a program in the tree to its end, and return what it printed."""
    return run(["chroot", tree, "/usr/bin/env", "-i", PATH, *words])


@contextmanager
def running_inside(tree: Path, words: Sequence[str], log: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """Run a program in the tree, with processes of its own, until the block ends."""
    alone = ["unshare", "--mount", "--pid", "--fork", "--kill-child", f"--mount-proc={tree}/proc"]
    command = [*alone, "chroot", str(tree), "/usr/bin/env", "-i", PATH, *words]
    environment = program_environment() | {"HOME": "/root"}
    with log.open("ab") as told:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=told, stderr=told, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
