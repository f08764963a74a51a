"""The answer file for a first start of Windows, held against the rules of its parts; no Windows was there to read it."""

import base64
import re
from pathlib import Path
from xml.etree import ElementTree
from zoneinfo import available_timezones

import pycdlib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galeria.adapters.engine.windows.answer_file import NAMES, answer_file, encoded_password, write_answer_disc
from galeria.adapters.engine.windows.time_zones import windows_zone
from galeria.domain.labs.windows import windows_host_name
from galeria.ports.machines import FirstBoot

U = "{urn:schemas-microsoft-com:unattend}"
W = "{http://schemas.microsoft.com/WMIConfig/2002/State}"
# The passes, their components, and the elements of each that are used.
COMPONENTS = {
    "specialize": {
        "Microsoft-Windows-Shell-Setup": {"ComputerName", "TimeZone"},
        "Microsoft-Windows-TerminalServices-LocalSessionManager": {"fDenyTSConnections"},
        "Microsoft-Windows-TerminalServices-RDP-WinStationExtensions": {"UserAuthentication"},
        "Networking-MPSSVC-Svc": {"FirewallGroups"},
    },
    "oobeSystem": {
        "Microsoft-Windows-International-Core": {"InputLocale", "SystemLocale", "UILanguage", "UserLocale"},
        "Microsoft-Windows-Shell-Setup": {"TimeZone", "OOBE", "UserAccounts"},
    },
}
FIRST = FirstBoot(
    instance_id="1", host_name="algebra", user_name="prof", password_hash="", password="S&cret <1> ß\U0001f512"
)


def parsed(first_boot: FirstBoot = FIRST, zone: str = "America/Sao_Paulo") -> ElementTree.Element:
    return ElementTree.fromstring(answer_file(first_boot, zone=zone))


def texts(root: ElementTree.Element, name: str) -> set[str | None]:
    return {each.text for each in root.iter(f"{U}{name}")}


def test_every_pass_has_its_components_and_each_is_named_as_windows_names_it() -> None:
    root = parsed()
    assert root.tag == f"{U}unattend"
    found = {
        settings.attrib["pass"]: {
            each.attrib["name"]: {child.tag.removeprefix(U) for child in each} for each in settings
        }
        for settings in root
    }
    assert found == COMPONENTS
    for component in root.iter(f"{U}component"):
        assert component.attrib | {"name": ""} == {
            "name": "",
            "processorArchitecture": "amd64",
            "publicKeyToken": "31bf3856ad364e35",
            "language": "neutral",
            "versionScope": "nonSxS",
        }


def test_the_account_has_its_password_and_is_an_administrator() -> None:
    root = parsed()
    (account,) = root.iter(f"{U}LocalAccount")
    assert account.attrib == {f"{W}action": "add"}
    held = {each.tag.removeprefix(U): each.text for each in account}
    assert (held["Name"], held["Group"]) == ("prof", "Administrators")
    value, plain = account.findtext(f"{U}Password/{U}Value"), account.findtext(f"{U}Password/{U}PlainText")
    assert plain == "false"
    assert base64.b64decode(value or "").decode("utf-16-le") == FIRST.password + "Password"
    assert FIRST.password not in answer_file(FIRST, zone="UTC")


def test_remote_desktop_is_on_and_the_firewall_lets_it_in() -> None:
    root = parsed()
    assert texts(root, "fDenyTSConnections") == {"false"}
    assert texts(root, "UserAuthentication") == {"1"}
    (group,) = root.iter(f"{U}FirewallGroup")
    assert {each.tag.removeprefix(U): each.text for each in group} == {
        "Active": "true",
        "Group": "@FirewallAPI.dll,-28752",
        "Profile": "all",
    }


def test_there_is_no_product_key_and_nothing_is_run() -> None:
    text = answer_file(FIRST, zone="UTC").lower()
    for word in ("productkey", "command", "autologon", "diskconfiguration"):
        assert word not in text


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("America/Sao_Paulo", "E. South America Standard Time"),
        ("America/Manaus", "SA Western Standard Time"),
        ("Europe/Berlin", "W. Europe Standard Time"),
        ("UTC", "UTC"),
        ("Mars/Olympus_Mons", "UTC"),
    ],
)
def test_time_zones_have_the_names_of_windows(zone: str, name: str) -> None:
    assert windows_zone(zone) == name
    assert texts(parsed(zone=zone), "TimeZone") == {name}


def test_no_zone_of_iana_goes_without_a_name() -> None:
    assert all(windows_zone(zone) for zone in available_timezones())


@given(st.text(max_size=40))
def test_every_lab_name_makes_a_computer_name(name: str) -> None:
    made = windows_host_name(name)
    assert re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,13}[A-Za-z0-9])?", made)
    assert not made.isdecimal()


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20), st.text(max_size=60))
def test_whatever_is_typed_the_file_is_well_formed(user: str, password: str) -> None:
    first = FirstBoot(instance_id="1", host_name="a", user_name=user, password_hash="", password=password)
    if any(0xD800 <= ord(each) < 0xE000 for each in password):
        return
    (account,) = ElementTree.fromstring(answer_file(first, zone="UTC")).iter(f"{U}LocalAccount")
    assert base64.b64decode(encoded_password(password)).decode("utf-16-le").removesuffix("Password") == password
    assert account.findtext(f"{U}PlainText") is None


def test_the_disc_has_the_file_under_both_names_and_is_private(tmp_path: Path) -> None:
    disc = tmp_path / "seed.iso"
    write_answer_disc(disc, FIRST)
    assert disc.stat().st_mode & 0o777 == 0o600
    image = pycdlib.PyCdlib()
    image.open(str(disc))
    for name in NAMES:
        with image.open_file_from_iso(joliet_path=f"/{name}") as file:
            assert ElementTree.fromstring(file.read()).tag == f"{U}unattend"
    image.close()
