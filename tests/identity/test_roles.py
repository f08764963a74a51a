"""Giving and taking roles."""

import pytest

from galeria.actions.people.people import create_person
from galeria.actions.people.roles import give_role, list_roles, take_role
from galeria.domain.errors import Conflict, Forbidden, Invalid, NotFound
from galeria.domain.people.principals import RoleAssignment
from tests.identity.worlds import World

READ = "Microsoft.Compute/galleries/read"
WRITE = "Microsoft.Compute/galleries/write"
READER_ID = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


@pytest.fixture(autouse=True)
def _people(world: World) -> None:
    with world.database() as uow:
        for name in "ana", "bia":
            create_person(uow, world.secrets, world.clock, world.dice, world.caller("admin"), name, name, None)
        uow.commit()


def give(world: World, by: str, who: str, role: str, scope: str) -> RoleAssignment:
    with world.database() as uow:
        made = give_role(uow, world.clock, world.dice, world.caller(by), who, role, scope)
        uow.commit()
        return made


def take(world: World, by: str, who: str, role: str, scope: str) -> None:
    with world.database() as uow:
        take_role(uow, world.clock, world.dice, world.caller(by), who, role, scope)
        uow.commit()


def test_role_reaches_everything_below_its_scope_only(world: World) -> None:
    gallery = f"{world.group}/providers/Microsoft.Compute/galleries/g"
    give(world, "admin", "ana", "Reader", gallery)
    ana = world.caller("ana")
    assert ana.may(READ, f"{gallery}/images/linux".lower())
    assert not ana.may(READ, world.group.lower())
    assert not ana.may(READ, f"{gallery}2".lower())
    assert not ana.may(WRITE, gallery.lower())
    with pytest.raises(Forbidden, match="Owner or Contributor"):
        ana.require(WRITE, gallery.lower())


def test_giving_twice_is_giving_once(world: World) -> None:
    first = give(world, "admin", "ana", "Reader", world.group)
    second = give(world, "admin", first.principal_id, READER_ID, world.group.upper() + "/")
    assert second.id == first.id
    assert len(world.caller("ana").assignments) == 1


def test_taking_may_be_repeated(world: World) -> None:
    give(world, "admin", "ana", "Reader", world.group)
    take(world, "admin", "ana", "reader", world.group)
    take(world, "admin", "ana", "reader", world.group)
    assert world.caller("ana").assignments == []


@pytest.mark.parametrize("role", ["Contributor", "Reader", "Lab Creator"])
def test_roles_are_given_by_owners_of_the_scope_only(world: World, role: str) -> None:
    give(world, "admin", "ana", role, world.scope)
    with pytest.raises(Forbidden):
        give(world, "ana", "ana", "Owner", world.scope)
    with pytest.raises(Forbidden):
        take(world, "ana", "admin", "Owner", world.scope)


def test_owner_of_a_group_gives_roles_in_it_and_not_above(world: World) -> None:
    give(world, "admin", "ana", "Owner", world.group)
    give(world, "ana", "bia", "Reader", world.group)
    assert world.caller("bia").may(READ, world.group.lower())
    with pytest.raises(Forbidden):
        give(world, "ana", "bia", "Reader", world.scope)


def test_subscription_keeps_an_owner(world: World) -> None:
    take(world, "admin", world.first.client_id, "Owner", world.scope)
    with pytest.raises(Conflict, match="last Owner"):
        take(world, "admin", "admin", "Owner", world.scope)
    give(world, "admin", "ana", "Owner", world.scope)
    take(world, "ana", "admin", "Owner", world.scope)


def test_scopes_and_roles_must_exist(world: World) -> None:
    for scope in "", "/", "galeria", f"{world.scope}/resourceGroups":
        with pytest.raises(Invalid):
            give(world, "admin", "ana", "Reader", scope)
    for scope in f"{world.scope}/resourceGroups/other", "/subscriptions/other/resourceGroups/galeria":
        with pytest.raises(NotFound):
            give(world, "admin", "ana", "Reader", scope)
    with pytest.raises(Invalid, match="Lab Creator"):
        give(world, "admin", "ana", "King", world.scope)
    with pytest.raises(NotFound):
        give(world, "admin", "carla", "Reader", world.scope)


def test_list_shows_what_reaches_a_scope_and_what_is_below(world: World) -> None:
    give(world, "admin", "ana", "Reader", world.group)
    with world.database(reading=True) as uow:
        admin = world.caller("admin")
        assert {each.role for each in list_roles(uow, admin, world.group)} == {"Owner", "Reader"}
        assert len(list_roles(uow, admin, world.scope)) == 3
        with pytest.raises(Forbidden):
            list_roles(uow, world.caller("bia"), world.scope)
