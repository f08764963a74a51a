"""Builds small Linux disks that start under BIOS and UEFI and behave like a cloud's Linux image.

They serve the demonstration and the tests: real virtual machines that boot in seconds, even without KVM.
"""

from galeria.guests.hosttools import HOST_PACKAGES, missing_host_tools
from galeria.guests.image import build_guest
from galeria.guests.sources import GuestSources, find_sources, get_sources

__all__ = ["HOST_PACKAGES", "GuestSources", "build_guest", "find_sources", "get_sources", "missing_host_tools"]
