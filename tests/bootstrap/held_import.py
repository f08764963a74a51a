"""An import whose disk waits to be stored, because somebody holds up the store."""

from galeria.interfaces.client.operations import StartedWork
from tests.local_installation import disk_bytes
from tests.system.server_process import SOUTH, ServerProcess
from tests.waiting import until

STEP = "Store the disk"


def begin_held_import(server: ServerProcess, name: str = "disk") -> StartedWork:
    """An import up to the moment at which it waits for the store; within `server.held_up(SOUTH)`, with a gallery."""
    disk = server.folder / "disk.raw"
    disk.write_bytes(disk_bytes())
    begun = server.begin_import(name, disk, regions=(SOUTH,)).begun
    until(lambda: STEP in steps(server, begun), "the disk is being stored")
    return begun


def steps(server: ServerProcess, work: StartedWork) -> dict[str, str]:
    """The states of the operation's steps by name."""
    assert work.operation is not None
    return {each.name: each.status for each in server.galeria.operations.get(work.operation).steps}
