"""A machine's screen in a browser: for whoever may set a password in it, from the service's own pages, while it runs."""

import struct
import threading
import time
from datetime import datetime

import pytest
from websockets.exceptions import InvalidStatus

from galeria.actions.labs.consoles import OPEN
from galeria.adapters.fakes.screen import HEIGHT, WELCOME, WIDTH
from galeria.domain.states import MachineState
from tests.interfaces.console.conftest import BrowserWire, Screens, wait_hung_up
from tests.local_installation import lab_id
from tests.rfb import Viewer
from tests.waiting import until


def test_the_screen_is_seen_and_keys_arrive(screens: Screens) -> None:
    with screens.open() as websocket:
        viewer = Viewer(BrowserWire(websocket))
        first = viewer.look()
        assert (first.width, first.height) == (WIDTH, HEIGHT)
        viewer.type("Olá\n")
        assert viewer.look(changes_only=True).pixels != first.pixels
        viewer.look()
    assert screens.installation.engine.screen(screens.machine).text == f"{WELCOME}Olá\n"


def last_seen(screens: Screens) -> tuple[datetime, datetime]:
    """When somebody was seen connected to the machine, and when typing."""
    with screens.installation.context.database(reading=True) as uow:
        found = uow.presence.find(screens.machine.id)
    assert found
    assert found.connected_at
    assert found.typed_at
    return found.connected_at, found.typed_at


def test_an_open_screen_says_that_somebody_is_there_and_whether_they_type(screens: Screens) -> None:
    set_state(screens, MachineState.RUNNING)
    with screens.open() as websocket:
        viewer = Viewer(BrowserWire(websocket))
        viewer.look()
        connected, typed = last_seen(screens)
        until(lambda: last_seen(screens)[0] > connected, "the line says again that somebody is there")
        assert last_seen(screens)[1] == typed, "who only looks does not type"
        viewer.type("x")
        until(lambda: last_seen(screens)[1] > typed, "the line says that somebody typed")
    set_state(screens, MachineState.STOPPED)


def watchers(screens: Screens) -> list[str]:
    """What the machine's student is told."""
    with screens.installation.context.database(reading=True) as uow:
        return [each.name for each in uow.watchers.of_machines([screens.machine.id])]


def test_the_student_is_told_who_has_the_screen_open_as_long_as_it_is(screens: Screens) -> None:
    with screens.installation.context.database() as uow:
        uow.machines.get(screens.machine.id).claimed_by = "somebody-else"
        uow.commit()
    name = screens.installation.people["educator"].display_name
    with screens.open() as websocket, screens.open():
        Viewer(BrowserWire(websocket)).look()
        until(lambda: watchers(screens) == [name, name], "both lines are told of")
    until(lambda: not watchers(screens), "nobody looks any more")


def set_state(screens: Screens, state: MachineState) -> None:
    with screens.installation.context.database() as uow:
        uow.machines.get(screens.machine.id).state = state
        uow.commit()


def test_two_people_look_at_the_same_screen(screens: Screens) -> None:
    with screens.open() as websocket, screens.open("admin") as other_websocket:
        viewer, other = Viewer(BrowserWire(websocket)), Viewer(BrowserWire(other_websocket))
        before = other.look()
        viewer.type("x")
        assert other.look(changes_only=True).pixels != before.pixels


def test_the_subprotocol_of_older_viewers_is_spoken_where_it_is_offered(screens: Screens) -> None:
    with screens.open(protocols=("chat", "binary")) as websocket:
        assert websocket.subprotocol == "binary"
    with screens.open() as websocket:
        assert websocket.subprotocol is None


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "http://127.0.0.1", "null", None])
def test_pages_of_others_are_refused(screens: Screens, origin: str | None) -> None:
    with pytest.raises(InvalidStatus) as caught, screens.open(origin=origin):
        pass
    assert caught.value.response.status_code == 403


def test_an_origin_of_another_scheme_is_refused(screens: Screens) -> None:
    with pytest.raises(InvalidStatus), screens.open(origin=f"https://{screens.host}"):
        pass


def test_strangers_are_reported_to_sign_in(screens: Screens) -> None:
    assert screens.refusal(who="") == (4401, "Nobody is signed in. Sign in, then open the screen again.")


