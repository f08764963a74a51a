"""The inspection of uploaded files. The result is cached, because an inspected file never changes again."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from galeria.domain.errors import Invalid
from galeria.domain.images.firmware import HEAD, startable
from galeria.domain.images.galleries import Generation
from galeria.ports.files import FileFacts, UploadFiles

KEPT = 256  # results that are kept


@dataclass(frozen=True, kw_only=True)
class FileInspection:
    """The facts of a file, or `refusal` with the reason why it is no image. `starts` is empty where the firmware is unknown."""

    facts: FileFacts | None = None
    starts: frozenset[Generation] = frozenset()
    refusal: Invalid | None = None


class FileInspections:
    def __init__(self, files: UploadFiles) -> None:
        self._files = files
        self._known: OrderedDict[str, FileInspection] = OrderedDict()
        self._lock = Lock()

    def look(self, upload_id: str) -> FileInspection:
        """Inspect a complete file, which is sealed by that. Raises NotFound, Conflict, Unavailable."""
        with self._lock:
            found = self._known.get(upload_id)
        if found is None:
            found = self._compute(upload_id)
            with self._lock:
                self._known[upload_id] = found
                while len(self._known) > KEPT:
                    self._known.popitem(last=False)
        return found

    def _compute(self, upload_id: str) -> FileInspection:
        try:
            facts = self._files.inspect(upload_id)
        except Invalid as error:
            return FileInspection(refusal=error)
        return FileInspection(facts=facts, starts=self._starts(upload_id, facts))

    def _starts(self, upload_id: str, facts: FileFacts) -> frozenset[Generation]:
        with self._files.open(upload_id, facts) as disk:
            reader = disk.reader()
            try:
                return startable(reader.read(0, min(HEAD, disk.size)))
            finally:
                reader.close()
