"""The state of a fake machine, and what its first boot and changes of its disk make of it."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from galeria.domain.errors import NotFound
from galeria.domain.labs.disk_changes import DiskChanges
from galeria.domain.labs.hardware import DiskBus
from galeria.domain.messages import Message
from galeria.ports.images import Digest
from galeria.ports.machines import MachineSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class FakeGuest:
    """The state of a fake machine that tests look at."""

    base: Digest
    ssh_port: int
    host_name: str = "image"
    identity: int = 0  # grows with every new identity
    passwords: dict[str, str] = field(default_factory=dict)  # account → hash; a retired account has "!"
    admins: tuple[str, ...] = ()  # accounts with administrator's rights
    seed: dict[str, Any] | None = None  # settings of the first boot, until it has happened
    layers: tuple[str, ...] = ()  # sealed ones, the lowest first
    is_running: bool = False
    is_ssh_open: bool = False
    is_paused: bool = False
    messages: list[str] = field(default_factory=list)  # that were shown in it
    disk_bus: str = DiskBus.VIRTIO
    work_disk: str = ""  # the id of its work disk
    mounts: str = ""  # the folder in which its system mounts that
    firmware_variables: list[dict[str, Any]] = field(default_factory=list)  # what the machine's firmware was given


def with_hardware(guest: FakeGuest, spec: MachineSpec) -> FakeGuest:
    variables = [asdict(each) for each in spec.hardware.firmware_variables]
    return replace(guest, disk_bus=spec.hardware.disk_bus.value, firmware_variables=variables)


def first_booted(guest: FakeGuest) -> FakeGuest:
    """Return the guest after its first boot: with the seed's account and host name, and a new identity."""
    seed = guest.seed or {}
    passwords = guest.passwords | {seed["user_name"]: seed["password_hash"]}
    if seed["plain_user"]:
        passwords[seed["plain_user"]] = seed["plain_hash"]
    return replace(
        guest,
        host_name=seed["host_name"],
        passwords=passwords,
        admins=(*guest.admins, seed["user_name"]),
        identity=guest.identity + 1,
        seed=None,
    )


def with_rights(guest: FakeGuest, user: str, *, is_admin: bool) -> tuple[str, ...]:
    others = tuple(each for each in guest.admins if each != user)
    return (*others, user) if is_admin else others


def changed_offline(guest: FakeGuest, changes: DiskChanges) -> tuple[FakeGuest, tuple[str, ...]]:
    """Return the guest after the changes, and the accounts that they close: those that opened before."""
    others = [user for user in guest.passwords if user not in {*changes.keep, changes.user_name}]
    closed = tuple(
        user for user in others if (changes.close_others or user in changes.retire) and guest.passwords[user] != "!"
    )
    passwords = guest.passwords | dict.fromkeys(closed, "!")
    if changes.user_name:
        passwords[changes.user_name] = changes.password_hash
    admins = with_rights(guest, changes.user_name, is_admin=changes.is_admin) if changes.user_name else guest.admins
    changed = replace(
        guest,
        passwords=passwords,
        admins=admins,
        host_name=changes.host_name or guest.host_name,
        identity=guest.identity + changes.new_identity,
        mounts=changes.work_folder or guest.mounts,
    )
    return changed, closed


def height(guest: FakeGuest, layer: str | None) -> int:
    """Return the number of layers up to and including `layer`; 0 for the base image."""
    if layer is None:
        return 0
    if layer not in guest.layers:
        raise NotFound(
            Message("The machine's disk has no sealed layer '{layer}'.", layer=layer),
            hint=Message("Seal the disk first."),
        )
    return guest.layers.index(layer) + 1


def groups_of(layers: Sequence[str], kept: Collection[str]) -> list[list[int]]:
    """Return the numbers of the folders that become one each, the lowest first. A layer that is kept ends its folder."""
    groups: list[list[int]] = [[]]
    for number, name in enumerate(layers):
        groups[-1].append(number)
        if name in kept:
            groups.append([])
    groups[-1].append(len(layers))
    return groups
