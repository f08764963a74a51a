"""What a version is made of: uploads, disks named one by one, or one resource whose disks are all taken."""

from dataclasses import dataclass, field, replace

from galeria.actions.core.request import Request
from galeria.actions.storage.community_sources import community_source
from galeria.actions.storage.disk_order import disk_positions
from galeria.actions.storage.sources import (
    NamedDisk,
    Source,
    Sources,
    address_source,
    named_source,
    require_fitting,
    require_same_region,
    whole_source,
)
from galeria.domain.errors import Conflict, Invalid, NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import OS_DISK, ImageDefinition, ImageVersion, SourceKind, VersionDisk
from galeria.domain.images.sharing import CommunityImage
from galeria.domain.images.storage import Origin, OriginKind
from galeria.domain.messages import Message
from galeria.domain.operation_inputs import FillInputs
from galeria.domain.operations import Operation, OperationKind

STORAGE = "galleryImageVersion.properties.storageProfile"
_WHOLE = {SourceKind.IMAGE, SourceKind.VERSION, SourceKind.MACHINE}


@dataclass(frozen=True, kw_only=True)
class NamedSources:
    """The sources as the caller wrote them; `uploads` and `disks` are by lun, -1 being the OS disk.

    All empty means that none were given. `order` has the luns of the data disks as they were named, with a source or without.
    """

    uploads: dict[int, str] = field(default_factory=dict)
    disks: dict[int, NamedDisk] = field(default_factory=dict)
    whole: ResourceId | CommunityImage | None = None
    order: tuple[int, ...] = ()

    @property
    def names_sources(self) -> bool:
        """Tells whether any source is named."""
        return bool(self.uploads or self.disks or self.whole)


def get_sources(request: Request, definition: ImageDefinition, location: str, wanted: NamedSources) -> Sources:
    """Returns the sources after all checks that are possible before bytes are moved.

    Raises Invalid, Forbidden, NotFound, Conflict.
    """
    if wanted.whole is not None and (wanted.disks or wanted.uploads):
        raise Invalid(
            Message("A version is made of one source as a whole or of disks, not of both."),
            hint=Message("Leave out storageProfile.source, or the sources of the single disks."),
            target=f"{STORAGE}.source",
        )
    sources = upload_sources(request, wanted)
    sources |= _whole_disks(request, definition, location, wanted)
    sources |= {lun: named_source(request, each) for lun, each in wanted.disks.items()}
    if OS_DISK not in sources:
        raise Invalid(
            Message("A new version needs a source for its OS disk."),
            hint=Message(
                "Name a managed image, disk, snapshot, lab VM, image version or VHD, or upload a file: "
                "galeria image import does both."
            ),
            target=STORAGE,
        )
    _require_different(sources)
    for lun, source in sources.items():
        require_same_region(source, location)
        if lun == OS_DISK:
            require_fitting(definition, source)
    return {lun: sources[lun] for lun in dict.fromkeys((*wanted.order, *sources)) if lun in sources}


def upload_sources(request: Request, wanted: NamedSources) -> Sources:
    """Returns the uploaded files among the sources of a version, by LUN. Raises NotFound for a file of somebody else."""
    return {lun: _upload(request, id) for lun, id in wanted.uploads.items()}


def fill_version(
    request: Request, version: ImageVersion, sources: Sources, kind: OperationKind = OperationKind.CREATE_VERSION
) -> Operation:
    """Adds the version's disks in the order of the sources, and starts the operation that fills them."""
    os_disk = sources[OS_DISK]
    version.source_kind, version.source_id = os_disk.kind, os_disk.name
    version.accounts, version.parent_digest = list(os_disk.accounts), os_disk.origin.parent
    version.hardware = os_disk.hardware
    request.uow.flush()
    positions = disk_positions(tuple(sources))
    for lun, source in sources.items():
        disk = VersionDisk(version_id=version.id, lun=lun, position=positions[lun], size=source.origin.size)
        request.uow.versions.add_disk(disk)
    inputs = FillInputs(origins={lun: each.origin for lun, each in sources.items()}, looks=True)
    return request.begin(kind, version, version.id, inputs)


