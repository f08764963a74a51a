"""The revisions make exactly the tables that the program works with."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from galeria.adapters.db.engine import make_engine
from galeria.adapters.db.migrate import find_revision, head_revision, migrate
from galeria.adapters.db.tables import chunk_tables, core_tables
from galeria.adapters.db.tables.mapping import map_classes
from galeria.adapters.db.tables.metadata import metadata
from galeria.domain.errors import GaleriaError


def test_the_revisions_make_the_declared_tables(engine: sa.Engine) -> None:
    assert {core_tables.uploads.name, chunk_tables.packs.name} <= set(metadata.tables)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrating_may_be_repeated(engine: sa.Engine) -> None:
    migrate(engine)
    assert find_revision(engine) == head_revision()


def test_a_database_of_a_newer_release_is_left_alone(database_engine: sa.Engine) -> None:
    with database_engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(GaleriaError, match="cannot be brought up to date") as told:
        migrate(database_engine)
    assert "newer Galeria" in told.value.hint
    assert find_revision(database_engine) == "9999"


def test_a_migration_that_fails_leaves_nothing(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/galeria.db")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE uploads (x)")  # the revision's last table
    with pytest.raises(GaleriaError, match="already exists"):
        migrate(engine)
    assert sa.inspect(engine).get_table_names() == ["uploads"]
    engine.dispose()


def test_the_way_back_leaves_nothing(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        _walk(connection, "base", back=True)
    assert sa.inspect(engine).get_table_names() == ["alembic_version"]


def test_what_was_measured_moves_to_the_copies_and_back(empty_url: str) -> None:
    engine = make_engine(empty_url)
    held = "SELECT version_id, region, gallery_id, definition_id, own_bytes, chain FROM region_holdings"
    copies = "SELECT version_id, region, definition_id, own_bytes, chain FROM replicas ORDER BY version_id, region"
    sizes = "SELECT id, logical_bytes FROM image_versions ORDER BY id"
    with engine.begin() as connection:
        _walk(connection, "0012")
    with engine.begin() as connection:
        for statement in _STOCK:
            connection.exec_driver_sql(statement)
    with engine.begin() as connection:
        _walk(connection, "0013")
        assert connection.exec_driver_sql(copies).all() == [
            ("v1", "here", "d", 7, "c"),
            ("v1", "there", "d", None, None),
            ("v2", "here", "d", None, None),
        ]
        assert connection.exec_driver_sql(sizes).all() == [("v1", 5_000_000_003), ("v2", 0)]
    with engine.begin() as connection:
        _walk(connection, "0012", back=True)
        assert connection.exec_driver_sql(held).all() == [("v1", "here", "g", "d", 7, "c")]
    engine.dispose()


def test_roles_on_what_no_longer_exists_go(empty_url: str) -> None:
    engine = make_engine(empty_url)
    kept, gone = (f"/g/providers/microsoft.compute/galleries/{name}" for name in ("kept", "gone"))
    below = "applications/x"  # of a type that has no table
    scopes = (
        "/subscriptions/abc",
        "/g",
        "/gone",
        "/subscriptions/other",
        kept,
        f"{kept}/{below}",
        gone,
        f"{gone}/{below}",
    )
    with engine.begin() as connection:
        _walk(connection, "0016")
        connection.exec_driver_sql("INSERT INTO subscriptions (id, display_name) VALUES ('ABC', 'Galeria')")
        connection.exec_driver_sql(_row("resource_groups", "subscription_id", "'ABC'", "g"))
        connection.exec_driver_sql(_row("galleries", *_GALLERY, kept.removeprefix("/")))
        connection.exec_driver_sql(
            "INSERT INTO principals (id, kind, name, name_key, display_name, secret_hash, enabled, created_at)"
            " VALUES ('p', 'User', 'ana', 'ana', 'Ana', '', true, '2026-11-27 12:00:00')"
        )
        for scope in scopes:
            connection.exec_driver_sql(
                "INSERT INTO role_assignments (id, principal_id, role, scope, created_at, created_by)"
                f" VALUES ('{scope}', 'p', 'Owner', '{scope}', '2026-11-27 12:00:00', 'p')"
            )
    with engine.begin() as connection:
        _walk(connection, "0017")
        left = connection.exec_driver_sql("SELECT scope FROM role_assignments ORDER BY scope").scalars().all()
    assert left == ["/g", kept, f"{kept}/{below}", "/subscriptions/abc"]
    engine.dispose()


def test_authors_of_labs_and_disks_are_found_by_their_names(empty_url: str) -> None:
    engine = make_engine(empty_url)
    with engine.begin() as connection:
        _walk(connection, "0018")
    with engine.begin() as connection:
        connection.exec_driver_sql(_version("v"))
        connection.exec_driver_sql(_ACCOUNT)
        for statement in _MADE_BY_ANA:
            connection.exec_driver_sql(statement)
            connection.exec_driver_sql(statement.replace("'ana'", "'gone'").replace("mine", "lost"))
        connection.exec_driver_sql(_ANA)
    with engine.begin() as connection:
        _walk(connection, "0019")
        for table in ("labs", "lab_drafts", "disks"):
            found = connection.exec_driver_sql(f"SELECT id, author_id FROM {table} ORDER BY id").all()  # our own words
            assert [tuple(each) for each in found] == [("lost", ""), ("mine", "ana-id")], table
    for back in (True, False):
        with engine.begin() as connection:
            _walk(connection, "0018" if back else "0019", back=back)
    engine.dispose()


def test_every_field_has_a_column_and_every_column_a_field() -> None:
    for mapper in map_classes().mappers:
        kind: Any = mapper.class_
        columns = {name for name in mapper.attrs.keys() if not name.startswith("_")}  # noqa: SIM118
        assert columns == {field.name for field in fields(kind)}, kind.__name__


def test_mapping_may_be_repeated() -> None:
    assert map_classes() is map_classes()


def _walk(connection: sa.Connection, revision: str, *, back: bool = False) -> None:
    config = Config()
    config.set_main_option("script_location", "galeria.adapters.db:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    (command.downgrade if back else command.upgrade)(config, revision)


_WHO = "'2026-11-27 12:00:00', 'ana', '2026-11-27 12:00:00', 'ana'"
_RESOURCE = "id, resource_id, key, location, tags, state, created_at, created_by, modified_at, modified_by"


def _row(table: str, columns: str, values: str, id: str) -> str:
    own = f"'{id}', '/{id}', '/{id}', 'here', '{{}}', 'Succeeded', {_WHO}"
    return f"INSERT INTO {table} ({_RESOURCE}, {columns}) VALUES ({own}, {values})"  # our own words


def _version(id: str) -> str:
    columns = (
        "definition_id, source_kind, source_id, exclude_from_latest, accounts, failure, replica_count, storage_type, "
        "replication_mode, allow_region_removal, block_early_deletion, retention, number_key"
    )
    values = "'d', 'upload', 'u', false, '[]', '', 1, 'Standard_LRS', 'Full', true, false, 'Active', '1'"
    return _row("image_versions", columns, values, id)


def _replica(version: str, region: str) -> str:
    columns = "version_id, region, state, bytes_done, bytes_total, sent_bytes, failure, spelling"
    return f"INSERT INTO replicas ({columns}) VALUES ('{version}', '{region}', 'Completed', 0, 0, 0, '', '')"


def _disk(lun: int, size: int) -> str:
    columns = "version_id, lun, size, data_bytes, read_bytes, stored_bytes, digest"
    return f"INSERT INTO version_disks ({columns}) VALUES ('v1', {lun}, {size}, 0, 0, 0, '')"


_GALLERY = (
    "description, identity, permissions, shared_subscriptions, shared_tenants, community, public_name, "
    "community_enabled, soft_delete, retention_days, grace_days",
    "'', '{}', 'Private', '[]', '[]', '{}', '', false, false, 1, 1",
)
_STOCK = (
    _row("galleries", *_GALLERY, "g"),
    _row(
        "image_definitions",
        "gallery_id, display_name, os_type, os_state, generation, publisher, offer, sku, description, architecture, eula, "
        "privacy_uri, release_note_uri, recommended, disallowed_disks, purchase_plan, features, allow_update",
        "'g', 'D', 'Linux', 'Generalized', 'V2', 'p', 'o', 's', '', 'x64', '', '', '', '{}', '[]', '{}', '[]', false",
        "d",
    ),
    _version("v1"),
    _version("v2"),
    _disk(-1, 5_000_000_000),
    _disk(0, 3),
    *(_replica(*each) for each in (("v1", "here"), ("v1", "there"), ("v2", "here"))),
    "INSERT INTO region_holdings (version_id, region, gallery_id, definition_id, own_bytes, chain, measured_at) "
    "VALUES ('v1', 'here', 'g', 'd', 7, 'c', '2026-11-27 12:00:00')",
)

_ANA = (
    "INSERT INTO principals (id, kind, name, name_key, display_name, secret_hash, enabled, created_at) "
    "VALUES ('ana-id', 'User', 'ana', 'ana', 'Ana', '', true, '2026-11-27 12:00:00')"
)

_ACCOUNT = _row(
    "lab_accounts", "allowed_regions, os_disk_limit_gb, enable_by_default, profiles", "'[]', 128, true, '{}'", "a"
)

_MADE_BY_ANA = (
    _row(
        "labs",
        "account_id, title, description, definition_id, image_id, version_id, version_name, base_digest, os_state, "
        "generation, size, user_name, lab_state, failure, create_option, capacity, usage_quota, open_access, "
        "registration_code, profiles, admin_hash, non_admin_user, non_admin_hash",
        "'a', 't', '', 'd', 'i', 'v', '1.0.0', '', 'Generalized', 'V2', 'Tiny', 'u', 'Draft', '', 'TemplateVM', 0, 0, "
        "false, '', '{}', '', '', ''",
        "mine",
    ),
    _row("lab_drafts", "account_id, capacity, usage_quota, open_access", "'a', 0, 0, false", "mine"),
    _row(
        "disks",
        "option, source, disk_state, architecture, sku, upload_bytes, size, data_bytes, read_bytes, stored_bytes, digest, "
        "accounts, failure",
        "'Upload', '', 'ReadyToUpload', 'x64', '', 0, 0, 0, 0, 0, '', '[]', ''",
        "mine",
    ),
)
