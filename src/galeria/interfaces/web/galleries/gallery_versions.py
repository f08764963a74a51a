"""The page of one version: facts, replicas, use as latest, and deleting it with what that means."""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from fastapi import APIRouter, Response

from galeria.actions.core.operation_access import is_visible
from galeria.actions.core.request import Request
from galeria.actions.galleries.gallery_lists import VersionRow, get_version_details
from galeria.actions.labs.eligible_images import read_eligibility
from galeria.actions.labs.lab_settings import LAB
from galeria.actions.labs.lab_validation import creatable_accounts
from galeria.actions.versions.cost_overview import readable_labs
from galeria.actions.versions.costs import RegionImpact, freed_by_deletion
from galeria.actions.versions.version_changes import restore_version, retry_version, set_end_of_life, set_latest
from galeria.actions.versions.versions import VERSION, remove_version
from galeria.domain.errors import Conflict, Invalid
from galeria.domain.ids import ResourceId
from galeria.domain.images.eligibility import Obstacle
from galeria.domain.images.galleries import ImageDefinition, ImageVersion, SourceKind, is_excluded
from galeria.domain.images.publishing import check_deletable
from galeria.domain.images.soft_delete import Retention
from galeria.domain.messages import Message
from galeria.domain.states import OperationStatus, ReplicaState
from galeria.interfaces.web.accounts.accounts import region_names
from galeria.interfaces.web.galleries.gallery_images import ONE as IMAGE
from galeria.interfaces.web.galleries.gallery_images import image_id
from galeria.interfaces.web.kit.names import shown_name
from galeria.interfaces.web.kit.operation_view import get_operation_view
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.permits import Permission, permit, refused
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.urls import image_url, url_of, version_url
from galeria.interfaces.web.labs.lab_permits import new_lab_permit
from galeria.ports.files import REFUSED_FILE
from galeria.ports.images import ManifestFacts

ONE = IMAGE + "/versions/{version}"
NAMED = 50  # labs that are named; of more only the number is shown


def gallery_versions_router() -> APIRouter:
    router = page_router()
    routes: tuple[tuple[str, str, Callable[..., Response], str], ...] = (
        ("GET", "", show_version, "web_version"),
        ("POST", "/latest", change_latest, "web_version_latest"),
        ("POST", "/end-of-life", change_end_of_life, "web_version_end_of_life"),
        ("POST", "/retry", retry, "web_version_retry"),
        ("POST", "/restore", restore, "web_version_restore"),
        ("GET", "/delete", show_delete, "web_version_ask_delete"),
        ("GET", "/delete/freed", show_freed, "web_version_freed"),
        ("POST", "/delete", delete, "web_version_delete"),
    )
    for method, path, handler, name in routes:
        router.add_api_route(ONE + path, handler, methods=[method], name=name)
    return router


def version_id(page: PageRequest, group: str, gallery: str, image: str, version: str) -> ResourceId:
    return image_id(page, group, gallery, image).child("versions", version)


def show_version(page: PageRequestDep, group: str, gallery: str, image: str, version: str) -> Response:
    return _show(page, version_id(page, group, gallery, image, version))


def change_latest(page: PageRequestDep, group: str, gallery: str, image: str, version: str) -> Response:
    id, form = version_id(page, group, gallery, image, version), page.form
    excluded = form.text("excluded") == "yes"
    with page.writing() as request:
        operation = set_latest(request, id, excluded=excluded, region=form.text("region"))
    page.start(operation)
    said = page.gettext("It is never the latest now.") if excluded else page.gettext("It may be the latest again.")
    return page.go(version_url(id), notice=said)


def change_end_of_life(page: PageRequestDep, group: str, gallery: str, image: str, version: str) -> Response:
    id = version_id(page, group, gallery, image, version)
    page.require(f"{VERSION}/write", id.key)
    operation = None
    with page.form.checking("date", **{"galleryImageVersion.properties.publishingProfile.endOfLifeDate": "date"}):
        end = None if page.form.has("none") else _end_of_day(page)
        with page.writing() as request:
            operation = set_end_of_life(request, id, end)
    if page.form.errors:
        return _show(page, id, status=400)
    page.start(operation)
    return page.go(version_url(id), notice=page.gettext("The end of life is saved."))


