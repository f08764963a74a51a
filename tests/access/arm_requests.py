"""The request of each row of the REST API: its path and a body that would be accepted."""

from typing import Any

from galeria.interfaces.app import ROUTES
from galeria.interfaces.arm.protocol.routes import Route
from tests.access.rows import Row
from tests.access.world import World
from tests.interfaces.arm.paths import on_the_way
from tests.interfaces.arm.request_bodies import BODIES
from tests.interfaces.arm.served import SUB

BY_NAME: dict[str, Route] = {route.name: route for route in ROUTES}


def path_of(world: World, row: Row, **names: str) -> str:
    route = BY_NAME[row.route]
    values = on_the_way(route, dict(world.known)) | dict(row.names) | names
    return route.path.replace("{scope:path}", "{scope}").format(**values)


def body_of(world: World, row: Row) -> Any:
    url = f"https://host{SUB}/providers/Microsoft.LabServices/operationResults/{world.known['lab_operation']}"
    of_here: dict[str, Any] = {
        "People_Create": {"name": "one-more"},
        "GlobalUsers_GetOperationStatus": {"operationUrl": url},
        "GlobalUsers_GetOperationBatchStatus": {"urls": [url]},
    }
    return of_here.get(row.route, BODIES.get(row.route))
