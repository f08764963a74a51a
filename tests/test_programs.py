"""Programs learn of this process's environment where things are, and nothing that may be a secret."""

import pytest

from galeria.programs import run


def test_a_program_gets_no_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = ("AWS_SECRET_ACCESS_KEY", "AZURE_STORAGE_ACCOUNT_KEY", "GALERIA_PASSWORD", "SOMETHING_NEW")
    for name in secrets:
        monkeypatch.setenv(name, "a planted secret")
    told = run(["env"])
    assert "planted" not in told
    assert not any(name in told for name in secrets)


def test_a_program_finds_its_home_its_temporary_folder_and_other_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somebody")
    monkeypatch.setenv("TMPDIR", "/elsewhere")
    told = run(["env"]).splitlines()
    assert {"HOME=/somebody", "TMPDIR=/elsewhere", "LC_ALL=C.UTF-8"} <= set(told)
    assert any(line.startswith("PATH=") and line.endswith("/sbin") for line in told)


def test_what_a_program_needs_besides_is_passed_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example.org:3128")
    assert "https_proxy" not in run(["env"])
    assert "https_proxy=http://proxy.example.org:3128" in run(["env"], passing=("https_proxy", "no_proxy"))
