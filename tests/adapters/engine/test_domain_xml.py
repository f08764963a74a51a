"""A machine's libvirt definition: the whole of it against golden files, and what is changed in it later."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from galeria.adapters.engine import domain_xml
from galeria.adapters.engine.confinement.accounts import Account
from galeria.adapters.engine.domain_xml import Definition, declare
from galeria.domain.errors import Invalid, MachineFailed
from galeria.domain.images.galleries import OsType
from galeria.domain.labs.hardware import USUAL_HARDWARE, DiskBus, Hardware, NetworkCard
from galeria.ports.machines import Acceleration, Machine

GOLDEN = Path(__file__).parents[2] / "golden"
MACHINE = Machine(id="0123456789abcdef0123456789abcdef", region="brazilsouth")
FOLDER = Path("/var/lib/galeria/regions/brazilsouth/machines") / MACHINE.id
FIRMWARE = ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd")
SECURE = ("/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd")


def definition(
    *,
    generation: str = "V1",
    seed: Path | None = FOLDER / "seed.iso",
    firmware: tuple[str, str] | None = FIRMWARE,
    hardware: Hardware = USUAL_HARDWARE,
    os_type: OsType = OsType.LINUX,
) -> Definition:
    return Definition(
        name=f"galeria-home-{MACHINE.id}",
        installation="home",
        machine=MACHINE,
        title="Lab <1> & more",
        generation=generation,
        vcpus=2,
        memory_mib=4096,
        ssh_port=20022,
        disk=FOLDER / "first.qcow2",
        seed=seed,
        serial=FOLDER / "serial.log",
        vnc=Path("/var/lib/galeria/vnc") / MACHINE.id,
        nvram=FOLDER / "firmware.fd",
        firmware=firmware,
        hardware=hardware,
        os_type=os_type,
    )


def windows(generation: str, *, secure: bool = False) -> str:
    hardware = Hardware(
        disk_bus=DiskBus.SATA if generation == "V2" else DiskBus.IDE,
        network_card=NetworkCard.E1000E,
        secure_boot=secure,
        tpm=secure,
        local_clock=True,
    )
    firmware = SECURE if secure else FIRMWARE
    return declare(definition(generation=generation, hardware=hardware, firmware=firmware, os_type=OsType.WINDOWS))


CASES = {
    "domain-v1-generalized": declare(definition()),
    "domain-v2-generalized": declare(definition(generation="V2")),
    "domain-v1-specialized": declare(definition(seed=None)),
    "domain-v2-kvm": domain_xml.with_acceleration(declare(definition(generation="V2", seed=None)), Acceleration.KVM),
    "domain-v1-ide": declare(definition(hardware=Hardware(disk_bus=DiskBus.IDE, network_card=NetworkCard.E1000))),
    "domain-v2-ide": declare(definition(generation="V2", hardware=Hardware(disk_bus=DiskBus.IDE))),
    "domain-v2-nvme": declare(
        definition(generation="V2", hardware=Hardware(disk_bus=DiskBus.NVME, network_card=NetworkCard.E1000E))
    ),
    "domain-v2-virtio-scsi": declare(definition(generation="V2", hardware=Hardware(disk_bus=DiskBus.VIRTIO_SCSI))),
    "domain-v2-sata": declare(definition(generation="V2", hardware=Hardware(disk_bus=DiskBus.SATA))),
    "domain-v2-trusted-launch": declare(
        definition(generation="V2", hardware=Hardware(secure_boot=True, tpm=True), firmware=SECURE)
    ),
    "domain-v1-windows": windows("V1"),
    "domain-v2-windows": windows("V2", secure=True),
    "domain-v2-windows-kvm": domain_xml.with_acceleration(windows("V2", secure=True), Acceleration.KVM),
}


@pytest.mark.parametrize("name", CASES)
def test_the_definition_is_as_agreed(name: str, regenerate: bool) -> None:
    golden = GOLDEN / f"{name}.xml"
    if regenerate:
        golden.write_text(CASES[name], encoding="utf-8")
    assert CASES[name] == golden.read_text(encoding="utf-8"), "run pytest --regenerate when the change is meant"


def test_the_facts_can_be_read_back() -> None:
    xml = CASES["domain-v1-generalized"]
    assert domain_xml.find_machine(xml, "home") == MACHINE
    assert domain_xml.find_machine(xml, "other") is None
    assert domain_xml.ssh_port_of(xml) == 20022
    assert domain_xml.disk_of(xml) == FOLDER / "first.qcow2"


def test_another_top_replaces_the_disk_and_nothing_else() -> None:
    xml = CASES["domain-v2-generalized"]
    changed = domain_xml.with_disk(xml, FOLDER / "after-one.qcow2")
    assert domain_xml.disk_of(changed).name == "after-one.qcow2"
    assert domain_xml.with_disk(changed, FOLDER / "first.qcow2") == domain_xml.with_disk(xml, FOLDER / "first.qcow2")


def test_without_seed_the_drive_stays_empty() -> None:
    root = ElementTree.fromstring(domain_xml.without_seed(CASES["domain-v1-generalized"]))
    assert root.find("devices/disk[@device='cdrom']") is not None
    assert root.find("devices/disk[@device='cdrom']/source") is None
    assert root.find("devices/disk[@device='disk']/source") is not None


def test_nvme_names_the_node_of_its_disk() -> None:
    xml = CASES["domain-v2-nvme"]
    assert "nvme,drive=libvirt-2-format," in xml
    assert "nvme,drive=libvirt-2-format," in domain_xml.without_seed(xml)  # the drive stays, and has its number
    hardware = Hardware(disk_bus=DiskBus.NVME)
    assert "nvme,drive=libvirt-1-format," in declare(definition(seed=None, hardware=hardware))
    on_sata = declare(definition(generation="V2", hardware=hardware, os_type=OsType.WINDOWS))
    assert "nvme,drive=libvirt-1-format," in on_sata


def test_a_machine_without_a_screen_gets_one_and_keeps_it() -> None:
    xml, socket = CASES["domain-v1-generalized"], Path("/var/lib/galeria/vnc") / MACHINE.id
    root = ElementTree.fromstring(xml)
    devices = root.find("devices")
    assert devices is not None
    for old in devices.findall("graphics") + devices.findall("video") + devices.findall("input"):
        devices.remove(old)
    blind = ElementTree.tostring(root, encoding="unicode")
    assert domain_xml.find_screen(blind) is None
    seeing = domain_xml.with_screen(blind, socket)
    assert domain_xml.find_screen(seeing) == socket
    assert _devices_in(seeing) == _devices_in(xml)
    assert domain_xml.with_screen(seeing, socket) == seeing


def test_a_machines_process_has_its_account_and_libvirt_leaves_its_disk_alone() -> None:
    xml = CASES["domain-v2-trusted-launch"]
    layered = xml.replace(
        "</disk>",
        "<backingStore type='file'><format type='qcow2'/><source file='/base'/><backingStore/></backingStore></disk>",
        1,
    )
    for plain, count in ((xml, 1), (layered, 2)):
        own = domain_xml.with_account(plain, Account(2_000_000_001))
        root = ElementTree.fromstring(own)
        assert (
            root.findtext("seclabel[@type='static'][@model='dac'][@relabel='yes']/label") == "+2000000001:+2000000001"
        )
        assert len(root.findall(".//source/seclabel[@model='dac'][@relabel='no']")) == count
        assert domain_xml.with_account(own, Account(2_000_000_001)) == own
        shared = domain_xml.with_account(own, None)
        assert "seclabel" not in shared
        assert domain_xml.disk_of(shared) == domain_xml.disk_of(plain)
    assert domain_xml.has_tpm(xml)
    assert not domain_xml.has_tpm(CASES["domain-v1-ide"])


def test_a_screen_is_never_served_on_the_network() -> None:
    xml = CASES["domain-v1-generalized"].replace('<listen type="socket"', '<listen type="address" address="0.0.0.0"')
    root = ElementTree.fromstring(domain_xml.with_screen(xml, Path("/run/screen")))
    assert [dict(each.attrib) for each in root.iter("listen")] == [{"type": "socket", "socket": "/run/screen"}]


def test_a_definition_of_another_hand_is_nobodys() -> None:
    assert domain_xml.find_machine("<domain><devices/></domain>", "home") is None
    with pytest.raises(MachineFailed, match="by hand"):
        domain_xml.ssh_port_of("<domain><devices/></domain>")


def test_the_second_generation_needs_firmware() -> None:
    with pytest.raises(MachineFailed) as caught:
        declare(definition(generation="V2", firmware=None))
    assert caught.value.hint == "Run: apt-get install ovmf"


def test_secure_boot_needs_its_own_firmware() -> None:
    with pytest.raises(MachineFailed, match="Secure Boot") as caught:
        declare(definition(generation="V2", hardware=Hardware(secure_boot=True), firmware=None))
    assert caught.value.hint == "Run: apt-get install ovmf"


@pytest.mark.parametrize("name", [name for name in CASES if "windows" in name])
def test_what_hyper_v_offers_comes_with_kvm_and_goes_without(name: str) -> None:
    xml = CASES[name]
    for acceleration, count in ((Acceleration.KVM, 1), (Acceleration.TCG, 0), (Acceleration.KVM, 1)):
        xml = domain_xml.with_acceleration(xml, acceleration)
        root = ElementTree.fromstring(xml)
        assert len(root.findall("features/hyperv")) == count
        assert len(root.findall("clock/timer[@name='hypervclock']")) == count
        assert domain_xml.is_windows(xml)


@pytest.mark.parametrize("name", CASES)
def test_no_two_disks_have_the_same_name(name: str) -> None:
    names = [each.attrib["dev"] for each in ElementTree.fromstring(CASES[name]).findall("devices/disk/target")]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", CASES)
def test_a_work_disk_is_the_second_one_and_there_is_one_at_most(name: str) -> None:
    xml, bus = CASES[name], DiskBus(next((bus for bus in DiskBus if bus in name), DiskBus.VIRTIO))
    assert domain_xml.find_work_disk(xml) is None
    first = domain_xml.with_work_disk(xml, Path("/other/first.qcow2"), bus)
    other = domain_xml.with_work_disk(first, Path("/other/second.qcow2"), bus)

    assert domain_xml.with_work_disk(first, Path("/other/first.qcow2"), bus) == first
    assert domain_xml.find_work_disk(other) == Path("/other/second.qcow2")
    assert domain_xml.disk_of(other) == domain_xml.disk_of(xml)
    names = [each.attrib["dev"] for each in ElementTree.fromstring(other).findall("devices/disk/target")]
    assert len(set(names)) == len(names) == xml.count("<disk ") + 1
    own = domain_xml.with_account(other, Account(2_000_000_001))
    assert own.count('relabel="no"') == 2


def test_an_unknown_generation_is_refused() -> None:
    with pytest.raises(Invalid):
        declare(definition(generation="V3"))


def test_a_machine_keeps_its_network_address() -> None:
    assert domain_xml.mac_address(MACHINE.id) == domain_xml.mac_address(MACHINE.id)
    assert domain_xml.mac_address(MACHINE.id) != domain_xml.mac_address("f" * 32)


def _devices_in(xml: str) -> list[str]:
    return sorted(ElementTree.tostring(each, encoding="unicode").strip() for each in ElementTree.fromstring(xml)[-2])


def test_a_base_that_arrives_is_read_from_a_socket_and_later_from_its_file() -> None:
    plain = domain_xml.with_account(declare(definition()), Account(2_000_000_001))
    files, socket = (FOLDER / "first.qcow2", FOLDER / "below.qcow2"), Path("/var/lib/galeria/bases/0123/s")
    arriving = domain_xml.with_served_base(plain, files, socket)
    disk = ElementTree.fromstring(arriving).find("devices/disk[@device='disk']")
    assert disk is not None
    assert domain_xml.disk_of(arriving) == FOLDER / "first.qcow2"
    assert [(each.get("file"), each.get("protocol")) for each in disk.iter("source")] == [
        (str(FOLDER / "first.qcow2"), None),
        (str(FOLDER / "below.qcow2"), None),
        (None, "nbd"),
    ]
    (host,) = disk.iter("host")
    assert host.attrib == {"transport": "unix", "socket": str(socket)}
    driver = disk.find("driver")
    assert driver is not None
    assert driver.get("error_policy") == "stop"  # it is paused, and the guest sees no error

    again = domain_xml.with_account(arriving, Account(2_000_000_001))
    assert "seclabel" not in [each.tag for each in ElementTree.fromstring(again).find(".//source[@protocol]") or ()]
    assert domain_xml.with_served_base(again, files, socket).count("<backingStore") == 3
    assert domain_xml.with_account(domain_xml.with_served_base(again, files, None), Account(2_000_000_001)) == plain
    assert domain_xml.with_served_base(plain, files, None) == plain
