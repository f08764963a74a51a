"""The upload interface alone, behind a real HTTP server. As a program it can be killed: tus_server FOLDER PORT."""

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request

from galeria.actions.core.caller import Caller
from galeria.actions.core.request_factory import RequestFactory
from galeria.adapters.db.engine import make_engine
from galeria.adapters.db.migrate import migrate
from galeria.adapters.db.tables.mapping import map_classes
from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.adapters.disks.free_room import DataRoom
from galeria.adapters.engine.nbd_source import open_image
from galeria.adapters.files.upload_files import DirectoryUploads
from galeria.adapters.system import RandomIdGenerator, SystemClock
from galeria.domain.errors import Unauthenticated
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal, PrincipalKind, RoleAssignment
from galeria.domain.settings import Settings
from galeria.interfaces.uploads.slots import ReceivingSlots
from galeria.interfaces.uploads.stored_uploads import StoredUploads
from galeria.interfaces.uploads.tus import TusSettings, tus_router
from galeria.ports.database import Database

LIMIT = 64 << 20
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"


def caller(request: Request) -> Caller:
    """The bearer's word is the person's name."""
    name = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not name:
        raise Unauthenticated(Message("Nobody is signed in."), hint=Message("Sign in."))
    person = Principal(
        id=name,
        kind=PrincipalKind.USER,
        name=name,
        display_name=name,
        secret_hash="",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return Caller(principal=person, assignments=[everywhere_owner(person)])


def everywhere_owner(person: Principal) -> RoleAssignment:
    """Whoever sends files may import them somewhere."""
    return RoleAssignment(
        id=person.id,
        principal_id=person.id,
        role="Owner",
        scope=f"/subscriptions/{SUBSCRIPTION}",
        created_at=person.created_at,
        created_by=person.id,
    )


def make_app(
    database: Database,
    folder: Path,
    *,
    idle_seconds: float = 30,
    slots: ReceivingSlots | None = None,
    least_rate: int = 0,
) -> FastAPI:
    app = FastAPI()
    requests = RequestFactory(
        database=database,
        clock=SystemClock(),
        id_generator=RandomIdGenerator(),
        settings=Settings(),
        disk_room=DataRoom(data=folder, margin=Settings().disk_margin),
    )
    uploads = StoredUploads(requests=requests, files=DirectoryUploads(folder, open_image))
    settings = TusSettings(
        uploads=uploads,
        caller=caller,
        slots=slots or ReceivingSlots(each=4, in_all=32),
        limit=LIMIT,
        idle_seconds=idle_seconds,
        least_rate=least_rate,
    )
    app.include_router(tus_router(settings))
    return app


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The address of the app on a free loopback port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off", ws="none"))
        # uvicorn sets signal handlers only in the main thread.
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/uploads"
        finally:
            server.should_exit = True
            thread.join(20)


def main(folder: Path, port: int) -> None:
    map_classes()
    engine = make_engine(f"sqlite:///{folder}/galeria.db")
    migrate(engine)
    app = make_app(SqlDatabase(engine), folder / "uploads")
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="critical", lifespan="off", ws="none")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
