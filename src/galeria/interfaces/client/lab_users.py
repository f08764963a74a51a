"""The users on a lab's roster."""

from uuid import uuid4

from galeria.domain.labs.addresses import address_key
from galeria.interfaces.client.accounts import LABS_API
from galeria.interfaces.client.connection import Json, ServerConnection
from galeria.interfaces.client.resources import ResourcesClient
from galeria.interfaces.client.short_names import ShortNames


class LabUsersClient:
    def __init__(self, connection: ServerConnection, names: ShortNames) -> None:
        self._rest = ResourcesClient(connection=connection, api=LABS_API)
        self._names = names

    def list(self, lab: str) -> list[Json]:
        return self._rest.list(f"{self._names.lab(lab)}/users")

    def find(self, lab: str, who: str) -> Json | None:
        """Return the user of that name or e-mail address, in any case."""
        for each in self.list(lab):
            if who.lower() == each["name"].lower() or address_key(who) == address_key(each["properties"]["email"]):
                return each
        return None

    def add(self, lab: str, email: str) -> Json:
        """Add a user. Raises Conflict where somebody has the address already."""
        return self._rest.put(f"{self._names.lab(lab)}/users/{uuid4()}", {"properties": {"email": email}}).resource

    def invite(self, lab: str, user: str, text: str = "") -> None:
        """Have an invitation sent to the user of that name. Raises Conflict where the server sends no mail."""
        self._rest.post(f"{self._names.lab(lab)}/users/{user}/invite", {"text": text} if text else None)

    def remove(self, lab: str, user: str) -> None:
        """Remove the user of that name; the machine is made anew for somebody else."""
        self._rest.delete(f"{self._names.lab(lab)}/users/{user}")
