"""Whether a page offers an action to this person, and if not, who may do it."""

from dataclasses import dataclass

from galeria.actions.core.caller import Caller
from galeria.actions.core.request import Request
from galeria.actions.people.principals import GIVE_ROLES, subscription_scope
from galeria.domain.errors import Conflict, Forbidden, NotFound
from galeria.domain.messages import EMPTY, Message
from galeria.domain.people.principals import PrincipalKind, allowing_roles, may

SHOWN = 3  # names of people who may do it


@dataclass(frozen=True, kw_only=True)
class Permission:
    """`roles` would allow it; `people` have one of them there; `why` says all other reasons.

    `giver` is the name of this person where they can give themselves such a role; `place` is a page where they can remove
    the reason.
    """

    allowed: bool
    roles: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    why: Message = EMPTY
    giver: str = ""
    place: str = ""

    def __bool__(self) -> bool:
        return self.allowed


ALLOWED = Permission(allowed=True)


def permit(request: Request, action: str, scope: str) -> Permission:
    """Return the action's own answer."""
    return permit_any(request, (action,), scope)


def permit_any(request: Request, actions: tuple[str, ...], scope: str) -> Permission:
    """Return the first refusal for an action that needs several rights."""
    for action in actions:
        try:
            request.caller.require(action, scope)
        except (Forbidden, NotFound):
            return Permission(
                allowed=False,
                roles=allowing_roles(action),
                people=_who_may(request, action, scope),
                giver=_giver(request),
            )
        except Conflict as error:  # locked
            return Permission(allowed=False, why=error.whole)
    return ALLOWED


def refused(why: Message, *, place: str = "") -> Permission:
    """For a state that does not allow it, which `why` says; `place` is a page where this person can change that."""
    return Permission(allowed=False, why=why, place=place)


def _giver(request: Request) -> str:
    """Return the caller's name where the caller may give roles, and so see the page on which that is done."""
    caller = request.caller
    return caller.principal.name if caller.may(GIVE_ROLES, subscription_scope(request)) else ""


def _who_may(request: Request, action: str, scope: str) -> tuple[str, ...]:
    given = request.uow.people.all_assignments()
    names = []
    for id in dict.fromkeys(each.principal_id for each in given):
        own = [each for each in given if each.principal_id == id]
        person = request.uow.people.find(id) if may(own, action, scope) else None
        if person and person.enabled and person.kind is PrincipalKind.USER:
            names.append(person.display_name)
    return tuple(names[:SHOWN])


def is_administrator(caller: Caller, scope: str) -> bool:
    """Return whether the person sees the administrators' part of the navigation."""
    return caller.may("Microsoft.LabServices/labPlans/write", scope) or caller.may(
        "Microsoft.Authorization/roleAssignments/write", scope
    )
