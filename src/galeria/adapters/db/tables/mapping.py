"""Map the classes of the domain to their tables. The classes stay plain dataclasses; only their fields become columns."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, registry

from galeria.adapters.db.repositories import locks
from galeria.adapters.db.tables import (
    audit_tables,
    class_tables,
    core_tables,
    failure_tables,
    help_tables,
    roster_tables,
    sign_in_tables,
    storage_tables,
    upkeep_tables,
)
from galeria.adapters.db.tables.columns import number_key
from galeria.adapters.db.tables.metadata import metadata
from galeria.domain.audit import AuditEvent
from galeria.domain.classes.class_help import ClassMessage, MachineWatcher, RaisedHand
from galeria.domain.classes.kept_machines import KeptMachine
from galeria.domain.classes.occurrences import OccurrenceRecord
from galeria.domain.classes.shutdown import MachinePresence
from galeria.domain.classes.usage import UsageSession
from galeria.domain.classes.work_disks import WorkDisk
from galeria.domain.images.galleries import Gallery, ImageDefinition, ImageVersion, Replica, VersionDisk
from galeria.domain.images.storage import AccessGrant, Disk, ManagedImage, ManagedImageDisk, Snapshot
from galeria.domain.images.upkeep import StoreUpkeep
from galeria.domain.labs.accounts import ImageSwitch, LabAccount
from galeria.domain.labs.invitations import UserInvitation
from galeria.domain.labs.labs import FailureRecord, Lab, LabDraft, LabMachine
from galeria.domain.labs.revisions import LabRevision
from galeria.domain.labs.roster import FavoriteLab, LabUser
from galeria.domain.labs.schedules import Schedule
from galeria.domain.locks import Lock
from galeria.domain.operations import Operation, OperationStep, Upload
from galeria.domain.people.external_provider import ExternalIdentity
from galeria.domain.people.principals import Principal, RefreshToken, RoleAssignment
from galeria.domain.people.sign_in import AuthorizationCode, Credential, DeviceCode
from galeria.domain.people.web_sessions import WebSession
from galeria.domain.resources import ResourceGroup, Subscription

_TABLES: tuple[tuple[type[Any], sa.Table], ...] = (
    (Subscription, core_tables.subscriptions),
    (ResourceGroup, core_tables.resource_groups),
    (Gallery, core_tables.galleries),
    (ImageDefinition, core_tables.image_definitions),
    (ImageVersion, core_tables.image_versions),
    (VersionDisk, core_tables.version_disks),
    (Replica, core_tables.replicas),
    (LabAccount, core_tables.lab_accounts),
    (ImageSwitch, core_tables.image_choices),
    (Lab, core_tables.labs),
    (LabMachine, core_tables.lab_machines),
    (LabUser, roster_tables.lab_users),
    (UserInvitation, roster_tables.invitations),
    (Schedule, roster_tables.lab_schedules),
    (LabRevision, roster_tables.lab_revisions),
    (OccurrenceRecord, class_tables.occurrence_records),
    (MachinePresence, class_tables.machine_presence),
    (UsageSession, class_tables.usage_sessions),
    (WorkDisk, class_tables.work_disks),
    (KeptMachine, class_tables.kept_machines),
    (ClassMessage, help_tables.class_messages),
    (RaisedHand, help_tables.raised_hands),
    (MachineWatcher, help_tables.machine_watchers),
    (LabDraft, roster_tables.lab_drafts),
    (FavoriteLab, roster_tables.favorite_labs),
    (Principal, core_tables.principals),
    (RoleAssignment, core_tables.role_assignments),
    (RefreshToken, core_tables.refresh_tokens),
    (Credential, sign_in_tables.credentials),
    (DeviceCode, sign_in_tables.device_codes),
    (AuthorizationCode, sign_in_tables.authorization_codes),
    (WebSession, sign_in_tables.web_sessions),
    (ExternalIdentity, sign_in_tables.external_identities),
    (Lock, locks.locks),
    (Operation, core_tables.operations),
    (OperationStep, core_tables.operation_steps),
    (FailureRecord, failure_tables.failure_records),
    (StoreUpkeep, upkeep_tables.store_upkeep),
    (AuditEvent, audit_tables.audit_events),
    (Upload, core_tables.uploads),
    (Disk, storage_tables.disks),
    (Snapshot, storage_tables.snapshots),
    (ManagedImage, storage_tables.managed_images),
    (ManagedImageDisk, storage_tables.managed_image_disks),
    (AccessGrant, storage_tables.access_grants),
)


def _number_key(resource_id: str) -> str:
    """Return the sort key of a version's number, from its resource id."""
    return number_key(resource_id.rsplit("/", 1)[-1])


# Columns that are derived from a field at every write: each database folds case in its own way, and none sorts version
# numbers.
_DERIVED: dict[type[Any], tuple[str, str, Callable[[str], str]]] = {
    Principal: ("name", "name_key", str.lower),
    Operation: ("resource_id", "resource_key", str.lower),
    AuditEvent: ("scope", "scope_key", str.lower),
    ImageVersion: ("resource_id", "number_key", _number_key),
}

# Columns without a field in the class: `derived_columns` and `storage_usage` write them.
_DATABASE_ONLY: dict[type[Any], tuple[str, ...]] = {
    ImageVersion: ("logical_bytes",),
    Replica: ("definition_id", "own_bytes", "whole_bytes", "chain", "measured_at"),
}


def map_classes() -> registry:
    """Map the classes of the domain to their tables. May be repeated; must be called before the first unit of work."""
    mapped: Mapper[Any] | None = sa.inspect(Subscription, raiseerr=False)
    if mapped is not None:
        return mapped.registry
    places = registry(metadata=metadata)
    for kind, table in _TABLES:
        derived = _DERIVED.get(kind)
        own = {f"_{derived[1]}": table.c[derived[1]]} if derived else {}
        # A row that is deleted together with its owner may be gone before it is removed itself.
        places.map_imperatively(
            kind, table, properties=own, exclude_properties=_DATABASE_ONLY.get(kind, ()), confirm_deleted_rows=False
        )
        if derived:
            derive = _derive(*derived)
            sa.event.listen(kind, "before_insert", derive)
            sa.event.listen(kind, "before_update", derive)
    places.configure()
    return places


def _derive(source: str, target: str, make: Callable[[str], str]) -> Callable[[Mapper[Any], sa.Connection, Any], None]:
    def derive(_mapper: Mapper[Any], _connection: sa.Connection, thing: Any) -> None:
        setattr(thing, f"_{target}", make(getattr(thing, source)))

    return derive
