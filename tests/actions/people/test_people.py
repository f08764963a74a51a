"""The first start, signing in, and who may make and change people."""

import pytest

from galeria.actions.core.audit import record_audit
from galeria.actions.people.first_start import create_first_start, is_started
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
from tests.identity_context import SUBSCRIPTION, IdentityContext

GOOD = "Aula-2026!"


def make_user(context: IdentityContext, name: str = "ana", password: str | None = GOOD) -> tuple[Principal, str]:
    with context.database() as uow:
        made = create_person(context.request(uow), name, name.title(), password, context.secrets)
        uow.commit()
        return made


def check(context: IdentityContext, name: str, secret: str, kind: PrincipalKind = PrincipalKind.USER) -> Principal:
    with context.database(reading=True) as uow:
        return sign_in(context.base_request(uow), name, secret, kind, context.secrets)


def test_first_start_makes_a_subscription_a_group_and_two_owners(context: IdentityContext) -> None:
    with context.database(reading=True) as uow:
        assert [each.id for each in uow.subscriptions()] == [SUBSCRIPTION]
        group = uow.groups.get_by_key(context.group.lower())
        assert (group.name, group.location) == ("galeria", "brazilsouth")
    for name in "admin", context.first.client_id:
        assert context.caller(name).may("Microsoft.Authorization/roleAssignments/write", context.scope)


def test_first_start_is_repeated_without_effect(context: IdentityContext) -> None:
    with context.database() as uow:
        assert is_started(context.base_request(uow), SUBSCRIPTION)
        create_first_start(
            context.base_request(uow), SUBSCRIPTION, context.first, context.secrets, location="elsewhere"
        )
        uow.commit()
        assert len(uow.people.all()) == 2
        assert len(uow.people.all_assignments()) == 2


def test_signing_in_with_the_first_secrets(context: IdentityContext) -> None:
    assert check(context, "Admin", context.first.password).name == "admin"
    kind = PrincipalKind.SERVICE_PRINCIPAL
    assert check(context, context.first.client_id, context.first.client_secret, kind).kind is kind


def test_whatever_is_wrong_the_answer_is_the_same(context: IdentityContext) -> None:
    make_user(context)
    answers = set()
    for name, secret in ("ana", "wrong"), ("nobody", GOOD), (context.first.client_id, context.first.client_secret):
        with pytest.raises(Unauthenticated) as caught:
            check(context, name, secret)
        answers.add(str(caught.value))
    assert len(answers) == 1


def test_unknown_names_cost_as_much_as_wrong_secrets(context: IdentityContext) -> None:
    asked = []

    class Counted:
        def hash(self, secret: str) -> str:
            asked.append("hash")
            return context.secrets.hash(secret)

        def matches(self, hashed: str, secret: str) -> bool:
            asked.append("matches")
            return context.secrets.matches(hashed, secret)

        def unix_hash(self, secret: str) -> str:
            return context.secrets.unix_hash(secret)

        def differs(self, hashed: str, secret: str) -> bool:
            return context.secrets.differs(hashed, secret)

    with context.database(reading=True) as uow:
        for name in "admin", "nobody":
            with pytest.raises(Unauthenticated):
                sign_in(context.base_request(uow), name, "wrong", PrincipalKind.USER, Counted())
    assert asked == ["matches", "hash"]


def test_new_person_signs_in_and_may_do_nothing(context: IdentityContext) -> None:
    _, given = make_user(context)
    assert given == GOOD
    assert check(context, "ANA", GOOD).display_name == "Ana"
    assert not context.caller("ana").may("Microsoft.Compute/galleries/read", context.scope)


def test_password_is_made_where_none_is_given(context: IdentityContext) -> None:
    _, made = make_user(context, password=None)
    assert len(made) == 43
    check(context, "ana", made)


@pytest.mark.parametrize("name", ["", "-ana", "ana bela", "ana/b", "a" * 101, "ana\n"])
def test_unusable_names_are_refused(context: IdentityContext, name: str) -> None:
    with pytest.raises(Invalid):
        make_user(context, name)


