"""Nova's servers: which flavour fits, what a new one is given, and how one is found and waited for."""

import base64
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from galeria.adapters.openstack.cloud import Cloud, listed
from galeria.adapters.openstack.waiting import POLL_SECONDS, Patience
from galeria.domain.errors import MachineFailed, NotFound
from galeria.domain.foreign_text import foreign_text
from galeria.domain.messages import Message

BUILD_SECONDS = 1800.0  # a large image is copied to the computer that the machine runs on, at its first start
GIB = 1024**3


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A server as Nova shows it."""

    id: str
    name: str
    status: str
    has_run: bool  # whether it was ever started; a server that could not be built was not
    task: str
    machine: str
    base: str  # the digest of the image that its disk is based on
    addresses: tuple[str, ...]  # of IPv4; floating ones first
    fault: str
    title: str
    vcpus: int
    memory_mib: int
    disk_bytes: int  # of its flavor; 0 where that takes any image as it is

    @property
    def is_on(self) -> bool:
        return self.status in {"ACTIVE", "PAUSED", "REBOOT", "HARD_REBOOT", "PASSWORD"}


class Servers:
    """The servers of one region of one installation."""

    def __init__(self, cloud: Cloud, *, installation: str, region: str) -> None:
        self._cloud, self._installation, self._region = cloud, installation, region

    def all(self) -> list[Server]:
        """Return the servers that are this installation's and this region's, by what their metadata says."""
        wanted = {"name": f"^{self._prefix()}", "sort_key": "created_at", "sort_dir": "asc"}
        return self._ours(listed(self._cloud.compute, "/servers/detail", "servers", wanted))

    def find(self, machine: str) -> Server | None:
        """Return the machine's server, None where it has none."""
        params = {"name": f"^{self.name(machine)}$"}
        ours = self._ours(self._cloud.compute("GET", "/servers/detail", params=params)["servers"])
        return ours[0] if ours else None

    def name(self, machine: str) -> str:
        return f"{self._prefix()}{machine}"

    def create(
        self, machine: str, *, image: str, flavor: str, user_data: bytes, title: str, base: str, groups: Sequence[str]
    ) -> Server:
        """Begin to make the server in these groups, which Nova starts at once. Raises MachineFailed."""
        labels = {
            "installation": self._installation,
            "region": self._region,
            "machine": machine,
            "base": base,
            "title": title[:255],
        }
        wanted: dict[str, Any] = {
            "name": self.name(machine),
            "imageRef": image,
            "flavorRef": flavor,
            "networks": [{"uuid": self._cloud.network_id()}],
            "security_groups": [{"name": id} for id in groups],
            "metadata": {f"galeria_{name}": value for name, value in labels.items()},
            "config_drive": True,
        }
        if user_data:
            wanted["user_data"] = base64.b64encode(user_data).decode("ascii")
        made = self._cloud.compute("POST", "/servers", json={"server": wanted})["server"]
        return self.get(made["id"])

    def wait_built(self, id: str) -> Server:
        """Return a server that is being made once it runs. Raises MachineFailed."""
        return self.wait(id, lambda server: server.status == "ACTIVE" and bool(server.addresses), BUILD_SECONDS)

    def wait(self, id: str, is_done: Callable[[Server], bool], seconds: float) -> Server:
        """Return the server once it is as wanted. Raises MachineFailed where it failed, or after `seconds`."""
        deadline, patience = time.monotonic() + seconds, Patience()
        status = "BUILD"
        while True:
            server = patience.ask(lambda: self.get(id))
            if server is not None and is_done(server):
                return server
            if server is not None and server.status == "ERROR":
                raise _failed(server)
            status = server.status if server is not None else status
            if time.monotonic() > deadline:
                raise MachineFailed(
                    Message(
                        "The machine is still {status} in the cloud after {seconds:.0f} seconds.",
                        status=status,
                        seconds=seconds,
                    ),
                    hint=Message("Try again later; the cloud's administrators see what it waits for."),
                )
            time.sleep(POLL_SECONDS)

    def get(self, id: str) -> Server:
        """Return a server as it is now. Raises NotFound."""
        return _server(self._cloud.compute("GET", f"/servers/{id}")["server"])

    def act(self, server: Server, action: str, **details: Any) -> Any:
        """Let Nova do something with a server, such as "os-start"."""
        return self._cloud.compute("POST", f"/servers/{server.id}/action", json={action: details or None})

    def relabel(self, server: Server, machine: str) -> None:
        """Let the server be another machine."""
        metadata = {"metadata": {"galeria_machine": machine}}
        self._cloud.compute("POST", f"/servers/{server.id}/metadata", json=metadata)
        self._cloud.compute("PUT", f"/servers/{server.id}", json={"server": {"name": self.name(machine)}})

    def remove(self, server: Server, seconds: float) -> None:
        """Delete a server, and wait until it is gone. Raises MachineFailed where it stays."""
        try:
            self._cloud.compute("DELETE", f"/servers/{server.id}")
            self.wait(server.id, lambda each: each.status == "DELETED", seconds)
        except NotFound:
            return

    def flavor(self, *, vcpus: int, memory_mib: int, disk_bytes: int) -> str:
        """Return the id of the smallest flavour that has at least so much. Raises MachineFailed where there is none.

        One whose disk is as large as the image, whatever that has, comes last: many clouds do not allow it.
        """
        found = [
            each
            for each in self._cloud.compute("GET", "/flavors/detail")["flavors"]
            if each["vcpus"] >= vcpus
            and each["ram"] >= memory_mib
            and (not each["disk"] or each["disk"] * GIB >= disk_bytes)
        ]
        if not found:
            raise MachineFailed(
                Message(
                    "The cloud '{cloud}' has no flavor with {vcpus} vCPUs, {memory} MiB of memory and {disk} GB of disk.",
                    cloud=self._cloud.access.name,
                    vcpus=vcpus,
                    memory=memory_mib,
                    disk=-(-disk_bytes // GIB),
                ),
                hint=Message("Choose another size for the lab, or ask the cloud's administrators for such a flavor."),
                code="NoFlavor",
            )
        best = min(found, key=lambda each: (not each["disk"], each["ram"], each["vcpus"], each["disk"], each["name"]))
        return str(best["id"])

    def _prefix(self) -> str:
        return f"galeria-{self._installation}-"

    def _ours(self, said: Iterable[dict[str, Any]]) -> list[Server]:
        return [_server(each) for each in said if self._is_ours(each)]

    def _is_ours(self, said: dict[str, Any]) -> bool:
        labels = said.get("metadata", {})
        here = (self._installation, self._region)
        is_there = said["status"] not in ("DELETED", "SOFT_DELETED")
        return is_there and (labels.get("galeria_installation"), labels.get("galeria_region")) == here


def _failed(server: Server) -> MachineFailed:
    reason = server.fault or "-"
    if "No valid host" in reason:
        return MachineFailed(
            Message("The cloud has no computer with room for the machine: {reason}.", reason=reason),
            hint=Message(
                "Try again when others have stopped theirs, or choose a smaller size for the lab. Where its image needs UEFI, "
                "or a disk or card other than virtio, the cloud may have no computer for that."
            ),
        )
    return MachineFailed(
        Message("The cloud could not make the machine: {reason}.", reason=reason),
        hint=Message(
            "Try again; when it fails again, the cloud's administrators see more under its name, {name}.",
            name=server.name,
        ),
    )


def _server(said: dict[str, Any]) -> Server:
    addresses = [each for network in said.get("addresses", {}).values() for each in network if each["version"] == 4]
    addresses.sort(key=lambda each: each.get("OS-EXT-IPS:type") != "floating")
    return Server(
        id=said["id"],
        name=said["name"],
        status=said["status"],
        has_run=said.get("OS-SRV-USG:launched_at") is not None,
        task=said.get("OS-EXT-STS:task_state") or "",
        machine=said.get("metadata", {}).get("galeria_machine", ""),
        base=said.get("metadata", {}).get("galeria_base", ""),
        addresses=tuple(each["addr"] for each in addresses),
        fault=foreign_text(said.get("fault", {}).get("message", "").rstrip("."), longest=300),
        title=said.get("metadata", {}).get("galeria_title", ""),
        vcpus=said["flavor"]["vcpus"],
        memory_mib=said["flavor"]["ram"],
        disk_bytes=said["flavor"]["disk"] * GIB,
    )
