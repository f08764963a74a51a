"""Limits on what one machine's process takes of the host, where the host has control groups, and by its account."""

import logging
import subprocess
from pathlib import Path

import libvirt

from galeria.adapters.engine.confinement.accounts import Account
from galeria.programs import program_environment

log = logging.getLogger(__name__)

EMULATOR_KIB = 2 * 1024 * 1024  # what QEMU may need besides the guest's memory; translated code alone takes up to 1 GiB
# QEMU has a thread for each processor, at most 64 for disks, and some for its screen and itself.
THREADS = 1024
RUNNING = Path("/run/libvirt/qemu")  # where libvirt writes down the processes of machines
GROUPS = Path("/sys/fs/cgroup")
_SCOPE = "qemu"  # is in the name of the control group that libvirt makes for one machine


def limit(domain: libvirt.virDomain, account: Account | None) -> None:
    """Limit a machine that has just started. What the host has no means for is left out, and logged."""
    limit_memory(domain)
    try:
        process = int((RUNNING / f"{domain.name()}.pid").read_text(encoding="ascii"))
    except (OSError, ValueError) as error:  # it went off already
        log.info("the machine's process is not known: %s", error)
        return
    if not limit_group(process) and account is None:
        log.info("the number of the machine's threads has no limit: this host has no control groups for it")
    if account is not None:
        limit_account(process, account)


def limit_memory(domain: libvirt.virDomain) -> None:
    """Limit what the machine's process may take of the host's memory, where the host has control groups.

    It is set after the start: for a limit in the definition libvirt lifts another one, which it may not in containers.
    """
    try:
        most = domain.maxMemory() + EMULATOR_KIB
        domain.setMemoryParameters({libvirt.VIR_DOMAIN_MEMORY_HARD_LIMIT: most}, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    except libvirt.libvirtError as error:
        log.info("the machine's process has no limit on its memory: %s", error)


def limit_group(process: int) -> bool:
    """Limit the processes and threads in the machine's control group; return whether it has one that can be limited."""
    file = find_limit(Path(f"/proc/{process}/cgroup").read_text(encoding="ascii"), GROUPS)
    if file is None:
        return False
    try:
        file.write_text(str(THREADS), encoding="ascii")
    except OSError as error:
        log.info("the machine's control group takes no limit: %s", error)
        return False
    return True


def find_limit(groups: str, root: Path) -> Path | None:
    """Return the file with the limit of a machine's own group, out of what proc(5) says of its process.

    None where the host does not count processes, or the machine shares its group with others.
    """
    for line in groups.splitlines():
        _, kinds, path = line.split(":", 2)
        if kinds and "pids" not in kinds.split(","):
            continue
        folder = root / (f"pids{path}" if kinds else path.removeprefix("/"))
        own = (each for each in (folder, *folder.parents) if _SCOPE in each.name)
        found = next((each / "pids.max" for each in own if (each / "pids.max").is_file()), None)
        if found is not None:
            return found
    return None


def limit_account(process: int, account: Account) -> None:
    """Limit the threads of the machine's account, which nothing but its process has.

    As that account: others need a right for it (prlimit(2)) that root does not have in containers.
    """
    command = ["prlimit", f"--pid={process}", f"--nproc={THREADS}"]
    own = {"user": account.number, "group": account.number, "extra_groups": []}
    done = subprocess.run(  # type: ignore[call-overload]
        command, check=False, capture_output=True, text=True, timeout=60, env=program_environment(), **own
    )
    if done.returncode:
        log.info("the machine's account takes no limit: %s", done.stderr.strip())
