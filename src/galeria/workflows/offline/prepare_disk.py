"""Prepare a new machine's disk before its first start, and set the credentials of one that is off.

A machine of a specialized image is its lab's own before it starts for the first time, so that its SSH port may open at once.
"""

import logging
from dataclasses import replace

from galeria.domain.errors import MachineFailed
from galeria.domain.images.findings import Findings
from galeria.domain.images.galleries import OsState
from galeria.domain.labs.disk_changes import DiskChanges
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.labs.preparation import (
    CLOUD_SEED,
    SEED,
    can_be_left_to_the_agent,
    closes_others,
    first_changes,
    has_known_root,
    is_admin_account,
    kept_accounts,
)
from galeria.domain.messages import Message
from galeria.ports.database import UnitOfWork
from galeria.ports.machines import Machine
from galeria.workflows.context import WorkflowContext
from galeria.workflows.publish_version import look_inside

log = logging.getLogger(__name__)

PREPARE = Message("Prepare its disk")
SET_PASSWORD = Message("Set the password")


def look_again(context: WorkflowContext, lab: Lab) -> None:
    """Look inside the disk of the lab's image where that has not been done, or was hindered."""
    with context.database(reading=True) as uow:
        version = uow.versions.find(lab.version_id)
    if version and version.found is None:
        look_inside(context, version.id)


def find_findings(uow: UnitOfWork, lab: Lab) -> Findings | None:
    """Return what was found on the disk of the lab's image, also where its version is gone and another has the same disk."""
    version = uow.versions.find(lab.version_id)
    return (version.found if version else None) or uow.versions.find_findings(lab.base_digest)


def seed_of(context: WorkflowContext, row: LabMachine) -> str:
    """Return the source of cloud-init that the machine has."""
    return CLOUD_SEED if context.settings.regions.is_in_cloud(row.region) else SEED


def prepare_disk(context: WorkflowContext, lab: Lab, row: LabMachine, *, work_folder: str = "") -> bool:
    """Change the disk of a machine that has not started yet as its image needs it, or leave it as it is.

    Its work disk is mounted at `work_folder` then, where that is given. Returns whether the disk was changed. May be repeated.
    Raises MachineFailed where that is impossible and nothing in the machine could do it later; where its
    agent can, the machine keeps its port closed until then.
    """
    with context.database(reading=True) as uow:
        found = find_findings(uow, lab)
    changes = first_changes(found, lab, row, seed=seed_of(context, row))
    if work_folder and has_known_root(found):
        changes = replace(changes or DiskChanges(), work_folder=work_folder)
    if changes is None:
        return False
    try:
        closed = context.engine.change_disk(Machine.of(row), changes)
    except MachineFailed as error:
        if row.os_state is not OsState.SPECIALIZED or not can_be_left_to_the_agent(found):
            raise
        log.warning("machine %s is left to its agent: %s", row.id, error)
        return False
    if changes.user_name or changes.new_identity:
        _note_set(context, row, closed if row.os_state is OsState.SPECIALIZED else None)
    return True


def set_credentials_offline(context: WorkflowContext, lab: Lab, row: LabMachine, *, is_foreign: bool) -> None:
    """Set the pending credentials on the disk of a machine that is off.

    One that `is_foreign` has the accounts of its image still, which are closed with that. May be repeated. Raises
    MachineFailed where the disk was left as it was.
    """
    changes = DiskChanges(
        user_name=row.user_name, password_hash=row.pending_password_hash, is_admin=is_admin_account(lab, row)
    )
    if is_foreign:
        with context.database(reading=True) as uow:
            changes = first_changes(find_findings(uow, lab), lab, row, seed=seed_of(context, row)) or replace(
                changes, close_others=closes_others(lab, row), keep=kept_accounts(lab)
            )
    if not row.pending_password_hash:  # an earlier attempt has set it
        return
    closed = context.engine.change_disk(Machine.of(row), changes)
    _note_set(context, row, closed if is_foreign else None)


def _note_set(context: WorkflowContext, row: LabMachine, closed: tuple[str, ...] | None) -> None:
    """Note that the pending credentials are set, and which accounts that has closed."""
    with context.database() as uow:
        settled, lab = uow.machines.get(row.id), uow.labs.get(row.lab_id)
        settled.accounts = sorted({*settled.accounts, *(closed or ())})
        settled.pending_password_hash, settled.retire_accounts, settled.renew_identity = "", [], False
        if closed is not None:
            names = {*lab.profiles.get("closedAccounts", ()), *closed}
            lab.profiles = {**lab.profiles, "closedAccounts": sorted(names)}
        uow.commit()
