"""Server-sent events of an operation end with the right to see it: a stream outlives no sign-out."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from galeria.actions.people.people import disable
from galeria.actions.people.roles import give_role, take_role
from tests.interfaces.web.served import Portal
from tests.local_installation import GALLERY, disk_bytes

MIB = 1024 * 1024
READER = "Reader"
COMMENT = ": still here"
"""What an open stream sends when nothing has changed for a while."""


def leave(portal: Portal, browser: httpx.Client) -> None:
    portal.post(browser, "/sign-out")


def disable_colleague(portal: Portal, browser: httpx.Client) -> None:
    with portal.installation.request() as request:
        disable(request, "colleague")


def lose_role(portal: Portal, browser: httpx.Client) -> None:
    with portal.installation.request() as request:
        take_role(request, "colleague", READER, str(GALLERY))


@pytest.mark.parametrize("end", [leave, disable_colleague, lose_role])
def test_a_stream_ends_with_the_right_to_see_the_operation(
    portal: Portal, end: Callable[[Portal, httpx.Client], None]
) -> None:
    operation = portal.installation.begin_import("linux", disk_bytes(MIB))
    with portal.installation.request() as request:
        give_role(request, "colleague", READER, str(GALLERY))
    browser, place = portal.browser("colleague"), f"/operations/{operation.id}/events"

    with browser.stream("GET", place) as answer:
        assert answer.status_code == 200
        lines = answer.iter_lines()
        assert "event: progress" in until(lines, "")
        end(portal, browser)
        assert "event: done" in until(lines, "event: done")

    again = browser.get(place)
    assert again.status_code in {303, 403, 404}, again.text


def test_a_stream_of_ones_own_operation_ends_with_the_right_to_it(portal: Portal) -> None:
    with portal.installation.request() as request:
        give_role(request, "colleague", "Contributor", str(GALLERY))
    operation = portal.installation.begin_import("linux", disk_bytes(MIB))
    with portal.installation.context.database() as uow:
        uow.operations.get(operation.id).started_by = portal.installation.people["colleague"].id
        uow.commit()

    with portal.browser("colleague").stream("GET", f"/operations/{operation.id}/events") as answer:
        lines = answer.iter_lines()
        assert "event: progress" in until(lines, "")
        with portal.installation.request() as request:
            take_role(request, "colleague", "Contributor", str(GALLERY))
        assert "event: done" in until(lines, "event: done")


def test_a_stream_goes_on_while_nothing_changes(portal: Portal) -> None:
    operation = portal.installation.begin_import("linux", disk_bytes(MIB))

    with portal.browser().stream("GET", f"/operations/{operation.id}/events") as answer:
        lines = answer.iter_lines()
        until(lines, "")
        portal.installation.run(operation)
        seen = until(lines, "event: done")

    assert "event: progress" in seen


def test_a_stream_ends_with_the_server_and_says_when_to_come_back(portal: Portal) -> None:
    operation = portal.installation.begin_import("linux", disk_bytes(MIB))
    with portal.browser().stream("GET", f"/operations/{operation.id}/events") as answer:
        lines = answer.iter_lines()
        until(lines, "")
        portal.services.readiness.stop()
        assert list(lines) == ["retry: 3000", ""]


def until(lines: Iterator[str], end: str) -> list[str]:
    """The lines up to `end`. Fails where the stream goes on without it, and names what came."""
    seen: list[str] = []
    for line in lines:
        seen.append(line)
        if line == end:
            break
        assert line != COMMENT, seen
    return seen
