"""What `galeria doctor` says of how machines' processes are kept apart, and of the limits on them."""

from pathlib import Path
from xml.etree import ElementTree

import libvirt

from galeria.adapters.engine.confinement.accounts import find_obstacle
from galeria.adapters.engine.confinement.limits import GROUPS
from galeria.adapters.engine.daemons import Hypervisor
from galeria.domain.errors import MachineFailed
from galeria.domain.labs.machine_accounts import AccountSettings
from galeria.ports.machines import HostCheck


def confinement_checks(hypervisor: Hypervisor, settings: AccountSettings) -> list[HostCheck]:
    obstacle = find_obstacle("doctor", settings)  # the numbers of any installation are as good as those of another
    return [_files(hypervisor, obstacle), _limits(not obstacle)]


def _files(hypervisor: Hypervisor, obstacle: str) -> HostCheck:
    """Check whether each machine's process can open its own files alone: by an account of its own, or libvirt's labels."""
    try:
        labels = sorted(find_security_models(hypervisor.connection().getCapabilities()) & {"apparmor", "selinux"})
    except (MachineFailed, libvirt.libvirtError):
        labels = []
    ways = [*([] if obstacle else ["an account of its own"]), *labels]
    found = f"each machine's are its own, by {' and '.join(ways)}"
    shared = f"all machines share QEMU's account: {obstacle}"
    cure = "docs/settings.md: own_accounts, first_account. Or switch AppArmor (Debian, Ubuntu) or SELinux (Fedora) on"
    return HostCheck(
        name="machines' files",
        ok=bool(ways),
        required=False,
        found=found if ways else shared,
        cure="" if ways else cure,
    )


def _limits(have_accounts: bool) -> HostCheck:
    groups = find_controllers(GROUPS)
    memory = "memory by control groups" if "memory" in groups else "no limit on memory"
    ways = [*(["control groups"] if "pids" in groups else []), *(["their accounts"] if have_accounts else [])]
    processes = f"threads by {' and '.join(ways)}" if ways else "no limit on threads"
    ok = "memory" in groups and bool(ways)
    return HostCheck(
        name="machines' limits",
        ok=ok,
        required=False,
        found=f"{memory}, {processes}",
        cure="" if ok else "Let the host, or the container that this is, have the control groups 'memory' and 'pids'",
    )


def find_controllers(root: Path) -> set[str]:
    """Return what this host's control groups can limit for one machine alone, in version 2 of them or in version 1.

    libvirt makes no group of version 1 that counts processes.
    """
    unified = root / "cgroup.controllers"
    if unified.is_file():
        return set(unified.read_text(encoding="ascii").split())
    return {each.name for each in root.iterdir() if each.is_dir()} - {"pids"} if root.is_dir() else set()


def find_security_models(capabilities: str) -> set[str]:
    """Return the names of the security models that libvirt uses, out of its capabilities in XML."""
    return {each.text or "" for each in ElementTree.fromstring(capabilities).findall("host/secmodel/model")}
