"""One table per class of the domain.

Foreign keys are checked at commit, so that the order of adding and removing does not matter inside a unit of work.
Rows that belong to another (disks, replicas, steps, choices, assignments, tokens) are deleted with it; all others must be
deleted first. Versions and labs deliberately have no foreign key to definitions: a deleted version outlives its definition
while labs use it.
"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint, true

from galeria.adapters.db.tables.columns import MessageText, UtcTime, enum_type, key_type, string_list, string_map
from galeria.adapters.db.tables.findings_text import FindingsText
from galeria.adapters.db.tables.hardware_text import HardwareText
from galeria.adapters.db.tables.metadata import metadata
from galeria.domain.images.galleries import Architecture, Generation, OsState, OsType, SourceKind
from galeria.domain.images.publishing import ReplicationMode, StorageType
from galeria.domain.images.sharing import Permissions
from galeria.domain.images.soft_delete import Retention
from galeria.domain.labs.labs import LabCreateOption, MachineKind
from galeria.domain.operations import OperationKind, StepStatus
from galeria.domain.people.principals import PrincipalKind
from galeria.domain.states import LabState, MachineState, OperationStatus, ProvisioningState, ReplicaState


def _id() -> Column[str]:
    return Column("id", String, primary_key=True)


def _text(name: str, **options: Any) -> Column[str]:
    return Column(name, String, nullable=False, **options)


def _maybe(name: str) -> Column[str]:
    return Column(name, String)


def _word(name: str, kind: Any) -> Column[Any]:
    return Column(name, enum_type(kind), nullable=False)


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False)


def _time(name: str, *, nullable: bool = False, index: bool = False) -> Column[Any]:
    return Column(name, UtcTime, nullable=nullable, index=index)


def _in(name: str, target: str, *, goes_with: bool = False, nullable: bool = False, **options: Any) -> Column[str]:
    """Return a reference to another table's id; with `goes_with`, the row is deleted together with that one."""
    rule = ForeignKey(target, deferrable=True, initially="DEFERRED", ondelete="CASCADE" if goes_with else None)
    return Column(name, String, rule, nullable=nullable, **options)


def _resource() -> list[Column[Any]]:
    return [
        _id(),
        _text("resource_id"),
        Column("key", key_type(), nullable=False),
        _text("location"),
        Column("tags", string_map(), nullable=False),
        _word("state", ProvisioningState),
        _time("created_at"),
        _text("created_by"),
        _time("modified_at"),
        _text("modified_by"),
    ]


subscriptions = Table("subscriptions", metadata, _id(), _text("display_name"))

resource_groups = Table(
    "resource_groups",
    metadata,
    *_resource(),
    _in("subscription_id", "subscriptions.id"),
    Index("ix_resource_groups_key", "key", unique=True),
)

galleries = Table(
    "galleries",
    metadata,
    *_resource(),
    _text("description"),
    Column("identity", string_map(), nullable=False),
    _word("permissions", Permissions),
    Column("shared_subscriptions", string_list(), nullable=False),
    Column("shared_tenants", string_list(), nullable=False),
    Column("community", string_map(), nullable=False),
    _text("public_name"),
    _flag("community_enabled"),
    _flag("soft_delete"),
    Column("retention_days", Integer, nullable=False),
    Column("grace_days", Integer, nullable=False),
    Index("ix_galleries_key", "key", unique=True),
)

image_definitions = Table(
    "image_definitions",
    metadata,
    *_resource(),
    _in("gallery_id", "galleries.id", index=True),
    _text("display_name"),
    _word("os_type", OsType),
    _word("os_state", OsState),
    _word("generation", Generation),
    _text("publisher"),
    _text("offer"),
    _text("sku"),
    _text("description"),
    _word("architecture", Architecture),
    _text("eula"),
    _text("privacy_uri"),
    _text("release_note_uri"),
    _time("end_of_life", nullable=True),
    Column("recommended", string_map(), nullable=False),
    Column("disallowed_disks", string_list(), nullable=False),
    Column("purchase_plan", string_map(), nullable=False),
    Column("features", string_list(), nullable=False),
    _flag("allow_update"),
    _text("author_id"),
    Index("ix_image_definitions_key", "key", unique=True),
)

