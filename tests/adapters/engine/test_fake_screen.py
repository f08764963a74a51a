"""A fake machine's screen shows what is typed, to everybody who looks, in the form that each of them asked for."""

import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from galeria.adapters.fakes.engine import FakeEngine
from galeria.adapters.fakes.screen import BACKGROUND, INK, PALETTE, POINTER, WELCOME, WIDTH, wrapped
from galeria.adapters.fakes.screen_server import PixelFormat
from galeria.ports.machines import Machine
from tests.adapters.engine.conftest import EngineCase, fake_case
from tests.rfb import RETURN, SHIFT, Viewer
from tests.waiting import until

BACKSPACE = 0xFF08


@pytest.fixture
def case(work: Path) -> EngineCase:
    return fake_case(work)


@pytest.fixture
def machine(case: EngineCase) -> Machine:
    return case.running()


@pytest.fixture
def engine(case: EngineCase) -> FakeEngine:
    assert isinstance(case.engine, FakeEngine)
    return case.engine


@pytest.fixture
def viewer(engine: FakeEngine, machine: Machine) -> Iterator[Viewer]:
    with engine.open_console(machine) as wire:
        yield Viewer(wire)


def colour(place: int) -> bytes:
    red, green, blue = PALETTE[place]
    return bytes([blue, green, red])


def test_keys_are_seen_in_the_picture(engine: FakeEngine, machine: Machine, viewer: Viewer) -> None:
    before = viewer.look()
    viewer.press(ord("x"))
    after = viewer.look(changes_only=True)
    assert before.pixels != after.pixels
    viewer.press(BACKSPACE)
    assert viewer.look(changes_only=True) == before
    viewer.type("Hi!\n")
    viewer.look(changes_only=True)
    assert engine.screen(machine).text == f"{WELCOME}Hi!\n"
    pressed = [ord("x"), BACKSPACE, SHIFT, ord("H"), ord("i"), SHIFT, ord("!"), RETURN]
    assert engine.screen(machine).keys == pressed


def test_the_pointer_is_seen_where_it_is(engine: FakeEngine, machine: Machine, viewer: Viewer) -> None:
    viewer.look()
    viewer.point(400, 300, buttons=1)
    picture = viewer.look(changes_only=True)
    assert picture.colours(400, 300, 2, 2) == {colour(POINTER)}
    assert picture.colours(380, 280, 2, 2) == {colour(BACKGROUND)}
    assert engine.screen(machine).pointer == (400, 300, 1)
    viewer.point(10_000, 10_000)
    assert viewer.look(changes_only=True).colours(400, 300, 2, 2) == {colour(BACKGROUND)}


def test_everybody_who_looks_sees_what_one_of_them_types(engine: FakeEngine, machine: Machine, viewer: Viewer) -> None:
    with engine.open_console(machine) as wire:
        other = Viewer(wire)
        seen = other.look()
        viewer.type("a")
        assert other.look(changes_only=True).pixels != seen.pixels


def test_the_clipboard_goes_both_ways(engine: FakeEngine, machine: Machine, viewer: Viewer) -> None:
    viewer.cut("to the máchine")
    viewer.look()
    assert engine.screen(machine).cut_texts == ["to the máchine"]
    engine.cut(machine, "from the machine")
    viewer.look()
    assert viewer.cut_texts == ["from the machine"]


def test_a_new_start_begins_with_an_empty_screen(engine: FakeEngine, machine: Machine, viewer: Viewer) -> None:
    viewer.type("old")
    viewer.look()
    engine.stop(machine, seconds=1)
    viewer.wait_end()
    engine.start(machine, ssh=False)
    assert engine.screen(machine).text == WELCOME


def test_no_thread_outlives_its_connection(engine: FakeEngine, machine: Machine) -> None:
    for _ in range(3):
        with engine.open_console(machine) as wire:
            Viewer(wire).look()
    until(lambda: all(thread.name != "fake-screen" for thread in threading.enumerate()), "the machine's side ends")


@pytest.mark.parametrize("nonsense", [b"\xff", struct.pack(">B3xI", 6, 1 << 31), struct.pack(">B19x", 0)])
def test_who_talks_nonsense_is_hung_up_on(
    viewer: Viewer, engine: FakeEngine, machine: Machine, nonsense: bytes
) -> None:
    with engine.open_console(machine) as wire:
        other = Viewer(wire)
        wire.sendall(nonsense)
        other.wait_end()
    assert viewer.look().width == WIDTH


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (PixelFormat(bits=8, largest=(7, 7, 3), shifts=(0, 3, 6)), bytes([0 | 0 << 3 | 0 << 6, 5 | 5 << 3 | 2 << 6])),
        (PixelFormat(bits=16, largest=(31, 63, 31), shifts=(11, 5, 0), is_big_endian=True), b"\x08\xa5\xce\xbb"),
        (PixelFormat(shifts=(0, 8, 16)), bytes([16, 24, 48, 0, 208, 216, 224, 0])),
    ],
)
def test_pixels_come_in_the_form_that_was_asked_for(wanted: PixelFormat, expected: bytes) -> None:
    assert PixelFormat.parse(wanted.packed()) == wanted
    assert wanted.encoded(bytes([BACKGROUND, INK])) == expected


def test_long_lines_are_wrapped() -> None:
    lines = wrapped("a" * 100 + "\n\nb")
    assert [len(line) for line in lines] == [52, 48, 0, 1]
