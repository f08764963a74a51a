"""On which computer a region's machines are: on that of its worker, unless they run in a cloud."""

from collections.abc import Collection

from galeria.adapters.db.processes import RegisteredProcess


class ProcessComputers:
    """Asks the rows of the processes. The regions `in_clouds` are reached from every computer."""

    def __init__(self, process: RegisteredProcess, *, in_clouds: Collection[str]) -> None:
        self._process, self._in_clouds = process, in_clouds

    def find_other(self, region: str) -> str | None:
        """Return the name of the other computer that has the region's machines."""
        return None if region in self._in_clouds else self._process.find_other_host(region)
