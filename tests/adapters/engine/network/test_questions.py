"""Messages of the name system: what a forwarder reads in them, and what it does not let itself be led into."""

import asyncio
import struct

import pytest

from galeria.adapters.engine.network.guard import forwarder as forwarding
from galeria.adapters.engine.network.guard import questions
from galeria.adapters.engine.network.guard.forwarder import Forwarder
from galeria.adapters.engine.network.guard.questions import AAAA, A, NotUnderstoodError
from galeria.domain.labs.guest_network import CLOSED, Internet, NetworkPolicy

LISTED = NetworkPolicy(internet=Internet.NAMES, names=("pypi.org", "*.debian.org"))


def name(text: str) -> bytes:
    return b"".join(bytes([len(each)]) + each.encode() for each in text.split(".")) + b"\0"


def asked(text: str, type: int = A, *, id: int = 7, count: int = 1) -> bytes:
    return struct.pack("!6H", id, 0x0100, count, 0, 0, 0) + name(text) + struct.pack("!HH", type, 1)


def answer(text: str, *records: tuple[bytes, int, bytes], id: int = 7) -> bytes:
    header = struct.pack("!6H", id, 0x8180, 1, len(records), 0, 0)
    lines = (each + struct.pack("!HHIH", type, 1, 60, len(load)) + load for each, type, load in records)
    return header + asked(text)[12:] + b"".join(lines)


def test_a_question_is_read_in_any_spelling() -> None:
    question = questions.read_question(asked("PyPI.org", AAAA))
    assert (question.id, question.name, question.type) == (7, "pypi.org", AAAA)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\0" * 11,
        asked("a.example", count=0),
        asked("a.example", count=2),
        asked("a.example")[:-1],
        struct.pack("!6H", 1, 0x0100, 1, 0, 0, 0) + b"\xc0\x0c" + bytes(4),  # a name that points at itself
        struct.pack("!6H", 1, 0x0100, 1, 0, 0, 0) + b"\x40" + b"a" * 64 + bytes(5),
        struct.pack("!6H", 1, 0x0100, 1, 0, 0, 0) + b"\x02\xff\xfe\0" + bytes(4),
        struct.pack("!6H", 1, 0x2800, 1, 0, 0, 0) + asked("a.example")[12:],  # an update
        asked("a.example")[:-1] + b"\x03",  # another network than the internet
    ],
)
def test_what_is_no_question_is_not_understood(message: bytes) -> None:
    with pytest.raises(NotUnderstoodError):
        questions.read_question(message)


def test_addresses_are_found_behind_other_records_and_pointers() -> None:
    alias = (b"\xc0\x0c", 5, name("files.example"))
    address = (name("files.example"), A, bytes([203, 0, 113, 5]))
    assert questions.addresses_in(answer("pypi.org", alias, address)) == [("203.0.113.5", 60)]
    with pytest.raises(NotUnderstoodError):
        questions.addresses_in(answer("pypi.org", alias, address)[:-1])


def test_an_answer_to_another_question_is_none() -> None:
    question = questions.read_question(asked("pypi.org"))
    assert questions.is_answer_to(answer("pypi.org"), question, 7)
    assert not questions.is_answer_to(answer("pypi.org"), question, 8)
    assert not questions.is_answer_to(answer("other.org"), question, 7)
    assert not questions.is_answer_to(asked("pypi.org"), question, 7)


@pytest.mark.parametrize(
    ("looked_up", "let"),
    [
        ("pypi.org", True),
        ("files.pypi.org", False),
        ("deb.debian.org", True),
        ("a.b.debian.org", True),
        ("debian.org", False),
        ("notdebian.org", False),
        ("pypi.org.evil.example", False),
    ],
)
def test_names_on_the_list_are_let(looked_up: str, let: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    noted: list[tuple[str, str, int]] = []

    async def ask(_server: str, message: bytes, _question: object) -> bytes:
        return answer(looked_up, (b"\xc0\x0c", A, bytes([203, 0, 113, 5])), id=questions.read_question(message).id)

    monkeypatch.setattr(forwarding, "_ask", ask)
    made = Forwarder(lambda _asker: LISTED, noted.extend, lambda: ["192.0.2.53"])
    said = asyncio.run(made.answer(asked(looked_up), "100.64.0.9"))
    assert said is not None
    assert (said[3] & 15 == questions.FINE) is let
    assert noted == ([("100.64.0.9", "203.0.113.5", forwarding.LEAST_SECONDS)] if let else [])


def test_who_may_nothing_and_answers_themselves_get_nothing() -> None:
    made = Forwarder(lambda _asker: CLOSED, lambda _found: None, list)
    said = asyncio.run(made.answer(asked("pypi.org"), "100.64.0.9"))
    assert said is not None
    assert said[3] & 15 == questions.REFUSED
    assert asyncio.run(made.answer(answer("pypi.org"), "100.64.0.9")) is None
    assert asyncio.run(made.answer(b"nonsense", "100.64.0.9")) is None


def test_without_a_name_server_the_machine_is_told_so() -> None:
    made = Forwarder(lambda _asker: NetworkPolicy(), lambda _found: None, list)
    said = asyncio.run(made.answer(asked("pypi.org"), "100.64.0.9"))
    assert said is not None
    assert said[3] & 15 == questions.SERVER_FAILED
