"""The appliance is built once for each release, and found by every program of the Python environment."""

import gzip
import sys
from pathlib import Path

import pytest

from galeria.guests import GuestSources
from galeria.guests.appliance import INITRAMFS, KERNEL, build_appliance, find_appliance, install_appliance

pytestmark = pytest.mark.slow


def test_it_is_found_once_it_is_installed(
    guest_sources: GuestSources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    old = tmp_path / "share" / "galeria" / "appliance-of-another-release"
    old.mkdir(parents=True)
    (old / KERNEL).write_bytes(b"")
    assert find_appliance() is None

    install_appliance(guest_sources)
    install_appliance(guest_sources)

    found = find_appliance()
    assert found is not None
    assert list(found.parent.iterdir()) == [found]
    assert sorted(path.name for path in found.iterdir()) == [INITRAMFS, KERNEL]
    assert {path.stat().st_mode & 0o777 for path in found.iterdir()} == {0o444}


def test_the_same_sources_give_the_same_bytes(guest_sources: GuestSources, tmp_path: Path) -> None:
    for name in ("one", "two"):
        build_appliance(tmp_path / name, guest_sources)
    build_appliance(tmp_path / "other", guest_sources, init=b"#!/bin/busybox sh\n")

    one, two, other = ((tmp_path / name / INITRAMFS).read_bytes() for name in ("one", "two", "other"))
    assert one == two != other
    assert len(gzip.compress(one, 1)) < len(one) / 2  # not compressed
    assert one.startswith(b"070701")
