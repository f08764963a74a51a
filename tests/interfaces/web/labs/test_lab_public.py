"""Ways into a template of a server that has a public name: what the lab's connection profile allows, and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from galeria.domain.reach.server_settings import ServerSettings
from galeria.domain.settings import Settings
from tests.interfaces.web.served import Portal, serving, text_of
from tests.prepared_installations import PreparedInstallations, with_lab

CONNECT = "/labs/campus/algebra/connect"
NAME = "labs.example.org"


@pytest.fixture
def portal(tmp_path: Path, prepared_installations: PreparedInstallations, token_key: RSAPrivateKey) -> Iterator[Portal]:
    settings = Settings(server=ServerSettings(name=NAME))
    with serving(tmp_path / "web", prepared_installations, token_key, prepare=with_lab, settings=settings) as portal:
        yield portal


def allow(portal: Portal, **profile: str) -> tuple[int | None, int | None]:
    """Set the profile and start the template; returns its public ports."""
    installation = portal.installation
    with installation.context.database() as uow:
        lab = uow.labs.get(installation.machine("algebra").lab_id)
        lab.profiles = {**lab.profiles, "connectionProfile": profile}
        uow.commit()
    installation.run(installation.begin_start("algebra"))
    machine = installation.machine("algebra")
    return machine.public_ssh_port, machine.public_rdp_port


def test_pages_and_the_file_name_the_public_addresses(portal: Portal) -> None:
    ssh, rdp = allow(portal, clientSshAccess="Public", clientRdpAccess="Public")
    browser = portal.browser("educator")
    page = browser.get(CONNECT)
    assert f"ssh -p {ssh} educator@{NAME}" in page.text
    assert f"{NAME}:{rdp}" in text_of(page)
    assert "127.0.0.1" not in page.text
    assert browser.get(f"{CONNECT}/template.rdp").text.startswith(f"full address:s:{NAME}:{rdp}\r\n")
    facts = text_of(browser.get("/labs/campus/algebra"))
    assert f"SSH address {NAME}:{ssh}" in facts
    assert f"Remote desktop address {NAME}:{rdp}" in facts


def test_a_desktop_goes_through_ssh_where_only_that_is_allowed(portal: Portal) -> None:
    ssh, rdp = allow(portal, clientSshAccess="Public", clientRdpAccess="None")
    assert rdp is None
    page = portal.browser("educator").get(CONNECT)
    assert f"ssh -N -L 13389:127.0.0.1:3389 -p {ssh} educator@{NAME}" in page.text
    file = portal.browser("educator").get(f"{CONNECT}/template.rdp")
    assert file.text.startswith("full address:s:127.0.0.1:13389\r\n")


def test_what_is_not_allowed_is_said(portal: Portal) -> None:
    assert allow(portal, clientSshAccess="None", clientRdpAccess="Private") == (None, None)
    said = text_of(portal.browser("educator").get(CONNECT))
    assert "lets nobody connect by SSH" in said
    assert "lets nobody connect by remote desktop" in said
    assert NAME not in said
    assert "SSH address" not in text_of(portal.browser("educator").get("/labs/campus/algebra"))
