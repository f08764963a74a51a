"""Run the reconcilers periodically, in a thread of their own."""

import gc
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from galeria.ports.audit import AuditCopy
from galeria.ports.relay import Relay
from galeria.ports.work import Starter
from galeria.reconcilers.audit_chain import keep_audit_chain
from galeria.reconcilers.guest_network import match_network
from galeria.reconcilers.machine_power import match_power
from galeria.reconcilers.orphans import (
    collect_garbage,
    forget_addresses,
    remove_lost_disk_files,
    remove_lost_machines,
    remove_stale_uploads,
)
from galeria.reconcilers.relay_routes import match_relay
from galeria.reconcilers.retention import end_retention
from galeria.reconcilers.scarce_disks import pause_on_scarce_disks, resume_on_roomy_disks
from galeria.reconcilers.storage_usage import measure_storage_usage
from galeria.reconcilers.unsettled_operations import start_unsettled
from galeria.workflows.context import WorkflowContext

log = logging.getLogger(__name__)


# The share of processor time for a job that reads every image version. Answers wait for the GIL meanwhile, which may concern
# far fewer than one in a hundred of them: a run of 0.1 s delays three or four.
SMALL_SHARE = 1 / 500
LONGEST_PAUSE = 120.0  # seconds; keeps figures recent after many changes, too


@dataclass(frozen=True, kw_only=True)
class PeriodicJob:
    """A job and how often it runs. It runs less often where it would take more than its share of one processor."""

    every: float  # seconds
    do: Callable[[], None]
    share: float = 1

    def pause(self, spent: float) -> float:
        """Return the seconds until the next run, after a run that took `spent` seconds of processor time."""
        return max(self.every, min(spent / self.share, LONGEST_PAUSE))


def periodic_jobs(
    context: WorkflowContext, starter: Starter, audit_copy: AuditCopy, relay: Relay
) -> tuple[PeriodicJob, ...]:
    return (
        PeriodicJob(every=1, do=lambda: start_unsettled(context.database, starter)),
        # A copy that differs is read whole each time, which takes seconds where it is long.
        PeriodicJob(every=1, do=lambda: keep_audit_chain(context, audit_copy), share=1 / 20),
        # A guest writes at most some hundred megabytes in this time, and the margin is a gigabyte.
        PeriodicJob(every=1, do=lambda: pause_on_scarce_disks(context)),
        PeriodicJob(every=10, do=lambda: resume_on_roomy_disks(context)),
        PeriodicJob(every=1, do=lambda: match_relay(context, relay), share=1 / 20),
        PeriodicJob(every=10, do=lambda: match_power(context)),
        PeriodicJob(every=2, do=lambda: match_network(context), share=1 / 20),
        PeriodicJob(every=20, do=lambda: measure_storage_usage(context), share=SMALL_SHARE),
        PeriodicJob(every=60, do=lambda: end_retention(context)),
        PeriodicJob(every=300, do=freeze_garbage_collector),
        PeriodicJob(every=300, do=lambda: remove_lost_machines(context)),
        PeriodicJob(every=3600, do=lambda: measure_storage_usage(context, thorough=True)),
        PeriodicJob(every=3600, do=lambda: remove_stale_uploads(context)),
        PeriodicJob(every=3600, do=lambda: remove_lost_disk_files(context)),
        PeriodicJob(every=3600, do=lambda: forget_addresses(context)),
        PeriodicJob(every=3600, do=lambda: collect_garbage(context)),
    )


def freeze_garbage_collector() -> None:
    """Keep objects that live long out of the garbage collector until the next call.

    Otherwise a full collection, which visits all of them, delays answers by 200 ms twice a second (measured with lists of
    100 versions). Frozen, it takes 10 ms, and the 200 ms come once per call.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


class Reconciler:
    """Runs each job when it is due, until it is stopped. A job that fails is logged; its next run is the retry."""

    def __init__(self, periodic_jobs: tuple[PeriodicJob, ...], *, name: str = "reconciler") -> None:
        self._jobs = periodic_jobs
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        started = time.monotonic()
        # Rare jobs wait for their full interval first, so that a restart does not begin with all of them.
        due = [started + (0 if each.every < 60 else each.every) for each in self._jobs]
        while not self._stopping.wait(max(0.05, min(due) - time.monotonic())):
            for number, each in enumerate(self._jobs):
                if time.monotonic() >= due[number]:
                    began = time.thread_time()
                    self._do(each)
                    due[number] = time.monotonic() + each.pause(time.thread_time() - began)

    def _do(self, each: PeriodicJob) -> None:
        try:
            each.do()
        except Exception:  # one failed job must not end all later ones
            log.exception("a periodic job failed")
