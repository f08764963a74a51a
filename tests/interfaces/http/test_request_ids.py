"""What a client calls its request goes into logs only in the form of an id, over HTTP and WebSockets alike."""

import ast

import pytest
from starlette.datastructures import Headers

from galeria.adapters.system import RandomIdGenerator
from galeria.interfaces.http.request_ids import correlation_id_of
from tests.rules.sources import sources


@pytest.mark.parametrize("sent", ["", "a b", "x" * 65, "line\nbreak", "\x1b[2J", "-dash", "<script>", "ação", "a/../b"])
def test_what_is_no_id_is_replaced(sent: str) -> None:
    found = correlation_id_of(Headers({"x-ms-correlation-request-id": sent}), RandomIdGenerator())

    assert found != sent
    assert len(found) == 36


def test_an_id_is_kept() -> None:
    sent = "0f8fad5b-d9cb-469f-a165-70867728950e"

    assert correlation_id_of(Headers({"x-ms-correlation-request-id": sent}), RandomIdGenerator()) == sent


def test_the_header_is_read_in_one_place_only() -> None:
    readers = {
        source.name
        for source in sources("src/galeria/interfaces")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "get"
        and any(isinstance(each, ast.Constant) and each.value == "x-ms-correlation-request-id" for each in node.args)
    }

    assert readers == {"src/galeria/interfaces/http/request_ids.py"}
