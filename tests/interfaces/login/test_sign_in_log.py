"""Every way to get a token leaves one entry in the activity log: who, in which way, from where. Going on leaves none."""

import logging
from collections import Counter

import pytest

from galeria.actions.people.sign_ins import SIGN_IN
from galeria.domain.audit import AuditSearch
from tests.interfaces.login.login_client import AZ, LoginClient


def sign_ins(login_client: LoginClient) -> list[tuple[str, str, str]]:
    context = login_client.context
    with context.database(reading=True) as uow:
        search = AuditSearch(action=SIGN_IN, status="succeeded")
        found = uow.audit.search([context.scope.lower()], search, offset=0, limit=1000)
    return [(each.principal_name, each.detail, each.address) for each in found]


def test_each_sign_in_is_one_entry(login_client: LoginClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    before = sign_ins(login_client)
    login_client.token(login_client.as_program())
    token = login_client.token(login_client.as_user())
    login_client.token({"grant_type": "refresh_token", "client_id": AZ, "refresh_token": token["refresh_token"]})
    login_client.token(login_client.as_user(client_id="some\u202eprogram", scope=login_client.scope))
    client_id = login_client.context.first.client_id

    assert Counter(sign_ins(login_client)) - Counter(before) == {
        (client_id, "signed in with its secret", "127.0.0.1"): 1,
        ("admin", "signed in with a password, for Azure CLI", "127.0.0.1"): 1,
        ("admin", "signed in with a password, for someprogram", "127.0.0.1"): 1,
    }
    logged = caplog.messages
    assert [each for each in logged if "signed in" in each] == [
        f"{client_id} from 127.0.0.1: signed in with its secret",
        "admin from 127.0.0.1: signed in with a password, for Azure CLI",
        "admin from 127.0.0.1: signed in with a password, for someprogram",
    ]
