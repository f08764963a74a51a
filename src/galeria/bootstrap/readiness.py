"""What one server or worker needs to be of use: its database, the durable engine, the stores and the host's machines."""

from collections.abc import Callable

from galeria.adapters.durable import DbosStarter
from galeria.bootstrap.container import Container
from galeria.bootstrap.worker_process import WorkerProcess
from galeria.ports.images import ImageStore
from galeria.ports.work import Starter

NOTHING = "0" * 64  # of no manifest: asking for it costs one small request


def process_checks(container: Container, starter: Starter) -> dict[str, Callable[[], object]]:
    """Return the checks by name. A server without a worker needs no durable engine of its own."""
    checks: dict[str, Callable[[], object]] = {
        "database": lambda: _read_database(container),
        **{f"store {name}": _store_check(store) for name, store in container.stores.items()},
        "machines": container.engine.running,
    }
    if isinstance(starter, DbosStarter | WorkerProcess):
        checks["operations"] = starter.require_working
    return checks


def _read_database(container: Container) -> None:
    with container.database(reading=True) as uow:
        uow.people.find("")


def _store_check(store: ImageStore) -> Callable[[], object]:
    return lambda: store.find_manifest(NOTHING)
