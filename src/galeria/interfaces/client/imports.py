"""Import files as an image version: upload, create the definition where it is missing, create the version."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from galeria.domain.errors import GaleriaError
from galeria.domain.ids import proposed_name
from galeria.domain.images.galleries import FIRST_VERSION, OS_DISK, VersionNumber
from galeria.interfaces.client.compute import NewDefinition
from galeria.interfaces.client.galeria import Galeria
from galeria.interfaces.client.operations import StartedWork
from galeria.interfaces.client.uploads import Heard, require_file


@dataclass(frozen=True, kw_only=True)
class FileImport:
    """The files and their image. `name` may be any text; without `version` it is 1.0.0, or the highest one with patch + 1."""

    gallery: str
    name: str
    os_disk: Path
    data_disks: Sequence[Path] = ()
    version: str = ""
    region: str = ""  # the home region; empty for the gallery's
    regions: Sequence[str] = ()  # further regions
    definition: NewDefinition = field(default_factory=NewDefinition)

    @property
    def files(self) -> list[Path]:
        return [self.os_disk, *self.data_disks]


HeardFile = Callable[[Path], Heard]
"""Gives the listener for one file's bytes."""


@dataclass(frozen=True, kw_only=True)
class ImportResult:
    """The version that is being created."""

    image: str
    version: str
    begun: StartedWork


def begin_import(galeria: Galeria, wanted: FileImport, *, heard: HeardFile) -> ImportResult:
    """Upload the files and begin the version. May be repeated after any failure: what was sent is not sent again.

    Nothing is made before every file has arrived; an image that this made goes again where the server refuses the version.
    Raises Invalid where a file is missing or empty, what the server refuses, Conflict when a file changes meanwhile,
    Unavailable when the connection stays broken.
    """
    for file in wanted.files:
        require_file(file)
    if wanted.version:
        VersionNumber.parse(wanted.version)
    region = wanted.region or str(galeria.galleries.get(wanted.gallery)["location"])
    image = proposed_name(wanted.name)
    existing = galeria.definitions.find(wanted.gallery, image)
    if existing is not None:
        galeria.definitions.confirm(existing, wanted.definition)
    files = enumerate(wanted.files, start=OS_DISK)
    uploads = {lun: galeria.uploads.send(file, heard=heard(file)) for lun, file in files}
    if existing is None:
        galeria.wait(galeria.definitions.put(wanted.gallery, image, wanted.definition, region=region))
    number = wanted.version or _next_number(galeria, wanted.gallery, image)
    targets = list(dict.fromkeys([region, *wanted.regions]))
    try:
        begun = galeria.versions.put(wanted.gallery, image, number, region=region, uploads=uploads, regions=targets)
    except GaleriaError:
        if existing is None:
            with suppress(GaleriaError):  # the refusal itself is what people have to read
                galeria.definitions.delete(wanted.gallery, image)
        raise
    for file in wanted.files:
        galeria.uploads.forget(file)
    return ImportResult(image=image, version=number, begun=begun)


def _next_number(galeria: Galeria, gallery: str, image: str) -> str:
    numbers = [VersionNumber.parse(each["name"]) for each in galeria.versions.list(gallery, image)]
    return str(max(numbers).next_patch if numbers else FIRST_VERSION)
