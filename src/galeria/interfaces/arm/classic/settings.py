"""Routes of a lab's only environment setting, 'default', which is its template."""

from dataclasses import replace

from starlette.responses import Response

from galeria.actions.core.request import Request
from galeria.actions.labs.classic_labs import DraftRequest, delete_template, get_either, get_made
from galeria.actions.labs.lab_publishing import publish_lab
from galeria.actions.labs.lab_settings import FixedSettings, LabSettings, update_lab
from galeria.actions.labs.labs import LabRequest, create_lab
from galeria.actions.labs.machines import reset_password, start_machine, stop_machine
from galeria.actions.rosters.machine_claims import claim_any
from galeria.actions.versions.exports import ExportRequest, export_template
from galeria.domain.durations import show_duration
from galeria.domain.errors import Invalid
from galeria.domain.ids import ResourceId
from galeria.domain.labs.labs import Lab, LabDraft, LabMachine, find_template
from galeria.domain.labs.sizes import get_size
from galeria.domain.messages import Message
from galeria.interfaces.arm.classic.paths import LAB, SETTING, TEMPLATE, AccountId, LabId, OneSetting, modern_image
from galeria.interfaces.arm.classic.schemas import (
    ClassicNewPassword,
    PublishBody,
    ReferenceVm,
    ResourceCreation,
    ResourceSettings,
    SaveImage,
    SettingBody,
    SettingProperties,
)
from galeria.interfaces.arm.classic.sizes import category, named_size
from galeria.interfaces.arm.classic.views import setting_view
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.list_selection import selected
from galeria.interfaces.arm.protocol.paging import by_name
from galeria.interfaces.arm.protocol.path_ids import named_id
from galeria.interfaces.arm.protocol.responses import begun, deleting, put, shown
from galeria.interfaces.arm.protocol.routes import Route

_SETTINGS = "properties.resourceSettings"


def list_all(account: AccountId, lab: LabId, arm_request: ArmRequestDep) -> Response:
    """List the setting; a lab without a template has none."""
    with arm_request.reading() as request:
        found = get_either(request, account, lab)
        made = [found] if isinstance(found, Lab) else []
        return shown(selected(arm_request, made, order=by_name, view=lambda each: _view(request, each)))


def get_one(account: AccountId, lab: LabId, arm_request: ArmRequestDep, _: None = OneSetting) -> Response:
    with arm_request.reading() as request:
        return shown(_view(request, get_made(request, account, lab)))


def put_one(
    account: AccountId, lab: LabId, body: SettingBody, arm_request: ArmRequestDep, _: None = OneSetting
) -> Response:
    """Create the template as an operation; later requests change what can be changed."""
    with arm_request.writing() as request:
        held = get_either(request, account, lab)
        if isinstance(held, Lab):
            found = update_lab(request, lab, _changes(request, held, body), arm_request.services.secrets)
            operation = next(iter(request.uow.operations.running_on(held.id)), None)
        else:
            wanted = _first(request, account, held, body)
            found, _is_new, operation = create_lab(request, lab, wanted, arm_request.services.secrets)
        view = _view(request, found)
    arm_request.start(operation)
    return put(arm_request, view, is_new=not isinstance(held, Lab), operation=operation)


def patch_one(
    account: AccountId, lab: LabId, body: SettingBody, arm_request: ArmRequestDep, _: None = OneSetting
) -> Response:
    with arm_request.writing() as request:
        held = get_made(request, account, lab)
        found = update_lab(request, lab, _changes(request, held, body), arm_request.services.secrets)
        return shown(_view(request, found))


def delete_one(account: AccountId, lab: LabId, arm_request: ArmRequestDep, _: None = OneSetting) -> Response:
    """Delete the template. The lab stays."""
    with arm_request.writing() as request:
        operation = delete_template(request, account, lab)
    arm_request.start(operation)
    return deleting(arm_request, operation)


def start(account: AccountId, lab: LabId, arm_request: ArmRequestDep, _: None = OneSetting) -> Response:
    with arm_request.writing() as request:
        get_made(request, account, lab)
        operation = start_machine(request, lab, TEMPLATE)
    return begun(arm_request, operation)


def stop(account: AccountId, lab: LabId, arm_request: ArmRequestDep, _: None = OneSetting) -> Response:
    with arm_request.writing() as request:
        get_made(request, account, lab)
        operation = stop_machine(request, lab, TEMPLATE)
    return begun(arm_request, operation)


def publish(
    account: AccountId, lab: LabId, arm_request: ArmRequestDep, body: PublishBody | None = None, _: None = OneSetting
) -> Response:
    """Publish the lab, and answer at once: publishingState shows the progress.

    With `useExistingImage` the machines keep the content that was published last.
    """
    with arm_request.writing() as request:
        get_made(request, account, lab)
        operation = publish_lab(request, lab, captures=not (body and body.use_existing_image))
    arm_request.start(operation)
    return Response(status_code=200)


def claim(account: AccountId, lab: LabId, arm_request: ArmRequestDep, _: None = OneSetting) -> Response:
    """Claim a machine of the lab. A person invited to the lab needs no role."""
    with arm_request.writing() as request:
        claim_any(request, request.uow.labs.get_by_key(lab.key))
        request.uow.accounts.get_by_key(account.key)  # after the lab: strangers learn of neither
    return Response(status_code=200)


def save_image(
    account: AccountId, lab: LabId, body: SaveImage, arm_request: ArmRequestDep, _: None = OneSetting
) -> Response:
    wanted = ExportRequest(lab=lab, machine=TEMPLATE, name=body.name)
    with arm_request.writing() as request:
        get_made(request, account, lab)
        _definition, _version, operation = export_template(request, account, wanted)
    return begun(arm_request, operation)