def retry(page: PageRequestDep, group: str, gallery: str, image: str, version: str) -> Response:
    id = version_id(page, group, gallery, image, version)
    with page.writing() as request:
        operation = retry_version(request, id)
    page.start(operation)
    return page.go(version_url(id), notice=page.gettext("It goes on where it stopped."))


def restore(page: PageRequestDep, group: str, gallery: str, image: str, version: str) -> Response:
    id = version_id(page, group, gallery, image, version)
    with page.writing() as request:
        restore_version(request, id)
    return page.go(version_url(id), notice=page.gettext("The version is back."))


def show_delete(page: PageRequestDep, group: str, gallery: str, image: str, version: str) -> Response:
    """Show which labs use the version, and what is freed now and later."""
    id = version_id(page, group, gallery, image, version)
    with page.reading() as request:
        held = get_version_details(request, id).version
        named = readable_labs(request, held.id)[:NAMED]
        definition = request.uow.definitions.get(held.definition_id)
        gallery_of = request.uow.galleries.get(definition.gallery_id)
        return page.show(
            "version_delete.html",
            version=held,
            image=definition,
            freed=_freed(page, id),
            labs=request.uow.labs.count_of_version(held.id),
            named=named,
            makers={each.created_by: shown_name(request, each.created_by) for each in named},
            url_of=url_of,
            keeps=gallery_of.soft_delete and held.is_offered,
            days=gallery_of.retention_days + gallery_of.grace_days,
            is_active=held.retention is Retention.ACTIVE,
            regions=region_names(request),
            allowed=_deletable(request, held),
        )


def show_freed(page: PageRequestDep, group: str, gallery: str, image: str, version: str) -> Response:
    """Return the part that requests itself again until the figures are there."""
    id = version_id(page, group, gallery, image, version)
    with page.reading() as request:
        held = get_version_details(request, id).version
        return page.show("parts/freed.html", version=held, freed=_freed(page, id), regions=region_names(request))


def _freed(page: PageRequest, id: ResourceId) -> tuple[RegionImpact, ...] | None:
    """Return what deleting frees; None while it is being computed."""

    def ask() -> tuple[RegionImpact, ...]:
        with page.reading() as request:
            return freed_by_deletion(request, id, page.services.stores, page.services.traffic)

    return page.slow_figures.find(("freed by deletion", page.caller.principal.id, id.key), ask)


def delete(page: PageRequestDep, group: str, gallery: str, image: str, version: str) -> Response:
    """Delete the version; with `for_good` also where the gallery would retain it, or retains it already."""
    id = version_id(page, group, gallery, image, version)
    with page.writing() as request:
        removal = remove_version(request, id, bypass_soft_delete=page.form.has("for_good"))
    page.start(removal.operation)
    if removal.operation:
        return page.go(f"/operations/{removal.operation.id}", notice=page.gettext("The version is being deleted."))
    return page.go(image_url(id.parent), notice=page.gettext("The version is deleted. It can still be restored."))


def _show(page: PageRequest, id: ResourceId, *, status: int = 200) -> Response:
    with page.reading() as request:
        row = get_version_details(request, id)
        version = row.version
        image = request.uow.definitions.get(version.definition_id)
        return page.show(
            "version.html",
            status=status,
            form=page.form,
            row=row,
            version=version,
            image=image,
            work=get_operation_view(request, row.operation.id) if row.operation else None,
            last=_last_failure(request, row),
            labs=request.uow.labs.count_of_version(version.id),
            manifest=_manifest(page, row),
            source=_source(request, version),
            latest=_latest(row),
            maker=shown_name(request, version.created_by),
            regions=region_names(request),
            refused_file=REFUSED_FILE,
            has_failed=any(each.state is ReplicaState.FAILED for each in row.facts.replicas) or not version.is_sealed,
            make=new_lab_permit(request),
            obstacles=_obstacles(request, image, version) if version.is_ready else (),
            **_permits(request, row),
        )