def require_same_source(request: Request, version: ImageVersion, wanted: NamedSources) -> None:
    """Raises Conflict where a finished version would get another source; naming the same one is no change."""
    disk = wanted.disks.get(OS_DISK)
    source = str(wanted.whole or (disk and disk.id) or wanted.uploads.get(OS_DISK, ""))
    if disk and disk.uri:
        source = address_source(request, disk.uri).name
    if source and source.lower() != version.source_id.lower():
        raise _another_source(version, source)


def require_running_sources(request: Request, version: ImageVersion, wanted: NamedSources, running: Operation) -> None:
    """Raises Conflict where other sources are named than the running operation takes, of the OS disk or a data disk.

    An address may be named as it was sent, or without its query, as it is shown.
    """
    require_same_source(request, version, wanted)
    if running.kind_type.inputs is not FillInputs or not (wanted.uploads or wanted.disks):
        return
    origins = running.inputs_as(FillInputs).origins
    said = {lun: {Origin(kind=OriginKind.UPLOAD, name=id)} for lun, id in wanted.uploads.items()}
    for lun, disk in wanted.disks.items():
        is_os_disk_by_id = lun == OS_DISK and not disk.uri and lun in origins
        said[lun] = {origins[lun]} if is_os_disk_by_id else {named_source(request, disk).origin}
    held = {lun: {origin, _shown(request, origin)} for lun, origin in origins.items()}
    for lun, named in said.items():
        if not held.get(lun, set()) & named:
            where = "osDiskImage" if lun == OS_DISK else f"dataDiskImages[{lun}]"
            raise _another_source(version, where)


def _shown(request: Request, origin: Origin) -> Origin:
    """Returns an address without its query, in which a secret may be; any other origin as it is."""
    return replace(origin, name=address_source(request, origin.name).name) if origin.kind is OriginKind.URI else origin


def _another_source(version: ImageVersion, source: str) -> Conflict:
    return Conflict(
        Message("Changing property '{storage}.source' is not allowed.", storage=STORAGE),
        hint=Message(
            "It is '{source_id}'. Make another version for '{source}'.", source_id=version.source_id, source=source
        ),
        code="PropertyChangeNotAllowed",
        target=f"{STORAGE}.source",
    )


def _whole_disks(request: Request, definition: ImageDefinition, location: str, wanted: NamedSources) -> Sources:
    if wanted.whole is None:
        return {}
    if isinstance(wanted.whole, CommunityImage):
        return dict(community_source(request, definition.arm_id.subscription, wanted.whole, location))
    return dict(whole_source(request, wanted.whole, location))


def _upload(request: Request, upload_id: str) -> Source:
    upload = request.uow.uploads.find(upload_id)
    if upload is None or upload.owner_id != request.caller.principal.id:
        raise NotFound(
            Message("There is no upload '{upload_id}'.", upload_id=upload_id), hint=Message("Upload the file again.")
        )
    return Source(origin=Origin(kind=OriginKind.UPLOAD, name=upload_id), kind=SourceKind.UPLOAD, name=upload_id)


def _require_different(sources: Sources) -> None:
    """Raises Invalid where two disks have the same source; disks that come from one image as a whole may be equal."""
    names = [(each.name.lower(), each.origin.name) for each in sources.values()]
    if len(set(names)) != len(names) and all(each.kind not in _WHOLE for each in sources.values()):
        raise Invalid(
            Message("Two disks of the version have the same source."),
            hint=Message("Give every disk a source of its own."),
            target=STORAGE,
        )


_WHOLE = {SourceKind.IMAGE, SourceKind.VERSION, SourceKind.MACHINE}
