"""Request bodies of lab plans, their images, labs and machines."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, SecretStr

from galeria.domain.classes.work_disks import MAX_GIB
from galeria.domain.labs.guest_network import MOST_NAMES, Internet
from galeria.domain.labs.labs import LabCreateOption
from galeria.domain.labs.schedules import WeekDay
from galeria.interfaces.arm.labs.profile_schemas import (
    Address,
    ConnectionProfile,
    Duration,
    LabChanged,
    LabNetwork,
    MachineCapabilities,
    OnOff,
    PlanNetwork,
    RosterProfile,
    ShutdownProfile,
    SupportInfo,
)
from galeria.interfaces.arm.protocol.wire_types import Text, Tracked, Wire, Word, any_case

ArmId = Annotated[str, Field(max_length=2048)]


class IdentityKind(StrEnum):
    SYSTEM_ASSIGNED = "SystemAssigned"
    NONE = "None"


class PlanIdentity(Wire):
    type: Annotated[IdentityKind, any_case(IdentityKind)]


class PlanProfiles(Wire):
    """Settings of a plan for the machines of its labs."""

    default_connection_profile: ConnectionProfile | None = None
    default_auto_shutdown_profile: ShutdownProfile | None = None
    default_network_profile: PlanNetwork | None = None
    support_info: SupportInfo | None = None
    linked_lms_instance: Address | None = None


class PlanReach(Wire):
    """What machines reach of the internet; `names` count where `internet` is Names.

    With `commonInLab` machines of one lab have a network in common.
    """

    internet: Annotated[Internet | None, any_case(Internet)] = None
    names: Annotated[list[Word], Field(max_length=MOST_NAMES)] | None = None
    common_in_lab: bool | None = None


class OurPlan(Wire):
    """Which images may make a lab: those below the size limit, and new ones at once or only when enabled.

    And what the lab's machines reach of the internet and of each other.
    """

    os_disk_limit: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(default=None, alias="osDiskLimitInGB")
    images_enabled_by_default: bool | None = None
    network: PlanReach | None = None


class PlanProperties(PlanProfiles):
    """Properties of a plan. Absent ones keep their value; a sharedGalleryId of null detaches the gallery."""

    allowed_regions: Annotated[list[Word], Field(max_length=100)] | None = None
    shared_gallery_id: ArmId | None = None
    galeria: OurPlan | None = None


class PlanBody(Tracked):
    identity: PlanIdentity | None = None
    properties: PlanProperties | None = None


class PlanPatch(LabChanged):
    identity: PlanIdentity | None = None
    properties: PlanProperties | None = None


class EnabledState(StrEnum):
    ENABLED = "Enabled"
    DISABLED = "Disabled"


class ImageChange(Wire):
    enabled_state: Annotated[EnabledState, any_case(EnabledState)]


class PlanImageBody(Wire):
    properties: ImageChange


class MaybeImageChange(Wire):
    enabled_state: Annotated[EnabledState | None, any_case(EnabledState)] = None


class PlanImagePatch(Wire):
    properties: MaybeImageChange | None = None


class SaveImageBody(Wire):
    name: Word
    lab_virtual_machine_id: ArmId
    version: Word | None = None
    regions: Annotated[list[Word], Field(max_length=100)] | None = None


class LabImageReference(Wire):
    """An image: an id, or the publisher, offer and SKU of an image in the plan's gallery."""

    id: ArmId | None = None
    publisher: Word | None = None
    offer: Word | None = None
    sku: Word | None = None
    version: Word | None = None


class MaybeSku(Wire):
    name: Word | None = None
    capacity: int | None = None


class LabSku(MaybeSku):
    name: Word


class MaybeCredentials(Wire):
    username: Word | None = None
    password: SecretStr = SecretStr("")


class CredentialsBody(MaybeCredentials):
    username: Word


class MachineChanges(Wire):
    create_option: Annotated[LabCreateOption | None, any_case(LabCreateOption)] = None
    image_reference: LabImageReference | None = None
    sku: MaybeSku | None = None
    admin_user: MaybeCredentials | None = None
    additional_capabilities: MachineCapabilities | None = None
    usage_quota: Duration | None = None
    use_shared_password: OnOff = None
    non_admin_user: MaybeCredentials | None = None


class MachineProfile(MachineChanges):
    image_reference: LabImageReference
    sku: LabSku
    admin_user: CredentialsBody


class RefillBody(Wire):
    """When students' hours are whole again: as each such day begins in the time zone."""

    week_day: Annotated[WeekDay, any_case(WeekDay)]
    time_zone_id: Annotated[Word, Field(max_length=50)] = "UTC"


class OurLabChanges(Wire):
    """The settings of classes that Azure's service does not have. An absent one stays, and null removes it."""

    start_lead: Duration | None = None
    weekly_refill: RefillBody | None = None
    work_disk_gib: Annotated[int, Field(ge=0, le=MAX_GIB)] | None = None


class OurLab(OurLabChanges):
    new_identity: bool | None = None
    keep_accounts: Annotated[list[Text], Field(max_length=50)] | None = None


class SecurityProfile(Wire):
    open_access: OnOff = None


class LabProfiles(Wire):
    """Settings of a lab for its machines and users."""

    auto_shutdown_profile: ShutdownProfile | None = None
    connection_profile: ConnectionProfile | None = None
    network_profile: LabNetwork | None = None
    roster_profile: RosterProfile | None = None


class LabChanges(LabProfiles):
    lab_plan_id: ArmId | None = None
    title: Annotated[Text, Field(max_length=120)] | None = None
    description: Text | None = None
    security_profile: SecurityProfile | None = None
    virtual_machine_profile: MachineChanges | None = None
    galeria: OurLabChanges | None = None


class LabProperties(LabChanges):
    lab_plan_id: ArmId
    virtual_machine_profile: MachineProfile
    galeria: OurLab | None = None


class LabBody(Tracked):
    properties: LabProperties


class LabPatch(LabChanged):
    properties: LabChanges | None = None


class NewPassword(Wire):
    username: Word
    password: SecretStr
