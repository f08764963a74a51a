"""Request bodies of the API of 2018. Properties are optional, except where a request makes no sense without them."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, SecretStr

from galeria.interfaces.arm.labs.lab_schemas import ArmId
from galeria.interfaces.arm.labs.profile_schemas import Duration
from galeria.interfaces.arm.protocol.wire_types import Tags, Text, Wire, Word, any_case


class AccessMode(StrEnum):
    RESTRICTED = "Restricted"
    OPEN = "Open"


class Configuration(StrEnum):
    NOT_APPLICABLE = "NotApplicable"
    COMPLETED = "Completed"


class AddRemove(StrEnum):
    ADD = "Add"
    REMOVE = "Remove"


class OnOff(StrEnum):
    ENABLED = "Enabled"
    DISABLED = "Disabled"


class ClassicBody(Wire):
    location: Word | None = None
    tags: Tags | None = None


class AccountProperties(Wire):
    enabled_region_selection: bool | None = None


class AccountBody(ClassicBody):
    properties: AccountProperties | None = None


class GalleryImageProperties(Wire):
    is_enabled: bool | None = None


class GalleryImageBody(ClassicBody):
    properties: GalleryImageProperties | None = None


class SharedImageProperties(Wire):
    enable_state: Annotated[OnOff, any_case(OnOff)] = Field(alias="EnableState")


class SharedImageBody(Wire):
    properties: SharedImageProperties


class SharedGalleryProperties(Wire):
    gallery_id: ArmId


class SharedGalleryBody(Wire):
    properties: SharedGalleryProperties


class ClassicLabProperties(Wire):
    max_users_in_lab: int | None = None
    usage_quota: Duration | None = None
    user_access_mode: Annotated[AccessMode | None, any_case(AccessMode)] = None


class ClassicLabBody(ClassicBody):
    properties: ClassicLabProperties | None = None


class AddUsers(Wire):
    email_addresses: Annotated[list[Annotated[str, Field(max_length=1000)]], Field(max_length=1000)]


class ReferenceVm(Wire):
    user_name: Word
    password: SecretStr = SecretStr("")


class ResourceSettings(Wire):
    gallery_image_resource_id: ArmId | None = None
    size: Word | None = None
    reference_vm: ReferenceVm | None = None


class SettingProperties(Wire):
    title: Annotated[Text, Field(max_length=120)] | None = None
    description: Text | None = None
    configuration_state: Annotated[Configuration | None, any_case(Configuration)] = None
    resource_settings: ResourceSettings | None = None


class SettingBody(ClassicBody):
    properties: SettingProperties | None = None


class ResourceCreation(Wire):
    gallery_image_resource_id: ArmId
    size: Word | None = None
    reference_vm: ReferenceVm = Field(alias="referenceVmCreationParameters")


class SettingCreation(Wire):
    resource: ResourceCreation = Field(alias="resourceSettingCreationParameters")


class LabCreation(Wire):
    max_users_in_lab: int | None = None


class CreateLab(ClassicBody):
    name: Word
    lab: LabCreation = Field(alias="labCreationParameters")
    setting: SettingCreation | None = Field(default=None, alias="environmentSettingCreationParameters")


class SaveImage(Wire):
    name: Word


class ClassicNewPassword(Wire):
    """A new password. Without a user name it is for the template's own account."""

    username: Word | None = None
    password: SecretStr


class UserProperties(Wire):
    email: Annotated[str, Field(max_length=1000)] | None = None


class ClassicUserBody(ClassicBody):
    properties: UserProperties | None = None


class OneEnvironment(Wire):
    environment_id: ArmId


class EnvironmentPassword(OneEnvironment):
    username: Word | None = None
    password: SecretStr | None = None


class LabReference(Wire):
    lab_id: ArmId | None = None


class OneOperation(Wire):
    operation_url: Text


class ManyOperations(Wire):
    urls: Annotated[list[Text], Field(max_length=100)]


class EnvironmentBody(Wire):
    tags: Tags | None = None


class Preference(Wire):
    lab_account_resource_id: ArmId | None = None
    add_remove: Annotated[AddRemove | None, any_case(AddRemove)] = None
    lab_resource_id: ArmId | None = None


class Registration(Wire):
    registration_code: Word


class PublishBody(Wire):
    """Whether a lab that was published before keeps the content that it has."""

    use_existing_image: bool | None = None
