"""Which server, and as whom: options, environment, data directory, kept sign-in, in this order."""

import json
import time
from pathlib import Path

import pytest

from galeria.domain.errors import Invalid, Unauthenticated
from galeria.interfaces.client.credentials import ClientSecret, Password, Session, Token
from galeria.interfaces.client.local_files import KeptSession, SessionFile, config_folder
from galeria.interfaces.client.server_lookup import LookupOptions, ServerLookup


def write_connect_file(data: Path, endpoint: str = "https://data.example") -> Path:
    data.mkdir(parents=True, exist_ok=True)
    content = {
        "endpoint": endpoint,
        "ca_file": str(data / "ca.pem"),
        "tenant_id": "t",
        "subscription_id": "s",
        "client_id": "robot",
        "client_secret": "secret",
    }
    (data / "connect.json").write_text(json.dumps(content))
    return data


def keep_session(environment: dict[str, str], endpoint: str = "https://kept.example") -> SessionFile:
    file = SessionFile(config_folder(environment))
    token = Token(value="a", expires_at=time.time() + 999, refresh="r")
    file.keep(KeptSession(endpoint=endpoint, ca_file=None, user="ana", token=token))
    return file


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.chdir(tmp_path)
    return {"HOME": str(tmp_path / "home")}


def finder(environment: dict[str, str]) -> ServerLookup:
    return ServerLookup(environment, lambda user: f"asked of {user}")


def test_options_come_first(environment: dict[str, str]) -> None:
    environment |= {"GALERIA_ENDPOINT": "https://env.example", "GALERIA_USER": "eva"}

    found = finder(environment).resolve(LookupOptions(endpoint="https://option.example", user="ana"))

    assert found.endpoint == "https://option.example"
    assert found.credentials == Password(user="ana", password="asked of ana")


def test_the_environment_names_server_and_program(environment: dict[str, str]) -> None:
    environment |= {
        "GALERIA_ENDPOINT": "https://env.example",
        "GALERIA_CA_FILE": "/ca.pem",
        "GALERIA_CLIENT_ID": "robot",
        "GALERIA_CLIENT_SECRET": "s",
    }

    found = finder(environment).resolve(LookupOptions())

    assert (found.endpoint, found.ca_file) == ("https://env.example", Path("/ca.pem"))
    assert found.credentials == ClientSecret(client_id="robot", client_secret="s")


def test_the_password_comes_from_the_environment_where_it_is_there(environment: dict[str, str]) -> None:
    environment |= {"GALERIA_ENDPOINT": "https://env.example", "GALERIA_USER": "eva", "GALERIA_PASSWORD": "p"}

    assert finder(environment).resolve(LookupOptions()).credentials == Password(user="eva", password="p")


@pytest.mark.parametrize("by", ["option", "environment", "default"])
def test_a_data_directory_holds_everything(environment: dict[str, str], tmp_path: Path, by: str) -> None:
    data = write_connect_file(tmp_path / ("data" if by == "default" else "elsewhere"))
    if by == "environment":
        environment["GALERIA_DATA"] = str(data)

    found = finder(environment).resolve(LookupOptions(data=data if by == "option" else None))

    assert (found.endpoint, found.subscription) == ("https://data.example", "s")
    assert found.credentials == ClientSecret(client_id="robot", client_secret="secret")


def test_a_person_may_sign_in_at_the_server_of_a_data_directory(environment: dict[str, str], tmp_path: Path) -> None:
    data = write_connect_file(tmp_path / "elsewhere")

    found = finder(environment).resolve(LookupOptions(data=data, user="ana"))

    assert (found.endpoint, found.who) == ("https://data.example", "ana")


def test_a_kept_sign_in_comes_before_the_default_directory(environment: dict[str, str], tmp_path: Path) -> None:
    write_connect_file(tmp_path / "data")
    keep_session(environment)

    found = finder(environment).resolve(LookupOptions())

    assert (found.endpoint, found.who) == ("https://kept.example", "ana")
    assert isinstance(found.credentials, Session)


def test_a_kept_sign_in_is_not_used_for_another_server(environment: dict[str, str]) -> None:
    keep_session(environment)

    with pytest.raises(Unauthenticated) as raised:
        finder(environment).resolve(LookupOptions(endpoint="https://other.example"))

    assert "galeria login" in raised.value.hint


def test_without_anything_it_is_said_what_to_do(environment: dict[str, str]) -> None:
    with pytest.raises(Unauthenticated) as raised:
        finder(environment).resolve(LookupOptions())

    assert "--data DIR" in raised.value.hint
    assert "galeria login" in raised.value.hint


def test_a_directory_without_an_installation_is_reported(environment: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(Unauthenticated, match=r"connect\.json"):
        finder(environment).resolve(LookupOptions(data=tmp_path / "empty"))


def test_a_damaged_file_is_reported(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "connect.json").write_text("{")

    with pytest.raises(Invalid, match="damaged"):
        finder(environment).resolve(LookupOptions(data=tmp_path))


def test_the_kept_sign_in_is_readable_by_its_owner_only_and_can_be_forgotten(environment: dict[str, str]) -> None:
    file = keep_session(environment)

    assert file.path.stat().st_mode & 0o077 == 0
    assert file.forget()
    assert file.find() is None
    assert not file.forget()
