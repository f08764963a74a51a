"""The page "Export to Shared Image Gallery": the target, the regions, and what it will read, send, store and cost."""

from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter, Response

from galeria.actions.core.request import Request
from galeria.actions.labs.lab_overview import LabOverview, get_lab_overview
from galeria.actions.labs.machines import MACHINE
from galeria.actions.versions.export_time import estimate_time
from galeria.actions.versions.exports import (
    SAVE,
    ExportEstimate,
    ExportRequest,
    estimate_export,
    export_template,
    image_named,
    require_author,
    require_match,
)
from galeria.actions.versions.version_numbers import former_regions
from galeria.domain.errors import Conflict, Forbidden, NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import ImageDefinition
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.messages import EMPTY, Message
from galeria.domain.regions import Region
from galeria.interfaces.web.kit.forms import Form
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.permits import Permission
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.urls import lab_url
from galeria.interfaces.web.labs.lab_permits import TEMPLATE, export_permit
from galeria.interfaces.web.labs.labs import LABS, lab_id

NEW = "new"
VERSION_OF = "version-of:"
"""What the form's choice says: a new image, or a version of the definition whose name follows."""

_FIELDS = ("target", "name", "version", "regions")


def export_router() -> APIRouter:
    router = page_router()
    place = f"{LABS}/{{group}}/{{name}}/export"
    router.add_api_route(place, show_export, methods=["GET"], name="web_lab_export")
    router.add_api_route(place, export, methods=["POST"], name="web_lab_exported")
    router.add_api_route(f"{place}/estimate", show_estimate, methods=["POST"], name="web_lab_export_estimate")
    return router


@dataclass(frozen=True, kw_only=True)
class ExportTarget:
    """An image that the export may become a version of."""

    definition: ImageDefinition
    why_not: Message


@dataclass(frozen=True, kw_only=True)
class ExportRegion:
    region: Region
    is_home: bool
    is_chosen: bool


@dataclass(frozen=True, kw_only=True)
class ExportForm:
    """The values of the form so far. `proposed` is the version that was proposed last, `proposed_regions` what is proposed
    for the target of now.
    """

    target: str
    name: str
    version: str
    proposed: str
    regions: tuple[str, ...]
    proposed_regions: tuple[str, ...]

    @property
    def own_version(self) -> str:
        """The version that the person typed instead of the proposal."""
        return "" if self.version == self.proposed else self.version

    @property
    def image(self) -> str:
        """The name of the definition that gets a version; empty for a new image."""
        return self.target.removeprefix(VERSION_OF) if self.target.startswith(VERSION_OF) else ""

    def wanted(self, seen: LabOverview) -> ExportRequest:
        gallery = seen.gallery
        image = gallery.arm_id.child("images", self.image) if gallery and self.image else None
        return ExportRequest(
            lab=seen.lab.arm_id,
            machine=TEMPLATE,
            name=self.name,
            image=image,
            version=self.own_version,
            regions=(seen.lab.location, *self.regions),
        )


@dataclass(frozen=True, kw_only=True)
class ExportPage:
    """Everything that the page shows."""

    seen: LabOverview
    permit: Permission
    draft: ExportForm
    targets: tuple[ExportTarget, ...]
    places: tuple[ExportRegion, ...]
    estimate: ExportEstimate | None
    time: timedelta | None

    @property
    def image_title(self) -> str:
        """What the image that the export becomes a version of is called."""
        known = {each.definition.name: each.definition.display_name for each in self.targets}
        return known.get(self.draft.image, self.draft.name)

    @property
    def version(self) -> str:
        """The value of the field: what was typed, else the proposal."""
        return self.draft.own_version or self.proposed

    @property
    def proposed(self) -> str:
        return self.estimate.version if self.estimate and not self.draft.own_version else self.draft.proposed


def show_export(page: PageRequestDep, group: str, name: str) -> Response:
    return _show(page, lab_id(page, group, name))


def show_estimate(page: PageRequestDep, group: str, name: str) -> Response:
    """Return the parts of the form that depend on the rest."""
    with page.reading() as request:
        sheet = _read_page(request, page, lab_id(page, group, name), proposes=True)
        return page.show(
            "parts/export_estimate.html", form=page.form, sheet=sheet, swapped=True, region_names=_names(request)
        )


def export(page: PageRequestDep, group: str, name: str) -> Response:
    """Begin the export; with `recalculate` only update the page, for browsers without scripts."""
    id, form = lab_id(page, group, name), page.form
    if form.has("recalculate"):
        return _show(page, id, proposes=True)
    with page.reading() as request:
        account = get_lab_overview(request, id).account
    if account is not None:
        page.require(SAVE, account.key)
        page.require(f"{MACHINE}/resetPassword/action", id.key)
    with form.checking(*_FIELDS, galleryImageVersionName="version", location="regions"):
        with page.writing() as request:
            seen = get_lab_overview(request, id)
            draft = _read_form(request, page, seen)
            account = _account(seen)
            _, _, operation = export_template(request, account.arm_id, draft.wanted(seen))
        page.start(operation)
        return page.go(lab_url(id), notice=page.gettext("The export has begun. You may leave this page."))
    return _show(page, id, status=400)


