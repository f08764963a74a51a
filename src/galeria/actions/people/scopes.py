"""The scopes that roles are given on, with their names and kinds, as people choose them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.request import Request
from galeria.actions.people.principals import subscription_scope
from galeria.domain.errors import Invalid
from galeria.domain.ids import ResourceId
from galeria.domain.labs.labs import Lab
from galeria.domain.people.principals import reach
from galeria.domain.resources import Resource


class ScopeKind(StrEnum):
    """The kinds of scopes, ordered from the widest to the narrowest."""

    SUBSCRIPTION = "Subscription"
    GROUP = "Resource group"
    ACCOUNT = "Lab account"
    GALLERY = "Gallery"
    LAB = "Lab"
    OTHER = "Resource"

    @property
    def order(self) -> int:
        """The position in that order, from 0."""
        return list(type(self)).index(self)


@dataclass(frozen=True, kw_only=True)
class Scope:
    """A scope with its name as its owner spelled it; empty for the one subscription."""

    key: str
    kind: ScopeKind
    name: str
    group: str = ""  # the resource group that it lies in
    title: str = ""  # of a lab, which people know it by


KINDS = {
    "microsoft.labservices/labplans": ScopeKind.ACCOUNT,
    "microsoft.compute/galleries": ScopeKind.GALLERY,
    "microsoft.labservices/labs": ScopeKind.LAB,
}


def name_scope(request: BaseRequest, key: str) -> Scope:
    """Returns the scope of a key in words; of a deleted resource the name is in lower case, as in the key."""
    try:
        id = ResourceId.parse(key)
    except Invalid:
        return Scope(key=key, kind=ScopeKind.SUBSCRIPTION, name="")
    kind = KINDS.get(id.type.lower(), ScopeKind.OTHER) if id.namespace else ScopeKind.GROUP
    found = _find(request, kind, id.key)
    return Scope(
        key=key,
        kind=kind,
        name=found.arm_id.name if found else id.name,
        group=id.group if id.namespace else "",
        title=found.title if isinstance(found, Lab) else "",
    )


def _find(request: BaseRequest, kind: ScopeKind, key: str) -> Resource | None:
    match kind:
        case ScopeKind.GROUP:
            return request.uow.groups.find_by_key(key)
        case ScopeKind.ACCOUNT:
            return request.uow.accounts.find_by_key(key)
        case ScopeKind.GALLERY:
            return request.uow.galleries.find_by_key(key)
        case ScopeKind.LAB:
            return request.uow.labs.find_by_key(key)
    return None


@dataclass(frozen=True, kw_only=True)
class ScopeChoices:
    """The scopes to choose from. `labs` counts all labs that fit, of which only the first are among the scopes."""

    scopes: tuple[Scope, ...]
    labs: int


def list_scopes(request: Request, action: str, *, text: str = "", most: int = 50) -> ScopeChoices:
    """Returns the scopes on which the caller may do `action`, the widest kinds first, then by name.

    `text` is part of names, in any case; at most `most` labs are returned.
    """
    caller, wanted = request.caller, text.casefold().strip()
    subscription = subscription_scope(request)
    found = [Scope(key=subscription, kind=ScopeKind.SUBSCRIPTION, name="")] if not wanted else []
    resources: list[tuple[ScopeKind, Sequence[Resource]]] = [
        (ScopeKind.GROUP, request.uow.groups.below(subscription)),
        (ScopeKind.ACCOUNT, request.uow.accounts.below(subscription)),
        (ScopeKind.GALLERY, request.uow.galleries.below(subscription)),
    ]
    for kind, some in resources:
        found += [_scope(kind, each.arm_id) for each in some if wanted in each.name.casefold()]
    outlines = request.uow.lab_queries.outlines(reach(caller.assignments, action))
    labs = [each.id for each in outlines if wanted in each.name.casefold() or wanted in each.title.casefold()]
    shown = [
        _scope(ScopeKind.LAB, ResourceId.parse(each.resource_id)) for each in request.uow.lab_queries.cards(labs[:most])
    ]
    return ScopeChoices(scopes=(*(each for each in found if caller.may(action, each.key)), *shown), labs=len(labs))


def _scope(kind: ScopeKind, id: ResourceId) -> Scope:
    return Scope(key=id.key, kind=kind, name=id.name, group="" if kind is ScopeKind.GROUP else id.group)
