"""The figures for Prometheus: what they count, who may read them, and that the dashboard asks for nothing else."""

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from galeria.domain.errors import Unavailable
from galeria.domain.messages import Message
from galeria.interfaces.monitoring.metrics import Metrics
from galeria.interfaces.monitoring.observed_requests import ObservedRequest
from galeria.interfaces.monitoring.private_app import monitoring_app
from galeria.interfaces.monitoring.readiness import Readiness
from galeria.ports.figures import Figures
from tests.servers.small_server import serving

FOLDER = Path(__file__).parents[3] / "deploy" / "monitoring"
NAME = re.compile(r"\b(?:galeria|process)_\w+")
TOKEN = "a-token-of-the-monitoring"
FIGURES = Figures(
    operations={("createLab", "InProgress"): 2, ("createLab", "Failed"): 1},
    oldest_operation_seconds=90.0,
    machines={("brazilsouth", "Running"): 3},
    labs={("brazilsouth", "Published"): 1},
    copies={("westeurope", "Completed"): 4},
    stored_bytes={"westeurope": 5_000_000_000},
)


class Source:
    """A database that can be away."""

    fault: Unavailable | None = None

    def read(self) -> Figures:
        if self.fault:
            raise self.fault
        return FIGURES


def broken() -> None:
    raise Unavailable(Message("The disk is gone."), hint=Message("Plug it in."))


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def readiness() -> Readiness:
    return Readiness({"database": lambda: None, "store here": broken})


@pytest.fixture
def metrics(source: Source, readiness: Readiness) -> Metrics:
    return Metrics(
        version="1.2.3", readiness=readiness, figures=source, room=lambda: {"data": (25, 100)}, steps=lambda: 7
    )


def samples(metrics: Metrics) -> dict[str, float]:
    """By name and labels, as in `name{label="value"}`."""
    found = {}
    for family in text_string_to_metric_families(metrics.text().decode()):
        for each in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(each.labels.items()))
            found[f"{each.name}{{{labels}}}"] = each.value
    return found


def observed(route: str = "/labs/{lab}", status: int = 200, *, seconds: float = 0.03) -> ObservedRequest:
    return ObservedRequest(
        method="GET", route=route, status=status, person_id="p-1", seconds=seconds, whole_seconds=seconds
    )


def test_requests_are_counted_by_route_and_status_and_never_by_person(metrics: Metrics) -> None:
    metrics.began()
    metrics.began()
    metrics.ended(observed())
    metrics.ended(observed(status=500, seconds=3))
    metrics.began()
    found = samples(metrics)
    assert found["galeria_requests_total{method=GET,route=/labs/{lab},status=200}"] == 1
    assert found["galeria_requests_total{method=GET,route=/labs/{lab},status=500}"] == 1
    assert found["galeria_request_seconds_bucket{le=0.05,method=GET}"] == 1
    assert found["galeria_request_seconds_count{method=GET}"] == 2
    assert found["galeria_requests_in_progress{}"] == 1
    assert not [each for each in found if "p-1" in each]


def test_the_installation_is_counted(metrics: Metrics) -> None:
    found = samples(metrics)
    assert found["galeria_operations{kind=createLab,status=InProgress}"] == 2
    assert found["galeria_oldest_operation_seconds{}"] == 90
    assert found["galeria_machines{region=brazilsouth,state=Running}"] == 3
    assert found["galeria_labs{region=brazilsouth,state=Published}"] == 1
    assert found["galeria_image_copies{region=westeurope,state=Completed}"] == 4
    assert found["galeria_stored_bytes{region=westeurope}"] == 5e9
    assert found["galeria_disk_free_bytes{place=data}"] == 25
    assert found["galeria_disk_size_bytes{place=data}"] == 100
    assert found["galeria_steps_in_progress{}"] == 7
    assert (found["galeria_ready{check=database}"], found["galeria_ready{check=store here}"]) == (1, 0)
    assert found["process_resident_memory_bytes{}"] > 0


def test_without_its_database_a_server_still_tells_what_it_knows(metrics: Metrics, source: Source) -> None:
    source.fault = Unavailable(Message("Away."))
    found = samples(metrics)
    assert "galeria_requests_in_progress{}" in found
    assert not [each for each in found if each.startswith("galeria_machines")]


def test_lines_of_the_log_are_counted_from_warnings_on(metrics: Metrics) -> None:
    log = logging.getLogger("galeria.of_this_test")
    log.addHandler(handler := metrics.log_handler())
    log.setLevel(logging.INFO)
    log.info("not this")
    log.warning("this")
    log.error("and this")
    log.removeHandler(handler)
    found = samples(metrics)
    counts = [found[f"galeria_log_lines_total{{level={level}}}"] for level in ("WARNING", "ERROR", "CRITICAL")]
    assert counts == [1, 1, 0]


@pytest.fixture
def client(metrics: Metrics, readiness: Readiness) -> Iterator[httpx.Client]:
    with serving(monitoring_app(metrics, readiness, token=TOKEN)) as address, httpx.Client(base_url=address) as client:
        yield client


def test_only_who_brings_the_token_reads_them(client: httpx.Client) -> None:
    for path in ("/metrics", "/readyz"):
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}):
            assert client.get(path, headers=headers).status_code == 401
    told = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (told.status_code, "galeria_build_info" in told.text) == (200, True)
    assert client.get("/healthz").json() == {"status": "alive"}


def test_readiness_is_told_in_words_there(client: httpx.Client) -> None:
    told = client.get("/readyz", headers={"Authorization": f"Bearer {TOKEN}"})
    assert told.status_code == 503
    assert told.json()["checks"][1] == {
        "name": "store here",
        "status": "not ready",
        "message": "The disk is gone.",
        "hint": "Plug it in.",
    }


@pytest.mark.parametrize("file", ["grafana-dashboard.json", "prometheus-rules.yml"])
def test_what_asks_for_figures_asks_for_those_that_there_are(metrics: Metrics, file: str) -> None:
    metrics.ended(observed())
    there = {name.partition("{")[0] for name in samples(metrics)}
    asked = set(NAME.findall((FOLDER / file).read_text(encoding="utf-8")))
    assert asked
    assert asked <= there


def test_every_figure_of_ours_is_on_the_dashboard(metrics: Metrics) -> None:
    """What nobody would ever look at need not be counted."""
    dashboard = json.loads((FOLDER / "grafana-dashboard.json").read_text(encoding="utf-8"))
    asked = NAME.findall(" ".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"]))
    ours = {family.name for family in text_string_to_metric_families(metrics.text().decode())}
    shown = {re.sub(r"_(total|bucket)$", "", each) for each in asked}
    assert {each for each in ours if each.startswith("galeria_")} <= shown
