"""Limits on labs, machines and running operations, of one person and of everybody together, and on the disks' room.

They are checked in the transaction that adds to them, and transactions that write wait for each other, so that two
requests at the same moment cannot pass a limit together. Azure answers Conflict with the code QuotaExceeded where a quota
is used up, and 429 with OperationNotAllowed where too much is under way.
"""

from galeria.actions.core.base_request import BaseRequest
from galeria.domain.errors import Conflict, TooManyRequests
from galeria.domain.messages import Message
from galeria.domain.operations import OPERATION_TYPES, OperationKind

OPERATION_SECONDS = 15  # until a program asks again: few operations are quicker
EXPORT_SECONDS = 60


def require_within(count: int, most: int, message: Message, *, hint: Message) -> None:
    """Raises Conflict (QuotaExceeded) with the message and hint where `count` is more than the `most` that may be."""
    if count > most:
        raise Conflict(message, hint=hint, code="QuotaExceeded")


def require_lab_limit(request: BaseRequest, author_id: str, account_id: str) -> None:
    """Raises Conflict (QuotaExceeded) unless the person, the lab account and the installation may have one more lab."""
    limit = request.settings.limits.labs
    own = request.uow.lab_queries.totals(author_id=author_id).labs + 1
    require_within(
        own,
        limit.per_person,
        Message(
            "One person may have {most} labs at a time, and this would be number {count}.",
            most=limit.per_person,
            count=own,
        ),
        hint=_delete_labs("labs_per_person"),
    )
    require_account_limits(request, account_id, labs=1)
    every = request.uow.lab_queries.totals().labs + 1
    require_within(
        every,
        limit.in_all,
        Message(
            "This installation takes {most} labs at a time, and this would be number {count}.",
            most=limit.in_all,
            count=every,
        ),
        hint=_delete_labs("labs"),
    )


def require_machine_limit(request: BaseRequest, author_id: str, account_id: str, more: int) -> None:
    """Raises Conflict (QuotaExceeded) unless the labs of that person, of that account, and all, may have so many machines more.

    A lab counts with its template and its capacity. Less than before is always taken.
    """
    if more <= 0:
        return
    limit = request.settings.limits.machines
    own = request.uow.lab_queries.totals(author_id=author_id).machines + more
    require_within(
        own,
        limit.per_person,
        Message(
            "The labs of one person may have {most} machines together, and this would make {count}.",
            most=limit.per_person,
            count=own,
        ),
        hint=_lower_capacity("machines_per_person"),
    )
    require_account_limits(request, account_id, machines=more)
    every = request.uow.lab_queries.totals().machines + more
    require_within(
        every,
        limit.in_all,
        Message(
            "All labs together may have {most} machines, and this would make {count}.",
            most=limit.in_all,
            count=every,
        ),
        hint=_lower_capacity("machines"),
    )


def require_account_limits(request: BaseRequest, account_id: str, *, labs: int = 0, machines: int = 0) -> None:
    """Raises Conflict (QuotaExceeded) unless the lab account may have so many labs and machines more than it has."""
    limits, has = request.settings.limits, request.uow.lab_queries.totals(account_id=account_id)
    if labs > 0 and limits.labs.per_account is not None:
        most, count = limits.labs.per_account, has.labs + labs
        said = Message(
            "A lab account may have {most} labs at a time, and this would be number {count}.", most=most, count=count
        )
        require_within(count, most, said, hint=_delete_labs("labs_per_account"))
    if machines > 0 and limits.machines.per_account is not None:
        most, count = limits.machines.per_account, has.machines + machines
        said = Message(
            "The labs of a lab account may have {most} machines together, and this would make {count}.",
            most=most,
            count=count,
        )
        require_within(count, most, said, hint=_lower_capacity("machines_per_account"))


def require_operation_limit(request: BaseRequest, started_by: str, kind: OperationKind) -> None:
    """Raises TooManyRequests (OperationNotAllowed) where as much is under way as may be, of that principal or in all.

    What removes or switches off is always taken: it gives room back.
    """
    if not OPERATION_TYPES[kind].is_limited:
        return
    limit = request.settings.limits.operations
    if request.uow.operations.count_limited(started_by=started_by) >= limit.per_person:
        raise TooManyRequests(
            Message(
                "As many operations are under way as one person may have at a time: {most}.", most=limit.per_person
            ),
            hint=_wait("operations_per_person"),
            seconds=OPERATION_SECONDS,
            code="OperationNotAllowed",
        )
    if request.uow.operations.count_limited() >= limit.in_all:
        raise TooManyRequests(
            Message(
                "As many operations are under way as this installation takes at a time: {most}.", most=limit.in_all
            ),
            hint=_wait("operations"),
            seconds=OPERATION_SECONDS,
            code="OperationNotAllowed",
        )


def require_export_limit(request: BaseRequest, started_by: str, machine_id: str) -> None:
    """Raises TooManyRequests (OperationNotAllowed) where as many exports are under way as may be.

    They are counted of that principal, of the lab account of the machine that is to be exported, and in all.
    """
    limit, exports = request.settings.limits.exports, request.uow.operations.of_kind(OperationKind.EXPORT_TEMPLATE)
    if sum(each.started_by == started_by for each in exports) >= limit.per_person:
        raise _too_many_exports(
            Message("As many exports are under way as one person may have at a time: {most}.", most=limit.per_person),
            "exports_per_person",
        )
    if limit.per_account is not None and exports:
        account = _account_of(request, machine_id)
        if sum(_account_of(request, each.inputs.machine) == account for each in exports) >= limit.per_account:
            raise _too_many_exports(
                Message(
                    "As many exports are under way as one lab account may have at a time: {most}.",
                    most=limit.per_account,
                ),
                "exports_per_account",
            )
    if len(exports) >= limit.in_all:
        raise _too_many_exports(
            Message("As many exports are under way as this installation takes at a time: {most}.", most=limit.in_all),
            "exports",
        )


def _account_of(request: BaseRequest, machine_id: str) -> str:
    machine = request.uow.machines.find(machine_id)
    lab = request.uow.labs.find(machine.lab_id) if machine else None
    return lab.account_id if lab else ""


def _too_many_exports(message: Message, setting: str) -> TooManyRequests:
    return TooManyRequests(message, hint=_wait(setting), seconds=EXPORT_SECONDS, code="OperationNotAllowed")


def require_disk_room(request: BaseRequest, kind: OperationKind, region: str) -> None:
    """Raises OutOfSpace where the disks have no room but their margin and such an operation would write to them."""
    known = OPERATION_TYPES[kind]
    if known.is_limited and known.needs_room:
        request.disk_room.require(0, region=region)


def _delete_labs(setting: str) -> Message:
    return Message(
        "Delete labs that nobody needs any more; an administrator can raise '{setting}' under [limits] in galeria.toml.",
        setting=setting,
    )


def _lower_capacity(setting: str) -> Message:
    return Message(
        "Delete labs or lower their capacity; an administrator can raise '{setting}' under [limits] in galeria.toml.",
        setting=setting,
    )


def _wait(setting: str) -> Message:
    return Message(
        "Wait until some have ended; an administrator can raise '{setting}' under [limits] in galeria.toml.",
        setting=setting,
    )
