"""The firmware's file of a machine: what is kept of it, what is written for another machine, and what a guest may not do."""

import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from galeria.adapters.engine.hardware.nvram import kept_variables, read_variables, write_variables
from galeria.domain.labs.hardware import FirmwareVariable, Hardware

TEMPLATE = Path("/usr/share/OVMF/OVMF_VARS_4M.fd")
GLOBAL = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
SHIM = "605dab50-e046-4300-abb6-3dd810dd8b23"
END = "7fff0400"
BY_FILE = "040406006200" + END
BY_PARTITION = "04012a00" + "00" * 38 + END
BY_DEVICE = "02010c00d041030a00000000" + END  # a PCI root, as firmware makes its own entries


def entry(path: str) -> str:
    return "01000000" + (len(path) // 2).to_bytes(2, "little").hex() + "61000000" + path


def variable(name: str, data: str, guid: str = GLOBAL) -> dict[str, Any]:
    return {"name": name, "guid": guid, "attr": 7, "data": data}


def test_entries_that_hold_elsewhere_and_added_keys_are_kept() -> None:
    found = [
        variable("Boot0000", entry(BY_DEVICE)),
        variable("Boot0001", entry(BY_PARTITION)),
        variable("Boot0002", entry(BY_FILE)),
        variable("BootOrder", "000002000100"),
        variable("MokList", "abcd", SHIM),
        variable("MokList", "abcd"),
        variable("Lang", "00"),
        variable("PK", "00"),
    ]

    kept = kept_variables(found)

    assert {each.name: each.data for each in kept} == {
        "Boot0001": entry(BY_PARTITION),
        "Boot0002": entry(BY_FILE),
        "MokList": "abcd",
        "BootOrder": "02000100",
    }


@pytest.mark.parametrize("data", ["", "00", "01000000", "0100000006006100", "0100000006006100" * 3, "ff" * 64])
def test_an_entry_that_makes_no_sense_is_left_out(data: str) -> None:
    assert kept_variables([variable("Boot0001", data), variable("BootOrder", "0100")]) == ()


def test_a_loader_gets_a_boot_entry(tmp_path: Path) -> None:
    path = tmp_path / "firmware.fd"
    write_variables(path, template=TEMPLATE, hardware=Hardware(loader="EFI/debian/shimx64.efi"))

    (made, order) = read_variables(path)

    assert "\\EFI\\debian\\shimx64.efi".encode("utf-16-le").hex() in made.data
    assert (made.name, order.name, order.data) == ("Boot0000", "BootOrder", "0000")
    assert path.stat().st_mode & 0o777 == 0o600


def test_variables_of_a_hostile_guest_are_bounded(tmp_path: Path) -> None:
    named = (
        FirmwareVariable(name="Boot0007", guid=GLOBAL, attributes=7, data=entry(BY_FILE)),
        FirmwareVariable(name="BootOrder", guid=GLOBAL, attributes=7, data="07000900"),
        FirmwareVariable(name="Other", guid=str(uuid.uuid4()), attributes=7, data="00" * 2000),
    )
    path = tmp_path / "firmware.fd"
    write_variables(path, template=TEMPLATE, hardware=Hardware(firmware_variables=named))

    assert [(each.name, each.data) for each in read_variables(path)] == [
        ("Boot0007", entry(BY_FILE)),
        ("BootOrder", "0700"),
    ]

    huge = replace(named[0], data=entry(BY_FILE) + "00" * 40_000)
    write_variables(path, template=TEMPLATE, hardware=Hardware(firmware_variables=(huge,)))
    assert read_variables(path) == ()
    path.write_bytes(b"no firmware")
    assert read_variables(path) == ()
    assert read_variables(tmp_path / "none") == ()
