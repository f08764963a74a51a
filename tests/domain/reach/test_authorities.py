"""The addresses of machines that people are told."""

from types import SimpleNamespace
from typing import Any

import pytest

from galeria.domain.images.galleries import OsType
from galeria.domain.reach.authorities import authorities, rdp_file
from galeria.domain.reach.server_settings import ServerSettings

NAMED, HERE = ServerSettings(name="labs.example.org"), ServerSettings()
BOTH = {"clientSshAccess": "Public", "clientRdpAccess": "Public"}


def told(
    server: ServerSettings, profile: dict[str, str] | None, os_type: OsType = OsType.LINUX, **facts: object
) -> dict[str, str]:
    given = {"address": "", "ssh_port": 20000, "public_ssh_port": 61000, "public_rdp_port": 61001, **facts}
    lab: Any = SimpleNamespace(os_type=os_type, profiles={} if profile is None else {"connectionProfile": profile})
    machine: Any = SimpleNamespace(**given)
    return authorities(server, lab, machine)


@pytest.mark.parametrize(
    ("server", "profile", "expected"),
    [
        (NAMED, BOTH, {"sshAuthority": "labs.example.org:61000", "rdpAuthority": "labs.example.org:61001"}),
        (HERE, BOTH, {"sshAuthority": "127.0.0.1:20000", "rdpAuthority": "127.0.0.2:20000"}),
        (NAMED, {"clientSshAccess": "Private", "clientRdpAccess": "None"}, {}),
        (HERE, {"clientSshAccess": "None"}, {}),
        (NAMED, {"clientRdpAccess": "Public"}, {"rdpAuthority": "labs.example.org:61001"}),
        (NAMED, None, {"sshAuthority": "labs.example.org:61000"}),
    ],
)
def test_the_profile_and_the_name_decide(
    server: ServerSettings, profile: dict[str, str] | None, expected: dict[str, str]
) -> None:
    assert told(server, profile) == expected


def test_a_machine_in_the_machines_network_is_reached_at_its_address_there() -> None:
    expected = {"sshAuthority": "100.64.78.32:22", "rdpAuthority": "100.64.78.32:3389"}
    assert told(HERE, BOTH, address="100.64.78.32") == expected


def test_windows_is_reached_by_remote_desktop_where_its_profile_says_nothing() -> None:
    assert told(NAMED, None, OsType.WINDOWS) == {"rdpAuthority": "labs.example.org:61001"}


def test_a_machine_without_a_port_has_no_address_yet() -> None:
    assert told(NAMED, BOTH, public_ssh_port=None) == {"rdpAuthority": "labs.example.org:61001"}


def test_the_file_for_remote_desktops_has_lines_as_windows_reads_them() -> None:
    lines = rdp_file("labs.example.org:61001", "ana").split("\r\n")
    assert lines[:2] == ["full address:s:labs.example.org:61001", "username:s:ana"]
    assert lines[-1] == ""
