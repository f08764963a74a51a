"""Secrets of programs change without an interruption, and what they opened can be shut at once."""

from datetime import timedelta

import pytest

from galeria.actions.core.request import Request
from galeria.actions.people.credentials import (
    add_identity,
    add_secret,
    find_by_identity,
    list_secrets,
    remove_secret,
    revoke,
)
from galeria.actions.people.people import create_person, disable, enable, set_password, sign_in
from galeria.actions.people.token_sessions import renew_session, start_session
from galeria.domain.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from galeria.domain.people.principals import PrincipalKind
from galeria.domain.settings import Settings
from galeria.ports.database import UnitOfWork
from tests.identity.worlds import World

PROGRAM = PrincipalKind.SERVICE_PRINCIPAL


@pytest.fixture
def app(world: World) -> str:
    """The client id of a program that has one secret."""
    return world.first.client_id


def asked(world: World, uow: UnitOfWork, by: str = "admin") -> Request:
    return Request(uow=uow, clock=world.clock, dice=world.dice, settings=Settings(), caller=world.caller(by))


def rotate(world: World, app: str, **until: timedelta) -> str:
    moments = {name: world.clock.now() + span for name, span in until.items()}
    with world.database() as uow:
        _, secret = add_secret(asked(world, uow), app, expires_at=moments.get("expires"), old_until=moments.get("old"))
        uow.commit()
        return secret


def works(world: World, app: str, secret: str) -> bool:
    with world.database(reading=True) as uow:
        try:
            return sign_in(uow, world.secrets, world.clock, app, secret, PROGRAM).name == app
        except Unauthenticated:
            return False


def ids(world: World, app: str) -> list[str]:
    with world.database(reading=True) as uow:
        return [each.id for each in list_secrets(asked(world, uow), app)]


def remove(world: World, app: str, id: str) -> bool:
    with world.database() as uow:
        removed = remove_secret(asked(world, uow), app, id)
        uow.commit()
        return removed


def test_old_and_new_secret_both_work_until_the_old_one_is_removed(world: World, app: str) -> None:
    new = rotate(world, app)
    assert works(world, app, world.first.client_secret)
    assert works(world, app, new)
    old_id, new_id = ids(world, app)
    assert remove(world, app, old_id.upper())
    assert not works(world, app, world.first.client_secret)
    assert works(world, app, new)
    assert ids(world, app) == [new_id]
    assert not remove(world, app, old_id)


def test_secrets_go_round_for_ever(world: World, app: str) -> None:
    for _ in range(3):
        world.clock.move(seconds=1)
        new = rotate(world, app)
        remove(world, app, ids(world, app)[0])
        assert works(world, app, new)


def test_old_secret_ends_at_its_date(world: World, app: str) -> None:
    new = rotate(world, app, old=timedelta(days=7))
    world.clock.move(days=6)
    assert works(world, app, world.first.client_secret)
    world.clock.move(days=1)
    assert not works(world, app, world.first.client_secret)
    assert works(world, app, new)
    newest = rotate(world, app, old=timedelta())
    assert [works(world, app, each) for each in (new, newest)] == [False, True]
    assert len(ids(world, app)) == 1


def test_new_secret_ends_at_its_date_and_never_before_it_began(world: World, app: str) -> None:
    new = rotate(world, app, expires=timedelta(days=30))
    world.clock.move(days=30)
    assert not works(world, app, new)
    with pytest.raises(Invalid):
        rotate(world, app, expires=timedelta())


def test_third_secret_is_refused_while_two_work(world: World, app: str) -> None:
    rotate(world, app)
    with pytest.raises(Conflict, match="2 secrets"):
        rotate(world, app)
    rotate(world, app, old=timedelta())


def test_new_password_takes_the_place_of_all_secrets(world: World, app: str) -> None:
    new = rotate(world, app)
    with world.database() as uow:
        _, only = set_password(uow, world.secrets, world.clock, world.dice, world.caller("admin"), app, None)
        uow.commit()
    assert [works(world, app, each) for each in (world.first.client_secret, new, only)] == [False, False, True]


