"""Codes and secrets on the way to a token: found by their hashes, and gone with whom they belong to."""

from datetime import timedelta

import pytest

from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.domain.errors import Conflict
from galeria.domain.people.sign_in import AuthorizationCode, Credential, CredentialKind, DeviceCode, DeviceCodeAnswer
from tests.adapters.db.samples import NOW, new_id, principal


def credential(owner: str, secret_hash: str, minutes: int = 0) -> Credential:
    return Credential(
        id=new_id(),
        principal_id=owner,
        kind=CredentialKind.IDENTITY,
        secret_hash=secret_hash,
        created_at=NOW + timedelta(minutes=minutes),
    )


def device_code(name: str, minutes: int = 15, owner: str | None = None) -> DeviceCode:
    return DeviceCode(
        id=name,
        user_code=f"user-{name}",
        client_id="az",
        scope="",
        issued_at=NOW,
        expires_at=NOW + timedelta(minutes=minutes),
        interval=3,
        principal_id=owner,
    )


def authorization_code(name: str, owner: str, minutes: int = 5) -> AuthorizationCode:
    return AuthorizationCode(
        id=name,
        principal_id=owner,
        client_id="az",
        redirect_uri="http://localhost:8400",
        scope="",
        challenge="x",
        nonce="",
        family="f",
        expires_at=NOW + timedelta(minutes=minutes),
    )


def test_they_are_found_by_hash_owner_and_time(db: SqlDatabase) -> None:
    ana, bia = principal("ana"), principal("bia")
    with db() as uow:
        for person in ana, bia:
            uow.people.add(person)
        uow.flush()
        for each in credential(ana.id, "b", 1), credential(ana.id, "a"), credential(bia.id, "c"):
            uow.credentials.add(each)
        for code in device_code("late", 20), device_code("early"), device_code("anas", owner=ana.id):
            uow.device_codes.add(code)
        for back in authorization_code("2", ana.id, 6), authorization_code("1", ana.id):
            uow.authorization_codes.add(back)
        uow.commit()
    with db(reading=True) as uow:
        found = uow.credentials.find_by_hash("b")
        assert found is not None
        assert (found.principal_id, found.kind, found.created_at) == (
            ana.id,
            CredentialKind.IDENTITY,
            NOW + timedelta(minutes=1),
        )
        assert uow.credentials.find_by_hash("d") is None
        assert [each.secret_hash for each in uow.credentials.of_principal(ana.id)] == ["a", "b"]
        waiting = uow.device_codes.find_by_user_code("user-late")
        assert waiting is not None
        assert waiting.answer is DeviceCodeAnswer.PENDING
        assert uow.device_codes.find_by_user_code("late") is None
        assert [each.id for each in uow.device_codes.expired(NOW + timedelta(minutes=16))] == ["anas", "early"]
        assert [each.id for each in uow.device_codes.of_principal(ana.id)] == ["anas"]
        assert [each.id for each in uow.authorization_codes.expired(NOW + timedelta(hours=1))] == ["1", "2"]
        assert [each.id for each in uow.authorization_codes.of_principal(ana.id)] == ["1", "2"]


def test_they_go_with_their_owner(db: SqlDatabase) -> None:
    ana = principal("ana")
    with db() as uow:
        uow.people.add(ana)
        uow.flush()
        uow.credentials.add(credential(ana.id, "a"))
        uow.device_codes.add(device_code("d", owner=ana.id))
        uow.authorization_codes.add(authorization_code("c", ana.id))
        uow.commit()
    with db() as uow:
        uow.people.remove(uow.people.get(ana.id))
        uow.commit()
    with db(reading=True) as uow:
        assert uow.credentials.find_by_hash("a") is None
        assert uow.device_codes.find("d") is None
        assert uow.authorization_codes.find("c") is None


def test_nobody_gets_a_code_that_somebody_has(db: SqlDatabase) -> None:
    with db() as uow:
        uow.device_codes.add(device_code("one"))
        uow.flush()
        twin = device_code("two")
        twin.user_code = "user-one"
        uow.device_codes.add(twin)
        with pytest.raises(Conflict):
            uow.flush()
