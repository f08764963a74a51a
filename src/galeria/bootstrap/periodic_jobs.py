"""The reconcilers' rounds, in a thread of their own."""

import gc
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from galeria.ports.work import Starter
from galeria.reconcilers.machine_power import match_power
from galeria.reconcilers.orphans import (
    collect_garbage,
    remove_lost_disk_files,
    remove_lost_machines,
    remove_stale_uploads,
)
from galeria.reconcilers.retention import end_retention
from galeria.reconcilers.storage_usage import measure_storage_usage
from galeria.reconcilers.unsettled_operations import start_unsettled
from galeria.workflows.context import WorkflowContext

log = logging.getLogger(__name__)


# What a round that looks at every image version may take of the time. Meanwhile answers wait for the interpreter: it has to
# concern far fewer of them than one in a hundred: a round of 0.1 s holds up three or four.
SMALL_SHARE = 1 / 500
LONGEST_PAUSE = 120.0  # seconds; after a lot of news too, what it tells stays fresh


@dataclass(frozen=True, kw_only=True)
class PeriodicJob:
    """It comes less often than `every` says where it would take more than its share of one processor's time."""

    every: float  # seconds
    do: Callable[[], None]
    share: float = 1

    def pause(self, spent: float) -> float:
        """Seconds until its next time, when it has just spent so much processor time."""
        return max(self.every, min(spent / self.share, LONGEST_PAUSE))


def periodic_jobs(context: WorkflowContext, starter: Starter) -> tuple[PeriodicJob, ...]:
    return (
        PeriodicJob(every=1, do=lambda: start_unsettled(context.database, starter)),
        PeriodicJob(every=10, do=lambda: match_power(context)),
        PeriodicJob(every=20, do=lambda: measure_storage_usage(context), share=SMALL_SHARE),
        PeriodicJob(every=60, do=lambda: end_retention(context)),
        PeriodicJob(every=300, do=freeze_garbage_collector),
        PeriodicJob(every=300, do=lambda: remove_lost_machines(context)),
        PeriodicJob(every=3600, do=lambda: measure_storage_usage(context, thorough=True)),
        PeriodicJob(every=3600, do=lambda: remove_stale_uploads(context)),
        PeriodicJob(every=3600, do=lambda: remove_lost_disk_files(context)),
        PeriodicJob(every=3600, do=lambda: collect_garbage(context)),
    )


def freeze_garbage_collector() -> None:
    """What lives long is kept out of the collector's sight until the next time.

    Otherwise a full collection, which looks at all of it, holds up answers for 200 ms twice a second (measured with lists of
    100 versions). Now that takes 10 ms, and the 200 ms come once in a round.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


class Reconciler:
    """Runs each round in its time until it is stopped. A round that fails is logged; the next one is the retry."""

    def __init__(self, periodic_jobs: tuple[PeriodicJob, ...]) -> None:
        self._rounds = periodic_jobs
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reconciler", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        started = time.monotonic()
        # The slow rounds wait for their first time: a restart must not begin with a sweep.
        due = [started + (0 if each.every < 60 else each.every) for each in self._rounds]
        while not self._stopping.wait(max(0.05, min(due) - time.monotonic())):
            for number, each in enumerate(self._rounds):
                if time.monotonic() >= due[number]:
                    began = time.thread_time()
                    self._do(each)
                    due[number] = time.monotonic() + each.pause(time.thread_time() - began)

    def _do(self, each: PeriodicJob) -> None:
        try:
            each.do()
        except Exception:  # The reconcilers' edge: one failed look at the world must not end all later ones.
            log.exception("a round failed")
