"""The list of a person's labs, and the page of a lab's template: its state, facts, operations and actions."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Response

from galeria.actions.classes.kept_work import deletion_impact
from galeria.actions.classes.presence import find_warning
from galeria.actions.core.request import Request
from galeria.actions.labs.accounts import ACCOUNT, list_accounts
from galeria.actions.labs.lab_lists import LabSearch, search_labs
from galeria.actions.labs.lab_overview import LabOverview, get_lab_overview
from galeria.actions.labs.lab_settings import LAB, MAX_TITLE, LabSettings, update_lab
from galeria.actions.labs.labs import delete_lab, get_lab
from galeria.actions.labs.machines import start_machine, stop_machine
from galeria.actions.rosters.my_machines import has_machines
from galeria.actions.versions.operations import cancel_operation, retry_operation
from galeria.domain.errors import GaleriaError, Invalid
from galeria.domain.ids import ResourceId
from galeria.domain.labs.labs import LabMachine
from galeria.domain.labs.sizes import Size
from galeria.domain.messages import Message
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.people.principals import PrincipalKind, reach
from galeria.domain.reach.authorities import authorities
from galeria.domain.states import MachineState, OperationStatus
from galeria.interfaces.web.accounts.accounts import region_names
from galeria.interfaces.web.kit.operation_view import OperationView, get_operation_view
from galeria.interfaces.web.kit.page_numbers import page_number
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.permits import Permission, permit
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.saved_values import require_same
from galeria.interfaces.web.kit.urls import lab_url
from galeria.interfaces.web.labs.lab_permits import TEMPLATE, LabPermits, lab_permits, new_lab_permit

LABS = "/labs"
_UNWELL = (OperationStatus.FAILED, OperationStatus.CANCELED)


def labs_router() -> APIRouter:
    router = page_router()
    lab = f"{LABS}/{{group}}/{{name}}"
    router.add_api_route(LABS, show_labs, methods=["GET"], name="web_labs")
    router.add_api_route(lab, show_lab, methods=["GET"], name="web_lab")
    router.add_api_route(f"{lab}/start", start, methods=["POST"], name="web_lab_start")
    router.add_api_route(f"{lab}/stop", stop, methods=["POST"], name="web_lab_stop")
    router.add_api_route(f"{lab}/edit", edit, methods=["POST"], name="web_lab_edit")
    router.add_api_route(f"{lab}/cancel", cancel, methods=["POST"], name="web_lab_cancel")
    router.add_api_route(f"{lab}/retry", retry, methods=["POST"], name="web_lab_retry")
    router.add_api_route(f"{lab}/delete", ask_delete, methods=["GET"], name="web_lab_ask_delete")
    router.add_api_route(f"{lab}/delete", delete, methods=["POST"], name="web_lab_delete")
    return router


@dataclass(frozen=True, kw_only=True)
class ByteFigures:
    """The figures of an export in bytes."""

    read: int
    stored: int
    sent: int


@dataclass(frozen=True, kw_only=True)
class LabProgress:
    """An operation under way. `then` is the address that the page goes to at its end."""

    work: OperationView
    is_cancelable: bool
    then: str


@dataclass(frozen=True, kw_only=True)
class LabPage:
    """The page of a lab. `last` is the result of the last operation, where a person has to know it."""

    seen: LabOverview
    permits: LabPermits
    work: tuple[LabProgress, ...]
    last: OperationView | None
    exported: bool  # whether the last operation was an export that succeeded
    size: Size | None  # None where the catalogue has it no more
    region: str
    created_by: str
    create: Permission  # to make labs from the export
    shows_version: bool  # whether it links the version that it was made from
    figures: ByteFigures | None  # of the export
    is_paused: bool  # whether the template is held because its disk is nearly full
    is_in_cloud: bool  # whether its machines run in a cloud, where less can be done with them
    addresses: Mapping[str, str]  # of the template, by the API's names
    shutdown_warning: Message | None  # that nobody uses the template, and when it is switched off


@dataclass(frozen=True, kw_only=True)
class FirstStep:
    """The first step to offer.

    `step` is "attach" a gallery, "import" an image, make a "lab", or "ask" one of the people for a role.
    """

    step: str
    people: tuple[str, ...] = ()
    done: tuple[str, ...] = ()  # for administrators: of "attach", "import" and "people" those that are done


def lab_id(page: PageRequest, group: str, name: str) -> ResourceId:
    return page.id(group).resource("Microsoft.LabServices", "labs", name)


def show_labs(page: PageRequestDep) -> Response:
    search = LabSearch(text=page.query("q"), page=page_number(page))
    with page.reading() as request:
        if not page.caller.assignments and has_machines(request):
            return page.go("/machines")  # of a lab of somebody else's there is nothing to be seen here
        found, create = search_labs(request, search), new_lab_permit(request)
        return page.show(
            "labs.html",
            found=found,
            text=search.text,
            create=create,
            first_step=None if found.all else _first_step(request, create),
            regions=region_names(request),
        )


def show_lab(page: PageRequestDep, group: str, name: str) -> Response:
    return show_template_page(page, lab_id(page, group, name))


def show_template_page(page: PageRequest, id: ResourceId, *, status: int = 200) -> Response:
    with page.reading() as request:
        lab_page = load_lab_page(request, page, id)
        return page.show("lab.html", status=status, form=page.form, max_title=MAX_TITLE, **_shown(lab_page))


def load_lab_page(request: Request, page: PageRequest, id: ResourceId) -> LabPage:
    seen = get_lab_overview(request, id)
    person = request.uow.people.find_by_name(seen.lab.created_by)
    last, version, settings = seen.last, seen.version, request.settings
    exported = last is not None and (last.kind, last.status) == (
        OperationKind.EXPORT_TEMPLATE,
        OperationStatus.SUCCEEDED,
    )
    return LabPage(
        seen=seen,
        permits=lab_permits(request, seen),
        work=tuple(_work(request, each) for each in seen.under_way),
        last=get_operation_view(request, last.id) if last and last.status in _UNWELL else None,
        exported=exported,
        size=next((each for each in settings.sizes if each.name == seen.lab.size), None),
        region=settings.regions.get(seen.lab.location).display_name,
        created_by=person.display_name if person else seen.lab.created_by,
        create=new_lab_permit(request),
        shows_version=version is not None
        and version.deleted_at is None
        and request.caller.may("Microsoft.Compute/galleries/images/versions/read", version.key),
        figures=_figures(last) if last and exported else None,
        is_paused=_is_paused(page, seen.template),
        is_in_cloud=settings.regions.is_in_cloud(seen.lab.location),
        addresses=authorities(settings.server, seen.lab, seen.template) if seen.template else {},
        shutdown_warning=find_warning(request, seen.lab, seen.template) if seen.template else None,
    )


def _is_paused(page: PageRequest, template: LabMachine | None) -> bool:
    if template is None or template.state is not MachineState.RUNNING or template.image_problem:
        return False
    try:
        return template.id in page.services.engine.paused()
    except GaleriaError:  # the page is worth more than this note
        return False


def _work(request: Request, operation: Operation) -> LabProgress:
    work = get_operation_view(request, operation.id)
    return LabProgress(
        work=work,
        is_cancelable=work.is_steerable and operation.kind_type.is_cancelable,
        then=LABS if operation.kind_type.removes else "reload",
    )


def _figures(export: Operation) -> ByteFigures:
    read, stored, sent = (int(export.outputs.get(name, 0)) for name in ("readBytes", "storedBytes", "sentBytes"))
    return ByteFigures(read=read, stored=stored, sent=sent)


def start(page: PageRequestDep, group: str, name: str) -> Response:
    id = lab_id(page, group, name)
    with page.writing() as request:
        operation = start_machine(request, id, TEMPLATE)
    page.start(operation)
    return page.go(lab_url(id))


def stop(page: PageRequestDep, group: str, name: str) -> Response:
    id = lab_id(page, group, name)
    with page.writing() as request:
        operation = stop_machine(request, id, TEMPLATE)
    page.start(operation)
    return page.go(lab_url(id))


def edit(page: PageRequestDep, group: str, name: str) -> Response:
    id, form = lab_id(page, group, name), page.form
    page.require(f"{LAB}/write", id.key)
    said = LabSettings(title=form.text("title"), description=form.text("description"))
    with form.checking("title", **{"properties.title": "title"}):
        if not said.title:
            raise Invalid(
                Message("A lab needs a title."),
                hint=Message("Type one, such as the name of the course."),
                target="title",
            )
        with page.writing() as request:
            lab = get_lab(request, id)
            require_same(form, lab.title, lab.description)
            update_lab(request, id, said, page.services.secrets)
    if form.errors:
        return show_template_page(page, id, status=400)
    return page.go(lab_url(id), notice=page.gettext("The title and the description were saved."))


def cancel(page: PageRequestDep, group: str, name: str) -> Response:
    with page.writing() as request:
        cancel_operation(request, page.form.text("operation"))
    place = lab_url(lab_id(page, group, name))
    return page.go(place, notice=page.gettext("It ends at the next safe moment."))


def retry(page: PageRequestDep, group: str, name: str) -> Response:
    with page.writing() as request:
        operation = retry_operation(request, page.form.text("operation"))
    page.start(operation)
    place = lab_url(lab_id(page, group, name))
    return page.go(place, notice=page.gettext("It goes on where it stopped."))


def ask_delete(page: PageRequestDep, group: str, name: str) -> Response:
    id = lab_id(page, group, name)
    with page.reading() as request:
        lab_page = load_lab_page(request, page, id)
        impact = deletion_impact(request, id)
        return page.show("lab_delete.html", lab_page=lab_page, lab=lab_page.seen.lab, impact=impact)


def delete(page: PageRequestDep, group: str, name: str) -> Response:
    id = lab_id(page, group, name)
    with page.writing() as request:
        operation = delete_lab(request, id)
    page.start(operation)
    if operation is None:
        return page.go(LABS, notice=page.gettext("The lab was gone already."))
    return page.go(lab_url(id), notice=page.gettext("The lab is being deleted. You may leave this page."))


def _shown(lab_page: LabPage) -> dict[str, object]:
    return {"lab_page": lab_page, "seen": lab_page.seen, "lab": lab_page.seen.lab, "permits": lab_page.permits}


def _first_step(request: Request, create: Permission) -> FirstStep:
    """Return the first step for a person who sees no lab."""
    given, uow = request.caller.assignments, request.uow
    if reach(given, f"{ACCOUNT}/write"):
        galleries = {each.gallery_id for each in list_accounts(request, "/subscriptions")} - {None}
        counts = uow.version_queries.definition_counts()
        has_image = any(counts.get(each or "", 0) for each in galleries)
        others = sum(each.kind is PrincipalKind.USER for each in uow.people.outlines()) > 1
        kept = (("attach", bool(galleries)), ("import", has_image), ("people", others))
        done = tuple(name for name, is_done in kept if is_done)
        return FirstStep(step=next((name for name, is_done in kept[:2] if not is_done), "lab"), done=done)
    if create:
        return FirstStep(step="lab")
    subscription = f"/subscriptions/{uow.subscriptions()[0].id}"
    return FirstStep(
        step="ask", people=permit(request, "Microsoft.Authorization/roleAssignments/write", subscription).people
    )
