"""Builds the wheel and the source archive, and only where they are whole: setuptools would leave out what npm brings.

An editable installation does not need it, as scripts/setup makes one while the scripts of the pages are being fetched.
"""

from pathlib import Path
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

VENDOR = Path("src/galeria/interfaces/web/static/vendor")

Options = dict[str, Any] | None


def build_wheel(wheel_directory: str, config_settings: Options = None, metadata_directory: str | None = None) -> str:
    """Build the wheel. Exits with the command to run where the scripts of the pages are missing."""
    _require_assets()
    return str(build_meta.build_wheel(wheel_directory, config_settings, metadata_directory))


def build_sdist(sdist_directory: str, config_settings: Options = None) -> str:
    """Build the source archive, with the scripts of the pages. Exits with the command to run where they are missing."""
    _require_assets()
    return str(build_meta.build_sdist(sdist_directory, config_settings))


def _require_assets() -> None:
    if not any(VENDOR.glob("*.js")):
        raise SystemExit(f"{VENDOR} is missing: the pages would have no scripts. Run scripts/assets, then build again.")
