"""Which class lives in which table. The classes stay plain dataclasses; only their fields become columns."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, registry

from galeria.adapters.db import lock_rows, roster_tables, sign_in_tables, storage_tables, tables
from galeria.adapters.db.metadata import metadata
from galeria.domain.accounts import ImageChoice, LabAccount
from galeria.domain.galleries import Gallery, ImageDefinition, ImageVersion, Replica, VersionDisk
from galeria.domain.labs import Lab, LabDraft, LabMachine
from galeria.domain.locks import Lock
from galeria.domain.operations import AuditEvent, Operation, OperationStep, Upload
from galeria.domain.people import Principal, RefreshToken, RoleAssignment
from galeria.domain.resources import ResourceGroup, Subscription
from galeria.domain.roster import FavoriteLab, LabUser
from galeria.domain.schedules import Schedule
from galeria.domain.sign_in import AuthorizationCode, Credential, DeviceCode
from galeria.domain.storage import AccessGrant, Disk, ManagedImage, ManagedImageDisk, Snapshot
from galeria.domain.web_sessions import WebSession

_PLACES: tuple[tuple[type[Any], sa.Table], ...] = (
    (Subscription, tables.subscriptions),
    (ResourceGroup, tables.resource_groups),
    (Gallery, tables.galleries),
    (ImageDefinition, tables.image_definitions),
    (ImageVersion, tables.image_versions),
    (VersionDisk, tables.version_disks),
    (Replica, tables.replicas),
    (LabAccount, tables.lab_accounts),
    (ImageChoice, tables.image_choices),
    (Lab, tables.labs),
    (LabMachine, tables.lab_machines),
    (LabUser, roster_tables.lab_users),
    (Schedule, roster_tables.lab_schedules),
    (LabDraft, roster_tables.lab_drafts),
    (FavoriteLab, roster_tables.favorite_labs),
    (Principal, tables.principals),
    (RoleAssignment, tables.role_assignments),
    (RefreshToken, tables.refresh_tokens),
    (Credential, sign_in_tables.credentials),
    (DeviceCode, sign_in_tables.device_codes),
    (AuthorizationCode, sign_in_tables.authorization_codes),
    (WebSession, sign_in_tables.web_sessions),
    (Lock, lock_rows.locks),
    (Operation, tables.operations),
    (OperationStep, tables.operation_steps),
    (AuditEvent, tables.audit_events),
    (Upload, tables.uploads),
    (Disk, storage_tables.disks),
    (Snapshot, storage_tables.snapshots),
    (ManagedImage, storage_tables.managed_images),
    (ManagedImageDisk, storage_tables.managed_image_disks),
    (AccessGrant, storage_tables.access_grants),
)

# Columns of the database's own, made from a field at every write, because databases fold case each in its own way.
_FOLDED: dict[type[Any], tuple[str, str]] = {
    Principal: ("name", "name_key"),
    Operation: ("resource_id", "resource_key"),
    AuditEvent: ("scope", "scope_key"),
}


def map_classes() -> registry:
    """Tie the domain's classes to their tables; may be repeated. To be called before the first unit of work."""
    mapped: Mapper[Any] | None = sa.inspect(Subscription, raiseerr=False)
    if mapped is not None:
        return mapped.registry
    places = registry(metadata=metadata)
    for kind, table in _PLACES:
        folded = _FOLDED.get(kind)
        own = {f"_{folded[1]}": table.c[folded[1]]} if folded else {}
        # What goes with its owner may be gone before it is removed by name.
        places.map_imperatively(kind, table, properties=own, confirm_deleted_rows=False)
        if folded:
            fold = _fold(*folded)
            sa.event.listen(kind, "before_insert", fold)
            sa.event.listen(kind, "before_update", fold)
    places.configure()
    return places


def _fold(source: str, target: str) -> Callable[[Mapper[Any], sa.Connection, Any], None]:
    def fold(_mapper: Mapper[Any], _connection: sa.Connection, thing: Any) -> None:
        setattr(thing, f"_{target}", getattr(thing, source).lower())

    return fold