def test_weak_passwords_and_taken_names_are_refused(context: IdentityContext) -> None:
    with pytest.raises(Invalid):
        make_user(context, password="short")
    with pytest.raises(Conflict):
        make_user(context, "ADMIN")


def test_new_service_principal_signs_in_with_its_client_id(context: IdentityContext) -> None:
    with context.database() as uow:
        principal, secret = create_service_principal(context.request(uow), "Nightly build", context.secrets)
        uow.commit()
    assert check(context, principal.name, secret, PrincipalKind.SERVICE_PRINCIPAL).display_name == "Nightly build"


@pytest.mark.parametrize("role", [None, "Reader", "Contributor", "Lab Creator"])
def test_only_owners_make_and_change_people(context: IdentityContext, role: str | None) -> None:
    make_user(context)
    with context.database() as uow:
        if role:
            give_role(context.request(uow), "ana", role, context.scope)
        uow.commit()
    ana = context.caller("ana")
    kind, said = (Forbidden, "roleAssignments/write") if role else (NotFound, "you have no role in it yet")
    with context.database() as uow:
        with pytest.raises(kind, match=said):
            create_person(context.request(uow, ana), "bia", "Bia", GOOD, context.secrets)
        with pytest.raises(kind):
            create_service_principal(context.request(uow, ana), "x", context.secrets)
        with pytest.raises(kind):
            set_password(context.request(uow, ana), "admin", GOOD, context.secrets)
        with pytest.raises(kind):
            disable(context.request(uow, ana), "admin")


def test_owner_of_a_group_cannot_make_people(context: IdentityContext) -> None:
    make_user(context)
    with context.database() as uow:
        give_role(context.request(uow), "ana", "Owner", context.group)
        uow.commit()
    with context.database() as uow, pytest.raises(Forbidden):
        create_person(context.request(uow, "ana"), "bia", "Bia", GOOD, context.secrets)


def test_everybody_sets_the_own_password(context: IdentityContext) -> None:
    make_user(context)
    with context.database() as uow:
        set_password(context.request(uow, "ana"), "ana", "Outra-2027!", context.secrets)
        uow.commit()
    check(context, "ana", "Outra-2027!")
    with pytest.raises(Unauthenticated):
        check(context, "ana", GOOD)


def test_disabled_people_cannot_sign_in_until_enabled(context: IdentityContext) -> None:
    make_user(context)
    admin = context.caller("admin")
    with context.database() as uow:
        disable(context.request(uow, admin), "ana")
        disable(context.request(uow, admin), "ana")
        uow.commit()
    with pytest.raises(Unauthenticated):
        check(context, "ana", GOOD)
    with context.database() as uow:
        enable(context.request(uow, admin), "ana")
        uow.commit()
    check(context, "ana", GOOD)


def test_last_owner_cannot_be_disabled(context: IdentityContext) -> None:
    admin = context.caller("admin")
    with context.database() as uow:
        disable(context.request(uow, admin), context.first.client_id)
        with pytest.raises(Conflict):
            disable(context.request(uow, admin), "admin")


def test_people_are_listed_for_those_who_may_see_roles(context: IdentityContext) -> None:
    make_user(context)
    with context.database(reading=True) as uow:
        assert len(list_people(context.request(uow))) == 3
        with pytest.raises(NotFound):
            list_people(context.request(uow, "ana"))


def test_unknown_person_is_not_found(context: IdentityContext) -> None:
    with context.database() as uow, pytest.raises(NotFound):
        disable(context.request(uow), "nobody")


def test_changes_are_in_the_audit_trail_without_secrets(context: IdentityContext) -> None:
    _, password = make_user(context)
    with context.database() as uow:
        record_audit(context.base_request(uow), context.caller("ana"), "an/action", context.group, "Failed")
        uow.commit()
    with context.database(reading=True) as uow:
        events = uow.audit.recent()
    assert {(each.principal_name, each.status) for each in events} == {
        ("admin", "Succeeded"),
        ("installation", "Succeeded"),
        ("ana", "Failed"),
    }
    assert "a-request" in {each.correlation_id for each in events}
    assert not any(password in each.detail for each in events)
