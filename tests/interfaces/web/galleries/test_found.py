"""What was found on a disk, on the pages of its image and its version, in both languages."""

import pytest

from galeria.domain.images.findings import CloudInit, Findings, Firmware, FoundAccount, SshServer, SystemKind
from galeria.domain.messages import EMPTY, Message
from tests.found_samples import FOUND
from tests.interfaces.web.served import NewPortal, Portal, text_of
from tests.local_installation import version_id
from tests.prepared_installations import with_linux

LINUX = "/galleries/campus/gal/images/linux"
V1 = f"{LINUX}/versions/1.0.0"


@pytest.fixture
def stocked(new_portal: NewPortal) -> Portal:
    return new_portal(with_linux)


def note(portal: Portal, found: Findings | None, obstacle: Message = EMPTY) -> None:
    with portal.installation.context.database() as uow:
        version = uow.versions.get_by_key(version_id("linux").key)
        version.found, version.look_obstacle = found, obstacle
        uow.commit()


@pytest.mark.parametrize("address", [LINUX, V1])
def test_a_disk_is_described_in_the_words_of_people(stocked: Portal, address: str) -> None:
    note(stocked, FOUND)

    answer = stocked.browser().get(address)
    page = text_of(answer)

    assert "&lt;b&gt;" in answer.text
    for words in (
        "started by systemd",
        "1 GB of 4 GB are free",
        "xfs, LVM",
        "BIOS, UEFI, grub, 6.1.0-57-cloud-amd64",
        "reaches its disk by virtio_blk, nvme",
        "cloud-init sets it up – with data from Azure only – it has run already",
        "qemu-guest-agent, walinuxagent",
        "not with passwords",
        "prof: with a password and 2 keys, may become root",
        "ana: with a key",
        "/etc/netplan/50.yaml – 52:54:00:00:00:01",
        "it was copied while a machine used it",
        "parts of the disk are encrypted",
    ):
        assert words in page
    translated = text_of(stocked.browser(language="pt-BR").get(address))
    for words in (
        "iniciado por systemd",
        "prof: com senha e 2 chaves, pode tornar-se root",
        "apenas com dados de Azure",
    ):
        assert words in translated


def test_a_plain_disk_says_what_it_lacks(stocked: Portal) -> None:
    accounts = (FoundAccount(name="a", has_password=True, keys=0), FoundAccount(name="b", has_password=True, keys=1))
    ssh = SshServer(name="dropbear", has_host_keys=True)
    note(stocked, Findings(kind=SystemKind.LINUX, drivers=(), accounts=accounts, ssh=ssh))
    page = text_of(stocked.browser().get(V1))
    assert "nothing sets it up: it has no cloud-init" in page
    assert "nothing that starts it was found" in page
    assert "has no driver for a disk here" in page
    assert "a: with a password b: with a password and a key" in page

    note(stocked, Findings(kind=SystemKind.LINUX, cloud_init=CloudInit(is_enabled=False)))
    page = text_of(stocked.browser().get(V1))
    assert "cloud-init is switched off" in page
    assert "it has no SSH server" in page

    note(stocked, Findings(kind=SystemKind.WINDOWS))
    assert "System Windows" in text_of(stocked.browser().get(V1))
    note(stocked, Findings(kind=SystemKind.UNKNOWN))
    for address in (V1, LINUX):
        page = text_of(stocked.browser().get(address))
        assert "none was found" in page
        assert "Nothing boots from it" in page
    assert "Nada inicia a partir dele" in text_of(stocked.browser(language="pt-BR").get(V1))
    note(stocked, Findings(kind=SystemKind.UNKNOWN, firmware=(Firmware.UEFI,)))
    assert "Nothing boots from it" not in text_of(stocked.browser().get(V1))


def test_a_disk_that_was_not_looked_at_says_why(stocked: Portal) -> None:
    note(stocked, None, Message("The small system that looks into disks is not installed."))
    assert "The disk was not looked at. The small system that looks into disks" in text_of(stocked.browser().get(V1))
    translated = text_of(stocked.browser(language="pt-BR").get(V1))
    assert "O disco não foi examinado. O pequeno sistema que examina discos não está instalado." in translated

    note(stocked, None)
    assert "the version is from before Galeria did so" in text_of(stocked.browser().get(LINUX))