def test_one_slow_check_however_many_secrets_there_are(world: World, app: str) -> None:
    counted: list[str] = []

    class Counted:
        def hash(self, secret: str) -> str:
            counted.append("slow")
            return world.secrets.hash(secret)

        def matches(self, hashed: str, secret: str) -> bool:
            counted.append("slow")
            return world.secrets.matches(hashed, secret)

        def unix_hash(self, secret: str) -> str:
            return world.secrets.unix_hash(secret)

    def tries() -> int:
        counted.clear()
        with world.database(reading=True) as uow, pytest.raises(Unauthenticated):
            sign_in(uow, Counted(), world.clock, app, "wrong", PROGRAM)
        return len(counted)

    assert tries() == 1
    rotate(world, app)
    assert tries() == 1
    remove(world, app, ids(world, app)[0])
    assert tries() == 1


def test_people_have_passwords_and_no_secrets(world: World) -> None:
    with world.database() as uow:
        request = asked(world, uow)
        for verb in (add_secret, add_identity, list_secrets):
            with pytest.raises(Invalid, match="is a person"):
                verb(request, "admin")


def test_others_secrets_take_the_right_to_give_roles_and_ones_own_do_not(world: World, app: str) -> None:
    with world.database() as uow:
        create_person(uow, world.secrets, world.clock, world.dice, world.caller("admin"), "ana", "Ana", "Aula-2026!")
        uow.commit()
    with world.database() as uow:
        for verb in (add_secret, add_identity, list_secrets, revoke):
            with pytest.raises(Forbidden):
                verb(asked(world, uow, "ana"), app)
        revoke(asked(world, uow, "ana"), "ANA")
        add_secret(asked(world, uow, app), app)
        with pytest.raises(NotFound):
            revoke(asked(world, uow), "nobody")


def test_identity_header_names_its_program_until_it_is_removed(world: World, app: str) -> None:
    with world.database() as uow:
        made, header = add_identity(asked(world, uow), app)
        short, soon = add_identity(asked(world, uow), app, expires_at=world.clock.now() + timedelta(hours=1))
        uow.commit()

    def whose(text: str) -> str | None:
        with world.database(reading=True) as uow:
            found = find_by_identity(uow, world.clock, text)
            return found.name if found else None

    assert (whose(header), whose(soon)) == (app, app)
    assert whose("a guess") is None
    assert not works(world, app, header)
    world.clock.move(hours=1)
    assert (whose(header), whose(soon)) == (app, None)
    assert remove(world, app, made.id)
    assert whose(header) is None
    assert short.id in ids(world, app)


def test_client_secret_is_no_identity_header(world: World, app: str) -> None:
    secret = rotate(world, app)
    with world.database(reading=True) as uow:
        assert find_by_identity(uow, world.clock, secret) is None


def test_revoking_ends_sessions_and_older_tokens(world: World) -> None:
    admin = world.caller("admin").principal
    before = world.clock.now()
    with world.database() as uow:
        token = start_session(uow, world.clock, world.dice, admin.id, "a-program")
        uow.commit()
    world.clock.move(seconds=1)
    with world.database() as uow:
        revoked = revoke(asked(world, uow), "admin")
        uow.commit()
    with world.database() as uow:
        assert renew_session(uow, world.clock, world.dice, token, "a-program") is None
    assert not revoked.accepts(before)
    assert not revoked.accepts(world.clock.now())
    assert revoked.accepts(world.clock.now() + timedelta(seconds=1))


def test_neither_database_nor_audit_trail_know_the_secret(world: World, app: str) -> None:
    secret = rotate(world, app)
    with world.database(reading=True) as uow:
        (row,) = uow.credentials.of_principal(world.caller(app).principal.id)
        events = uow.audit.recent()
    assert secret not in vars(row).values()
    assert f"gave '{app}' a client secret" in {each.detail for each in events}
    assert not any(secret in each.detail for each in events)


def test_enabling_somebody_again_does_not_revive_old_tokens(world: World) -> None:
    with world.database() as uow:
        tools = (uow, world.secrets, world.clock, world.dice, world.caller("admin"))
        create_person(*tools, "ana", "Ana", "Aula-2026!")
        uow.commit()
    before = world.clock.now()
    with world.database() as uow:
        disable(uow, world.clock, world.dice, world.caller("admin"), "ana")
        ana = enable(uow, world.clock, world.dice, world.caller("admin"), "ana")
        uow.commit()
    assert not ana.accepts(before)
    world.clock.move(seconds=1)
    assert ana.accepts(world.clock.now())