def test_who_may_not_set_a_password_may_not_look(screens: Screens) -> None:
    code, reason = screens.refusal(who="colleague")
    assert code == 4403
    assert reason
    assert len(reason.encode()) <= 123


@pytest.mark.parametrize("path", ["/console/campus/none/template", "/console/campus/algebra/vm-7"])
def test_a_machine_that_is_not_there_is_not_found(screens: Screens, path: str) -> None:
    assert screens.refusal("admin", path=path)[0] == 4404


def test_a_machine_that_is_off_says_what_to_do(screens: Screens) -> None:
    screens.installation.engine.stop(screens.machine, seconds=1)
    assert screens.refusal() == (4409, "The machine is off. Start it, then open its screen.")


@pytest.mark.parametrize("kind", ["console", "terminal"])
def test_a_machine_of_another_computer_is_said_to_be_there_at_once(
    screens: Screens, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setitem(screens.others.names, screens.machine.region, "lab-host-7")
    set_state(screens, MachineState.RUNNING)
    began = time.monotonic()
    code, reason = screens.refusal(path=f"/{kind}/campus/algebra/template")
    set_state(screens, MachineState.STOPPED)
    assert code == 4421
    assert reason.startswith(
        "The machine is on another computer, lab-host-7, which this server does not reach. Open it"
    )
    assert time.monotonic() - began < 10


def test_the_screen_ends_when_the_machine_goes_off(screens: Screens) -> None:
    with screens.open() as websocket:
        Viewer(BrowserWire(websocket)).look()
        screens.installation.engine.stop(screens.machine, seconds=1)
        assert wait_hung_up(websocket) == (4410, "The machine went off. Start it, then open its screen again.")


def test_the_machines_side_ends_when_the_browser_leaves(screens: Screens) -> None:
    with screens.open() as websocket:
        Viewer(BrowserWire(websocket)).look()
    until(lambda: all(thread.name != "fake-screen" for thread in threading.enumerate()), "the machine's side ends")


def test_who_signs_out_elsewhere_does_not_go_on_looking(screens: Screens) -> None:
    with screens.open() as websocket:
        Viewer(BrowserWire(websocket)).look()
        screens.signed_out.add("educator")
        assert wait_hung_up(websocket) == (4401, "The session has ended. Sign in again.")


def test_who_loses_the_right_does_not_go_on_looking(screens: Screens) -> None:
    with screens.given_role("colleague", "Contributor"), screens.open("colleague") as websocket:
        Viewer(BrowserWire(websocket)).look()
        screens.take_role("colleague", "Contributor")
        assert wait_hung_up(websocket)[0] == 4403


def test_text_is_not_taken(screens: Screens) -> None:
    with screens.open() as websocket:
        websocket.send("hello")
        assert wait_hung_up(websocket)[0] == 1003


def test_looking_is_written_down(screens: Screens) -> None:
    with screens.open() as websocket:
        Viewer(BrowserWire(websocket)).look()
    with screens.installation.request() as request:
        events = [each for each in request.uow.audit.recent() if each.action == OPEN]
    assert events[0].principal_name == "educator"
    assert events[0].scope == f"{lab_id('algebra')}/virtualMachines/template".lower()


@pytest.mark.slow
def test_a_browser_that_takes_nothing_makes_the_machines_side_wait(screens: Screens) -> None:
    """It asks for 200 MB of picture and reads none of it at first: a key behind each request tells how many were sent."""
    ask = struct.pack(">BBHHHH", 3, 0, 0, 0, WIDTH, HEIGHT) + struct.pack(">BBxxI", 4, 1, ord("x"))
    with screens.open() as websocket:
        Viewer(BrowserWire(websocket)).look()
        keys = screens.installation.engine.screen(screens.machine).keys
        websocket.send(ask * 200)
        assert len(_settled(keys)) < 50
        left = 200 * (16 + WIDTH * HEIGHT * 4)
        while left:
            left -= len(websocket.recv(timeout=20))
        until(lambda: len(keys) == 200, "every request is sent")


def _settled(keys: list[int]) -> list[int]:
    """Once there were no more for half a second."""
    deadline = time.monotonic() + 20
    seen, since = -1, time.monotonic()
    while time.monotonic() - since < 0.5:
        assert time.monotonic() < deadline
        if len(keys) != seen:
            seen, since = len(keys), time.monotonic()
        time.sleep(0.01)
    return keys
