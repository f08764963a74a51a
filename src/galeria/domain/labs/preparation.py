"""What follows from a look into an image's disk for a machine made of it: what is changed before its first start, and how."""

from dataclasses import replace
from typing import TypeGuard

from galeria.domain.images.findings import CloudInit, Findings, GuestAgent, SystemKind
from galeria.domain.images.galleries import OsState, OsType
from galeria.domain.labs.disk_changes import DiskChanges
from galeria.domain.labs.labs import Lab, LabCreateOption, LabMachine, MachineKind
from galeria.domain.labs.revisions import machine_host_name

# The source of cloud-init that machines have, here and in a cloud.
SEED, CLOUD_SEED = "NoCloud", "ConfigDrive"
_NOTHING = "None"  # the source of cloud-init that stands for no data at all
_UNICAST = 0x01  # the bit of an address's first byte that must not be set for one card


def first_changes(found: Findings | None, lab: Lab, machine: LabMachine, *, seed: str = SEED) -> DiskChanges | None:
    """Return what is changed on the machine's disk before its first start; None where nothing is, or can be.

    A specialized image's accounts are closed (see `closes_others`) but for those that the lab keeps, and the lab's own is
    made. A generalized one is set up by its cloud-init; where that asks other sources only, it learns of `seed`, and where
    there is none, its work is done here. An image that nobody has looked into, or that holds no Linux, is left to its own
    programs. The network card is called as the image's own network settings call it.
    """
    if lab.os_type is OsType.WINDOWS or not has_known_root(found):
        return None
    sources = _data_sources(found.cloud_init, seed)
    lacks_keys = bool(found.ssh and not found.ssh.has_host_keys)
    account = DiskChanges(
        user_name=machine.user_name,
        password_hash=machine.pending_password_hash,
        is_admin=is_admin_account(lab, machine),
        retire=tuple(machine.retire_accounts),
        ensures_host_keys=lacks_keys,
        card_name=found.card_name,
        data_sources=sources,
    )
    host_name = machine_host_name(lab, machine)
    if machine.os_state is OsState.SPECIALIZED:
        if not machine.pending_password_hash:
            own = DiskChanges(
                host_name=host_name,
                new_identity=True,
                ensures_host_keys=lacks_keys,
                card_name=found.card_name,
                data_sources=sources,
            )
            return own if machine.kind is MachineKind.USER else None
        name = host_name if machine.renew_identity else ""
        return replace(
            account,
            close_others=closes_others(lab, machine),
            keep=kept_accounts(lab),
            host_name=name,
            new_identity=machine.renew_identity,
        )
    if found.cloud_init and found.cloud_init.is_enabled:
        return DiskChanges(data_sources=sources) if sources else None
    return replace(account, host_name=host_name)


def closes_others(lab: Lab, machine: LabMachine) -> bool:
    """Tell whether the accounts of what a machine was made from are closed in it.

    A student's machine keeps those of the lab's template, which the educator has made, and where others are closed already.
    """
    return machine.kind is MachineKind.TEMPLATE or lab.create_option is LabCreateOption.IMAGE


def is_admin_account(lab: Lab, machine: LabMachine) -> bool:
    """Tell whether the account that the machine's person uses has administrator's rights in it."""
    return machine.kind is MachineKind.TEMPLATE or machine.user_name != lab.non_admin_user


def has_known_root(found: Findings | None) -> TypeGuard[Findings]:
    """Tell whether the disk's accounts can be changed without starting it."""
    return found is not None and found.kind is SystemKind.LINUX


def can_be_left_to_the_agent(found: Findings | None) -> bool:
    """Tell whether the machine's own agent can do later what could not be done on its disk."""
    return found is None or GuestAgent.QEMU in found.agents


def kept_accounts(lab: Lab) -> tuple[str, ...]:
    """Return the accounts of the lab's image that its educator keeps; they are as old as the image."""
    return tuple(name for name in lab.profiles.get("keepAccounts", ()) if name != lab.user_name)


def accounts_to_close(found: Findings | None, known: list[str], *, user_name: str, keep: tuple[str, ...]) -> list[str]:
    """Return the accounts that stop working in a lab of a specialized image: those found on its disk and those `known`."""
    opening = {each.name for each in found.accounts} if found else set[str]()
    return sorted({*known, *opening} - {user_name, *keep})


def card_address(found: Findings | None) -> str:
    """Return the address that the machine's network card needs so that the image's own settings fit; empty for any.

    Several cards may be named: the first address is taken of the files that say how to reach the network, before those that
    only name cards. A machine here is alone on its network, where an address need not be its own.
    """
    files = found.network_files if found else ()
    ranked = sorted(
        files, key=lambda file: (not file.path.startswith("/etc/netplan/"), file.path.endswith((".rules", ".link")))
    )
    return next((each for file in ranked for each in file.addresses if not int(each[:2], 16) & _UNICAST), "")


def _data_sources(cloud_init: CloudInit | None, seed: str) -> tuple[str, ...]:
    """Return the sources that cloud-init has to be told of, so that it takes `seed` and finds its own elsewhere; else none."""
    if cloud_init is None or not cloud_init.is_enabled:
        return ()
    named = [each for each in cloud_init.data_sources if each.isascii() and each.isalnum() and each != _NOTHING]
    return () if not named or seed in named else (seed, *named[:10], _NOTHING)
