"""The first start, signing in, and who may make and change people."""

import pytest

from galeria.actions.core.audit import record_audit
from galeria.actions.people.first_start import found_installation, is_founded
from galeria.actions.people.people import (
    create_person,
    create_service_principal,
    disable,
    enable,
    list_people,
    set_password,
    sign_in,
)
from galeria.actions.people.roles import give_role
from galeria.domain.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from galeria.domain.people.principals import Principal, PrincipalKind
from tests.identity.worlds import SUBSCRIPTION, World

GOOD = "Aula-2026!"


def make_user(world: World, name: str = "ana", password: str | None = GOOD) -> tuple[Principal, str]:
    with world.database() as uow:
        made = create_person(
            uow, world.secrets, world.clock, world.dice, world.caller("admin"), name, name.title(), password
        )
        uow.commit()
        return made


def check(world: World, name: str, secret: str, kind: PrincipalKind = PrincipalKind.USER) -> Principal:
    with world.database(reading=True) as uow:
        return sign_in(uow, world.secrets, world.clock, name, secret, kind)


def test_first_start_makes_a_subscription_a_group_and_two_owners(world: World) -> None:
    with world.database(reading=True) as uow:
        assert [each.id for each in uow.subscriptions()] == [SUBSCRIPTION]
        group = uow.groups.get_by_key(world.group.lower())
        assert (group.name, group.location) == ("galeria", "brazilsouth")
    for name in "admin", world.first.client_id:
        assert world.caller(name).may("Microsoft.Authorization/roleAssignments/write", world.scope)


def test_first_start_is_repeated_without_effect(world: World) -> None:
    with world.database() as uow:
        assert is_founded(uow, SUBSCRIPTION)
        found_installation(uow, world.secrets, world.clock, world.dice, SUBSCRIPTION, world.first, location="elsewhere")
        uow.commit()
        assert len(uow.people.all()) == 2
        assert len(uow.people.all_assignments()) == 2


def test_signing_in_with_the_first_secrets(world: World) -> None:
    assert check(world, "Admin", world.first.password).name == "admin"
    kind = PrincipalKind.SERVICE_PRINCIPAL
    assert check(world, world.first.client_id, world.first.client_secret, kind).kind is kind


def test_whatever_is_wrong_the_answer_is_the_same(world: World) -> None:
    make_user(world)
    answers = set()
    for name, secret in ("ana", "wrong"), ("nobody", GOOD), (world.first.client_id, world.first.client_secret):
        with pytest.raises(Unauthenticated) as caught:
            check(world, name, secret)
        answers.add(str(caught.value))
    assert len(answers) == 1


def test_unknown_names_cost_as_much_as_wrong_secrets(world: World) -> None:
    asked = []

    class Counted:
        def hash(self, secret: str) -> str:
            asked.append("hash")
            return world.secrets.hash(secret)

        def matches(self, hashed: str, secret: str) -> bool:
            asked.append("matches")
            return world.secrets.matches(hashed, secret)

        def unix_hash(self, secret: str) -> str:
            return world.secrets.unix_hash(secret)

    with world.database(reading=True) as uow:
        for name in "admin", "nobody":
            with pytest.raises(Unauthenticated):
                sign_in(uow, Counted(), world.clock, name, "wrong", PrincipalKind.USER)
    assert asked == ["matches", "hash"]


def test_new_person_signs_in_and_may_do_nothing(world: World) -> None:
    _, given = make_user(world)
    assert given == GOOD
    assert check(world, "ANA", GOOD).display_name == "Ana"
    assert not world.caller("ana").may("Microsoft.Compute/galleries/read", world.scope)


def test_password_is_made_where_none_is_given(world: World) -> None:
    _, made = make_user(world, password=None)
    assert len(made) == 43
    check(world, "ana", made)


@pytest.mark.parametrize("name", ["", "-ana", "ana bela", "ana/b", "a" * 101, "ana\n"])
def test_unusable_names_are_refused(world: World, name: str) -> None:
    with pytest.raises(Invalid):
        make_user(world, name)


def test_weak_passwords_and_taken_names_are_refused(world: World) -> None:
    with pytest.raises(Invalid):
        make_user(world, password="short")
    with pytest.raises(Conflict):
        make_user(world, "ADMIN")


