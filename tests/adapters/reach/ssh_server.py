"""A real SSH server on the loopback, with a real shell behind a real terminal of the kernel's."""

import asyncio
import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import asyncssh

SHELL = ["bash", "--norc", "--noprofile", "-i"]


@dataclass
class SshServer:
    """Takes one name and password, after `password_seconds` of thinking. `tried` are the names and passwords that came,
    `connections` those that are open."""

    user: str
    password: str
    password_seconds: float = 0.0
    port: int = 0
    key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    tried: list[tuple[str, str]] = field(default_factory=list)
    connections: set[asyncssh.SSHServerConnection] = field(default_factory=set)
    shells: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    @property
    def fingerprint(self) -> str:
        return self.key.get_fingerprint()

    def hang_up(self) -> None:
        """Cut every connection, as a machine does that goes off."""
        for each in list(self.connections):
            self.loop.call_soon_threadsafe(each.abort)


class _Door(asyncssh.SSHServer):
    def __init__(self, server: SshServer) -> None:
        self._server = server

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._server.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(self._connection)

    def password_auth_supported(self) -> bool:
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        await asyncio.sleep(self._server.password_seconds)
        self._server.tried.append((username, password))
        return (username, password) == (self._server.user, self._server.password)


@contextmanager
def ssh_server(*, user: str, password: str, port: int = 0, key: asyncssh.SSHKey | None = None) -> Iterator[SshServer]:
    """The server, in a thread, until the block ends."""
    server = SshServer(user=user, password=password)
    server.key = key or server.key
    loop = server.loop
    thread = threading.Thread(target=loop.run_forever, name="ssh-server")
    thread.start()

    async def begin() -> asyncssh.SSHAcceptor:
        return await asyncssh.create_server(
            lambda: _Door(server),
            "127.0.0.1",
            port,
            server_host_keys=[server.key],
            process_factory=lambda process: _serve(server, process),
            encoding=None,
            line_editor=False,
        )

    async def end(acceptor: asyncssh.SSHAcceptor) -> None:
        acceptor.close()
        for each in list(server.connections):
            each.abort()
        for shell in server.shells:
            shell.kill()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=20)

    try:
        acceptor = asyncio.run_coroutine_threadsafe(begin(), loop).result(20)
        server.port = acceptor.get_port()
        try:
            yield server
        finally:
            asyncio.run_coroutine_threadsafe(end(acceptor), loop).result(20)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()


async def _serve(server: SshServer, process: "asyncssh.SSHServerProcess[bytes]") -> None:
    master, slave = pty.openpty()
    _resize(master, process.term_size)
    environment = {"PATH": os.environ["PATH"], "PS1": "$ ", "TERM": process.term_type or "", **dict(process.env)}
    shell = subprocess.Popen(
        SHELL,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        env=environment,
        preexec_fn=_own_terminal,
    )
    os.close(slave)
    server.shells.append(shell)
    loop = asyncio.get_running_loop()
    showing = asyncio.ensure_future(_show(loop, master, process))
    try:
        while True:
            try:
                typed = await process.stdin.read(65536)
            except asyncssh.TerminalSizeChanged as change:
                _resize(master, (change.width, change.height, 0, 0))
                continue
            if not typed:
                break
            os.write(master, typed)
    except (asyncssh.Error, OSError):
        pass
    finally:
        shell.kill()
        await loop.run_in_executor(None, shell.wait)
        await showing
        os.close(master)
        process.exit(0)


async def _show(loop: asyncio.AbstractEventLoop, master: int, process: "asyncssh.SSHServerProcess[bytes]") -> None:
    try:
        while piece := await loop.run_in_executor(None, os.read, master, 65536):
            process.stdout.write(piece)
            await process.stdout.drain()
    except (OSError, asyncssh.Error):  # EIO: the shell has ended
        pass
    process.channel.close()


def _own_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _resize(master: int, size: tuple[int, int, int, int]) -> None:
    columns, rows = size[:2]
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
