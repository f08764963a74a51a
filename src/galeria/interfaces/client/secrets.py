"""Secrets of service principals, and signing out."""

from datetime import datetime

from galeria.interfaces.client.connection import Json, ServerConnection, path_of
from galeria.interfaces.client.operations import API
from galeria.interfaces.client.resources import ResourcesClient, given_values
from galeria.interfaces.client.short_names import ShortNames


class SecretsClient:
    """Secrets, for Owners of the subscription and for oneself. `name` is a client id or object id."""

    def __init__(self, connection: ServerConnection, names: ShortNames) -> None:
        self._rest = ResourcesClient(connection=connection, api=API)
        self._root = f"{names.scope}/providers/Microsoft.Galeria/people"

    def list(self, name: str) -> list[Json]:
        """Return the secrets without their values."""
        return self._rest.list(f"{self._person(name)}/secrets")

    def rotate(self, name: str, *, expires_at: datetime | None = None, old_until: datetime | None = None) -> Json:
        """Create a client secret, which is in `secret` only this once.

        Old ones work until `old_until`, or until they are removed.
        """
        body = given_values(expiresAt=_text(expires_at), oldExpiresAt=_text(old_until))
        return self._rest.post(f"{self._person(name)}/secrets", body).resource

    def remove(self, name: str, id: str) -> bool:
        """Remove a secret. Returns False where there was none of that id."""
        known = any(each["id"] == id.lower() for each in self.list(name))
        self._rest.delete(f"{self._person(name)}/secrets{path_of(id)}")
        return known

    def identify(self, name: str, *, expires_at: datetime | None = None) -> Json:
        """Return `endpoint` and `secret` for programs in a machine, only this once."""
        return self._rest.post(f"{self._person(name)}/identity", given_values(expiresAt=_text(expires_at))).resource

    def revoke(self, name: str) -> Json:
        """Sign the person or program out everywhere at once."""
        return self._rest.post(f"{self._person(name)}/revoke", {}).resource

    def _person(self, name: str) -> str:
        return self._root + path_of(name)


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
