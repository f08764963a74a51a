"""Talk to a guest's agent (qemu-ga) through libvirt. Every command has a deadline."""

import base64
import ipaddress
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import libvirt
import libvirt_qemu

from galeria.domain.errors import MachineFailed
from galeria.domain.foreign_text import foreign_text
from galeria.domain.messages import Message

MOST_OUTPUT = 65536  # characters of a program's output that are looked at: it is the guest that says how many there are
PING_SECONDS = 2
POLL_SECONDS = 0.1
MOST_ADDRESSES = 4  # that a message names


@dataclass(frozen=True, kw_only=True, slots=True)
class GuestProgramResult:
    """The exit status and output of a program that ran in the guest."""

    status: int
    output: str
    errors: str


def ask(domain: libvirt.virDomain, command: str, arguments: dict[str, Any] | None = None, *, seconds: int = 10) -> Any:
    """Send one command of the agent's protocol and return the value `return` of its answer.

    Raises MachineFailed, whose message never holds the arguments: they may include a password's hash.
    """
    question: dict[str, Any] = {"execute": command}
    if arguments is not None:
        question["arguments"] = arguments
    try:
        answer = libvirt_qemu.qemuAgentCommand(domain, json.dumps(question), seconds, 0)
    except libvirt.libvirtError as error:
        raise MachineFailed(
            Message(
                "The guest's agent did not do {command}: {words}.",
                command=command,
                words=foreign_text(str(error)),
            ),
            hint=Message("Check that the machine runs and that qemu-guest-agent is installed and allowed to do this."),
        ) from error
    return _returned(command, answer)


def _returned(command: str, answer: str) -> Any:
    """What the agent returned. It is the guest's, so it may be anything. Raises MachineFailed where it is no answer."""
    try:
        return json.loads(answer)["return"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MachineFailed(
            Message("The guest's agent answered {command} with something that is no answer.", command=command),
            hint=Message("Check that qemu-guest-agent in the machine is the distribution's own, then try again."),
        ) from error


def answers(domain: libvirt.virDomain) -> bool:
    """Return whether the agent answers now."""
    try:
        ask(domain, "guest-ping", seconds=PING_SECONDS)
    except MachineFailed:
        return False
    return True


def addresses(domain: libvirt.virDomain) -> list[str]:
    """Return the guest's IPv4 addresses, as its agent says them, but for its own loopback and those it gave itself.

    Ports are forwarded by IPv4 only; an address of IPv6 every machine makes itself. Raises MachineFailed.
    """
    found = []
    for text in _said_addresses(ask(domain, "guest-network-get-interfaces")):
        try:
            address = ipaddress.IPv4Address(text)
        except ValueError:
            continue
        if not (address.is_loopback or address.is_link_local or address.is_unspecified):
            found.append(str(address))
    return found[:MOST_ADDRESSES]


def _said_addresses(interfaces: Any) -> Iterator[str]:
    for interface in interfaces if isinstance(interfaces, list) else ():
        said = interface.get("ip-addresses") if isinstance(interface, dict) else None
        for each in said if isinstance(said, list) else ():
            if isinstance(each, dict):
                yield str(each.get("ip-address"))


def execute(
    domain: libvirt.virDomain, script: str, *words: str, stdin: bytes = b"", seconds: float = 60, check: bool = True
) -> GuestProgramResult:
    """Run a POSIX shell script in the guest as root; `words` arrive as $1, $2 … and are never parsed as script.

    The agent reports "exited" only once every child has closed the output, so that a script must not leave one behind.
    Raises MachineFailed after `seconds`, and with `check` when the status is not 0.
    """
    arguments: dict[str, Any] = {"path": "/bin/sh", "arg": ["-c", script, "sh", *words], "capture-output": True}
    if stdin:
        arguments["input-data"] = base64.b64encode(stdin).decode("ascii")
    pid = ask(domain, "guest-exec", arguments)["pid"]
    ended = _wait_end(domain, pid, seconds)
    if check and ended.status != 0:
        last = ended.errors[-MOST_OUTPUT:].strip().splitlines()[-1:] or ["no message"]
        raise MachineFailed(
            Message(
                "A step inside the guest ended with status {status}: the guest says '{words}'.",
                status=ended.status,
                words=foreign_text(last[0]),
            ),
            hint=Message("Open the machine's console and look whether its disk is full or read-only, then try again."),
        )
    return ended


# A guest without `wall` is one without accounts that anybody is signed in with: its console is what people look at.
_SHOW = """
if command -v wall >/dev/null 2>&1; then printf '%s\\n' "$1" | wall; else printf '\\r\\n%s\\r\\n' "$1" >/dev/console; fi
"""


def show_message(domain: libvirt.virDomain, text: str) -> None:
    """Show a line on all terminals of the guest; in Windows in a window of every session. Raises MachineFailed."""
    if "windows" in str(ask(domain, "guest-get-osinfo").get("id", "")):
        ask(domain, "guest-exec", {"path": "msg.exe", "arg": ["*", text]})
    else:
        execute(domain, _SHOW, text, seconds=20)


def set_password(domain: libvirt.virDomain, user: str, password: str, *, is_hash: bool = True) -> None:
    """Set the password of an account, by its crypt(5) hash or, for Windows, as it is. Raises MachineFailed."""
    encoded = base64.b64encode(password.encode()).decode("ascii")
    ask(domain, "guest-set-user-password", {"username": user, "password": encoded, "crypted": is_hash}, seconds=30)


def _wait_end(domain: libvirt.virDomain, pid: int, seconds: float) -> GuestProgramResult:
    deadline = time.monotonic() + seconds
    while True:
        status = ask(domain, "guest-exec-status", {"pid": pid})
        if status["exited"]:
            return GuestProgramResult(
                # A program that a signal ended has no exit code; a shell reports 128 + signal.
                status=status.get("exitcode", 128 + status.get("signal", 0)),
                output=_decoded(status.get("out-data", "")),
                errors=_decoded(status.get("err-data", "")),
            )
        if time.monotonic() > deadline:
            raise MachineFailed(
                Message("A step inside the guest did not end within {seconds:.0f} seconds.", seconds=seconds),
                hint=Message("Open the machine's console and look what it waits for, then try again."),
            )
        time.sleep(POLL_SECONDS)


def _decoded(data: str) -> str:
    try:
        return base64.b64decode(data)[: 4 * MOST_OUTPUT].decode("utf-8", errors="replace")
    except (ValueError, TypeError) as error:
        raise MachineFailed(
            Message("The guest's agent sent output that cannot be read."),
            hint=Message("Check that qemu-guest-agent in the machine is the distribution's own, then try again."),
        ) from error
