"""Run the reconcilers periodically, in threads of their own.

Where several processes share a database, each job is done by one of them at a time: of all, or of those that look after the
same machines.
"""

import gc
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial

from galeria.adapters.store.objects.lease import SharedLeases
from galeria.ports.audit import AuditCopy
from galeria.ports.relay import Relay
from galeria.ports.work import Starter, WorkHistory
from galeria.reconcilers.arriving_images import note_arrivals
from galeria.reconcilers.audit_chain import keep_audit_chain
from galeria.reconcilers.class_messages import show_class_messages
from galeria.reconcilers.class_times import forget_class_times, keep_class_times
from galeria.reconcilers.guest_network import match_network
from galeria.reconcilers.kept_work import remove_ended_work, remove_lost_disks
from galeria.reconcilers.long_chains import shorten_chains
from galeria.reconcilers.machine_power import match_power
from galeria.reconcilers.operations import remove_old_operations, start_unsettled
from galeria.reconcilers.orphans import (
    forget_addresses,
    remove_lost_disk_files,
    remove_lost_machines,
    remove_stale_uploads,
)
from galeria.reconcilers.relay_routes import match_relay
from galeria.reconcilers.retention import end_retention
from galeria.reconcilers.scarce_disks import pause_on_scarce_disks, resume_on_roomy_disks
from galeria.reconcilers.storage_usage import measure_storage_usage
from galeria.reconcilers.store_upkeep import collect_due_garbage, scrub_stores
from galeria.reconcilers.unused_machines import switch_off_unused
from galeria.reconcilers.updates import update_stopped_machines
from galeria.reconcilers.usage import keep_usage
from galeria.workflows.context import WorkflowContext

log = logging.getLogger(__name__)


# The share of processor time for a job that reads every image version. Answers wait for the GIL meanwhile, which may concern
# far fewer than one in a hundred of them: a run of 0.1 s delays three or four.
SMALL_SHARE = 1 / 500
LONGEST_PAUSE = 120.0  # seconds; keeps figures recent after many changes, too
LONGEST_START = 3600.0  # seconds after a start until a job that is done less often is done first
DAY = 86_400.0  # seconds
GARBAGE = 10_000
"""Objects with others in them that are made, and not gone again, before the garbage collector looks at the newest ones."""


class Alone(Enum):
    """Among which processes that share a database a job is done by one at a time."""

    NOWHERE = auto()  # every process does it
    HERE = auto()  # among those that look after the same regions on the same computer
    EVERYWHERE = auto()


@dataclass(frozen=True, kw_only=True)
class PeriodicJob:
    """A job and how often it runs. It runs less often where it would take more than its share of one processor."""

    every: float  # seconds
    do: Callable[[], None]
    share: float = 1
    alone: Alone = Alone.NOWHERE
    name: str = ""  # of the job that is done alone

    def pause(self, spent: float) -> float:
        """Return the seconds until the next run, after a run that took `spent` seconds of processor time."""
        return max(self.every, min(spent / self.share, LONGEST_PAUSE))


def periodic_jobs(
    context: WorkflowContext, starter: Starter, audit_copy: AuditCopy, relay: Relay
) -> tuple[PeriodicJob, ...]:
    return (
        PeriodicJob(every=1, do=lambda: start_unsettled(context, starter)),
        # A copy that is longer than the log and differs from it is read each time, which may take seconds.
        _alone("activity log", 1, lambda: keep_audit_chain(context, audit_copy), share=1 / 20),
        # A guest writes at most some hundred megabytes in this time, and the margin is a gigabyte.
        _here("scarce disks", 1, lambda: pause_on_scarce_disks(context)),
        _here("roomy disks", 2, lambda: resume_on_roomy_disks(context), share=1 / 20),
        _here("bases", 1, context.cache.keep_serving),
        _here("arrivals", 2, lambda: note_arrivals(context), share=1 / 20),
        _here("relay", 1, lambda: match_relay(context, relay), share=1 / 20),
        _here("power", 10, lambda: match_power(context)),
        _here("network", 2, lambda: match_network(context), share=1 / 20),
        _alone("retention", 60, lambda: end_retention(context)),
        memory_job(),
        _here("lost machines", 300, lambda: remove_lost_machines(context)),
        _here("lost disks", 300, lambda: remove_lost_disks(context)),
        _here("ended work", 3600, lambda: remove_ended_work(context)),
        _here("uploads", 3600, lambda: remove_stale_uploads(context)),
        _here("disk files", 3600, lambda: remove_lost_disk_files(context)),
        _alone("addresses", 3600, lambda: forget_addresses(context)),
        _alone("old class times", 3600, lambda: forget_class_times(context)),
    )


def memory_job() -> PeriodicJob:
    """Return the job that every process of a server or a worker does for itself."""
    return PeriodicJob(every=300, do=freeze_garbage_collector)


