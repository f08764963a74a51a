"""The figures that Prometheus reads. No label holds a person, a name that somebody chose, a path or an address."""

import logging
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from galeria.domain.errors import GaleriaError
from galeria.interfaces.monitoring.observed_requests import ObservedRequest
from galeria.interfaces.monitoring.readiness import Readiness
from galeria.ports.figures import Figures, FigureSource

log = logging.getLogger(__name__)

Room = Callable[[], Mapping[str, tuple[int, int]]]
"""The free bytes of each place where data is kept, and all of its bytes."""

LEVELS = ("WARNING", "ERROR", "CRITICAL")
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """All figures of one process. It is a `RequestObserver`; what is counted elsewhere is read when somebody asks."""

    def __init__(
        self, *, version: str, readiness: Readiness, figures: FigureSource, room: Room, steps: Callable[[], int]
    ) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # one more series for each of ours, which nobody looks at
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "galeria_requests",
            "Requests that were answered, by method, pattern of the path and status.",
            ("method", "route", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "galeria_request_seconds",
            "Seconds until the answer of a request began.",
            ("method",),
            buckets=SECONDS,
            registry=registry,
        )
        self._in_progress = Gauge("galeria_requests_in_progress", "Requests being answered.", registry=registry)
        self._logged = Counter(
            "galeria_log_lines", "Lines of the log, from warnings on, by level.", ("level",), registry=registry
        )
        for level in LEVELS:
            self._logged.labels(level)
        steps_running = Gauge(
            "galeria_steps_in_progress", "Steps of operations that this process works on.", registry=registry
        )
        steps_running.set_function(steps)
        build = Gauge("galeria_build_info", "1, with the version as label.", ("version",), registry=registry)
        build.labels(version).set(1)
        ProcessCollector(registry=registry)
        registry.register(_Installation(readiness, figures, room))

    def began(self) -> None:
        """Count a request that is being answered."""
        self._in_progress.inc()

    def answered(self) -> None:
        """A request is in progress until its answer has ended."""

    def ended(self, request: ObservedRequest) -> None:
        """Count a request that was answered."""
        self._in_progress.dec()
        self._requests.labels(request.method, request.route, str(request.status)).inc()
        self._seconds.labels(request.method).observe(request.seconds)

    def log_handler(self) -> logging.Handler:
        """Return a handler that counts the lines of the log it is given."""
        return _LineCounter(self._logged)

    def text(self) -> bytes:
        """Return all figures in Prometheus's text format. This asks the database, and whatever readiness looks at."""
        return generate_latest(self._registry)


class _LineCounter(logging.Handler):
    def __init__(self, counter: Counter) -> None:
        super().__init__(logging.WARNING)
        self._counter = counter

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelname in LEVELS:
            self._counter.labels(record.levelname).inc()


class _Installation(Collector):
    """What the whole installation has. Each process tells the same: sums over processes would count it twice."""

    def __init__(self, readiness: Readiness, figures: FigureSource, room: Room) -> None:
        self._readiness, self._figures, self._room = readiness, figures, room

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask the database."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Ask for everything. What the database does not tell now is left out, so that gaps are seen as gaps."""
        yield self._ready()
        yield from self._disks()
        try:
            figures = self._figures.read()
        except GaleriaError as error:
            log.warning("the figures of the installation could not be read: %s", error)
            return
        yield from _counted(figures)

    def _ready(self) -> Metric:
        ready = GaugeMetricFamily("galeria_ready", "1 where the server has what it needs, by what.", labels=("check",))
        for finding in self._readiness.findings():
            ready.add_metric((finding.name,), float(finding.is_ready))
        return ready

    def _disks(self) -> Iterable[Metric]:
        free = GaugeMetricFamily("galeria_disk_free_bytes", "Free bytes where data is kept.", labels=("place",))
        size = GaugeMetricFamily("galeria_disk_size_bytes", "All bytes where data is kept.", labels=("place",))
        for place, (left, total) in self._room().items():
            free.add_metric((place,), left)
            size.add_metric((place,), total)
        return free, size


def _counted(figures: Figures) -> Iterable[Metric]:
    yield _by("galeria_operations", "Operations by kind and status.", ("kind", "status"), figures.operations)
    oldest = "Seconds since the oldest operation began that has not ended."
    yield GaugeMetricFamily("galeria_oldest_operation_seconds", oldest, value=figures.oldest_operation_seconds)
    yield _by("galeria_machines", "Machines by region and state.", ("region", "state"), figures.machines)
    yield _by("galeria_labs", "Labs by region and state.", ("region", "state"), figures.labs)
    yield _by("galeria_image_copies", "Copies of image versions.", ("region", "state"), figures.copies)
    stored: dict[tuple[str, ...], int] = {(region,): count for region, count in figures.stored_bytes.items()}
    yield _by("galeria_stored_bytes", "Compressed bytes of all copies, as last measured.", ("region",), stored)


def _by(
    name: str, says: str, labels: tuple[str, ...], counts: Mapping[tuple[str, str], int] | Mapping[tuple[str, ...], int]
) -> Metric:
    family = GaugeMetricFamily(name, says, labels=labels)
    for values, count in counts.items():
        family.add_metric(values, count)
    return family
