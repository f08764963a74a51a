"""Finds out which Debian packages a guest needs, downloads them with apt, and unpacks them into one folder."""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from galeria.domain.errors import NotFound
from galeria.domain.messages import Message
from galeria.programs import run

# Only what is linked at run time is followed; configuration packages (adduser, debconf, initramfs-tools) are not.
_KERNEL_PREFIXES = ("linux-image-", "linux-modules-")
_STRONG = ("Depends", "PreDepends")
# How apt reaches its servers where no configuration file says so.
NETWORK = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "APT_CONFIG")


def resolve_packages(roots: Iterable[str]) -> list[str]:
    """Return `roots` with the shared libraries and kernel packages that they depend on, from apt's lists.

    Raises ToolFailed where apt does not know a root (its lists may be empty: run `apt-get update`).
    """
    roots = list(roots)
    weak = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
    graph = parse_dependencies(run(["apt-cache", "depends", "--recurse", *(f"--no-{kind}" for kind in weak), *roots]))
    real = [name for name in graph if not name.startswith("<")]
    libraries = parse_library_names(run(["apt-cache", "show", "--no-all-versions", *real]))
    return reachable_packages(roots, graph, libraries)


def choose_package(candidates: Iterable[str]) -> str:
    """Return the first of `candidates` that this distribution has. Raises NotFound where apt's lists have none."""
    candidates = list(candidates)
    policy = run(["apt-cache", "policy", *candidates])
    available = {block.partition(":")[0] for block in _policy_blocks(policy) if "Candidate: (none)" not in block}
    for name in candidates:
        if name in available:
            return name
    raise NotFound(
        Message("apt knows none of these packages: {candidates}.", candidates=candidates),
        hint=Message("Run 'apt-get update', then retry."),
    )


def parse_dependencies(listing: str) -> dict[str, list[str]]:
    """Return the dependencies of each package, from the output of `apt-cache depends --recurse`, without virtual packages."""
    graph: dict[str, list[str]] = {}
    current: list[str] = []
    for line in listing.splitlines():
        if line and not line.startswith(" "):
            current = graph.setdefault(line.strip(), [])
            continue
        kind, _, name = line.strip(" |").partition(": ")
        if kind in _STRONG and not name.startswith("<") and ":" not in name:
            current.append(name)
    return graph


def parse_library_names(listing: str) -> frozenset[str]:
    """Return the packages of section `libs`, from the output of `apt-cache show`. Ubuntu writes `universe/libs`."""
    names: set[str] = set()
    for block in listing.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and line[0] != " ")
        if fields.get("Section", "").rpartition("/")[2] == "libs":
            names.add(fields["Package"])
    return frozenset(names)


def reachable_packages(roots: Iterable[str], graph: Mapping[str, list[str]], libraries: frozenset[str]) -> list[str]:
    """Return `roots` and the libraries and kernel parts reachable from them, sorted."""
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        waiting += [other for other in graph.get(name, []) if other in libraries or other.startswith(_KERNEL_PREFIXES)]
    return sorted(found)


def download_packages(names: Iterable[str], folder: Path) -> list[Path]:
    """Return the package files of `names` in `folder`, downloaded where they are missing. Raises ToolFailed."""
    # As root apt would warn that its own user cannot write into `folder`; the signatures are checked either way.
    options = ["-o", "APT::Sandbox::User=root"] if os.geteuid() == 0 else []
    download = ["apt-get", "-qq", *options, "download"]
    names = list(names)
    with tempfile.TemporaryDirectory() as empty:
        # apt lists only what the current folder lacks, so the whole list needs an empty one.
        listing = run([*download, "--print-uris", *names], folder=Path(empty), passing=NETWORK)
    files = [folder / line.split()[1] for line in listing.splitlines() if line.startswith("'")]
    missing = [file for file in files if not file.is_file()]
    if missing:
        with tempfile.TemporaryDirectory(dir=folder, prefix="download-") as work:
            run([*download, *(file.name.split("_")[0] for file in missing)], folder=Path(work), passing=NETWORK)
            for file in missing:
                (Path(work) / file.name).replace(file)
    return sorted(files)


def unpack_packages(files: Iterable[Path], folder: Path) -> Path:
    """Return a folder under `folder` with the contents of the packages, which are unpacked only once."""
    files = sorted(files)
    digest = hashlib.sha256("\n".join(file.name for file in files).encode()).hexdigest()[:16]
    sysroot = folder / f"sysroot-{digest}"
    if sysroot.is_dir():
        return sysroot
    with tempfile.TemporaryDirectory(dir=folder, prefix="unpack-") as work:
        unpacked = Path(work) / "sysroot"
        unpacked.mkdir()
        for file in files:
            run(["dpkg-deb", "-x", file, unpacked])
        # dpkg-deb gives the folder the package's age; find_sources wants to know which was unpacked last.
        os.utime(unpacked)
        with _unless_present(sysroot):
            unpacked.rename(sysroot)
    return sysroot


@contextmanager
def _unless_present(folder: Path) -> Iterator[None]:
    """Ignore that a folder exists: another process may have unpacked the same packages, and its result is the same."""
    try:
        yield
    except OSError:
        if not folder.is_dir():
            raise


def _policy_blocks(policy: str) -> list[str]:
    blocks: list[str] = []
    for line in policy.splitlines():
        if line.startswith(" ") and blocks:
            blocks[-1] += "\n" + line
        else:
            blocks.append(line)
    return blocks
