"""The log as JSON: each line is an object, names request, operation and person, and holds no path and no secret."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from galeria.bootstrap.logs import JsonFormatter
from galeria.log_context import logged_as, note_person
from tests.bootstrap.served_process import PROGRAM, served
from tests.waiting import until


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonFormatter())
    log = logging.getLogger("galeria.of_this_test")
    log.addHandler(handler)
    log.propagate = False
    log.setLevel(logging.INFO)
    yield written
    log.removeHandler(handler)


def test_a_line_names_what_it_belongs_to(written: io.StringIO) -> None:
    log = logging.getLogger("galeria.of_this_test")
    with logged_as(request_id="r-1"):
        note_person("p-1")
        log.warning("two\nlines of %s", "ação", extra={"facts": {"route": "/labs", "level": "not this"}})
    with logged_as(operation_id="o-1"):
        try:
            raise KeyError("x")
        except KeyError:
            log.exception("it broke")
    log.info("outside")
    first, second, third = [json.loads(line) for line in written.getvalue().splitlines()]
    assert first.pop("time").endswith("+00:00")
    assert first == {
        "route": "/labs",
        "level": "WARNING",
        "logger": "galeria.of_this_test",
        "message": "two\nlines of ação",
        "request_id": "r-1",
        "person_id": "p-1",
    }
    assert (second["operation_id"], "KeyError: 'x'" in second["exception"]) == ("o-1", True)
    assert {"request_id", "operation_id", "person_id", "exception"}.isdisjoint(third)


@pytest.mark.slow
def test_a_server_logs_each_request_with_its_route_and_who_sent_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "galeria.toml").write_text('[logs]\nformat = "json"\nrequests = true\n', encoding="utf-8")
    with served(PROGRAM, data) as server:

        def line_of(answer: Any) -> dict[str, Any]:
            id = answer.headers["x-ms-request-id"]
            until(lambda: id in server.log.read_text("utf-8"), "its line is written")
            lines = [json.loads(line) for line in server.log.read_text("utf-8").splitlines()]
            (found,) = [line for line in lines if line.get("request_id") == id]
            return dict(found)

        asked = line_of(server.get("/welcome/a-link-that-nobody-has?password=planted"))
        assert (asked["method"], asked["route"], asked["status"]) == ("GET", "/welcome/{secret}", 404)
        assert "person_id" not in asked
        token = server.token()
        path = f"/subscriptions/{server.connect['subscription_id']}?api-version=2022-12-01"
        known = line_of(server.get(path, headers={"Authorization": f"Bearer {token}"}))
        assert (known["route"], known["status"]) == ("/subscriptions/{subscription}", 200)
        assert known["person_id"]
        assert 0 < known["ms"] <= known["whole_ms"] + 0.1
        unknown = line_of(server.get("/wp-login.php"))
        assert (unknown["route"], unknown["status"]) == ("other", 404)
        whole = server.log.read_text("utf-8")
    for secret in ("a-link-that-nobody-has", "planted", token, server.connect["client_secret"], "wp-login"):
        assert secret not in whole
