"""Signing in, renewing, refusals as domain errors, servers that are away."""

import threading
import time
from pathlib import Path

import pytest

from galeria.domain import errors
from galeria.interfaces.client.connection import ServerConnection
from galeria.interfaces.client.credentials import AccessToken, ClientSecret, Password, Session, Token
from tests.interfaces.client.rest_double import RestDouble, Told, refused


def test_a_program_signs_in_once_for_many_requests(double: RestDouble, connection: ServerConnection) -> None:
    for _ in range(3):
        connection.get("/subscriptions")

    (form,) = double.sign_ins
    assert form["grant_type"] == "client_credentials"
    assert form["scope"] == f"{double.endpoint}/.default"
    assert (form["client_id"], form["client_secret"]) == ("robot", "s")


def test_a_person_signs_in_by_password(double: RestDouble) -> None:
    with ServerConnection(double.endpoint, Password(user="ana", password="right")) as connection:
        connection.get("/subscriptions")

    assert double.sign_ins[0]["username"] == "ana"
    assert "offline_access" in double.sign_ins[0]["scope"].split()


def test_a_wrong_password_is_reported_as_such(double: RestDouble) -> None:
    with (
        ServerConnection(double.endpoint, Password(user="ana", password="wrong")) as connection,
        pytest.raises(errors.Unauthenticated, match="password is wrong"),
    ):
        connection.get("/subscriptions")


def test_a_token_with_less_than_a_minute_left_is_renewed_before_use(
    double: RestDouble, connection: ServerConnection
) -> None:
    double.token_seconds = 59

    connection.get("/subscriptions")
    connection.get("/subscriptions")

    assert len(double.sign_ins) == 2
    assert [each.path for each in double.asked].count("/subscriptions") == 2


def test_a_refused_token_is_renewed_once(double: RestDouble, connection: ServerConnection) -> None:
    connection.get("/subscriptions")
    double.sign_ins.append({})  # The token given out first is now not the last one any more.

    connection.get("/subscriptions")

    assert len(double.sign_ins) == 3


def test_a_token_that_stays_refused_is_an_error(double: RestDouble) -> None:
    with (
        ServerConnection(double.endpoint, AccessToken(value="stolen")) as connection,
        pytest.raises(errors.Unauthenticated, match="does not accept"),
    ):
        connection.get("/subscriptions")


def test_a_kept_session_uses_its_refresh_token_and_keeps_the_next(double: RestDouble) -> None:
    kept: list[Token] = []
    session = Session(Token(value="old", expires_at=time.time() - 1, refresh="r-0"), keep=kept.append)

    with ServerConnection(double.endpoint, session) as connection:
        connection.get("/subscriptions")

    assert double.sign_ins[0]["refresh_token"] == "r-0"
    assert [(token.value, token.refresh) for token in kept] == [("token-1", "r-1")]


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "InvalidParameter", errors.Invalid),
        (403, "AuthorizationFailed", errors.Forbidden),
        (404, "ResourceNotFound", errors.NotFound),
        (409, "ImageNotInRegion", errors.Conflict),
        (412, "PreconditionFailed", errors.Precondition),
        (413, "RequestEntityTooLarge", errors.TooLarge),
        (503, "OutOfSpace", errors.OutOfSpace),
        (503, "ServiceUnavailable", errors.Unavailable),
        (500, "InternalServerError", errors.GaleriaError),
    ],
)
def test_refusals_come_back_as_the_errors_that_they_were(
    double: RestDouble, connection: ServerConnection, status: int, code: str, kind: type[errors.GaleriaError]
) -> None:
    double.answers["PUT", "/thing"] = lambda asked: refused(status, code, "So it is.", target="name")

    with pytest.raises(errors.GaleriaError) as raised:
        connection.send("PUT", "/thing", body={})

    error = raised.value
    assert (type(error), error.code, error.message, error.target) == (kind, code, "So it is.", "name")