image_versions = Table(
    "image_versions",
    metadata,
    *_resource(),
    _text("definition_id", index=True),
    _word("source_kind", SourceKind),
    _text("source_id"),
    _flag("exclude_from_latest"),
    _time("end_of_life", nullable=True),
    _time("published_at", nullable=True),
    _maybe("parent_digest"),
    Column("accounts", string_list(), nullable=False),
    Column("failure", MessageText(), nullable=False),
    _time("deleted_at", nullable=True),
    Column("replica_count", Integer, nullable=False),
    _word("storage_type", StorageType),
    _word("replication_mode", ReplicationMode),
    _flag("allow_region_removal"),
    _flag("block_early_deletion"),
    _word("retention", Retention),
    _time("soft_deleted_at", nullable=True),
    _time("consumption_ends_at", nullable=True),
    _time("hard_deletion_at", nullable=True, index=True),
    Column("found", FindingsText()),
    Column("look_obstacle", MessageText(), nullable=False, server_default=""),
    Column("hardware", HardwareText()),
    Column("number_key", key_type(), nullable=False),
    Column("logical_bytes", BigInteger, nullable=False, server_default="0"),
    Index("ix_image_versions_number", "definition_id", "number_key"),
    Index("ix_image_versions_there", "definition_id", "deleted_at", "retention", "logical_bytes"),
    Index("ix_image_versions_source_id", "source_id"),
)
# A deleted version keeps its row and frees its key.
Index(
    "ix_image_versions_key",
    image_versions.c.key,
    unique=True,
    sqlite_where=image_versions.c.deleted_at.is_(None),
    postgresql_where=image_versions.c.deleted_at.is_(None),
)

version_disks = Table(
    "version_disks",
    metadata,
    _in("version_id", "image_versions.id", goes_with=True, primary_key=True),
    Column("lun", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, nullable=False),
    _count("size"),
    _count("data_bytes"),
    _count("read_bytes"),
    _count("stored_bytes"),
    _text("digest"),
)

replicas = Table(
    "replicas",
    metadata,
    _in("version_id", "image_versions.id", goes_with=True, primary_key=True),
    _text("region", primary_key=True, index=True),
    _word("state", ReplicaState),
    Column("exclude_from_latest", Boolean),
    _count("bytes_done"),
    _count("bytes_total"),
    _count("sent_bytes"),
    Column("failure", MessageText(), nullable=False),
    _time("verified_at", nullable=True),
    _text("spelling"),
    Column("replica_count", Integer),
    Column("storage_type", enum_type(StorageType)),
    Column("position", Integer, nullable=False),
    Column("definition_id", String, nullable=False, server_default=""),
    # The measured storage use of the replica; null before the measurement.
    Column("own_bytes", BigInteger),
    Column("whole_bytes", BigInteger),
    Column("chain", String),
    _time("measured_at", nullable=True),
    # Sums are read from this index alone, so that it holds only what they need.
    Index("ix_replicas_copies", "definition_id", "region", "own_bytes"),
    Index("ix_replicas_measured", "definition_id", "measured_at"),
)

lab_accounts = Table(
    "lab_accounts",
    metadata,
    *_resource(),
    _in("gallery_id", "galleries.id", nullable=True, index=True),
    Column("allowed_regions", string_list(), nullable=False),
    Column("os_disk_limit_gb", Integer, nullable=False),
    _flag("enable_by_default"),
    Column("profiles", string_map(), nullable=False),
    _time("deleted_at", nullable=True),
    Index("ix_lab_accounts_key", "key", unique=True),
)

image_choices = Table(
    "image_choices",
    metadata,
    _in("account_id", "lab_accounts.id", goes_with=True, primary_key=True),
    _in("definition_id", "image_definitions.id", goes_with=True, primary_key=True, index=True),
    _flag("enabled"),
)

labs = Table(
    "labs",
    metadata,
    *_resource(),
    _text("author_id", index=True),
    _text(
        "account_id", index=True
    ),  # no foreign key: the account may be deleted first; its labs can then not export any more
    _text("title"),
    _text("description"),
    _text("definition_id", index=True),
    _text("image_id"),
    _in("version_id", "image_versions.id", index=True),
    _text("version_name"),
    _text("base_digest"),
    _word("os_state", OsState),
    _word("generation", Generation),
    _text("size"),
    _text("user_name"),
    _word("lab_state", LabState),
    Column("failure", MessageText(), nullable=False),
    _word("create_option", LabCreateOption),
    Column("capacity", Integer, nullable=False),
    Column("usage_quota", Integer, nullable=False),
    _flag("open_access"),
    _text("registration_code", index=True),
    _time("published_at", nullable=True),
    Column("profiles", string_map(), nullable=False),
    _text("admin_hash"),
    _text("non_admin_user"),
    _text("non_admin_hash"),
    Column("os_type", enum_type(OsType), nullable=False, server_default=OsType.LINUX.value),
    Column("hardware", HardwareText()),
    Index("ix_labs_key", "key", unique=True),
)

