"""What a role is given at, in words."""

from dataclasses import dataclass
from enum import StrEnum

from galeria.domain.errors import Invalid
from galeria.domain.ids import ResourceId
from galeria.domain.resources import Resource
from galeria.ports.database import UnitOfWork


class ScopeKind(StrEnum):
    """Sorted from the widest to the narrowest."""

    SUBSCRIPTION = "Subscription"
    GROUP = "Resource group"
    ACCOUNT = "Lab account"
    GALLERY = "Gallery"
    LAB = "Lab"
    OTHER = "Resource"


@dataclass(frozen=True, kw_only=True)
class Scope:
    """`name` is as its owner spelled it; empty for the subscription, of which there is one."""

    key: str
    kind: ScopeKind
    name: str
    group: str = ""  # that it lies in


KINDS = {
    "microsoft.labservices/labplans": ScopeKind.ACCOUNT,
    "microsoft.compute/galleries": ScopeKind.GALLERY,
    "microsoft.labservices/labs": ScopeKind.LAB,
}


def name_scope(uow: UnitOfWork, key: str) -> Scope:
    """Also of what was deleted since: then in lower case, as the key has it."""
    try:
        id = ResourceId.parse(key)
    except Invalid:
        return Scope(key=key, kind=ScopeKind.SUBSCRIPTION, name="")
    kind = KINDS.get(id.type.lower(), ScopeKind.OTHER) if id.namespace else ScopeKind.GROUP
    found = _find(uow, kind, id.key)
    return Scope(
        key=key, kind=kind, name=found.arm_id.name if found else id.name, group=id.group if id.namespace else ""
    )


def _find(uow: UnitOfWork, kind: ScopeKind, key: str) -> Resource | None:
    match kind:
        case ScopeKind.GROUP:
            return uow.groups.find_by_key(key)
        case ScopeKind.ACCOUNT:
            return uow.accounts.find_by_key(key)
        case ScopeKind.GALLERY:
            return uow.galleries.find_by_key(key)
        case ScopeKind.LAB:
            return uow.labs.find_by_key(key)
    return None
