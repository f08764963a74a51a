"""Secrets of service principals, and the end of tokens."""

from datetime import datetime

from galeria.interfaces.client.connection import Json, ServerConnection, path_of
from galeria.interfaces.client.operations import API
from galeria.interfaces.client.resources import ResourcesClient, said
from galeria.interfaces.client.short_names import ShortNames


class SecretsClient:
    """For Owners of the subscription; everybody may use it on themselves. `name` is a client id or object id."""

    def __init__(self, connection: ServerConnection, names: ShortNames) -> None:
        self._rest = ResourcesClient(connection=connection, api=API)
        self._root = f"{names.scope}/providers/Microsoft.Galeria/people"

    def list(self, name: str) -> list[Json]:
        """Without their values."""
        return self._rest.list(f"{self._person(name)}/secrets")

    def rotate(self, name: str, *, expires_at: datetime | None = None, old_until: datetime | None = None) -> Json:
        """A new client secret: `secret`, this once. The old ones work until `old_until`, else until they are removed."""
        body = said(expiresAt=_text(expires_at), oldExpiresAt=_text(old_until))
        return self._rest.post(f"{self._person(name)}/secrets", body).resource

    def remove(self, name: str, id: str) -> bool:
        """False where there was none of that id."""
        known = any(each["id"] == id.lower() for each in self.list(name))
        self._rest.delete(f"{self._person(name)}/secrets{path_of(id)}")
        return known

    def identify(self, name: str, *, expires_at: datetime | None = None) -> Json:
        """`endpoint` and `secret` for programs in a machine, this once."""
        return self._rest.post(f"{self._person(name)}/identity", said(expiresAt=_text(expires_at))).resource

    def revoke(self, name: str) -> Json:
        """Sign them out everywhere and at once."""
        return self._rest.post(f"{self._person(name)}/revoke", {}).resource

    def _person(self, name: str) -> str:
        return self._root + path_of(name)


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
