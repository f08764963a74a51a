"""The screen of a real machine: somebody signs in on it, under both firmwares, and nobody else on the host reaches it."""

import stat
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import libvirt as lv
import pytest

from galeria.adapters.engine import agent, domain_xml
from galeria.adapters.engine.layout import Layout
from galeria.domain.errors import Conflict
from tests.adapters.engine.conftest import PASSWORD, USER, LibvirtCase
from tests.rfb import Viewer
from tests.waiting import until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

SECONDS = 30.0  # for what takes a fraction of one
BLANK = b" \0"


@pytest.mark.parametrize(("generation", "size"), [("V1", (720, 400)), ("V2", (1280, 800))])
def test_somebody_signs_in_on_the_screen(libvirt: LibvirtCase, generation: str, size: tuple[int, int]) -> None:
    machine = libvirt.case.specified(generation=generation).machine
    libvirt.case.boot(machine, ssh=False)
    domain = libvirt.engine.domain(machine)
    with libvirt.engine.open_console(machine) as wire:
        viewer = Viewer(wire)
        for prompt, answer in (
            ("lab-one login:", USER),
            ("Password:", PASSWORD),
            (f"{USER}@lab-one:~$", 'echo "$(id -un) (at $(tty))" > seen'),
        ):
            until(partial(_asks, domain, prompt.encode()), f"it says {prompt}", seconds=SECONDS, pause=0.2)
            viewer.type(f"{answer}\n")
        seen = partial(agent.execute, domain, f"cat /home/{USER}/seen", check=False)
        until(lambda: seen().output == f"{USER} (at /dev/tty1)\n", "the command has run", seconds=SECONDS, pause=0.2)
        until(lambda: _shows_its_text(viewer, domain), "its text is on the screen", seconds=SECONDS, pause=0.2)
        assert (viewer.width, viewer.height) == size
        libvirt.engine.stop(machine, seconds=60)
        viewer.wait_end()


def test_a_screen_is_closed_to_other_users_of_the_host(libvirt: LibvirtCase) -> None:
    machine = libvirt.case.ensure()
    libvirt.engine.start(machine, ssh=False)
    path = domain_xml.find_screen(libvirt.engine.domain(machine).XMLDesc())
    assert path == Layout(libvirt.data_dir).vnc(machine)
    assert stat.S_ISSOCK(path.stat().st_mode)
    assert path.parent.stat().st_mode & 0o077 == 0
    assert _listening(machine.id) == []


def test_a_machine_that_was_started_without_a_screen_gets_one_at_its_next_start(libvirt: LibvirtCase) -> None:
    machine = libvirt.case.ensure()
    domain = libvirt.engine.domain(machine)
    with lv.open("qemu:///system") as connection:
        connection.defineXML(_blind(domain.XMLDesc(lv.VIR_DOMAIN_XML_INACTIVE)))
    domain.create()
    with pytest.raises(Conflict) as caught:
        libvirt.engine.open_console(machine)
    assert caught.value.hint == "Stop the machine and start it again."
    libvirt.engine.stop(machine, seconds=1)
    libvirt.engine.start(machine, ssh=False)
    with libvirt.engine.open_console(machine) as wire:
        assert Viewer(wire).look().width > 0


def _text(domain: lv.virDomain) -> tuple[bytes, int, tuple[int, int]]:
    """What the guest's kernel holds to be on its first terminal: letters, columns, and the cursor's column and row."""
    script = "head -c4 /dev/vcsa1 | od -An -tu1; cat /dev/vcs1 | od -An -v -tx1"
    head, _, rest = agent.execute(domain, script).output.partition("\n")
    _rows, columns, across, down = (int(word) for word in head.split())
    return bytes.fromhex(rest), columns, (across, down)


def _asks(domain: lv.virDomain, prompt: bytes) -> bool:
    return _text(domain)[0].rstrip(BLANK).endswith(prompt)


def _shows_its_text(viewer: Viewer, domain: lv.virDomain) -> bool:
    """There is ink exactly where the kernel says that letters are. The cursor blinks and is left out."""
    picture = viewer.look()
    letters, columns, cursor = _text(domain)
    written = {(place % columns, place // columns) for place, letter in enumerate(letters) if letter not in BLANK}
    assert len(written) > 50
    return picture.inked(columns, len(letters) // columns) ^ written <= {cursor}


def _blind(xml: str) -> str:
    root = ElementTree.fromstring(xml)
    devices = root.find("devices")
    assert devices is not None
    for kind in ("graphics", "video", "input", "audio"):
        for old in devices.findall(kind):
            devices.remove(old)
    return ElementTree.tostring(root, encoding="unicode")


def _listening(machine_id: str) -> list[str]:
    """Sockets of the network on which the machine's process listens."""
    words = {path.parent for path in Path("/proc").glob("[0-9]*/cmdline") if machine_id.encode() in _read(path)}
    assert words
    inodes = {link.readlink().name for folder in words for link in (folder / "fd").iterdir()}
    rows = [line.split() for file in ("tcp", "tcp6") for line in Path("/proc/net", file).read_text().splitlines()[1:]]
    return [row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in inodes]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it ended in between
        return b""
