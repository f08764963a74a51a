"""What processes say in the database about steps, noted by the database itself: who, and when."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

_NOTING = """
CREATE TABLE step_log (id bigserial PRIMARY KEY, operation_id text, name text, region text, status text, pid int,
    at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION note_step() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO step_log (operation_id, name, region, status, pid) VALUES (NEW.operation_id, NEW.name, NEW.region, NEW.status,
        split_part(current_setting('application_name'), ' ', 3)::int);
    RETURN NEW; END $$;
CREATE TRIGGER note_step AFTER INSERT OR UPDATE ON operation_steps FOR EACH ROW
    EXECUTE FUNCTION note_step();
"""


@dataclass(kw_only=True)
class Run:
    """One run of a step by one process; `ended` is None for one that was cut off."""

    operation: str
    step: str
    pid: int
    began: datetime
    ended: datetime | None = None


def note_steps(database: sa.Engine) -> None:
    with database.connect() as connection:
        connection.exec_driver_sql(_NOTING)


def runs(database: sa.Engine) -> list[Run]:
    """Every run, in the order of its begin.

    A step that ended and was not remembered before its process died runs once more.
    """
    asked = "SELECT operation_id, name, status, pid, at FROM step_log WHERE region = '' ORDER BY id"
    found: list[Run] = []
    latest: dict[tuple[str, str], Run] = {}
    with database.connect() as connection:
        for operation, name, status, pid, at in connection.execute(sa.text(asked)):
            run = latest.get((operation, name))
            if run is None or run.pid != pid or run.ended:
                run = Run(operation=operation, step=name, pid=pid, began=at)
                latest[operation, name] = run
                found.append(run)
            if status != "Running":
                run.ended = at
    return found


def replicating(database: sa.Engine, region: str) -> set[int]:
    """The ids of the processes that have sent bytes of a version to the region."""
    asked = "SELECT DISTINCT pid FROM step_log WHERE region = :region AND status = 'Running'"
    with database.connect() as connection:
        return set(connection.scalars(sa.text(asked), {"region": region}))


def brought(database: sa.Engine, operation: str, region: str) -> set[int]:
    """The ids of the processes that have made the operation's copy in the region whole."""
    asked = "SELECT DISTINCT pid FROM step_log WHERE operation_id = :operation AND region = :region AND status = 'Succeeded'"
    with database.connect() as connection:
        return set(connection.scalars(sa.text(asked), {"operation": operation, "region": region}))
