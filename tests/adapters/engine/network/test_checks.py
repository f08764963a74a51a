"""What the doctor says of the machines' network."""

from pathlib import Path

import pytest

from galeria.adapters.engine.network import checks, guest_network
from galeria.adapters.engine.network.checks import ALONE, BRIDGED, find_dropping, network_checks
from galeria.domain.labs.guest_network import NetworkSettings

# Of Docker and of ufw, as nft 1.0.6 prints them.
CHAINS = """table ip filter {
\tchain FORWARD {
\t\ttype filter hook forward priority filter; policy drop;
\t}
\tchain INPUT {
\t\ttype filter hook input priority filter; policy drop;
\t}
}
table inet galeria_01234567 {
\tchain forward {
\t\ttype filter hook forward priority filter - 10; policy accept;
\t}
}
"""


def test_other_programs_that_drop_what_is_forwarded_are_named() -> None:
    assert find_dropping(CHAINS) == ["ip filter"]
    assert find_dropping(CHAINS.replace("policy drop", "policy accept")) == []


@pytest.mark.parametrize(
    ("obstacle", "cure"),
    [
        ("not installed: dnsmasq-base nftables", "apt-get install dnsmasq-base nftables"),
        ("the host has no /dev/net/tun", "docs/network.md says what it needs"),
    ],
)
def test_what_is_missing_is_said_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, obstacle: str, cure: str
) -> None:
    monkeypatch.setattr(checks, "find_obstacle", lambda _settings: obstacle)
    (check,) = network_checks(tmp_path, NetworkSettings())
    assert (check.ok, check.found, check.cure) == (False, f"{ALONE}: {obstacle}", cure)


def test_the_administrators_choice_needs_no_cure(tmp_path: Path) -> None:
    (check,) = network_checks(tmp_path, NetworkSettings(is_bridged=False))
    assert check.ok
    assert check.found.startswith(ALONE)


def test_a_host_without_a_program_or_the_right_to_it_has_no_bridge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guest_network, "_has", lambda _program: False)
    (check,) = network_checks(tmp_path, NetworkSettings())
    assert "dnsmasq-base iproute2" in check.found
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    (check,) = network_checks(tmp_path, NetworkSettings())
    assert "only root" in check.found


@pytest.mark.system
def test_this_host_has_a_bridge(tmp_path: Path) -> None:
    assert network_checks(tmp_path, NetworkSettings())[0].found == BRIDGED
