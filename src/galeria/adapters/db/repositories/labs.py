"""Repositories of lab accounts, labs and their machines."""

from collections import Counter
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from galeria.adapters.db.repositories.base import SqlRepository, SqlResourceRepository, batches
from galeria.adapters.db.tables import core_tables, failure_tables
from galeria.adapters.db.tables.boot_trace_tables import boot_traces
from galeria.domain.labs.accounts import ImageSwitch, LabAccount
from galeria.domain.labs.labs import FailureRecord, Lab, LabMachine, MachineKind
from galeria.domain.messages import Message
from galeria.domain.states import MachineState, ProvisioningState, ReplicaState
from galeria.ports.lab_repositories import SettledMachine
from galeria.ports.machines import Machine

# A machine in these states has its memory on the host.
_ON = (
    MachineState.RUNNING,
    MachineState.STOPPING,
    MachineState.RESETTING_PASSWORD,
    MachineState.REDEPLOYING,
)
# Of machines that nobody gets: what one held before may not be removed yet.
UNFIT_STATES = (MachineState.REIMAGING, MachineState.FAILED, MachineState.DELETING)
RUNNING_STATES = (MachineState.RUNNING, MachineState.RESETTING_PASSWORD)


class SqlLabAccountRepository(SqlResourceRepository[LabAccount]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, LabAccount, core_tables.lab_accounts, Message("lab account"))

    @staticmethod
    def _there() -> tuple[sa.ColumnElement[bool], ...]:
        return (core_tables.lab_accounts.c.deleted_at.is_(None),)

    def with_gallery(self, gallery_id: str) -> list[LabAccount]:
        """Return the accounts that this gallery is attached to, sorted by name."""
        return self._named_order(core_tables.lab_accounts.c.gallery_id == gallery_id)

    def find_choice(self, account_id: str, definition_id: str) -> ImageSwitch | None:
        self._session.flush()
        return self._session.get(ImageSwitch, (account_id, definition_id))

    def choices(self, account_id: str) -> list[ImageSwitch]:
        """Return the account's image switches, sorted by the definition's id."""
        columns = core_tables.image_choices.c
        question = sa.select(ImageSwitch).where(columns.account_id == account_id).order_by(columns.definition_id)
        return list(self._session.scalars(question))

    def add_choice(self, choice: ImageSwitch) -> None:
        self._session.add(choice)

    def remove_choice(self, choice: ImageSwitch) -> None:
        self._session.delete(choice)


class SqlLabRepository(SqlResourceRepository[Lab]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, Lab, core_tables.labs, Message("lab"))

    def of_version(self, version_id: str) -> list[Lab]:
        """Return the labs that were made from the version, sorted by name."""
        return self._named_order(core_tables.labs.c.version_id == version_id)

    def awaiting(self, home: str) -> list[Lab]:
        """Return the labs whose own region has no complete replica of their version, sorted by name."""
        labs, versions, replicas = core_tables.labs.c, core_tables.image_versions.c, core_tables.replicas.c
        is_held = sa.exists().where(
            replicas.version_id == labs.version_id,
            replicas.region == labs.location,
            replicas.state == ReplicaState.COMPLETED,
        )
        is_made_there = sa.exists().where(
            versions.id == labs.version_id, versions.location == home, versions.deleted_at.is_(None)
        )
        return self._named_order(sa.and_(labs.location != home, is_made_there, ~is_held))

    def count_of_version(self, version_id: str) -> int:
        return self._count(core_tables.labs.c.version_id == version_id)

    def count_of_definition(self, definition_id: str) -> int:
        return self._count(core_tables.labs.c.definition_id == definition_id)

    def of_account(self, account_id: str) -> list[Lab]:
        """Return the account's labs, sorted by name."""
        return self._named_order(core_tables.labs.c.account_id == account_id)

    def of_author(self, principal_id: str) -> list[Lab]:
        """Return the labs that the person made, sorted by name."""
        return self._named_order(core_tables.labs.c.author_id == principal_id) if principal_id else []

    def find_by_code(self, code: str) -> Lab | None:
        found = self._where(core_tables.labs.c.registration_code == code) if code else []
        return found[0] if found else None

    def _count(self, condition: sa.ColumnElement[bool]) -> int:
        counted = sa.select(sa.func.count()).select_from(core_tables.labs).where(condition)
        return self._session.scalar(counted) or 0


