"""The methods that every resource has, for one version of the API."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from galeria.domain.errors import NotFound
from galeria.domain.ids import ResourceId
from galeria.interfaces.client.connection import Json, ServerConnection
from galeria.interfaces.client.operations import StartedWork, begun


@dataclass(frozen=True, kw_only=True)
class ResourcesClient:
    connection: ServerConnection
    api: str

    def get(self, id: ResourceId | str, **query: str) -> Json:
        """Return the resource. Raises NotFound."""
        return self.connection.get(_path(id), **{"api-version": self.api}, **query)

    def find(self, id: ResourceId | str) -> Json | None:
        try:
            return self.get(id)
        except NotFound:
            return None

    def list(self, path: str, **query: str) -> list[Json]:
        return self.connection.get_all(_path(path), **{"api-version": self.api}, **query)

    def put(self, id: ResourceId | str, body: Json) -> StartedWork:
        return self._begin("PUT", id, body)

    def patch(self, id: ResourceId | str, body: Json) -> StartedWork:
        return self._begin("PATCH", id, body)

    def post(self, id: ResourceId | str, body: Json | None = None, *, prefer: str = "") -> StartedWork:
        """Send a POST; `prefer` is the header of that name."""
        return self._begin("POST", id, body, {"Prefer": prefer} if prefer else None)

    def delete(self, id: ResourceId | str) -> StartedWork:
        return self._begin("DELETE", id, None)

    def _begin(
        self, method: str, id: ResourceId | str, body: Json | None, headers: dict[str, str] | None = None
    ) -> StartedWork:
        query = {"api-version": self.api}
        return begun(self.connection.send(method, _path(id), query=query, body=body, headers=headers))


def given_values(**values: Any) -> Json:
    """Return the values that are not None."""
    return {key: value for key, value in values.items() if value is not None}


def _path(id: ResourceId | str) -> str:
    return quote(str(id), safe="/()@:$,=")
