"""The schedules of labs, and single classes of theirs that are cancelled or moved."""

from galeria.interfaces.client.accounts import LABS_API
from galeria.interfaces.client.connection import Json, ServerConnection
from galeria.interfaces.client.resources import ResourcesClient, given_values
from galeria.interfaces.client.short_names import ShortNames


class SchedulesClient:
    def __init__(self, connection: ServerConnection, names: ShortNames) -> None:
        self._rest = ResourcesClient(connection=connection, api=LABS_API)
        self._names = names

    def list(self, lab: str) -> list[Json]:
        return self._rest.list(f"{self._names.lab(lab)}/schedules")

    def get(self, lab: str, name: str) -> Json:
        return self._rest.get(self._names.lab(lab).child("schedules", name))

    def change(
        self, lab: str, name: str, local_start: str, *, start: str | None = None, stop: str | None = None
    ) -> Json:
        """Move one class to these local times, or cancel it where there are none. Returns the schedule."""
        return self._with(lab, name, local_start, given_values(localStart=local_start, startAt=start, stopAt=stop))

    def restore(self, lab: str, name: str, local_start: str) -> Json:
        """Let one class take place as planned. Returns the schedule."""
        return self._with(lab, name, local_start, None)

    def _with(self, lab: str, name: str, local_start: str, change: Json | None) -> Json:
        held = self.get(lab, name)["properties"]["galeria"]["changes"]
        others = [each for each in held if not _is_same(each["localStart"], local_start)]
        changes = [*others, *([change] if change else [])]
        id = self._names.lab(lab).child("schedules", name)
        self._rest.patch(id, {"properties": {"galeria": {"changes": changes}}})
        return self.get(lab, name)


def _is_same(one: str, other: str) -> bool:
    """Return whether two local times are the same minute, however they are written."""
    return one.replace(" ", "T")[:16] == other.replace(" ", "T")[:16]
