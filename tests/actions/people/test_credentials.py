"""Secrets of programs change without an interruption, and what they opened can be shut at once."""

from datetime import timedelta

import pytest

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
from galeria.domain.errors import Conflict, Invalid, NotFound, Unauthenticated
from galeria.domain.people.principals import PrincipalKind
from tests.identity_context import IdentityContext

PROGRAM = PrincipalKind.SERVICE_PRINCIPAL


@pytest.fixture
def app(context: IdentityContext) -> str:
    """The client id of a program that has one secret."""
    return context.first.client_id


def rotate(context: IdentityContext, app: str, **until: timedelta) -> str:
    moments = {name: context.clock.now() + span for name, span in until.items()}
    with context.database() as uow:
        _, secret = add_secret(
            context.request(uow), app, expires_at=moments.get("expires"), old_until=moments.get("old")
        )
        uow.commit()
        return secret


def works(context: IdentityContext, app: str, secret: str) -> bool:
    with context.database(reading=True) as uow:
        try:
            return sign_in(context.base_request(uow), app, secret, PROGRAM, context.secrets).name == app
        except Unauthenticated:
            return False


def ids(context: IdentityContext, app: str) -> list[str]:
    with context.database(reading=True) as uow:
        return [each.id for each in list_secrets(context.request(uow), app)]


def remove(context: IdentityContext, app: str, id: str) -> bool:
    with context.database() as uow:
        removed = remove_secret(context.request(uow), app, id)
        uow.commit()
        return removed


def test_old_and_new_secret_both_work_until_the_old_one_is_removed(context: IdentityContext, app: str) -> None:
    new = rotate(context, app)
    assert works(context, app, context.first.client_secret)
    assert works(context, app, new)
    old_id, new_id = ids(context, app)
    assert remove(context, app, old_id.upper())
    assert not works(context, app, context.first.client_secret)
    assert works(context, app, new)
    assert ids(context, app) == [new_id]
    assert not remove(context, app, old_id)


def test_secrets_go_round_for_ever(context: IdentityContext, app: str) -> None:
    for _ in range(3):
        context.clock.move(seconds=1)
        new = rotate(context, app)
        remove(context, app, ids(context, app)[0])
        assert works(context, app, new)


def test_old_secret_ends_at_its_date(context: IdentityContext, app: str) -> None:
    new = rotate(context, app, old=timedelta(days=7))
    context.clock.move(days=6)
    assert works(context, app, context.first.client_secret)
    context.clock.move(days=1)
    assert not works(context, app, context.first.client_secret)
    assert works(context, app, new)
    newest = rotate(context, app, old=timedelta())
    assert [works(context, app, each) for each in (new, newest)] == [False, True]
    assert len(ids(context, app)) == 1


def test_new_secret_ends_at_its_date_and_never_before_it_began(context: IdentityContext, app: str) -> None:
    new = rotate(context, app, expires=timedelta(days=30))
    context.clock.move(days=30)
    assert not works(context, app, new)
    with pytest.raises(Invalid):
        rotate(context, app, expires=timedelta())


def test_third_secret_is_refused_while_two_work(context: IdentityContext, app: str) -> None:
    rotate(context, app)
    with pytest.raises(Conflict, match="2 secrets"):
        rotate(context, app)
    rotate(context, app, old=timedelta())


def test_new_password_takes_the_place_of_all_secrets(context: IdentityContext, app: str) -> None:
    new = rotate(context, app)
    with context.database() as uow:
        _, only = set_password(context.request(uow), app, None, context.secrets)
        uow.commit()
    assert [works(context, app, each) for each in (context.first.client_secret, new, only)] == [False, False, True]


