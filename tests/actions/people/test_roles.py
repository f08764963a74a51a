"""Giving and taking roles."""

import pytest

from galeria.actions.galleries.galleries import put_gallery
from galeria.actions.people.people import create_person
from galeria.actions.people.roles import give_role, list_roles, take_role
from galeria.domain.errors import Conflict, Forbidden, Invalid, NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.people.principals import RoleAssignment
from tests.identity_context import IdentityContext

READ = "Microsoft.Compute/galleries/read"
WRITE = "Microsoft.Compute/galleries/write"
READER_ID = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


@pytest.fixture(autouse=True)
def _people(context: IdentityContext) -> None:
    with context.database() as uow:
        for name in "ana", "bia":
            create_person(context.request(uow), name, name, None, context.secrets)
        uow.commit()


def give(context: IdentityContext, by: str, who: str, role: str, scope: str) -> RoleAssignment:
    with context.database() as uow:
        made = give_role(context.request(uow, by), who, role, scope)
        uow.commit()
        return made


def take(context: IdentityContext, by: str, who: str, role: str, scope: str) -> None:
    with context.database() as uow:
        take_role(context.request(uow, by), who, role, scope)
        uow.commit()


def test_role_reaches_everything_below_its_scope_only(context: IdentityContext) -> None:
    gallery = f"{context.group}/providers/Microsoft.Compute/galleries/g"
    with context.database() as uow:
        put_gallery(context.request(uow), ResourceId.parse(gallery), location="brazilsouth", tags={}, description="")
        uow.commit()
    give(context, "admin", "ana", "Reader", gallery)
    ana = context.caller("ana")
    assert ana.may(READ, f"{gallery}/images/linux".lower())
    assert not ana.may(READ, context.group.lower())
    assert not ana.may(READ, f"{gallery}2".lower())
    assert not ana.may(WRITE, gallery.lower())
    with pytest.raises(Forbidden, match="Owner, Contributor"):
        ana.require(WRITE, gallery.lower())


def test_giving_twice_is_giving_once(context: IdentityContext) -> None:
    first = give(context, "admin", "ana", "Reader", context.group)
    second = give(context, "admin", first.principal_id, READER_ID, context.group.upper() + "/")
    assert second.id == first.id
    assert len(context.caller("ana").assignments) == 1


def test_taking_may_be_repeated(context: IdentityContext) -> None:
    give(context, "admin", "ana", "Reader", context.group)
    take(context, "admin", "ana", "reader", context.group)
    take(context, "admin", "ana", "reader", context.group)
    assert context.caller("ana").assignments == []


@pytest.mark.parametrize("role", ["Contributor", "Reader", "Lab Creator"])
def test_roles_are_given_by_owners_of_the_scope_only(context: IdentityContext, role: str) -> None:
    give(context, "admin", "ana", role, context.scope)
    with pytest.raises(Forbidden):
        give(context, "ana", "ana", "Owner", context.scope)
    with pytest.raises(Forbidden):
        take(context, "ana", "admin", "Owner", context.scope)


def test_owner_of_a_group_gives_roles_in_it_and_not_above(context: IdentityContext) -> None:
    give(context, "admin", "ana", "Owner", context.group)
    give(context, "ana", "bia", "Reader", context.group)
    assert context.caller("bia").may(READ, context.group.lower())
    with pytest.raises(Forbidden):
        give(context, "ana", "bia", "Reader", context.scope)


def test_subscription_keeps_an_owner(context: IdentityContext) -> None:
    take(context, "admin", context.first.client_id, "Owner", context.scope)
    with pytest.raises(Conflict, match="last Owner"):
        take(context, "admin", "admin", "Owner", context.scope)
    give(context, "admin", "ana", "Owner", context.scope)
    take(context, "ana", "admin", "Owner", context.scope)


def test_scopes_and_roles_must_exist(context: IdentityContext) -> None:
    for scope in "", "/", "galeria", f"{context.scope}/resourceGroups":
        with pytest.raises(Invalid):
            give(context, "admin", "ana", "Reader", scope)
    for scope in f"{context.scope}/resourceGroups/other", "/subscriptions/other/resourceGroups/galeria":
        with pytest.raises(NotFound):
            give(context, "admin", "ana", "Reader", scope)
    with pytest.raises(Invalid, match="Lab Creator"):
        give(context, "admin", "ana", "King", context.scope)
    with pytest.raises(NotFound):
        give(context, "admin", "carla", "Reader", context.scope)


def test_list_shows_what_reaches_a_scope_and_what_is_below(context: IdentityContext) -> None:
    give(context, "admin", "ana", "Reader", context.group)
    with context.database(reading=True) as uow:
        admin = context.caller("admin")
        assert {each.role for each in list_roles(context.request(uow, admin), context.group)} == {"Owner", "Reader"}
        assert len(list_roles(context.request(uow, admin), context.scope)) == 3
        with pytest.raises(NotFound):
            list_roles(context.request(uow, "bia"), context.scope)