def clock_jobs(context: WorkflowContext, relay: Relay) -> tuple[PeriodicJob, ...]:
    """Return the jobs that people wait for by the clock. They have a thread that no long job holds up."""
    return (
        _alone("class times", 2, lambda: keep_class_times(context), share=1 / 20),
        _alone("updates", 2, lambda: update_stopped_machines(context), share=1 / 20),
        _alone("usage", 60, lambda: keep_usage(context)),
        _here("unused machines", 60, lambda: switch_off_unused(context, relay)),
    )


def message_jobs(context: WorkflowContext) -> tuple[PeriodicJob, ...]:
    """Return the job that talks to agents in machines; one that does not answer holds up nothing else."""
    return (_here("messages", 1, lambda: show_class_messages(context), share=1 / 20),)


def _alone(name: str, every: float, do: Callable[[], None], *, share: float = 1) -> PeriodicJob:
    return PeriodicJob(every=every, do=do, share=share, alone=Alone.EVERYWHERE, name=name)


def _here(name: str, every: float, do: Callable[[], None], *, share: float = 1) -> PeriodicJob:
    return PeriodicJob(every=every, do=do, share=share, alone=Alone.HERE, name=name)


class Turns:
    """Whose turn the jobs are that one process at a time does. Whoever has one keeps it until its process ends.

    `place` names the computer and the regions that this process looks after. Without leases everything is done here.
    """

    def __init__(self, leases: SharedLeases | None = None, *, place: str = "") -> None:
        self._leases, self._place = leases, place
        self._held: set[str] = set()

    def is_ours(self, job: PeriodicJob) -> bool:
        """Tell whether this process does the job. Raises Unavailable."""
        if self._leases is None or job.alone is Alone.NOWHERE:
            return True
        name = f"job:{job.name}" if job.alone is Alone.EVERYWHERE else f"job:{job.name} {self._place}"
        if name not in self._held and self._leases.find(name, exclusive=True):
            self._held.add(name)
        return name in self._held


def usage_jobs(context: WorkflowContext) -> tuple[PeriodicJob, ...]:
    """Return the jobs that measure what is stored. They have a thread of their own: a store that does not answer is waited for.

    Of those that serve the same regions one does it.
    """
    regions = _regions(context)
    return (
        _alone(f"storage usage of {regions}", 20, lambda: measure_storage_usage(context), share=SMALL_SHARE),
        _alone(f"all storage usage of {regions}", 3600, lambda: measure_storage_usage(context, thorough=True)),
    )


def upkeep_jobs(context: WorkflowContext) -> tuple[PeriodicJob, ...]:
    """Return the jobs that may take hours. They have a thread that nobody waits for.

    Of those that serve the same regions one reads their stores. A collection clears its computer's cache, too.
    """
    return (
        _here("layers", 60, lambda: shorten_chains(context)),
        _here("garbage", 60, lambda: collect_due_garbage(context)),
        _alone(f"scrub of {_regions(context)}", 5, lambda: scrub_stores(context)),
    )


def removal_jobs(context: WorkflowContext, history: WorkHistory) -> tuple[PeriodicJob, ...]:
    """Return the job that removes old operations. It has a thread of its own: after an update it may take hours."""
    return (_alone("old operations", DAY, lambda: remove_old_operations(context, history)),)


def _regions(context: WorkflowContext) -> str:
    return ", ".join(sorted(context.regions)) if context.regions else "all regions"


def freeze_garbage_collector() -> None:
    """Keep objects that live long out of the garbage collector until the next call, and have it look less often.

    Otherwise a full collection, which visits all of them, delays answers by 200 ms twice a second (measured with lists of
    100 versions). Frozen, it takes 10 ms, and the 200 ms come once per call. Nearly all that an answer makes goes without the
    collector, which looked ten times during a list of 100 versions, and took a tenth of its time.
    """
    gc.set_threshold(GARBAGE)
    gc.unfreeze()
    gc.collect()
    gc.freeze()


class Reconciler:
    """Runs each job when it is due, until it is stopped. A job that fails is logged; its next run is the retry."""

    def __init__(
        self, periodic_jobs: tuple[PeriodicJob, ...], *, name: str = "reconciler", turns: Turns | None = None
    ) -> None:
        self._jobs, self._turns = periodic_jobs, turns or Turns()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        started = time.monotonic()
        # Rare jobs wait first, so that a restart does not begin with all of them, and are done where one comes every night.
        due = [started + (0 if each.every < 60 else min(each.every, LONGEST_START)) for each in self._jobs]
        while not self._stopping.wait(max(0.05, min(due) - time.monotonic())):
            for number, each in enumerate(self._jobs):
                if time.monotonic() >= due[number]:
                    began = time.thread_time()
                    do_or_log(partial(self._do, each), "a periodic job")
                    due[number] = time.monotonic() + each.pause(time.thread_time() - began)

    def _do(self, each: PeriodicJob) -> None:
        if self._turns.is_ours(each):
            each.do()


def do_or_log(do: Callable[[], None], what: str) -> None:
    """Do what is done again soon: a failure is logged, and must not end the thread."""
    try:
        do()
    except Exception:
        log.exception("%s failed", what)
