"""Protects snapshots from deletion for a number of days, even by their owner, by Azure's rules (docs/rules.md, "Disks")."""

from galeria.actions.core.request import Request
from galeria.actions.storage.disks import SNAPSHOT
from galeria.domain.errors import Conflict, Invalid
from galeria.domain.ids import ResourceId
from galeria.domain.images.storage import Snapshot
from galeria.domain.messages import Message

MOST_DAYS = 36_500


def protect_snapshot(request: Request, id: ResourceId, *, days: int, locked: bool) -> Snapshot:
    """Protects a snapshot for `days` from now, or from the start of its present protection; a locked one is only prolonged.

    Raises Forbidden, NotFound, Invalid unless it is 1 to 36,500 days, and Conflict for a shorter locked protection.
    """
    action = "updateImmutabilityPolicyLock" if locked else "updateImmutabilityPolicy"
    request.caller.require(f"{SNAPSHOT.type}/{action}/action", id.key)
    snapshot = request.uow.snapshots.get_by_key(id.key)
    request.audit(f"{SNAPSHOT.type}/{action}/action", str(id))
    if not 1 <= days <= MOST_DAYS:
        raise Invalid(
            Message(
                "A snapshot is protected for 1 to {most_days} days, not for {days}.", most_days=MOST_DAYS, days=days
            ),
            hint=Message("Give another number of days."),
            target="immutabilityDurationDays",
        )
    now = request.clock.now()
    if snapshot.is_immutable(now):
        _require_kept(snapshot, days, locked=locked)
    else:
        snapshot.immutable_since, snapshot.immutability_locked = now, False
    snapshot.immutable_days = days
    snapshot.immutability_locked = snapshot.immutability_locked or locked
    request.touch(snapshot)
    return snapshot


def _require_kept(snapshot: Snapshot, days: int, *, locked: bool) -> None:
    if snapshot.immutability_locked and (not locked or days < snapshot.immutable_days):
        raise Conflict(
            Message(
                "The immutability policy of '{snapshot}' is locked for {immutable_days} days.",
                snapshot=snapshot.name,
                immutable_days=snapshot.immutable_days,
            ),
            hint=Message("It may only become longer: updateImmutabilityPolicyLock with at least as many days."),
            code="OperationNotAllowed",
            target="immutabilityDurationDays",
        )
