"""Whole things of each kind, to be put into a database; every keyword replaces a field."""

import uuid
from datetime import UTC, datetime
from typing import Any

from galeria.domain.audit import AuditEvent
from galeria.domain.images.galleries import (
    Gallery,
    Generation,
    ImageDefinition,
    ImageVersion,
    OsState,
    OsType,
    SourceKind,
)
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.labs.addresses import address_key
from galeria.domain.labs.labs import Lab, LabMachine, MachineKind
from galeria.domain.labs.roster import LabUser
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.people.principals import Principal, PrincipalKind, RefreshToken, RoleAssignment
from galeria.domain.resources import ResourceGroup, Subscription

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Rg"
NOW = datetime(2026, 11, 23, 9, 30, 15, 123456, tzinfo=UTC)


def new_id() -> str:
    return uuid.uuid4().hex


def _resource(resource_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": new_id(),
        "resource_id": resource_id,
        "key": resource_id.lower(),
        "location": "brazilsouth",
        "created_at": NOW,
        "created_by": "ana",
        "modified_at": NOW,
        "modified_by": "ana",
    } | fields


def subscription() -> Subscription:
    return Subscription(id=SUBSCRIPTION, display_name="Universidade")


def group(name: str = "Rg", **fields: Any) -> ResourceGroup:
    own = {"subscription_id": SUBSCRIPTION}
    return ResourceGroup(**_resource(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}", **own | fields))


def gallery(name: str = "Images", *, group: str = GROUP, **fields: Any) -> Gallery:
    return Gallery(**_resource(f"{group}/providers/Microsoft.Compute/galleries/{name}", **fields))


def definition(of: Gallery, name: str = "Ubuntu", **fields: Any) -> ImageDefinition:
    own: dict[str, Any] = {
        "gallery_id": of.id,
        "display_name": name,
        "os_type": OsType.LINUX,
        "os_state": OsState.SPECIALIZED,
        "generation": Generation.V2,
        "publisher": "p",
        "offer": "o",
        "sku": "s",
    }
    return ImageDefinition(**_resource(f"{of.resource_id}/images/{name}", **own | fields))


def version(of: ImageDefinition, name: str = "1.0.0", **fields: Any) -> ImageVersion:
    own = {"definition_id": of.id, "source_kind": SourceKind.UPLOAD, "source_id": "u1"}
    return ImageVersion(**_resource(f"{of.resource_id}/versions/{name}", **own | fields))


def account(name: str = "Lab-account", **fields: Any) -> LabAccount:
    return LabAccount(**_resource(f"{GROUP}/providers/Microsoft.LabServices/labPlans/{name}", **fields))


def lab(of: LabAccount, image: ImageVersion, name: str = "Algebra", **fields: Any) -> Lab:
    own: dict[str, Any] = {
        "account_id": of.id,
        "title": name,
        "definition_id": image.definition_id,
        "image_id": image.resource_id,
        "version_id": image.id,
        "version_name": image.name,
        "base_digest": "ab" * 32,
        "os_state": OsState.SPECIALIZED,
        "generation": Generation.V2,
        "size": "Small",
        "user_name": "ana",
    }
    return Lab(**_resource(f"{GROUP}/providers/Microsoft.LabServices/labs/{name}", **own | fields))


def machine(of: Lab, ssh_port: int = 22001, **fields: Any) -> LabMachine:
    own: dict[str, Any] = {
        "id": new_id(),
        "lab_id": of.id,
        "kind": MachineKind.TEMPLATE,
        "name": "template",
        "region": "brazilsouth",
        "base_digest": of.base_digest,
        "os_state": of.os_state,
        "ssh_port": ssh_port,
        "user_name": "ana",
        "created_at": NOW,
    }
    return LabMachine(**own | fields)


def lab_user(of: Lab, email: str, **fields: Any) -> LabUser:
    own = {"lab_id": of.id, "email": email, "email_key": address_key(email)}
    return LabUser(**_resource(f"{of.resource_id}/users/{new_id()}", **own | fields))


def principal(name: str = "Ana", **fields: Any) -> Principal:
    own: dict[str, Any] = {
        "id": new_id(),
        "kind": PrincipalKind.USER,
        "name": name,
        "display_name": "Ana Souza",
        "secret_hash": "$argon2id$",
        "created_at": NOW,
    }
    return Principal(**own | fields)


def assignment(of: Principal, role: str = "Owner", scope: str = GROUP.lower()) -> RoleAssignment:
    return RoleAssignment(
        id=new_id(), principal_id=of.id, role=role, scope=scope, created_at=NOW, created_by="installation"
    )


def refresh_token(of: Principal, family: str, **fields: Any) -> RefreshToken:
    own: dict[str, Any] = {"id": new_id(), "family": family, "principal_id": of.id, "client_id": "az"}
    return RefreshToken(**own | {"issued_at": NOW, "expires_at": NOW} | fields)


def operation(resource_id: str = f"{GROUP}/providers/X/Y/z", **fields: Any) -> Operation:
    own: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "kind": OperationKind.CREATE_VERSION,
        "subscription_id": SUBSCRIPTION,
        "location": "brazilsouth",
        "resource_id": resource_id,
        "subject": "subject",
        "started_by": "ana",
        "created_at": NOW,
    }
    return Operation(**own | fields)


def event(scope: str = GROUP, **fields: Any) -> AuditEvent:
    own: dict[str, Any] = {
        "id": new_id(),
        "at": NOW,
        "principal_id": "ana",
        "principal_name": "Ana",
        "action": "x/write",
    }
    return AuditEvent(**own | {"scope": scope, "status": "Succeeded"} | fields)
