"""What a backup is, and what it leaves to its administrator."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Backup:
    """State, keys and settings of one installation at one moment, in one file."""

    file: Path
    created_at: datetime
    version: str  # of the program that wrote it
    revision: str  # of the database's tables
    installation: str  # the installation's id
    names: tuple[str, ...]  # the files in it, as paths below the data directory
    size: int  # bytes of the backup
    left_out: tuple[str, ...] = ()  # files of the data directory that are too large to be settings or secrets
    elsewhere: tuple[str, ...] = ()  # files outside of the data directory that the settings name: not in the backup
