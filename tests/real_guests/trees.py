"""Trees of Debian 12 systems: a common one that is fetched, and each variant's, which needs no network any more."""

import os
import shutil
import tempfile
from pathlib import Path

from galeria.guests.packages import NETWORK
from galeria.programs import run
from tests.real_guests.variants import PACKAGES

RELEASE = "bookworm"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
INCLUDED = (
    *("linux-image-cloud-amd64", "initramfs-tools", "systemd", "systemd-sysv", "udev", "dbus", "openssh-server"),
    *("sudo", "iproute2", "iputils-ping", "netplan.io", "kmod", "zstd", "procps", "less", "ca-certificates", "curl"),
    *("e2fsprogs", "fdisk", "passwd", "login"),
)
# The tree with the packages of all variants in apt's cache, where mmdebstrap's hook puts them.
_FETCH = f"apt-get -q -y --no-install-recommends --download-only install {' '.join(PACKAGES)}"
BASE_OPTIONS = (
    *("--quiet", "--mode=root", "--variant=minbase", "--format=tar", "--architectures=amd64", "--skip=cleanup/apt"),
    f"--include={','.join(INCLUDED)}",
    f'--customize-hook=APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" {_FETCH}',
    '--aptopt=Apt::Install-Recommends "false"',
    *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "man", "locale")),
)
_CANNOT_START = "#!/bin/sh\nexit 101\n"  # what policy-rc.d says so that no service is started in the tree


def find_sources() -> list[str]:
    """The lines of Debian 12 in this computer's own apt sources; none where it is another system.

    mmdebstrap then takes Debian's usual servers.
    """
    fields = ("$(CREATED_BY)", "$(ORIGIN)", "$(CODENAME)", "$(REPO_URI)", "$(COMPONENT)")
    listing = run(["apt-get", "indextargets", "--format", " ".join(fields)])
    components: dict[tuple[str, str], list[str]] = {}
    for line in sorted(set(listing.splitlines())):
        kind, origin, codename, uri, component = (line.split(" ") + [""] * 5)[:5]
        if kind == "Packages" and origin == "Debian" and codename.partition("-")[0] == RELEASE:
            components.setdefault((uri, codename), []).append(component)
    return [f"deb [signed-by={KEYRING}] {uri} {suite} {' '.join(all)}" for (uri, suite), all in components.items()]


def make_base(target: Path) -> None:
    """Write an archive of the common tree, with what the variants install in apt's cache."""
    sources = find_sources()
    # Where security updates come from elsewhere, an installation without them is still Debian 12.
    has_release = any(f" {RELEASE} " in line for line in sources)
    command = ["mmdebstrap", *BASE_OPTIONS, RELEASE, str(target.absolute()), *(sources if has_release else ())]
    with tempfile.TemporaryDirectory(prefix=".work-base-", dir=target.parent.absolute()) as work:
        # What it mounts is seen by nobody else, and gone with it.
        alone = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "env", f"TMPDIR={work}"]
        run([*alone, *command], timeout=1800, passing=NETWORK)


def make_tree(folder: Path, base: Path, script: str, *, prof_key: str) -> None:
    """Unpack the common tree into `folder` and run a recipe in it."""
    folder.mkdir()
    run(["tar", "-x", "--numeric-owner", "-f", base, "-C", folder])
    policy = folder / "usr/sbin/policy-rc.d"
    policy.write_text(_CANNOT_START)
    policy.chmod(0o755)
    (folder / "recipe").write_text(f"set -e\nexport DEBIAN_FRONTEND=noninteractive\n{script}\n")
    run_inside(folder, f"PROF_KEY='{prof_key}' sh /recipe && apt-get clean")
    (folder / "recipe").unlink()
    policy.unlink()
    shutil.rmtree(folder / "var/lib/apt/lists")
    (folder / "var/lib/apt/lists").mkdir()


def run_inside(tree: Path, command: str) -> str:
    """Run a command in the tree, as root, without network and with processes of its own."""
    path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    words = ["unshare", "--mount", "--pid", "--net", "--uts", "--ipc", "--fork", "--kill-child", "--mount-proc=/proc"]
    return run([*words, f"--root={tree}", "/usr/bin/env", "-i", path, "HOME=/root", "/bin/sh", "-ec", command])


def kernel_of(tree: Path) -> str:
    """The version of the kernel in the tree."""
    names = sorted(os.listdir(tree / "boot"))
    return next(name for name in reversed(names) if name.startswith("vmlinuz-")).removeprefix("vmlinuz-")
