"""Whether this host was started anew since the service noted its start last."""

from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def has_restarted(private: Path, *, boot_id: Path = _BOOT_ID) -> bool:
    """Tell whether the host was started anew since `note_start` in this folder; False where none was noted."""
    noted = _noted(private)
    before = noted.read_text(encoding="ascii") if noted.exists() else ""
    return before not in ("", _read(boot_id))


def note_start(private: Path, *, boot_id: Path = _BOOT_ID) -> None:
    """Note the host's present start, once what it asked for is done: who is killed before that is told of it again."""
    unfinished = _noted(private).with_suffix(".new")
    unfinished.write_text(_read(boot_id), encoding="ascii")
    unfinished.replace(_noted(private))


def _noted(private: Path) -> Path:
    return private / "boot-id"


def _read(boot_id: Path) -> str:
    return boot_id.read_text(encoding="ascii").strip()
