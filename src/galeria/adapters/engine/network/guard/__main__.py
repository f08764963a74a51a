"""The guard's process: python -m galeria.adapters.engine.network.guard FOLDER.

It takes orders through a socket in the folder, one word each: `load` makes what the table says hold. It looks after the rules
itself, too, and ends when the folder is gone.
"""

import asyncio
import contextlib
import json
import logging
import signal
import socket
import subprocess
import sys
import time
from functools import partial
from ipaddress import IPv4Network
from pathlib import Path

from galeria.adapters.engine.network import rules
from galeria.adapters.engine.network.guard.forwarder import PORT, Datagrams, Forwarder, answer_stream, host_servers
from galeria.adapters.engine.network.guard.ports import match_ports
from galeria.adapters.engine.network.nft import PacketFilter, RulesRefusedError
from galeria.adapters.engine.network.plan import SPACE, Names, gateway
from galeria.adapters.engine.network.table import LOCK, SOCKET, GuestTable, find_table
from galeria.adapters.lasting_process import take_lock
from galeria.domain.labs.guest_network import CLOSED, NetworkPolicy
from galeria.programs import program_environment

log = logging.getLogger("galeria.guard")

LOOK_SECONDS = 2.0  # between two looks whether the rules are still there
_FREEBIND = 15  # IP_FREEBIND of ip(7): the bridge may not be there yet


class Guard:
    """Holds the rules of one folder's table."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._filter = PacketFilter()
        self._table: GuestTable | None = None
        self._rules = ""
        self._policies: dict[str, NetworkPolicy] = {}
        self._named: dict[tuple[str, str], float] = {}  # machine and address, until when
        self._answering = ""
        self._closers: list[asyncio.BaseTransport | asyncio.Server] = []
        self.ending = asyncio.Event()
        self.is_over = False  # whether nothing of the installation's network is to be left
        self.forwarder = Forwarder(lambda asker: self._policies.get(asker, CLOSED), self._let, self._servers)

    async def load(self) -> None:
        """Make what the table says hold. Raises RulesRefusedError."""
        table = find_table(self._folder)
        if table is None:
            raise RulesRefusedError("there is no table")
        self._load_rules(table)
        self._table = table
        self._policies = {each.address: each.policy for each in table.guests}
        await self.answer_names()

    def _load_rules(self, table: GuestTable) -> None:
        now = time.monotonic()
        asking = {each.address for each in table.guests}
        self._named = {key: end for key, end in self._named.items() if end > now + 1 and key[0] in asking}
        kept = [(machine, address, int(end - now)) for (machine, address), end in self._named.items()]
        names = Names(table.installation)
        wanted = rules.ruleset(table, around=networks_around())
        self._filter.run("\n".join(filter(None, (wanted, rules.named_elements(names, kept)))))
        self._rules = wanted

    def look_after(self) -> None:
        """Load the rules anew where another program removed them, or the host has come into another network.

        Ports of machines that have just started, or whose plan has changed, are then made to fit.
        """
        if self._table is None:
            return
        names = Names(self._table.installation)
        tables = [(family, each) for family in ("inet", "bridge") for each in (names.table, names.held_table)]
        is_whole = all(self._filter.has_table(*each) for each in tables)
        if not is_whole or rules.ruleset(self._table, around=networks_around()) != self._rules:
            log.warning(
                "the packet filter's rules were changed by another program, or the host's networks: loaded anew"
            )
            self._load_rules(self._table)
        match_ports(self._table.guests)

    def remove(self) -> None:
        """Remove the network, and then the rules: a network without them would be open."""
        if self._table is not None:
            names = Names(self._table.installation)
            command = ["virsh", "--connect", "qemu:///system", "net-destroy", names.network]
            subprocess.run(command, check=False, capture_output=True, env=program_environment(), timeout=60)
            self._filter.run(rules.removal(names.table))
            self._filter.run(rules.removal(names.held_table, is_held=True))

    async def answer_names(self) -> None:
        """Answer at the network's own address. Where another program has that port, machines look up nothing until it goes."""
        address = str(gateway(self._table.network)) if self._table else ""
        if address == self._answering:
            return
        self._stop_answering()
        try:
            await self._listen(address)
            self._answering = address
        except OSError as error:
            self._stop_answering()
            log.warning("machines' questions for names cannot be answered at %s: %s", address, error)

    def _stop_answering(self) -> None:
        for closer in self._closers:
            closer.close()
        self._closers, self._answering = [], ""

    async def _listen(self, address: str) -> None:
        loop = asyncio.get_running_loop()
        datagrams = _listener(socket.SOCK_DGRAM, address)
        transport, _ = await loop.create_datagram_endpoint(lambda: Datagrams(self.forwarder), sock=datagrams)
        self._closers.append(transport)
        streams = _listener(socket.SOCK_STREAM, address)
        server = await asyncio.start_server(partial(answer_stream, self.forwarder), sock=streams)
        self._closers.append(server)

    def _let(self, found: list[tuple[str, str, int]]) -> None:
        if self._table is None or not found:
            return
        now = time.monotonic()
        # An element that is there keeps its old end, so that it is taken out first where it ends sooner.
        fresh = [each for each in found if self._named.get(each[:2], 0.0) < now + each[2] / 2]
        names = Names(self._table.installation)
        renewed = [each for each in fresh if self._named.get(each[:2], 0.0) > now]
        with contextlib.suppress(RulesRefusedError):
            self._filter.run(rules.unnamed_elements(names, renewed))
        self._filter.run(rules.named_elements(names, fresh))
        self._named.update({(machine, address): now + seconds for machine, address, seconds in fresh})

    def _servers(self) -> list[str]:
        return list(self._table.resolvers if self._table else ()) or host_servers()


