"""Whether this host was started anew since the service asked last."""

from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def has_restarted(private: Path, *, boot_id: Path = _BOOT_ID) -> bool:
    """Tell whether the host was started anew since the last call with this folder; False at the first call.

    The present start is noted at once, so that an answer is given once.
    """
    noted = private / "boot-id"
    before = noted.read_text(encoding="ascii") if noted.exists() else ""
    now = boot_id.read_text(encoding="ascii").strip()
    if before != now:
        unfinished = noted.with_suffix(".new")
        unfinished.write_text(now, encoding="ascii")
        unfinished.replace(noted)
    return before not in ("", now)
