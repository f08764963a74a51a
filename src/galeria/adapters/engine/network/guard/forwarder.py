"""Answers the machines' questions for names: asks this host's name servers for what a machine's plan lets it look up."""

import asyncio
import contextlib
import logging
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from typing import cast

from galeria.adapters.engine.network.guard import questions
from galeria.adapters.engine.network.guard.questions import NotUnderstoodError, Question
from galeria.domain.labs.guest_network import Internet, NetworkPolicy

log = logging.getLogger(__name__)

PORT = 53
SECONDS = 4.0  # for one name server
MOST_AT_ONCE = 512
MOST_OF_ONE = 64
LEAST_SECONDS, MOST_SECONDS = (
    600,
    86400,
)  # for which an address of a name on a list is let; programs keep names for long
_LONGEST = 65535
_LONGEST_DATAGRAM = 1232
_TRUNCATED = 0x02  # in the third byte

Note = Callable[[list[tuple[str, str, int]]], None]


class Forwarder:
    """`policy_of` says what a machine at an address may; `note` lets it reach the addresses of an answer before it has it."""

    def __init__(self, policy_of: Callable[[str], NetworkPolicy], note: Note, servers: Callable[[], list[str]]) -> None:
        self._policy_of, self._note, self._servers = policy_of, note, servers
        self._under_way: dict[str, int] = {}

    async def answer(self, message: bytes, asker: str) -> bytes | None:
        """Return the answer to a machine's message, None where it deserves none."""
        try:
            question = questions.read_question(message)
        except NotUnderstoodError:
            return None
        if not questions.is_question(message) or not self._may_ask(asker):
            return None
        policy = self._policy_of(asker)
        if not policy.allows_name(question.name):
            return questions.answered(message, question, questions.REFUSED)
        if policy.internet is Internet.NAMES and question.type in (questions.AAAA, questions.HTTPS):
            return questions.answered(message, question, questions.FINE)  # machines have IPv4 only
        self._under_way[asker] = self._under_way.get(asker, 0) + 1
        try:
            return await self._forwarded(message, question, asker, policy)
        finally:
            self._under_way[asker] -= 1
            if not self._under_way[asker]:
                del self._under_way[asker]

    def _may_ask(self, asker: str) -> bool:
        return self._under_way.get(asker, 0) < MOST_OF_ONE and sum(self._under_way.values()) < MOST_AT_ONCE

    async def _forwarded(self, message: bytes, question: Question, asker: str, policy: NetworkPolicy) -> bytes:
        for server in self._servers():
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                found = await _ask(server, message, question)
                if policy.internet is Internet.NAMES:
                    self._let(found, asker)
                return found
        return questions.answered(message, question, questions.SERVER_FAILED)

    def _let(self, answer: bytes, asker: str) -> None:
        try:
            found = questions.addresses_in(answer)
        except NotUnderstoodError:
            return
        let = {address: min(max(seconds, LEAST_SECONDS), MOST_SECONDS) for address, seconds in found}
        self._note([(asker, address, seconds) for address, seconds in let.items()])


async def _ask(server: str, message: bytes, question: Question) -> bytes:
    """Ask one name server, first by a datagram and then by a stream where the answer was cut short."""
    id = secrets.randbelow(1 << 16)
    asked = questions.with_id(message, id)
    async with asyncio.timeout(SECONDS):
        answer = await _by_datagram(server, asked, question, id)
        if answer[2] & _TRUNCATED:
            answer = await _by_stream(server, asked, question, id)
    return questions.with_id(answer, question.id)


async def _by_datagram(server: str, asked: bytes, question: Question, id: int) -> bytes:
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as line:  # a port of its own for each question: it cannot be guessed
        line.setblocking(False)
        line.connect((server, PORT))
        await loop.sock_sendall(line, asked)
        while True:
            answer = await loop.sock_recv(line, _LONGEST)
            if questions.is_answer_to(answer, question, id):
                return answer


async def _by_stream(server: str, asked: bytes, question: Question, id: int) -> bytes:
    reader, writer = await asyncio.open_connection(server, PORT)
    try:
        writer.write(len(asked).to_bytes(2, "big") + asked)
        answer = await _read_message(reader)
    finally:
        writer.close()
    if not questions.is_answer_to(answer, question, id):
        raise OSError("the name server answered another question")
    return answer


async def _read_message(reader: asyncio.StreamReader) -> bytes:
    length = int.from_bytes(await reader.readexactly(2), "big")
    return await reader.readexactly(length)


class Datagrams(asyncio.DatagramProtocol):
    """Questions that come as datagrams."""

    def __init__(self, forwarder: Forwarder) -> None:
        self._forwarder = forwarder
        self._tasks: set[asyncio.Task[None]] = set()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(self._tasks) < MOST_AT_ONCE:
            task = asyncio.get_running_loop().create_task(self._answer(data, addr))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, data: bytes, asker: tuple[str, int]) -> None:
        answer = await self._forwarder.answer(data, asker[0])
        if answer is None or self._transport is None:
            return
        if len(answer) > _LONGEST_DATAGRAM:
            question = questions.read_question(data)
            answer = questions.answered(data, question, questions.FINE)
            answer = answer[:2] + bytes([answer[2] | _TRUNCATED]) + answer[3:]
        self._transport.sendto(answer, asker)


async def answer_stream(forwarder: Forwarder, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the questions of one connection until it ends, or is silent for some seconds."""
    asker = str(writer.get_extra_info("peername")[0])
    try:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                async with asyncio.timeout(2 * SECONDS):
                    message = await _read_message(reader)
                answer = await forwarder.answer(message, asker)
                if answer is None:
                    break
                writer.write(len(answer).to_bytes(2, "big") + answer)
                await writer.drain()
    finally:
        writer.close()


def host_servers(path: Path = Path("/etc/resolv.conf")) -> list[str]:
    """Return the name servers of this host, as resolv.conf(5) lists them."""
    with contextlib.suppress(OSError):
        lines = (line.split() for line in path.read_text(encoding="utf-8", errors="replace").splitlines())
        return [words[1].partition("%")[0] for words in lines if len(words) > 1 and words[0] == "nameserver"]
    return []
