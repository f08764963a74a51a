"""A guest image for the whole session, and machines started from it by QEMU itself, without libvirt and KVM."""

import asyncio
import io
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import asyncssh
import pycdlib
import pytest

from galeria.adapters.identity.secrets import ArgonSecretHasher
from galeria.guests import GuestSources, build_guest, get_sources, missing_host_tools
from tests.servers.ports import free_port
from tests.waiting import until

OVMF_CODE = Path("/usr/share/OVMF/OVMF_CODE_4M.fd")
OVMF_VARS = Path("/usr/share/OVMF/OVMF_VARS_4M.fd")
BOOT_LIMIT = 90.0
T = TypeVar("T")


def write_seed(path: Path, *, user_data: str, meta_data: str) -> None:
    iso = pycdlib.PyCdlib()
    iso.new(interchange_level=3, vol_ident="cidata", joliet=3, rock_ridge="1.09")
    for name, short, text in (("user-data", "/USERDATA.;1", user_data), ("meta-data", "/METADATA.;1", meta_data)):
        content = text.encode()
        iso.add_fp(io.BytesIO(content), len(content), short, rr_name=name, joliet_path=f"/{name}")
    iso.write(str(path))
    iso.close()


@dataclass(frozen=True, kw_only=True)
class Machine:
    process: subprocess.Popen[bytes]
    folder: Path
    port: int

    def console(self) -> str:
        return (self.folder / "serial").read_text(errors="replace")

    def wait_up(self) -> None:
        def is_up() -> bool:
            assert self.process.poll() is None, "qemu ended"
            return "galeria-guest: up" in self.console()

        until(is_up, "the line on the console", seconds=BOOT_LIMIT, pause=0.05)

    def ssh(self, user: str, password: str, command: str) -> str:
        return asyncio.run(self._ssh(user, password, command))

    def wait_login(self, user: str, password: str, command: str) -> str:
        """What `command` printed in the first SSH session that the machine grants."""
        until(self._greets, "the SSH server greets", seconds=BOOT_LIMIT, pause=0.05)
        return self.ssh(user, password, command)

    def _greets(self) -> bool:
        # QEMU accepts connections before the guest listens, and then retries ever more rarely: so give up early.
        with socket.socket() as connection:
            connection.settimeout(1)
            try:
                connection.connect(("127.0.0.1", self.port))
                return connection.recv(4) == b"SSH-"
            except OSError:
                return False

    def can_log_in(self, user: str, password: str) -> bool:
        try:
            self.ssh(user, password, "true")
        except asyncssh.PermissionDenied:
            return False
        return True

    async def _ssh(self, user: str, password: str, command: str) -> str:
        # No choice of host key algorithms: a client's own preference must do, also right after the first boot.
        async with asyncssh.connect(
            "127.0.0.1",
            port=self.port,
            username=user,
            password=password,
            known_hosts=None,
            client_keys=None,
            agent_path=None,
            config=None,
            connect_timeout=BOOT_LIMIT,  # keys and passwords take an emulated machine long beside two others
            login_timeout=BOOT_LIMIT,
        ) as connection:
            done = await connection.run(command, check=True)
            return str(done.stdout).strip()

    def agent(self, command: str, **arguments: Any) -> Any:
        """One command to the guest agent; its answer."""
        # An answer to an earlier connection that gave up may still be on its way; the number tells it apart.
        sync = {"execute": "guest-sync", "arguments": {"id": time.monotonic_ns()}}
        return _ask(self.folder / "agent", sync, {"execute": command, "arguments": arguments})

    def agent_without_answer(self, command: str) -> None:
        """A command that the agent does not answer, because the machine stops."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.folder / "agent"))
            connection.sendall(json.dumps({"execute": command}).encode() + b"\n")

    def wait_agent(self) -> None:
        def pings() -> bool:
            try:
                self.agent("guest-ping")
            except (TimeoutError, FileNotFoundError):
                return False
            return True

        until(pings, "the guest agent answers", seconds=BOOT_LIMIT, pause=0.05)

    def agent_run(self, path: str, *words: str) -> int:
        """Run a program through the agent; its exit status."""
        pid = self.agent("guest-exec", path=path, arg=list(words))["pid"]

        def ended() -> dict[str, Any] | None:
            status: dict[str, Any] = self.agent("guest-exec-status", pid=pid)
            return status if status["exited"] else None

        return int(until(ended, f"{path} ends", pause=0.05).get("exitcode", -1))

    def press_power_button(self) -> None:
        _ask(self.folder / "monitor", {"execute": "qmp_capabilities"}, {"execute": "system_powerdown"})

    def wait_off(self) -> None:
        assert self.process.wait(timeout=BOOT_LIMIT) == 0


def _ask(path: Path, *commands: dict[str, Any]) -> Any:
    answer: Any = None
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(str(path))
        lines = connection.makefile("rwb")
        for command in commands:
            lines.write(json.dumps(command).encode() + b"\n")
            lines.flush()
            answer = _answer_of(lines, sync=command.get("arguments", {}).get("id"))
        lines.close()
    return answer


def _answer_of(lines: Any, *, sync: int | None) -> Any:
    while True:
        message = json.loads(lines.readline())
        assert "error" not in message, message
        if "return" in message and sync in (None, message["return"]):
            return message["return"]


def _qemu_command(folder: Path, disk: Path, *, port: int, uefi: bool, seed: Path | None) -> list[str]:
    words = ["qemu-system-x86_64", "-accel", "tcg", "-m", "256", "-nodefaults", "-display", "none", "-no-reboot"]
    words += ["-machine", "q35" if uefi else "pc", "-vga", "std"]
    words += ["-serial", f"file:{folder}/serial", "-qmp", f"unix:{folder}/monitor,server=on,wait=off"]
    words += ["-drive", f"if=virtio,format=qcow2,file={disk}"]
    words += ["-netdev", f"user,id=n,hostfwd=tcp:127.0.0.1:{port}-:22", "-device", "virtio-net-pci,netdev=n,romfile="]
    words += ["-device", "virtio-serial-pci", "-chardev", f"socket,id=a,path={folder}/agent,server=on,wait=off"]
    words += ["-device", "virtserialport,chardev=a,name=org.qemu.guest_agent.0", "-device", "virtio-rng-pci"]
    if uefi:
        shutil.copyfile(OVMF_VARS, folder / "vars")
        words += ["-drive", f"if=pflash,format=raw,readonly=on,file={OVMF_CODE}"]
        words += ["-drive", f"if=pflash,format=raw,file={folder}/vars"]
    if seed:
        words += ["-drive", f"if=none,id=cd,media=cdrom,format=raw,readonly=on,file={seed}"]
        # The guest's kernel has no driver for q35's own SATA controller.
        words += ["-device", "virtio-scsi-pci"] if uefi else []
        words += ["-device", f"{'scsi' if uefi else 'ide'}-cd,drive=cd"]
    return words


@pytest.fixture(scope="session")
def guest_sources() -> GuestSources:
    assert missing_host_tools() == [], "install these packages first"
    return get_sources(Path.home() / ".cache" / "galeria" / "guests")


@pytest.fixture(scope="session")
def guest_image(guest_sources: GuestSources, tmp_path_factory: pytest.TempPathFactory) -> Path:
    image = tmp_path_factory.mktemp("guest") / "guest.raw"
    build_guest(image, sources=guest_sources)
    return image


@pytest.fixture
def overlay(guest_image: Path, tmp_path: Path) -> Path:
    disk = tmp_path / "disk.qcow2"
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(guest_image), "-F", "raw", str(disk)], check=True
    )
    return disk


Boot = Callable[..., AbstractContextManager[Machine]]


@pytest.fixture
def boot(tmp_path: Path, overlay: Path) -> Boot:
    """Starts a machine with the test's own disk: `with boot(uefi=..., seed=...) as machine`; killed at the end."""

    @contextmanager
    def start(*, uefi: bool = False, seed: Path | None = None) -> Iterator[Machine]:
        port = free_port()
        (tmp_path / "serial").write_text("")
        command = _qemu_command(tmp_path, overlay, port=port, uefi=uefi, seed=seed)
        with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
            try:
                yield Machine(process=process, folder=tmp_path, port=port)
            finally:
                process.kill()

    return start


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    """A NoCloud seed for the user alice with the password `First-Pass-1`, in the group sudo."""
    path = tmp_path / "seed.iso"
    user_data = (
        "#cloud-config\nhostname: lab-one\nusers:\n  - name: alice\n    lock_passwd: false\n"
        f"    passwd: {ArgonSecretHasher().unix_hash('First-Pass-1')}\n    sudo: ALL=(ALL) NOPASSWD:ALL\n"
    )
    write_seed(path, user_data=user_data, meta_data="instance-id: i-0001\nlocal-hostname: lab-one\n")
    return path
