"""A real server's and a real worker's figures, at an address of their own."""

import signal
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.bootstrap.served_process import PROGRAM, served
from tests.servers.ports import free_port
from tests.waiting import until


def settle(data: Path, name: str) -> int:
    port = free_port()
    data.mkdir(exist_ok=True)
    (data / "galeria.toml").write_text(f"[monitoring]\n{name} = {port}\n", encoding="utf-8")
    return port


@pytest.mark.slow
def test_a_server_tells_its_figures_apart_from_its_pages(tmp_path: Path) -> None:
    port = settle(tmp_path / "data", "port")
    with served(PROGRAM, tmp_path / "data") as server:
        assert server.get("/metrics").status_code == 404
        server.get("/sign-in")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as figures:
            told = figures.get("/metrics").text
            assert figures.get("/readyz").json()["status"] == "ready"
    assert 'galeria_requests_total{method="GET",route="/sign-in",status="200"} 1.0' in told
    assert 'galeria_ready{check="operations"} 1.0' in told
    assert 'galeria_disk_size_bytes{place="brazilsouth store"}' in told


@pytest.mark.slow
def test_a_worker_of_its_own_tells_its_figures_too(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with served(PROGRAM, data):
        pass
    port = settle(data, "worker_port")
    command = [*PROGRAM, "worker", "--data", str(data)]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as figures:
        with subprocess.Popen(command) as worker:
            try:
                until(lambda: answers(figures) or worker.poll() is not None, "it answers", seconds=120)
                told = figures.get("/metrics").text
            finally:
                worker.send_signal(signal.SIGTERM)
        assert worker.returncode == 0
    assert 'galeria_ready{check="operations"} 1.0' in told


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False
