"""Bodies of galleries, image definitions and image versions."""

from typing import Annotated

from pydantic import Field, StringConstraints

from galeria.domain.galleries import Generation, OsState, OsType
from galeria.faces.arm.schemas import Changed, Moment, Text, Tracked, Wire, Word, any_case

# Lengths and characters of the service's own rule; not ending in '.'.
Publisher = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{0,127}[A-Za-z0-9_-]$")]
OfferOrSku = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{0,63}[A-Za-z0-9_-]$")]
Lun = Annotated[int, Field(ge=0, le=63)]


class GalleryProperties(Wire):
    description: Text | None = None


class GalleryBody(Tracked):
    properties: GalleryProperties | None = None


class GalleryPatch(Changed):
    properties: GalleryProperties | None = None


class Identifier(Wire):
    publisher: Publisher
    offer: OfferOrSku
    sku: OfferOrSku


class OurDefinition(Wire):
    display_name: Word | None = None


class DefinitionProperties(Wire):
    os_type: Annotated[OsType, any_case(OsType)]
    os_state: Annotated[OsState, any_case(OsState)]
    hyper_v_generation: Annotated[Generation | None, any_case(Generation)] = None
    identifier: Identifier
    description: Text | None = None
    galeria: OurDefinition | None = None


class DefinitionBody(Tracked):
    properties: DefinitionProperties


class DefinitionChanges(Wire):
    description: Text | None = None
    galeria: OurDefinition | None = None


class DefinitionPatch(Changed):
    properties: DefinitionChanges | None = None


class TargetRegion(Wire):
    name: Word
    exclude_from_latest: bool | None = None


class PublishingProfile(Wire):
    target_regions: Annotated[list[TargetRegion], Field(max_length=100)] | None = None
    exclude_from_latest: bool | None = None
    end_of_life_date: Moment | None = None


class DiskSource(Wire):
    upload_id: Word | None = None


class OsDiskImage(Wire):
    source: DiskSource | None = None


class DataDiskImage(Wire):
    lun: Lun
    source: DiskSource | None = None


class StorageProfile(Wire):
    os_disk_image: OsDiskImage | None = None
    data_disk_images: Annotated[list[DataDiskImage], Field(max_length=64)] | None = None


class VersionProperties(Wire):
    publishing_profile: PublishingProfile | None = None
    storage_profile: StorageProfile | None = None


class VersionBody(Tracked):
    properties: VersionProperties | None = None


class VersionPatch(Changed):
    properties: VersionProperties | None = None
