"""One lab with its template, image, operations under way, last operation and exports, as its page shows it."""

from dataclasses import dataclass

from galeria.actions.core.operation_access import is_visible, visible_operations
from galeria.actions.core.request import Request
from galeria.actions.labs.labs import get_lab
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import Gallery, ImageDefinition, ImageVersion
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import is_settled


@dataclass(frozen=True, kw_only=True)
class LabOverview:
    """A lab with everything that its page shows. None stands for what is deleted or never existed."""

    lab: Lab
    template: LabMachine | None
    definition: ImageDefinition | None
    version: ImageVersion | None  # that it was made from
    account: LabAccount | None
    gallery: Gallery | None  # the account's
    under_way: tuple[Operation, ...]  # the oldest first
    last: Operation | None  # the operation that was started last, if it has ended
    exports: tuple["Exported", ...]  # complete ones, the newest first


@dataclass(frozen=True, kw_only=True)
class Exported:
    """An image version that was made from the lab's template and still exists."""

    version: ImageVersion
    definition: ImageDefinition


def get_lab_overview(request: Request, id: ResourceId) -> LabOverview:
    """Returns a lab with everything that its page shows. Raises Forbidden, NotFound."""
    uow = request.uow
    lab = get_lab(request, id)
    template = uow.lab_queries.templates([lab.id]).get(lab.id)
    made = uow.lab_queries.exports(template.id) if template else []
    last = uow.lab_queries.last_work([lab.id, *([template.id] if template else []), *(each.id for each in made)])
    account = uow.accounts.find(lab.account_id)
    there = account if account and account.deleted_at is None else None
    return LabOverview(
        lab=lab,
        template=template,
        definition=uow.definitions.find(lab.definition_id),
        version=uow.versions.find(lab.version_id),
        account=there,
        gallery=uow.galleries.find(there.gallery_id) if there and there.gallery_id else None,
        under_way=_under_way(request, lab, template),
        last=last if last and is_settled(last.status) and is_visible(request, last) else None,
        exports=tuple(_exported(request, made)),
    )


def _under_way(request: Request, lab: Lab, template: LabMachine | None) -> tuple[Operation, ...]:
    """Returns the operations on the lab or its template that the caller may see."""
    own = {lab.id, template.id if template else lab.id}
    work = request.uow.operations.working_with(own)
    shown = [each for each in work if each.subject in own or each.kind is OperationKind.EXPORT_TEMPLATE]
    return tuple(visible_operations(request, shown))


def _exported(request: Request, made: list[ImageVersion]) -> list[Exported]:
    whole = [each for each in made if each.is_ready]
    definitions = request.uow.image_queries.definitions(list({each.definition_id for each in whole}))
    return [
        Exported(version=each, definition=definitions[each.definition_id])
        for each in whole
        if each.definition_id in definitions
    ]
