"""The list of people and programs for administrators, and the details of one of them."""

from dataclasses import dataclass

from galeria.actions.core.paging import ROWS, ListPage, page_within
from galeria.actions.core.request import Request
from galeria.actions.people.credentials import SecretFacts, list_secrets
from galeria.actions.people.principals import GIVE_ROLES, SEE_ROLES, get_principal, subscription_scope
from galeria.actions.people.roles import OWNER, require_remaining_owner
from galeria.actions.people.scopes import Scope, name_scope
from galeria.domain.errors import Conflict
from galeria.domain.messages import EMPTY, Message
from galeria.domain.people.principals import PersonOutline, Principal, PrincipalKind, RoleAssignment
from galeria.domain.people.roles import role_title
from galeria.domain.people.sign_in import CredentialKind


@dataclass(frozen=True, kw_only=True)
class PeopleSearch:
    """The conditions of a search for people. `text` is part of a name, in any case; pages count from 1."""

    text: str = ""
    kind: PrincipalKind | None = None
    page: int = 1


ROLES_NAMED = 3  # of each person in the list; of more only the number is shown


@dataclass(frozen=True, kw_only=True)
class NamedRole:
    """A role with the scope that it is given on, in words."""

    title: Message
    scope: Scope


@dataclass(frozen=True, kw_only=True)
class PersonRow:
    """A person or program with its roles, as a list shows it."""

    principal: Principal
    roles: tuple[NamedRole, ...]  # the first, those on the widest scopes in front
    more_roles: int  # how many more there are
    is_invited: bool = False  # a link to choose a password waits to be opened


@dataclass(frozen=True, kw_only=True)
class GivenRole:
    """A role assignment with its scope in words.

    `kept` says why nobody can remove it; empty where it can be removed.
    """

    assignment: RoleAssignment
    title: Message  # of the role
    scope: Scope
    given_by: str  # a display name; empty where that principal does not exist
    kept: Message


@dataclass(frozen=True, kw_only=True)
class PersonDetails:
    """The details of a person or program.

    `kept` says why it cannot be disabled; `secrets` are a program's, for callers who may change them.
    """

    principal: Principal
    roles: ListPage[GivenRole]
    secrets: tuple[SecretFacts, ...]
    browsers: int  # the number of browser sessions
    kept: Message
    is_invited: bool = False  # a link to choose a password waits to be opened


def search_people(request: Request, search: PeopleSearch) -> ListPage[PersonRow]:
    """Returns a page of the people and programs found, by display name. Raises Forbidden."""
    request.caller.require(SEE_ROLES, subscription_scope(request))
    people = request.uow.people
    found = [each.id for each in people.outlines() if _fits(each, search)]
    page = page_within(search.page, len(found), ROWS)
    ids = found[(page - 1) * ROWS : page * ROWS]
    given: dict[str, list[RoleAssignment]] = {id: [] for id in ids}
    for assignment in people.assignments_of(ids):
        given[assignment.principal_id].append(assignment)
    scopes: dict[str, Scope] = {}  # many have a role on the same one
    rows = [_row(request, each, given[each.id], scopes) for each in people.some(ids)]
    return ListPage(rows=rows, count=len(found), page=page)


def get_person_details(request: Request, who: str, *, page: int = 1) -> PersonDetails:
    """Returns the details of one person or program. `who` is a name or an object id, `page` one of the roles.

    Raises Forbidden, NotFound.
    """
    now = request.clock.now()
    scope = subscription_scope(request)
    request.caller.require(SEE_ROLES, scope)
    principal = get_principal(request, who)
    is_program = principal.kind is PrincipalKind.SERVICE_PRINCIPAL
    may_change = request.caller.may(GIVE_ROLES, scope)
    given = request.uow.people.assignments(principal.id)
    page = page_within(page, len(given), ROWS)
    shown = [_given(request, each, scope) for each in given[(page - 1) * ROWS : page * ROWS]]
    return PersonDetails(
        principal=principal,
        roles=ListPage(rows=shown, count=len(given), page=page),
        secrets=tuple(list_secrets(request, principal.id)) if is_program and may_change else (),
        browsers=sum(each.is_valid(now) for each in request.uow.web_sessions.of_principal(principal.id)),
        kept=_kept(request, scope, given) if principal.enabled else EMPTY,
        is_invited=_is_invited(request, principal),
    )


def _row(request: Request, principal: Principal, given: list[RoleAssignment], scopes: dict[str, Scope]) -> PersonRow:
    shown = sorted(given, key=lambda each: each.scope.count("/"))[:ROLES_NAMED]
    for each in shown:
        if each.scope not in scopes:
            scopes[each.scope] = name_scope(request, each.scope)
    return PersonRow(
        principal=principal,
        roles=tuple(NamedRole(title=role_title(each.role), scope=scopes[each.scope]) for each in shown),
        more_roles=len(given) - len(shown),
        is_invited=_is_invited(request, principal),
    )


def _is_invited(request: Request, principal: Principal) -> bool:
    if principal.kind is not PrincipalKind.USER:
        return False
    now = request.clock.now()
    return any(
        each.kind is CredentialKind.WELCOME and each.is_valid(now)
        for each in request.uow.credentials.of_principal(principal.id)
    )


def _given(request: Request, assignment: RoleAssignment, scope: str) -> GivenRole:
    giver = request.uow.people.find(assignment.created_by)
    return GivenRole(
        assignment=assignment,
        title=role_title(assignment.role),
        scope=name_scope(request, assignment.scope),
        given_by=giver.display_name if giver else "",
        kept=_kept(request, scope, [assignment]),
    )


def _kept(request: Request, scope: str, losing: list[RoleAssignment]) -> Message:
    if not any(each.role == OWNER and each.scope == scope for each in losing):
        return EMPTY
    try:
        require_remaining_owner(request, scope, losing=losing)
    except Conflict as error:
        return error.whole
    return EMPTY


def _fits(person: PersonOutline, search: PeopleSearch) -> bool:
    wanted = search.text.casefold().strip()
    is_kind = search.kind is None or person.kind is search.kind
    return is_kind and (wanted in person.display_name.casefold() or wanted in person.name.lower())
