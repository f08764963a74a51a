"""What schedules ask for at a moment: whose machines start, whose stop, and whose run on because of another schedule."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from galeria.domain.classes.occurrences import Occurrence, OccurrenceRecord, occurrences
from galeria.domain.labs.schedules import Schedule

LOOK_BACK = timedelta(days=7)
"""How far a stop may lie back that is made up for after the service was down."""

GIVE_UP = timedelta(hours=1)
"""After a stop, until which a machine that was busy then is still stopped."""


class OccurrenceKey(NamedTuple):
    """What an occurrence is found by; see `Occurrence.local_start`."""

    schedule_id: str
    local_start: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DueWork:
    """What is to be done now. Each of it is done once, and then remembered."""

    start: tuple[OccurrenceKey, ...] = ()
    stop: tuple[OccurrenceKey, ...] = ()
    run_on: tuple[OccurrenceKey, ...] = ()  # they are over, but another occurrence of the lab wants its machines to run
    start_waiting: tuple[OccurrenceKey, ...] = ()  # machines of theirs were busy when the others were started
    stop_waiting: tuple[OccurrenceKey, ...] = ()

    def __bool__(self) -> bool:
        """Tells whether there is anything to do."""
        return any((self.start, self.stop, self.run_on, self.start_waiting, self.stop_waiting))


def due_work(
    schedules: Iterable[Schedule], records: Iterable[OccurrenceRecord], now: datetime, lead: timedelta
) -> DueWork:
    """Returns what the schedules of one lab ask for, given what was done of them.

    Machines start the lead time before an occurrence, as long as it is not over, and stop at its end. What was over when
    its schedule was changed last is not made up for. What was started and has been cancelled since is stopped at once.
    """
    done = {OccurrenceKey(each.schedule_id, each.local_start): each for each in records}
    found = {
        OccurrenceKey(schedule.id, each.local_start.isoformat(timespec="seconds")): (schedule, each)
        for schedule in schedules
        for each in occurrences(schedule.times, now - LOOK_BACK, now + lead)
    }
    wanted = {key: each for key, (_, each) in found.items() if each.covers(now, lead=lead)}
    unstarted = [key for key, each in wanted.items() if not _is_done(done.get(key), each, lead, "started_at")]
    over = [key for key, (schedule, each) in found.items() if _is_over(schedule, each, done.get(key), now, lead)]
    over += [key for key, record in done.items() if record.is_running and key not in found]
    return DueWork(
        start=tuple(sorted(unstarted)),
        stop=() if wanted else tuple(sorted(over)),
        run_on=tuple(sorted(over)) if wanted else (),
        start_waiting=tuple(sorted(key for key in wanted if key in done and done[key].to_start)),
        stop_waiting=() if wanted else _still_to_stop(done, now),
    )


def _is_done(record: OccurrenceRecord | None, each: Occurrence, lead: timedelta, what: str) -> bool:
    """Returns whether the occurrence was started or stopped. One that was moved to a time after that takes place again."""
    if record is None or getattr(record, what) is None:
        return False
    return each.start is None or record.stopped_at is None or record.stopped_at >= each.start - lead


def _is_over(
    schedule: Schedule, each: Occurrence, record: OccurrenceRecord | None, now: datetime, lead: timedelta
) -> bool:
    """Returns whether its stop is to be done now."""
    if each.stop > now or _is_done(record, each, lead, "stopped_at"):
        return False
    was_changed_later = schedule.times_changed_at is not None and schedule.times_changed_at >= each.stop
    return not was_changed_later or (record is not None and record.is_running)


def _still_to_stop(done: Mapping[OccurrenceKey, OccurrenceRecord], now: datetime) -> tuple[OccurrenceKey, ...]:
    return tuple(
        sorted(
            key
            for key, record in done.items()
            if record.to_stop and record.stopped_at and now - record.stopped_at < GIVE_UP
        )
    )