def _listener(kind: socket.SocketKind, address: str) -> socket.socket:
    made = socket.socket(socket.AF_INET, kind)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.IPPROTO_IP, _FREEBIND, 1)
    made.bind((address, PORT))
    made.setblocking(False)
    return made


def networks_around() -> list[str]:
    """Return the networks that this host is part of, whatever their addresses: they are closed to machines as well."""
    command = ["ip", "-json", "-4", "route", "show", "table", "main", "scope", "link"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=program_environment(), timeout=60)
    found = (IPv4Network(each["dst"]) for each in json.loads(done.stdout or "[]") if each["dst"] != "default")
    return sorted(str(each) for each in found if not each.subnet_of(SPACE))


async def _obey(guard: Guard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        word = (await reader.readline()).decode(errors="replace").strip()
        if not word:  # somebody looked whether anybody listens
            return
        try:
            if word == "load":
                await guard.load()
            if word == "remove":
                guard.is_over = True
                guard.ending.set()
            else:
                guard.look_after()
            writer.write(b"done\n")
        except (RulesRefusedError, OSError, subprocess.SubprocessError) as error:
            log.exception("an order could not be followed: %s", word)
            writer.write(str(error).replace("\n", " ").encode() + b"\n")
        await writer.drain()
    except OSError:  # whoever gave the order has gone
        log.info("nobody waited for the answer")
    finally:
        writer.close()


async def _run(folder: Path, guard: Guard) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, guard.ending.set)
    await guard.load()
    path = folder / SOCKET
    path.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(partial(_obey, guard), path=path)
    path.chmod(0o600)
    async with server:
        while not guard.ending.is_set() and path.exists():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(guard.ending.wait(), LOOK_SECONDS)
            await guard.answer_names()
            try:
                guard.look_after()
            except (RulesRefusedError, OSError, subprocess.SubprocessError):
                log.exception("the rules could not be looked after")
    if guard.is_over or not folder.exists():
        guard.remove()


def main() -> None:
    folder = Path(sys.argv[1])
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with take_lock(folder / LOCK):
        asyncio.run(_run(folder, Guard(folder)))


if __name__ == "__main__":
    main()