def test_new_service_principal_signs_in_with_its_client_id(world: World) -> None:
    with world.database() as uow:
        principal, secret = create_service_principal(
            uow, world.secrets, world.clock, world.dice, world.caller("admin"), "Nightly build"
        )
        uow.commit()
    assert check(world, principal.name, secret, PrincipalKind.SERVICE_PRINCIPAL).display_name == "Nightly build"


@pytest.mark.parametrize("role", [None, "Reader", "Contributor", "Lab Creator"])
def test_only_owners_make_and_change_people(world: World, role: str | None) -> None:
    make_user(world)
    with world.database() as uow:
        if role:
            give_role(uow, world.clock, world.dice, world.caller("admin"), "ana", role, world.scope)
        uow.commit()
    ana = world.caller("ana")
    with world.database() as uow:
        with pytest.raises(Forbidden, match="roleAssignments/write"):
            create_person(uow, world.secrets, world.clock, world.dice, ana, "bia", "Bia", GOOD)
        with pytest.raises(Forbidden):
            create_service_principal(uow, world.secrets, world.clock, world.dice, ana, "x")
        with pytest.raises(Forbidden):
            set_password(uow, world.secrets, world.clock, world.dice, ana, "admin", GOOD)
        with pytest.raises(Forbidden):
            disable(uow, world.clock, world.dice, ana, "admin")


def test_owner_of_a_group_cannot_make_people(world: World) -> None:
    make_user(world)
    with world.database() as uow:
        give_role(uow, world.clock, world.dice, world.caller("admin"), "ana", "Owner", world.group)
        uow.commit()
    with world.database() as uow, pytest.raises(Forbidden):
        create_person(uow, world.secrets, world.clock, world.dice, world.caller("ana"), "bia", "Bia", GOOD)


def test_everybody_sets_the_own_password(world: World) -> None:
    make_user(world)
    with world.database() as uow:
        set_password(uow, world.secrets, world.clock, world.dice, world.caller("ana"), "ana", "Outra-2027!")
        uow.commit()
    check(world, "ana", "Outra-2027!")
    with pytest.raises(Unauthenticated):
        check(world, "ana", GOOD)


def test_disabled_people_cannot_sign_in_until_enabled(world: World) -> None:
    make_user(world)
    admin = world.caller("admin")
    with world.database() as uow:
        disable(uow, world.clock, world.dice, admin, "ana")
        disable(uow, world.clock, world.dice, admin, "ana")
        uow.commit()
    with pytest.raises(Unauthenticated):
        check(world, "ana", GOOD)
    with world.database() as uow:
        enable(uow, world.clock, world.dice, admin, "ana")
        uow.commit()
    check(world, "ana", GOOD)


def test_last_owner_cannot_be_disabled(world: World) -> None:
    admin = world.caller("admin")
    with world.database() as uow:
        disable(uow, world.clock, world.dice, admin, world.first.client_id)
        with pytest.raises(Conflict):
            disable(uow, world.clock, world.dice, admin, "admin")


def test_people_are_listed_for_those_who_may_see_roles(world: World) -> None:
    make_user(world)
    with world.database(reading=True) as uow:
        assert len(list_people(uow, world.caller("admin"))) == 3
        with pytest.raises(Forbidden):
            list_people(uow, world.caller("ana"))


def test_unknown_person_is_not_found(world: World) -> None:
    with world.database() as uow, pytest.raises(NotFound):
        disable(uow, world.clock, world.dice, world.caller("admin"), "nobody")


def test_changes_are_in_the_audit_trail_without_secrets(world: World) -> None:
    _, password = make_user(world)
    with world.database() as uow:
        record_audit(uow, world.clock, world.dice, world.caller("ana"), "an/action", world.group, "Failed")
        uow.commit()
    with world.database(reading=True) as uow:
        events = uow.audit.recent()
    assert {(each.principal_name, each.status) for each in events} == {
        ("admin", "Succeeded"),
        ("installation", "Succeeded"),
        ("ana", "Failed"),
    }
    assert "a-request" in {each.correlation_id for each in events}
    assert not any(password in each.detail for each in events)
