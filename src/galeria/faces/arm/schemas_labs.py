"""Bodies of lab plans, their images, labs and machines."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, SecretStr

from galeria.faces.arm.schemas import Changed, Text, Tracked, Wire, Word, any_case

ArmId = Annotated[str, Field(max_length=2048)]


class PlanProperties(Wire):
    """A property that is absent keeps its value; a sharedGalleryId of null detaches."""

    allowed_regions: Annotated[list[Word], Field(max_length=100)] | None = None
    shared_gallery_id: ArmId | None = None
    os_disk_limit: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(default=None, alias="osDiskLimitInGB")
    images_enabled_by_default: bool | None = None


class PlanBody(Tracked):
    properties: PlanProperties | None = None


class PlanPatch(Changed):
    properties: PlanProperties | None = None


class EnabledState(StrEnum):
    ENABLED = "Enabled"
    DISABLED = "Disabled"


class ImageChange(Wire):
    enabled_state: Annotated[EnabledState, any_case(EnabledState)]


class ImageBody(Wire):
    properties: ImageChange


class MaybeImageChange(Wire):
    enabled_state: Annotated[EnabledState | None, any_case(EnabledState)] = None


class ImagePatch(Wire):
    properties: MaybeImageChange | None = None


class SaveImageBody(Wire):
    name: Word
    lab_virtual_machine_id: ArmId
    version: Word | None = None
    regions: Annotated[list[Word], Field(max_length=100)] | None = None


class ImageReference(Wire):
    id: ArmId


class Sku(Wire):
    name: Word


class Credentials(Wire):
    username: Word
    password: SecretStr = SecretStr("")


class MachineProfile(Wire):
    image_reference: ImageReference
    sku: Sku
    admin_user: Credentials


class OurLab(Wire):
    new_identity: bool | None = None


class LabProperties(Wire):
    lab_plan_id: ArmId
    title: Annotated[Text, Field(max_length=120)] | None = None
    description: Text | None = None
    virtual_machine_profile: MachineProfile
    galeria: OurLab | None = None


class LabBody(Tracked):
    properties: LabProperties


class LabChanges(Wire):
    title: Annotated[Text, Field(max_length=120)] | None = None
    description: Text | None = None


class LabPatch(Changed):
    properties: LabChanges | None = None


class NewPassword(Wire):
    username: Word
    password: SecretStr
