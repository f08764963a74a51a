"""A cloud that takes a request and says nothing, or stops in the middle of an answer, holds nobody up for ever."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from galeria.adapters.openstack import cloud as clouds
from galeria.adapters.openstack.cloud import NO_ANSWER, Cloud
from galeria.domain.errors import MachineFailed
from galeria.domain.regions import CloudAccess

SECONDS = 0.2


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clouds, "ANSWER_SECONDS", SECONDS)


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """The address of a server that says this to every request, and nothing more while the connection is open."""
    lines: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    line, _ = listener.accept()
                except OSError:
                    return
                lines.append(line)
                line.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)
            for line in lines:
                line.close()


def opened(folder: Path, settings: dict[str, object]) -> Cloud:
    file = folder / "clouds.yaml"
    file.write_text(json.dumps({"clouds": {"campus": settings}}), encoding="utf-8")
    return Cloud(CloudAccess(name="campus", network="labs", file=str(file)))


def refused(ask: Callable[[], object]) -> str:
    with pytest.raises(MachineFailed) as told:
        ask()
    return told.value.code


def test_a_keystone_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    with answering(b"") as address:
        credential = {"application_credential_id": "id", "application_credential_secret": "secret"}
        cloud = opened(
            tmp_path, {"auth_type": "v3applicationcredential", "auth": {"auth_url": f"{address}/v3", **credential}}
        )
        assert refused(lambda: cloud.compute("GET", "/servers")) == NO_ANSWER
        cloud.close()


def test_a_glance_that_stops_in_the_middle_of_an_image_is_given_up(tmp_path: Path) -> None:
    def read(cloud: Cloud) -> list[bytes]:
        with cloud.streamed("/images/one/file") as response, clouds.translated("campus"):
            return list(response.iter_content(4))

    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nsome bytes") as address:
        cloud = opened(
            tmp_path,
            {
                "auth_type": "admin_token",
                "auth": {"endpoint": address, "token": "token"},
                "image_endpoint_override": f"{address}/v2",
            },
        )
        assert refused(lambda: read(cloud)) == NO_ANSWER
        cloud.close()