def _show(page: PageRequest, id: ResourceId, *, status: int = 200, proposes: bool = False) -> Response:
    with page.reading() as request:
        sheet = _read_page(request, page, id, proposes=proposes)
        return page.show(
            "lab_export.html",
            status=status if page.form.errors else 200,
            form=page.form,
            sheet=sheet,
            lab=sheet.seen.lab,
            swapped=False,
            region_names=_names(request),
        )


def _names(request: Request) -> dict[str, str]:
    return {each.name: each.display_name for each in request.settings.regions.all}


def _read_page(request: Request, page: PageRequest, id: ResourceId, *, proposes: bool) -> ExportPage:
    seen = get_lab_overview(request, id)
    draft = _read_form(request, page, seen, proposes=proposes)
    permit = export_permit(request, seen)
    estimate = _estimate(request, page, seen, draft) if permit.allowed else None
    return ExportPage(
        seen=seen,
        permit=permit,
        draft=draft,
        targets=_targets(request, seen),
        places=_places(request, seen, draft),
        estimate=estimate,
        time=estimate_time(request, estimate) if estimate else None,
    )


def _estimate(request: Request, page: PageRequest, seen: LabOverview, draft: ExportForm) -> ExportEstimate | None:
    """Return the estimate; None where something is wrong, which is shown beside its field."""
    services = page.services
    with page.form.checking(*_FIELDS, galleryImageVersionName="version", location="regions"):
        wanted, account = draft.wanted(seen), _account(seen)
        return estimate_export(request, account.arm_id, wanted, services.engine, services.stores, page.copy_bytes)
    return None


def _account(seen: LabOverview) -> LabAccount:
    if seen.account is None:
        raise Conflict(Message("The lab account of this lab is gone."), hint=Message("Have the lab join another one."))
    return seen.account


def _read_form(request: Request, page: PageRequest, seen: LabOverview, *, proposes: bool = False) -> ExportForm:
    """Read what was sent, or propose the image of the last export.

    With `proposes`, regions that nobody has changed follow the choice of the image.
    """
    form = page.form
    if page.http.method == "GET":
        former = seen.exports[0].definition if seen.exports else None
        regions = _proposed_regions(request, seen, former)
        return ExportForm(
            target=f"{VERSION_OF}{former.name}" if former and not _why_not(request, former, seen) else NEW,
            name="" if former else seen.lab.title,
            version="",
            proposed="",
            regions=regions,
            proposed_regions=regions,
        )
    target, name = form.text("target", NEW), form.text("name")
    sent, proposed = tuple(form.all("regions")), _proposed_regions(request, seen, _image(request, seen, target, name))
    return ExportForm(
        target=target,
        name=name,
        version=form.text("version"),
        proposed=form.text("proposed"),
        regions=proposed if proposes and _is_untouched(form, seen) else sent,
        proposed_regions=proposed,
    )


def _image(request: Request, seen: LabOverview, target: str, name: str) -> ImageDefinition | None:
    """Return the image that gets a version: the chosen one, or the one that has the typed name already."""
    if target != NEW:
        return next((each for each in _own_images(seen) if target == f"{VERSION_OF}{each.name}"), None)
    return image_named(request.uow.definitions.of_gallery(seen.gallery.id), name) if seen.gallery and name else None


def _proposed_regions(request: Request, seen: LabOverview, image: ImageDefinition | None) -> tuple[str, ...]:
    """Return where the image's newest version is, or else the whole geography, as far as the account allows it."""
    regions = request.settings.regions
    nearby = former_regions(request, image) or {each.name for each in regions.of_geography(seen.lab.location)}
    allowed = seen.account.allowed_regions if seen.account else []
    return tuple(each.name for each in regions.all if each.name in nearby and each.name in allowed)


def _is_untouched(form: Form, seen: LabOverview) -> bool:
    """Return whether the regions are those that were proposed last. The box of the lab's own region is never sent."""
    proposed, home = form.text("proposed_regions"), seen.lab.location
    return bool(proposed) and {home, *form.all("regions")} == {home, *proposed.split(",")}


def _targets(request: Request, seen: LabOverview) -> tuple[ExportTarget, ...]:
    """Return the images of former exports, newest first, and the one that the lab was made from."""
    return tuple(ExportTarget(definition=each, why_not=_why_not(request, each, seen)) for each in _own_images(seen))


def _own_images(seen: LabOverview) -> tuple[ImageDefinition, ...]:
    known = [each.definition for each in seen.exports] + ([seen.definition] if seen.definition else [])
    return tuple({each.id: each for each in known if seen.gallery and each.gallery_id == seen.gallery.id}.values())


def _why_not(request: Request, definition: ImageDefinition, seen: LabOverview) -> Message:
    """Why an export of the lab cannot be a version of the image; empty where it can."""
    try:
        require_match(definition, seen.lab)
        require_author(request, definition)
    except (Conflict, Forbidden, NotFound) as error:
        return error.message
    return EMPTY


def _places(request: Request, seen: LabOverview, draft: ExportForm) -> tuple[ExportRegion, ...]:
    """Return the lab's own region and those that the account allows."""
    home, allowed = seen.lab.location, seen.account.allowed_regions if seen.account else []
    return tuple(
        ExportRegion(region=each, is_home=each.name == home, is_chosen=each.name == home or each.name in draft.regions)
        for each in request.settings.regions.all
        if each.name == home or each.name in allowed
    )