def _latest(row: VersionRow) -> str:
    """Return why the version is the latest nowhere: "excluded", "deleted", "unfinished" or "lower"; empty where it is."""
    version = row.version
    held = [each for each in row.facts.replicas if each.state is ReplicaState.COMPLETED]
    if row.latest_in:
        return ""
    if all(is_excluded(version, each) for each in held or row.facts.replicas):
        return "excluded"
    if not version.is_sealed or not held:
        return "unfinished"
    return "lower" if version.is_offered else "deleted"


def _obstacles(request: Request, image: ImageDefinition, version: ImageVersion) -> tuple[Obstacle, ...]:
    """Return what keeps the person from making a lab of the image where it is; nothing where one account could."""
    accounts = [each for each in creatable_accounts(request) if each.gallery_id == image.gallery_id]
    found = [read_eligibility(request, each, image, version.location).obstacles for each in accounts]
    return found[0] if found and all(found) else ()


def _permits(request: Request, row: VersionRow) -> dict[str, Any]:
    write = permit(request, f"{VERSION}/write", row.version.key)
    quiet = (
        refused(Message("Something works on the version; wait until that has ended."))
        if row.operation and write
        else write
    )
    return {
        "write": quiet,
        "restore_permit": write,
        "delete_permit": permit(request, f"{VERSION}/delete", row.version.key),
    }


def _deletable(request: Request, version: ImageVersion) -> Permission:
    allowed = permit(request, f"{VERSION}/delete", version.key)
    if not allowed:
        return allowed
    end, blocked = version.end_of_life, version.block_early_deletion
    try:
        check_deletable(version.name, blocked=blocked, end_of_life=end, now_is=request.clock.now())
    except Conflict as error:
        return refused(error.whole)
    return allowed


def _last_failure(request: Request, row: VersionRow) -> Any:
    """Return the last operation on the version where that failed; None where one is under way."""
    if row.operation:
        return None
    for each in request.uow.operations.recent(below=row.version.key, limit=1):
        if each.subject == row.version.id and each.status in (OperationStatus.FAILED, OperationStatus.CANCELED):
            return get_operation_view(request, each.id) if is_visible(request, each) else None
    return None


def _manifest(page: PageRequest, row: VersionRow) -> ManifestFacts | None:
    """Read the manifest from the home region's store, which checks its signature."""
    disk = row.facts.os_disk
    if disk is None or not disk.digest:
        return None
    return page.services.stores[row.version.location].find_manifest(disk.digest)


def _source(request: Request, version: ImageVersion) -> dict[str, str]:
    """Return `words` for the source of the version, and the address of its page where this person may read it."""
    id = version.source_id
    if version.source_kind is SourceKind.MACHINE and not id.startswith("/"):
        machine = request.uow.machines.find(id)
        lab = request.uow.labs.find(machine.lab_id) if machine else None
        if lab and request.caller.may(f"{LAB}/read", lab.key):
            return {"kind": "machine", "name": lab.title, "place": url_of(lab.resource_id)}
        return {"kind": "machine", "name": "", "place": ""}
    if version.source_kind is SourceKind.UPLOAD:
        return {"kind": "upload", "name": "", "place": ""}
    name = id.rsplit("/", 1)[-1] if id.startswith("/") else id
    return {"kind": version.source_kind.value, "name": name, "place": url_of(id) if id.startswith("/") else ""}


def _end_of_day(page: PageRequest) -> datetime:
    """Return the end of the chosen day in the person's time zone. Raises Invalid for no date."""
    text = page.form.text("date")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Invalid(
            Message("'{text}' is no date.", text=text), hint=Message("Choose a day."), target="date"
        ) from None
    return datetime.combine(day, time(23, 59, 59), tzinfo=page.zone)