def set_password(
    account: AccountId, lab: LabId, body: ClassicNewPassword, arm_request: ArmRequestDep, _: None = OneSetting
) -> Response:
    with arm_request.writing() as request:
        made = get_made(request, account, lab)
        operation = reset_password(
            request,
            lab,
            TEMPLATE,
            account=body.username or made.user_name,
            new_password=body.password.get_secret_value(),
            secrets=arm_request.services.secrets,
        )
    return begun(arm_request, operation)


def template_request(
    request: Request, account: ResourceId, said: DraftRequest, location: str, resource: ResourceCreation
) -> LabRequest:
    """Return the request of the current API for a lab with its template."""
    image = named_id(resource.gallery_image_resource_id, "galleryImageResourceId")
    return LabRequest(
        location=said.location or location,
        tags=said.tags or {},
        account=account,
        title="",
        description="",
        image=modern_image(image),
        size=named_size(request.settings.sizes, resource.size or "Basic"),
        user_name=resource.reference_vm.user_name,
        password=resource.reference_vm.password.get_secret_value(),
        settings=LabSettings(
            capacity=said.capacity, usage_quota=said.usage_quota, open_access=said.open_access, tags=said.tags
        ),
    )


def _first(request: Request, account: ResourceId, draft: LabDraft, body: SettingBody) -> LabRequest:
    properties = body.properties or SettingProperties()
    resource = properties.resource_settings or ResourceSettings()
    if resource.gallery_image_resource_id is None or resource.reference_vm is None:
        raise Invalid(
            Message("A template needs an image and an account."),
            hint=Message("Send resourceSettings.galleryImageResourceId and resourceSettings.referenceVm."),
            target=_SETTINGS,
        )
    said = DraftRequest(
        tags=dict(draft.tags) if body.tags is None else body.tags,
        capacity=draft.capacity,
        usage_quota=show_duration(draft.usage_quota),
        open_access=draft.open_access,
    )
    creation = ResourceCreation(
        gallery_image_resource_id=resource.gallery_image_resource_id,
        size=resource.size,
        referenceVmCreationParameters=resource.reference_vm,
    )
    wanted = template_request(request, account, said, draft.location, creation)
    return replace(
        wanted,
        title=properties.title or "",
        description=properties.description or "",
        settings=replace(wanted.settings, profiles=_profiles(properties)),
    )


def _changes(request: Request, lab: Lab, body: SettingBody) -> LabSettings:
    properties = body.properties or SettingProperties()
    resource = properties.resource_settings or ResourceSettings()
    image = resource.gallery_image_resource_id
    return LabSettings(
        title=properties.title,
        description=properties.description,
        tags=body.tags,
        profiles=_profiles(properties),
        fixed=FixedSettings(
            image=modern_image(named_id(image, f"{_SETTINGS}.galleryImageResourceId")) if image else None,
            size=_requested_size(request, lab, resource),
            user_name=_requested_user(request, lab, resource.reference_vm),
            password=resource.reference_vm.password.get_secret_value() if resource.reference_vm else None,
        ),
    )


def _requested_size(request: Request, lab: Lab, resource: ResourceSettings) -> str | None:
    """Return the requested size; None where the category is that of the lab's size."""
    held = category(get_size(request.settings.sizes, lab.size))
    if resource.size is None or resource.size.lower() == held.lower():
        return None
    return named_size(request.settings.sizes, resource.size)


def _requested_user(request: Request, lab: Lab, machine: ReferenceVm | None) -> str | None:
    """Return the requested user name.

    A password reset may have changed the template's account: that name counts as the current one.
    """
    template = _template(request, lab)
    shown_name = template.user_name if template else lab.user_name
    return None if machine is None or machine.user_name == shown_name else machine.user_name


def _profiles(properties: SettingProperties) -> dict[str, str]:
    state = properties.configuration_state
    return {} if state is None else {"configurationState": state.value}


def _template(request: Request, lab: Lab) -> LabMachine | None:
    return find_template(request.uow.machines.of_lab(lab.id))


def _view(request: Request, lab: Lab) -> dict[str, object]:
    return setting_view(request, lab, _template(request, lab))


ROUTES = (
    Route(name="EnvironmentSettings_List", method="GET", path=LAB + "/environmentsettings", handler=list_all),
    Route(name="EnvironmentSettings_Get", method="GET", path=SETTING, handler=get_one),
    Route(name="EnvironmentSettings_CreateOrUpdate", method="PUT", path=SETTING, handler=put_one),
    Route(name="EnvironmentSettings_Update", method="PATCH", path=SETTING, handler=patch_one),
    Route(name="EnvironmentSettings_Delete", method="DELETE", path=SETTING, handler=delete_one),
    Route(name="EnvironmentSettings_Start", method="POST", path=SETTING + "/start", handler=start),
    Route(name="EnvironmentSettings_Stop", method="POST", path=SETTING + "/stop", handler=stop),
    Route(name="EnvironmentSettings_Publish", method="POST", path=SETTING + "/publish", handler=publish),
    Route(name="EnvironmentSettings_ClaimAny", method="POST", path=SETTING + "/claimAny", handler=claim),
    Route(name="EnvironmentSettings_SaveImage", method="POST", path=SETTING + "/saveImage", handler=save_image),
    Route(
        name="EnvironmentSettings_ResetPassword", method="POST", path=SETTING + "/resetPassword", handler=set_password
    ),
)