class SqlMachineRepository(SqlRepository[LabMachine]):
    """Machines of labs. Lists are sorted by when the machines were made."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, LabMachine, core_tables.lab_machines, Message("machine"))

    def of_lab(self, lab_id: str) -> list[LabMachine]:
        return self._where(core_tables.lab_machines.c.lab_id == lab_id, order=self._order())

    def find_claimed(self, user_id: str) -> LabMachine | None:
        found = self._where(core_tables.lab_machines.c.claimed_by == user_id)
        return found[0] if found else None

    def of_users(self, user_ids: Collection[str]) -> dict[str, LabMachine]:
        claimed_by = core_tables.lab_machines.c.claimed_by
        found = [each for some in batches(sorted(user_ids)) for each in self._where(claimed_by.in_(some))]
        return {each.claimed_by: each for each in found if each.claimed_by}

    def find_free(self, lab_id: str) -> LabMachine | None:
        self._session.flush()
        columns = core_tables.lab_machines.c
        is_usable = columns.state.in_((MachineState.STOPPED, MachineState.RUNNING))
        free = sa.select(LabMachine).where(
            columns.lab_id == lab_id,
            columns.kind == MachineKind.USER,
            columns.claimed_by.is_(None),
            columns.state.not_in(UNFIT_STATES),
        )
        return self._session.scalars(free.order_by(is_usable.desc(), *self._order()).limit(1)).first()

    def in_region(self, region: str) -> list[LabMachine]:
        return self._where(core_tables.lab_machines.c.region == region, order=self._order())

    def arriving(self, digests: Collection[str]) -> list[LabMachine]:
        columns = core_tables.lab_machines.c
        return self._where(
            sa.or_(columns.base_digest.in_(digests), columns.image_percent.is_not(None)), order=self._order()
        )

    def forget_boot_traces(self, *, kept: Collection[str]) -> None:
        traced = set(self._session.scalars(sa.select(boot_traces.c.digest)))
        for some in batches(sorted(traced.difference(kept))):
            self._session.execute(sa.delete(boot_traces).where(boot_traces.c.digest.in_(some)))

    def contents(self, region: str) -> set[str]:
        columns = core_tables.lab_machines.c
        question = sa.select(columns.base_digest, columns.layer_digest).where(columns.region == region).distinct()
        return {digest for each in self._session.execute(question) for digest in each if digest}

    def to_update(self) -> list[tuple[LabMachine, Lab]]:
        columns = core_tables.lab_machines.c
        is_made = core_tables.labs.c.state == ProvisioningState.SUCCEEDED
        return self._with_labs(is_made, columns.update_at_stop, columns.state == MachineState.STOPPED)

    def with_layers(self) -> list[LabMachine]:
        return self._where(core_tables.lab_machines.c.layer.is_not(None), order=self._order())

    def settled(self) -> list[SettledMachine]:
        columns = core_tables.lab_machines.c
        asked = sa.select(columns.id, columns.region, columns.state, columns.has_agent, columns.is_on)
        settled = asked.where(columns.state.in_((MachineState.RUNNING, MachineState.STOPPED, MachineState.FAILED)))
        return [
            SettledMachine(machine=Machine(id=id, region=region), state=state, has_agent=has_agent, is_on=is_on)
            for id, region, state, has_agent, is_on in self._session.execute(settled.order_by(columns.id))
        ]

    def find_failure_record(self, operation_id: str) -> FailureRecord | None:
        self._session.flush()
        return self._session.get(FailureRecord, operation_id)

    def put_failure_record(self, record: FailureRecord) -> None:
        self._session.flush()
        columns = failure_tables.failure_records.c
        earlier = sa.select(FailureRecord).where(columns.machine_id == record.machine_id)
        for each in self._session.scalars(earlier).all():
            self._session.delete(each)
        self._session.flush()
        self._session.add(record)

    def remove_failure_record(self, operation_id: str) -> None:
        record = self.find_failure_record(operation_id)
        if record is not None:
            self._session.delete(record)

    def sizes_on_host(
        self, *, starting: Collection[str], regions: Collection[str] | None = None
    ) -> list[tuple[str, int]]:
        self._session.flush()
        columns, labs = core_tables.lab_machines.c, core_tables.labs.c
        is_on = sa.or_(columns.state.in_(_ON), columns.is_on.is_(True))
        asked = sa.select(labs.size, columns.id, is_on.label("is_on")).join(
            core_tables.lab_machines, labs.id == columns.lab_id
        )
        if regions is not None:
            asked = asked.where(columns.region.in_(regions))
        counted = Counter(
            size
            for size, id, on in self._session.execute(
                asked.where(sa.or_(is_on, columns.state == MachineState.STARTING))
            )
            if on or id in starting
        )
        return sorted(counted.items())

    def ports(self) -> set[int]:
        """Return the SSH ports that machines use."""
        self._session.flush()
        return set(self._session.scalars(sa.select(core_tables.lab_machines.c.ssh_port)))

    def public_ports(self) -> set[int]:
        """Return the ports that machines have under the public name."""
        self._session.flush()
        columns = core_tables.lab_machines.c
        question = sa.select(columns.public_ssh_port, columns.public_rdp_port)
        return {port for pair in self._session.execute(question) for port in pair if port is not None}

    def running(self) -> list[tuple[LabMachine, Lab]]:
        return self._with_labs(core_tables.lab_machines.c.state.in_(RUNNING_STATES))

    def _with_labs(self, *conditions: sa.ColumnElement[bool]) -> list[tuple[LabMachine, Lab]]:
        question = (
            sa.select(LabMachine, Lab)
            .join(core_tables.labs, core_tables.labs.c.id == core_tables.lab_machines.c.lab_id)
            .where(*conditions)
            .order_by(*self._order())
        )
        return [(machine, lab) for machine, lab in self._session.execute(question)]

    def _order(self) -> tuple[sa.ColumnElement[object], ...]:
        return (core_tables.lab_machines.c.created_at, core_tables.lab_machines.c.id)