def test_one_slow_check_however_many_secrets_there_are(context: IdentityContext, app: str) -> None:
    counted: list[str] = []

    class Counted:
        def hash(self, secret: str) -> str:
            counted.append("slow")
            return context.secrets.hash(secret)

        def matches(self, hashed: str, secret: str) -> bool:
            counted.append("slow")
            return context.secrets.matches(hashed, secret)

        def unix_hash(self, secret: str) -> str:
            return context.secrets.unix_hash(secret)

        def differs(self, hashed: str, secret: str) -> bool:
            return context.secrets.differs(hashed, secret)

    def tries() -> int:
        counted.clear()
        with context.database(reading=True) as uow, pytest.raises(Unauthenticated):
            sign_in(context.base_request(uow), app, "wrong", PROGRAM, Counted())
        return len(counted)

    assert tries() == 1
    rotate(context, app)
    assert tries() == 1
    remove(context, app, ids(context, app)[0])
    assert tries() == 1


def test_people_have_passwords_and_no_secrets(context: IdentityContext) -> None:
    with context.database() as uow:
        request = context.request(uow)
        for verb in (add_secret, add_identity, list_secrets):
            with pytest.raises(Invalid, match="is a person"):
                verb(request, "admin")


def test_others_secrets_take_the_right_to_give_roles_and_ones_own_do_not(context: IdentityContext, app: str) -> None:
    with context.database() as uow:
        create_person(context.request(uow), "ana", "Ana", "Aula-2026!", context.secrets)
        uow.commit()
    with context.database() as uow:
        for verb in (add_secret, add_identity, list_secrets, revoke):
            with pytest.raises(NotFound):
                verb(context.request(uow, "ana"), app)
        revoke(context.request(uow, "ana"), "ANA")
        add_secret(context.request(uow, app), app)
        with pytest.raises(NotFound):
            revoke(context.request(uow), "nobody")


def test_identity_header_names_its_program_until_it_is_removed(context: IdentityContext, app: str) -> None:
    with context.database() as uow:
        made, header = add_identity(context.request(uow), app)
        short, soon = add_identity(context.request(uow), app, expires_at=context.clock.now() + timedelta(hours=1))
        uow.commit()

    def whose(text: str) -> str | None:
        with context.database(reading=True) as uow:
            found = find_by_identity(context.base_request(uow), text)
            return found.name if found else None

    assert (whose(header), whose(soon)) == (app, app)
    assert whose("a guess") is None
    assert not works(context, app, header)
    context.clock.move(hours=1)
    assert (whose(header), whose(soon)) == (app, None)
    assert remove(context, app, made.id)
    assert whose(header) is None
    assert short.id in ids(context, app)


def test_client_secret_is_no_identity_header(context: IdentityContext, app: str) -> None:
    secret = rotate(context, app)
    with context.database(reading=True) as uow:
        assert find_by_identity(context.base_request(uow), secret) is None


def test_revoking_ends_sessions_and_older_tokens(context: IdentityContext) -> None:
    admin = context.caller("admin").principal
    before = context.clock.now()
    with context.database() as uow:
        token = start_session(context.base_request(uow), admin.id, "a-program")
        uow.commit()
    context.clock.move(seconds=1)
    with context.database() as uow:
        revoked = revoke(context.request(uow), "admin")
        uow.commit()
    with context.database() as uow:
        assert renew_session(context.base_request(uow), token, "a-program") is None
    assert not revoked.accepts(before)
    assert not revoked.accepts(context.clock.now())
    assert revoked.accepts(context.clock.now() + timedelta(seconds=1))


def test_neither_database_nor_audit_trail_know_the_secret(context: IdentityContext, app: str) -> None:
    secret = rotate(context, app)
    with context.database(reading=True) as uow:
        (row,) = uow.credentials.of_principal(context.caller(app).principal.id)
        events = uow.audit.recent()
    assert secret not in vars(row).values()
    assert f"gave '{app}' a client secret" in {each.detail for each in events}
    assert not any(secret in each.detail for each in events)


def test_enabling_somebody_again_does_not_revive_old_tokens(context: IdentityContext) -> None:
    with context.database() as uow:
        create_person(context.request(uow), "ana", "Ana", "Aula-2026!", context.secrets)
        uow.commit()
    before = context.clock.now()
    with context.database() as uow:
        disable(context.request(uow), "ana")
        ana = enable(context.request(uow), "ana")
        uow.commit()
    assert not ana.accepts(before)
    context.clock.move(seconds=1)
    assert ana.accepts(context.clock.now())
