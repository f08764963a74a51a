"""The built image is a real Linux machine under both firmwares: first boot, logins, agent, power button."""

import base64
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from galeria.adapters.identity.secrets import ArgonSecretHasher

pytestmark = pytest.mark.system

FACTS = "hostname; cat /etc/machine-id; cat /etc/ssh/ssh_host_ed25519_key.pub"


@pytest.mark.parametrize("uefi", [False, True], ids=["bios", "uefi"])
def test_a_generalized_image_takes_its_identity_from_the_seed_once(
    boot: Callable[..., Any], seed: Path, overlay: Path, uefi: bool
) -> None:
    with boot(uefi=uefi, seed=seed) as machine:
        facts = machine.wait_login("alice", "First-Pass-1", FACTS)
        assert facts.splitlines()[0] == "lab-one"
        assert len(facts.splitlines()[1]) == 32
        assert facts.splitlines()[2].startswith("ssh-ed25519 AAAA")
        assert machine.ssh("alice", "First-Pass-1", "sudo id -u; id -nG") == "0\nalice sudo"
        assert not machine.can_log_in("alice", "Other-Pass-2")
        machine.wait_up()
        machine.press_power_button()
        machine.wait_off()
    assert _root_is_clean(overlay)
    with boot(uefi=uefi) as machine:
        assert machine.wait_login("alice", "First-Pass-1", FACTS) == facts


def test_the_host_manages_accounts_and_power_through_the_agent(boot: Callable[..., Any]) -> None:
    with boot() as machine:
        machine.wait_agent()
        assert machine.agent("guest-get-host-name")["host-name"] == "localhost"
        assert machine.agent_run("/usr/sbin/useradd", "-m", "-s", "/bin/sh", "-G", "users", "bob") == 0
        assert machine.agent_run("/usr/sbin/useradd", "-m", "bob") == 9
        assert machine.agent_run("/usr/bin/getent", "passwd", "bob") == 0
        assert machine.agent_run("/usr/bin/getent", "passwd", "nobody-here") == 2
        assert machine.agent_run("/usr/sbin/usermod", "-aG", "sudo", "bob") == 0
        _set_password(machine, "bob", "Plain$Pass\\1", crypted=False)
        assert machine.wait_login("bob", "Plain$Pass\\1", "id -nG") == "bob sudo users"
        _set_password(machine, "bob", ArgonSecretHasher().unix_hash("Hashed-Pass-2"), crypted=True)
        assert machine.can_log_in("bob", "Hashed-Pass-2")
        assert not machine.can_log_in("bob", "Plain$Pass\\1")
        assert machine.agent_run("/usr/sbin/usermod", "-L", "bob") == 0
        assert not machine.can_log_in("bob", "Hashed-Pass-2")
        machine.agent_without_answer("guest-shutdown")
        machine.wait_off()


def test_generalize_removes_the_identity_and_the_next_boot_makes_another(boot: Callable[..., Any], seed: Path) -> None:
    with boot(seed=seed) as machine:
        before = machine.wait_login("alice", "First-Pass-1", FACTS)
        machine.wait_agent()
        assert machine.agent_run("/usr/sbin/generalize") == 0
        assert machine.agent_run("/usr/bin/getent", "passwd", "alice") == 2
        machine.agent_without_answer("guest-shutdown")
        machine.wait_off()
    with boot(seed=seed) as machine:
        after = machine.wait_login("alice", "First-Pass-1", FACTS)
        machine.press_power_button()
        machine.wait_off()
    pairs = list(zip(before.splitlines(), after.splitlines(), strict=True))
    assert [old == new for old, new in pairs] == [True, False, False]


def _set_password(machine: Any, user: str, password: str, *, crypted: bool) -> None:
    encoded = base64.b64encode(password.encode()).decode()
    machine.agent("guest-set-user-password", username=user, password=encoded, crypted=crypted)


def _root_is_clean(disk: Path) -> bool:
    """Whether the root file system was unmounted: else its journal would need recovery."""
    raw = disk.with_suffix(".raw")
    subprocess.run(["qemu-img", "convert", "-O", "raw", str(disk), str(raw)], check=True)
    command = ["/usr/sbin/dumpe2fs", "-h", f"{raw}?offset={(1 + 48) * 1024 * 1024}"]
    facts = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return "needs_recovery" not in facts
