"""A person's uploads, rows and files together, in short transactions."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from galeria.actions.core.caller import Caller
from galeria.actions.core.request import with_caller
from galeria.actions.core.request_factory import RequestFactory
from galeria.actions.people.sign_ins import require_unchanged
from galeria.actions.storage.uploads import (
    create_upload,
    get_upload,
    list_uploads,
    missing_upload,
    record_size,
    remove_upload,
    require_import,
    require_piece,
)
from galeria.domain.operations import Upload
from galeria.ports.files import UploadFiles, Zeros

LOOK_EVERY = timedelta(seconds=5)  # between two looks at the rights of whoever sends one long piece


@dataclass(frozen=True, kw_only=True)
class StoredUploads:
    """Each method opens its own transactions; none is open while bytes arrive or the disk syncs them."""

    requests: RequestFactory
    files: UploadFiles

    def create(self, caller: Caller, *, file_name: str, length: int, limit: int) -> Upload:
        """Announce a file of `length` bytes; at most `limit` are taken. Raises what `create_upload` raises."""
        with self.requests.writing(caller) as request:
            upload = create_upload(request, file_name=file_name, length=length, limit=limit)
        if not length:
            self.files.append(upload.id, 0, [], limit=0)  # no piece will come: whoever looks finds a file that is empty
        return upload

    def get(self, caller: Caller, id: str) -> Upload:
        """The upload with what is really on disk: after a crash the file may know of more bytes than the database.

        Raises NotFound, for other people's uploads too.
        """
        with self.requests.reading(caller) as request:
            upload = get_upload(request, id)
        if upload.offset == self.files.size(upload.id):
            return upload
        return self._record(caller, id)

    def list(self, caller: Caller) -> list[Upload]:
        """Their own, the newest first, each with what is really on disk."""
        with self.requests.reading(caller) as request:
            found = list_uploads(request)
        for upload in found:
            upload.offset = self.files.size(upload.id)
        return found

    def receive(self, caller: Caller, id: str, *, offset: int, data: Iterable[bytes | Zeros]) -> Upload:
        """Append `data`, which begins at byte `offset` of the file.

        When `data` breaks off, what arrived is kept; the next `get` records it where this could not. Raises NotFound,
        Conflict (the offset is not where the file ends; somebody else is writing; the file is sealed), TooLarge, OutOfSpace.

        Raises Forbidden or Unauthenticated where the right or the sign-in ends meanwhile; this piece is then not kept.
        """
        with self.requests.reading(caller) as request:
            upload = require_piece(request, id, offset)
        self.files.append(upload.id, offset, self._while_let(caller, data), limit=upload.length)
        return self._record(caller, id)

    def remove(self, caller: Caller, id: str) -> None:
        """The row goes first: a file without a row is found and cleared away later, a row without a file misleads.

        Raises NotFound.
        """
        with self.requests.writing(caller) as request:
            upload = remove_upload(request, id)
        self.files.remove(upload.id)

    def _while_let(self, caller: Caller, data: Iterable[bytes | Zeros]) -> Iterator[bytes | Zeros]:
        looked = self.requests.clock.now()
        for piece in data:
            now = self.requests.clock.now()
            if now - looked >= LOOK_EVERY:
                looked = now
                self._require_present_right(caller)
            yield piece

    def _require_present_right(self, caller: Caller) -> None:
        with self.requests.anonymous_reading() as request:
            require_unchanged(request, caller.principal)
            assignments = request.uow.people.assignments(caller.principal.id)
            require_import(with_caller(request, replace(caller, assignments=assignments)))

    def _record(self, caller: Caller, id: str) -> Upload:
        """Write down what is on disk. Asks for it before the transaction: the disk may take its time to sync."""
        size = self.files.size(id)
        with self.requests.writing(caller) as request:
            upload = record_size(request, id, size)
        if upload is None:
            self.files.remove(id)  # removed while bytes arrived: then nobody will ask for the file again
            raise missing_upload(id)
        return upload