def test_a_hint_that_the_server_sends_apart_is_shown_apart(double: RestDouble, connection: ServerConnection) -> None:
    more = {"additionalInfo": [{"type": "Hint", "info": {"hint": "Do this."}}]}
    double.answers["GET", "/thing"] = lambda asked: refused(409, "Conflict", "It is so. Do this.", **more)

    with pytest.raises(errors.Conflict) as raised:
        connection.get("/thing")

    assert (raised.value.message, raised.value.hint) == ("It is so.", "Do this.")


def test_an_answer_that_is_not_json_is_shown_shortened(double: RestDouble, connection: ServerConnection) -> None:
    double.answers["GET", "/thing"] = lambda asked: Told(status=502)

    with pytest.raises(errors.Unavailable, match="502"):
        connection.get("/thing")


def test_lists_are_read_to_their_last_page_from_the_same_server(
    double: RestDouble, connection: ServerConnection
) -> None:
    next_link = "https://elsewhere.example/things/2?api-version=1&$skipToken=x"
    double.put("GET", "/things", {"value": [{"n": 1}, {"n": 2}], "nextLink": next_link})
    double.put("GET", "/things/2", {"value": [{"n": 3}]})

    assert connection.get_all("/things", **{"api-version": "1"}) == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert double.asked[-1].query == {"api-version": "1", "$skipToken": "x"}


def test_a_server_that_is_not_there_is_reported_with_what_to_do(double: RestDouble) -> None:
    double.stop()

    with (
        ServerConnection(double.endpoint, ClientSecret(client_id="robot", client_secret="s")) as connection,
        pytest.raises(errors.Unavailable) as raised,
    ):
        connection.get("/subscriptions")

    assert "Is 'galeria serve' running at" in raised.value.hint


def test_a_patient_connection_waits_for_a_server_that_is_restarting(
    double: RestDouble, connection: ServerConnection
) -> None:
    connection.get("/subscriptions")
    double.stop()
    threading.Timer(0.5, double.start).start()

    assert connection.get("/subscriptions")["value"]


def test_a_write_waits_too_while_it_cannot_have_arrived(double: RestDouble, connection: ServerConnection) -> None:
    double.put("POST", "/thing", {"ok": True})
    connection.sign_in()
    double.stop()
    threading.Timer(0.5, double.start).start()

    assert connection.send("POST", "/thing", body={}).body == {"ok": True}
    assert [each.path for each in double.asked].count("/thing") == 1


@pytest.mark.parametrize(
    "endpoint",
    ["http://lab.example.org", "lab.example.org", "ftp://127.0.0.1", "https://", "https://[", "https://h:99999"],
)
def test_secrets_are_sent_over_https_only(endpoint: str) -> None:
    with pytest.raises(errors.Invalid, match="not an endpoint"):
        ServerConnection(endpoint, AccessToken(value="t"))


def test_a_ca_file_that_is_none_is_reported(tmp_path: Path) -> None:
    with pytest.raises(errors.Invalid, match="certificate"):
        ServerConnection("https://127.0.0.1:1", AccessToken(value="t"), ca_file=tmp_path / "missing.pem")


def test_secrets_do_not_show_in_a_representation() -> None:
    shown = repr([Password(user="ana", password="hidden"), ClientSecret(client_id="x", client_secret="hidden")])

    assert "hidden" not in shown + repr(Token(value="hidden", refresh="hidden", expires_at=0))


@pytest.mark.parametrize(
    "path", ["@elsewhere.example/x", ".elsewhere.example/", "0/x", "file:///etc/passwd", "//[x", "", "?a=b"]
)
def test_nothing_is_asked_and_no_token_goes_out_for_what_is_no_path(
    double: RestDouble, connection: ServerConnection, path: str
) -> None:
    connection.sign_in()
    asked = len(double.asked)
    with pytest.raises(errors.Invalid, match="no path on the server"):
        connection.get(path)
    assert len(double.asked) == asked
