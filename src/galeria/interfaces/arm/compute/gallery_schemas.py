"""Request bodies of galleries and image definitions."""

from typing import Annotated, Any

from pydantic import Field

from galeria.domain.images.galleries import Architecture, Generation, OsState, OsType
from galeria.domain.images.sharing import GroupKind, Permissions, ShareStep
from galeria.interfaces.arm.protocol.wire_types import Changed, Moment, Text, Tracked, Wire, Word, any_case

# The largest integer of a database column.
Count = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]


class CommunityInfo(Wire):
    publisher_uri: Text | None = None
    publisher_contact: Text | None = None
    eula: Text | None = None
    public_name_prefix: Word | None = None


class SharingProfile(Wire):
    permissions: Annotated[Permissions | None, any_case(Permissions)] = None
    community_gallery_info: CommunityInfo | None = None


class SoftDeletePolicy(Wire):
    is_soft_delete_enabled: bool | None = None
    retention_period_in_days: Count | None = None
    grace_period_in_days: Count | None = None


class GalleryIdentity(Wire):
    type: Word | None = None
    user_assigned_identities: Annotated[dict[Text, dict[str, Any] | None], Field(max_length=100)] | None = None


class GalleryProperties(Wire):
    description: Text | None = None
    sharing_profile: SharingProfile | None = None
    soft_delete_policy: SoftDeletePolicy | None = None


class GalleryBody(Tracked):
    properties: GalleryProperties | None = None
    identity: GalleryIdentity | None = None


class GalleryPatch(Changed):
    properties: GalleryProperties | None = None
    identity: GalleryIdentity | None = None


class SharedGroup(Wire):
    type: Annotated[GroupKind, any_case(GroupKind)]
    ids: Annotated[list[Word], Field(max_length=1000)] | None = None


class SharingUpdate(Wire):
    operation_type: Annotated[ShareStep, any_case(ShareStep)]
    groups: Annotated[list[SharedGroup], Field(max_length=100)] | None = None


class Identifier(Wire):
    publisher: Word
    offer: Word
    sku: Word


class OurDefinition(Wire):
    display_name: Word | None = None


class Range(Wire):
    min: Count | None = None
    max: Count | None = None


class Recommended(Wire):
    v_cpus: Annotated[Range | None, Field(alias="vCPUs")] = None
    memory: Range | None = None


class Disallowed(Wire):
    disk_types: Annotated[list[Word], Field(max_length=100)] | None = None


class PurchasePlan(Wire):
    name: Word | None = None
    publisher: Word | None = None
    product: Word | None = None


class Feature(Wire):
    name: Word
    value: Word | None = None
    starts_at_version: Word | None = None


class DefinitionChanges(Wire):
    """The properties of a definition that may change."""

    description: Text | None = None
    eula: Text | None = None
    privacy_statement_uri: Text | None = None
    release_note_uri: Text | None = None
    end_of_life_date: Moment | None = None
    recommended: Recommended | None = None
    disallowed: Disallowed | None = None
    purchase_plan: PurchasePlan | None = None
    features: Annotated[list[Feature], Field(max_length=100)] | None = None
    allow_update_image: bool | None = None
    galeria: OurDefinition | None = None


class DefinitionProperties(DefinitionChanges):
    os_type: Annotated[OsType, any_case(OsType)]
    os_state: Annotated[OsState, any_case(OsState)]
    hyper_v_generation: Annotated[Generation | None, any_case(Generation)] = None
    architecture: Annotated[Architecture | None, any_case(Architecture)] = None
    identifier: Identifier


class DefinitionBody(Tracked):
    properties: DefinitionProperties


class DefinitionPatch(Changed):
    properties: DefinitionChanges | None = None
