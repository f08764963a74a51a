"""Questions about ten thousand versions are answered from an index; SQLite says so itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from galeria.adapters.db.migrate import migrate
from galeria.adapters.db.tables.mapping import map_classes
from galeria.adapters.db.tables.metadata import metadata
from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.domain.audit import AuditSearch
from galeria.domain.images.galleries import VersionNumber
from galeria.ports.database import UnitOfWork
from galeria.ports.work import OldOperation

from . import samples

KEY = samples.GROUP.lower() + "/providers/microsoft.compute/galleries/images"

QUESTIONS: dict[str, Callable[[UnitOfWork], Any]] = {
    "below": lambda unit: unit.versions.below(KEY),
    "by key": lambda unit: unit.versions.find_by_key(KEY),
    "of definition": lambda unit: unit.versions.of_definition("d"),
    "soft-deleted": lambda unit: unit.versions.soft_deleted(),
    "some of definition": lambda unit: unit.version_queries.versions("d"),
    "following": lambda unit: unit.version_queries.following("d", after=VersionNumber(1, 0, 0)),
    "following and offered": lambda unit: unit.version_queries.following("d", offered_in="r"),
    "following and retained": lambda unit: unit.version_queries.following("d", retained=True),
    "regions of gallery": lambda unit: unit.version_queries.regions_of("g"),
    "retained in gallery": lambda unit: unit.version_queries.retained("g"),
    "counts": lambda unit: unit.version_queries.version_counts(["d"]),
    "newest": lambda unit: unit.version_queries.newest(["d"]),
    "latest": lambda unit: unit.version_queries.latest("d"),
    "from uploads": lambda unit: unit.version_queries.from_uploads(["u"]),
    "uploads of person": lambda unit: unit.uploads.of_owner("p"),
    "count": lambda unit: unit.versions.count(KEY, "brazilsouth"),
    "disks": lambda unit: unit.versions.disks("v"),
    "replicas": lambda unit: unit.versions.replicas("v"),
    "contents in region": lambda unit: unit.versions.contents("r", without="v"),
    "contents that others have": lambda unit: unit.versions.shared("v"),
    "definitions": lambda unit: unit.definitions.of_gallery("g"),
    "gallery": lambda unit: unit.galleries.find_by_key(KEY),
    "named": lambda unit: unit.galleries.named(samples.SUBSCRIPTION, "images"),
    "accounts": lambda unit: unit.accounts.with_gallery("g"),
    "choices": lambda unit: unit.accounts.choices("a"),
    "labs below": lambda unit: unit.labs.below(KEY),
    "labs of version": lambda unit: unit.labs.of_version("v"),
    "labs of definition": lambda unit: unit.labs.count_of_definition("d"),
    "labs of account": lambda unit: unit.labs.of_account("a"),
    "cards of labs": lambda unit: unit.lab_queries.cards(["l"]),
    "machines of lab": lambda unit: unit.machines.of_lab("l"),
    "machines in region": lambda unit: unit.machines.in_region("r"),
    "machines' contents": lambda unit: unit.machines.contents("r"),
    "person": lambda unit: unit.people.find_by_name("ana"),
    "assignments": lambda unit: unit.people.assignments("p"),
    "tokens of family": lambda unit: unit.refresh_tokens.of_family("f"),
    "tokens of person": lambda unit: unit.refresh_tokens.of_principal("p"),
    "expired tokens": lambda unit: unit.refresh_tokens.expired(samples.NOW),
    "unsettled": lambda unit: unit.operations.unsettled(),
    "running on": lambda unit: unit.operations.running_on("s"),
    "working with": lambda unit: unit.operations.working_with(["s"]),
    "recent": lambda unit: unit.operations.recent(),
    "recent below": lambda unit: unit.operations.recent(below=KEY),
    "steps": lambda unit: unit.operations.steps("o"),
    "old operations": lambda unit: unit.operations.begun_before(samples.NOW, after=None, limit=100),
    "more old operations": lambda unit: unit.operations.begun_before(
        samples.NOW, after=OldOperation(id="o", created_at=samples.NOW, is_removable=True), limit=100
    ),
    "image outlines": lambda unit: unit.image_queries.outlines("g"),
    "highest versions": lambda unit: unit.image_queries.highest(["d"]),
    "latest versions": lambda unit: unit.image_queries.latest("g", "r"),
    "unfinished versions": lambda unit: unit.image_queries.unfinished(["d"]),
    "latest version of one image": lambda unit: unit.image_queries.latest("g", "r", definition_id="d"),
    "labs of accounts": lambda unit: unit.image_queries.lab_counts(["a"]),
    "regions of images": lambda unit: unit.image_queries.regions(["d"]),
    "held": lambda unit: unit.storage_usage.held("r"),
    "sums of images": lambda unit: unit.storage_usage.sums("g"),
    "sums of one image": lambda unit: unit.storage_usage.sums("g", definition_id="d"),
    "when it was measured": lambda unit: unit.storage_usage.measured_at("g"),
    "versions with holdings": lambda unit: unit.storage_usage.versions("d", offset=0, limit=50),
    "labs of versions": lambda unit: unit.storage_usage.uses(["v"]),
    "audit": lambda unit: unit.audit.recent(),
    "audit below": lambda unit: unit.audit.recent(below=KEY),
    "audit of all": lambda unit: unit.audit.search(["/subscriptions/s"], AuditSearch(), offset=0, limit=50),
    "audit of labs": lambda unit: unit.audit.search([KEY, KEY + "2"], AuditSearch(), offset=0, limit=50),
}


# Those that thousands of rows are read for, and what is read instead of the rows.
COUNTED = {
    "following": "INDEX ix_image_versions_number (definition_id=? AND number_key>?)",
    "following and offered": "INDEX ix_image_versions_offered (definition_id=?)",
    "regions of gallery": "INDEX ix_replicas_copies (definition_id=? AND region=?",
    "counts": "COVERING INDEX ix_image_versions_there",
    "newest": "INDEX ix_image_versions_offered",
    "highest versions": "INDEX ix_image_versions_offered",
    "latest versions": "INDEX ix_image_versions_offered",
    "retained in gallery": "INDEX ix_image_versions_put_aside",
    "regions of images": "INDEX ix_replicas_copies (definition_id=? AND region=?",
    "sums of images": "COVERING INDEX ix_replicas_copies (definition_id=? AND region=?",
    "sums of one image": "COVERING INDEX ix_image_versions_there",
    "when it was measured": "COVERING INDEX ix_replicas_measured",
}


@contextmanager
def asked(engine: sa.Engine) -> Iterator[list[tuple[str, Any]]]:
    """The questions that are sent while inside."""
    sent: list[tuple[str, Any]] = []

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.startswith(("SELECT", "WITH")):
            sent.append((statement, parameters))

    sa.event.listen(engine, "before_cursor_execute", keep)
    yield sent
    sa.event.remove(engine, "before_cursor_execute", keep)


def plans(database: SqlDatabase, engine: sa.Engine, name: str) -> list[list[str]]:
    with asked(engine) as sent, database(reading=True) as unit:
        QUESTIONS[name](unit)
    with engine.connect() as connection:
        return [
            [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            for statement, parameters in sent
        ]


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_is_answered_from_an_index(database: SqlDatabase, database_engine: sa.Engine, name: str) -> None:
    found = plans(database, database_engine, name)
    assert found
    for plan in found:
        assert any("USING" in step and "INDEX" in step for step in plan), plan
        # "SCAN … USING INDEX" walks an index in its order, which is what the newest hundred need.
        whole = [step.split()[1] for step in plan if step.startswith("SCAN") and "USING" not in step]
        assert not set(whole) & set(metadata.tables), plan


@pytest.mark.parametrize("name", COUNTED)
def test_what_is_counted_has_an_index_of_its_own(database: SqlDatabase, database_engine: sa.Engine, name: str) -> None:
    steps = [step for plan in plans(database, database_engine, name) for step in plan]
    assert any(COUNTED[name] in step for step in steps), steps


def test_a_prefix_is_a_range_of_the_key_index(database: SqlDatabase, database_engine: sa.Engine) -> None:
    with asked(database_engine) as sent, database(reading=True) as unit:
        unit.versions.below(KEY)
    with database_engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sent[0][0]}", sent[0][1])
        assert "USING INDEX ix_image_versions_key (key>? AND key<?)" in rows.one().detail


@pytest.mark.system
def test_a_prefix_is_a_range_of_the_key_index_on_postgresql(postgresql_engine: sa.Engine) -> None:
    map_classes()
    migrate(postgresql_engine)
    with asked(postgresql_engine) as sent, SqlDatabase(postgresql_engine)(reading=True) as unit:
        unit.versions.below(KEY)
    statement, parameters = sent[-1]
    with postgresql_engine.connect() as connection:
        # An empty table is read whole unless that is made dear.
        connection.exec_driver_sql("SET enable_seqscan = off")
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars())
    assert "ix_image_versions_key" in plan
    assert "Index Cond: (((key)::text >=" in plan
