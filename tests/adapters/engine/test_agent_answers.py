"""Whatever a guest's agent answers is foreign: it ends in a short sentence of ours, never in a fault or a flood."""

import base64
import json
from typing import Any

import libvirt_qemu
import pytest

from galeria.adapters.engine import agent
from galeria.domain.errors import MachineFailed


class Agent:
    """Answers guest-exec with a process that ended; what it printed is chosen by the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any]) -> None:
        self.answers = answers
        monkeypatch.setattr(libvirt_qemu, "qemuAgentCommand", self._command)

    def _command(self, _domain: object, question: str, _seconds: int, _flags: int) -> str:
        answer = self.answers[json.loads(question)["execute"]]
        return answer if isinstance(answer, str) else json.dumps({"return": answer})


def ended(errors: bytes) -> dict[str, Any]:
    return {"exited": True, "exitcode": 1, "err-data": base64.b64encode(errors).decode()}


@pytest.mark.parametrize(
    "errors",
    [
        b"x" * 2_000_000,
        b"\x1b[2J\x1b]0;owned\x07" + b"y" * 100_000,
        "\u202etxt.exe".encode() * 1000,
        b"first\n" * 100_000 + b"\0last",
        bytes(range(256)) * 100,
    ],
    ids=["flood", "escapes", "direction", "lines", "bytes"],
)
def test_an_error_of_the_guest_is_cut_cleaned_and_marked(monkeypatch: pytest.MonkeyPatch, errors: bytes) -> None:
    Agent(monkeypatch, {"guest-exec": {"pid": 1}, "guest-exec-status": ended(errors)})

    with pytest.raises(MachineFailed, match="the guest says '") as failed:
        agent.execute(object(), "true")
    message = str(failed.value.message)

    assert len(message) < 400
    assert not any(ord(char) < 32 or char in "\x7f\u202e" for char in message)


@pytest.mark.parametrize(
    "answer",
    ["", "null", "[]", "{}", '{"return"', "[" * 100_000, '{"error": {}}', "\0"],
    ids=["empty", "null", "list", "object", "cut", "deep", "error", "nul"],
)
def test_an_answer_that_is_none_fails_with_a_sentence(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    Agent(monkeypatch, {"guest-ping": answer})

    with pytest.raises(MachineFailed, match="no answer"):
        agent.ask(object(), "guest-ping")


def test_output_that_is_not_base64_fails_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    status = {"exited": True, "exitcode": 0, "out-data": "a"}
    Agent(monkeypatch, {"guest-exec": {"pid": 1}, "guest-exec-status": status})

    with pytest.raises(MachineFailed, match="cannot be read"):
        agent.execute(object(), "true")


def interface(*addresses: Any) -> dict[str, Any]:
    return {"name": "eth0", "ip-addresses": [{"ip-address": each, "ip-address-type": "ipv4"} for each in addresses]}


@pytest.mark.parametrize(
    ("interfaces", "expected"),
    [
        ([interface("127.0.0.1"), interface("10.0.2.15")], ["10.0.2.15"]),
        ([interface("127.0.0.1", "169.254.3.4", "0.0.0.0", "fec0::5054:ff:fe12:3456")], []),
        ([{"name": "eth0"}], []),
        (
            [interface(*(f"10.0.0.{number}" for number in range(1, 200)))],
            [f"10.0.0.{number}" for number in range(1, 5)],
        ),
        ([interface("10.0.2.15\x1b[2J", 7, None, {"a": 1}, "owned " * 1000), "eth1", None], []),
        ({"ip-addresses": "10.0.2.15"}, []),
        ([{"ip-addresses": "10.0.2.15"}, {"ip-addresses": ["10.0.2.15"]}], []),
    ],
    ids=["one", "none of use", "no list", "flood", "nonsense", "no interfaces", "no addresses"],
)
def test_addresses_are_such_that_ports_are_forwarded_to(
    monkeypatch: pytest.MonkeyPatch, interfaces: Any, expected: list[str]
) -> None:
    Agent(monkeypatch, {"guest-network-get-interfaces": interfaces})

    assert agent.addresses(object()) == expected