_PORTS = ("ssh_port", "public_ssh_port", "public_rdp_port")
lab_machines = Table(
    "lab_machines",
    metadata,
    _id(),
    _in("lab_id", "labs.id", index=True),
    _word("kind", MachineKind),
    _text("name"),
    _text("region", index=True),
    _word("state", MachineState),
    _text("base_digest"),
    Column("os_state", enum_type(OsState), nullable=False, server_default=OsState.GENERALIZED.value),
    Column("revision", Integer, nullable=False, server_default="0"),
    Column("is_prepared", Boolean, nullable=False, server_default=true()),
    _flag("update_at_stop"),
    _maybe("layer"),
    _maybe("layer_digest"),
    *(Column(name, Integer, nullable=name != "ssh_port") for name in _PORTS),
    _text("host_key", server_default=""),
    _text("address", server_default=""),
    _text("user_name"),
    _text("pending_password_hash"),
    _text("pending_password", server_default=""),
    Column("retire_accounts", string_list(), nullable=False),
    Column("accounts", string_list(), nullable=False),
    _flag("renew_identity"),
    Column("failure", MessageText(), nullable=False),
    Column("has_agent", Boolean),
    _flag("is_on"),
    Column("image_percent", Integer),
    _text("image_problem", server_default=""),
    _maybe("claimed_by"),
    _text("start_cause", server_default=""),
    _time("created_at"),
    *(Index(f"ix_lab_machines_{name}", name, unique=True) for name in (*_PORTS, "claimed_by")),
)

principals = Table(
    "principals",
    metadata,
    _id(),
    _word("kind", PrincipalKind),
    _text("name"),
    _text("name_key"),
    _text("display_name"),
    _text("secret_hash"),
    _time("secret_expires_at", nullable=True),
    _flag("enabled"),
    _time("created_at"),
    _time("tokens_not_before", nullable=True),
    Index("ix_principals_name_key", "name_key", unique=True),
)

role_assignments = Table(
    "role_assignments",
    metadata,
    _id(),
    _in("principal_id", "principals.id", goes_with=True),
    _text("role"),
    _text("scope"),
    _time("created_at"),
    _text("created_by"),
    UniqueConstraint("principal_id", "role", "scope"),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    _id(),
    _text("family", index=True),
    _text("parent"),
    _in("principal_id", "principals.id", goes_with=True, index=True),
    _text("client_id"),
    _time("issued_at"),
    _time("expires_at", index=True),
    _time("used_at", nullable=True),
    _time("revoked_at", nullable=True),
)

operations = Table(
    "operations",
    metadata,
    _id(),
    _word("kind", OperationKind),
    _word("status", OperationStatus),
    Column("attempt", Integer, nullable=False),
    _text("subscription_id"),
    _text("location"),
    _text("resource_id"),
    Column("resource_key", key_type(), nullable=False, index=True),
    _text("subject", index=True),
    _text("started_by"),
    Column("inputs", string_map(), nullable=False, key="stored_inputs"),
    Column("outputs", string_map(), nullable=False),
    _flag("cancel_requested"),
    _text("error_code"),
    Column("error_message", MessageText(), nullable=False),
    Column("error_hint", MessageText(), nullable=False),
    _time("created_at", index=True),
    _time("ended_at", nullable=True),
    Index("ix_operations_status", "status", "created_at"),
)

operation_steps = Table(
    "operation_steps",
    metadata,
    _in("operation_id", "operations.id", goes_with=True, primary_key=True),
    Column("position", Integer, nullable=False),
    _text("name", primary_key=True),
    _text("region", primary_key=True),
    _word("status", StepStatus),
    Column("runs", Integer, nullable=False),
    _count("bytes_done"),
    _count("bytes_total"),
    _time("started_at"),
    _time("ended_at", nullable=True),
    _time("updated_at"),
)

uploads = Table(
    "uploads",
    metadata,
    _id(),
    _text("owner_id", index=True),
    _text("file_name"),
    _count("length"),
    _count("offset"),
    _time("created_at"),
)
