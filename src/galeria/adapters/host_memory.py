"""The memory of this host that machines may take."""

from pathlib import Path

_RESERVE_MIB = 1024  # at least this stays for the system and the server
_RESERVE_SHARE = 8  # or an eighth, where that is more


def memory_for_machines(meminfo: Path = Path("/proc/meminfo")) -> int:
    """Return the MiB of the host's memory less a reserve for its system and the server; at least 1."""
    lines = meminfo.read_text(encoding="ascii").splitlines()
    total = next(int(line.split()[1]) for line in lines if line.startswith("MemTotal:")) // 1024
    return max(1, total - max(_RESERVE_MIB, total // _RESERVE_SHARE))
