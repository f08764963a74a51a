"""Shells in machines by SSH, for terminals in the browser. Nothing of this host's own SSH is used: no keys, agent or files."""

import asyncio
import contextlib
import logging
import socket

import asyncssh
from asyncssh.public_key import get_default_public_key_algs

from galeria.domain.errors import MachineFailed
from galeria.domain.foreign_text import foreign_text
from galeria.domain.messages import Message
from galeria.domain.reach.terminals import HostKey, HostKeyChanged, ShellSignIn, SignInRefused, TerminalSize

CONNECT_SECONDS = 15.0
LOGIN_SECONDS = 60.0  # a machine that is emulated takes long to agree on keys and to check a password
KEEPALIVE_SECONDS = 30.0
PIECE = 64 * 1024  # bytes
KIND = "xterm-256color"
# The rest of its language is for the machine to say.
ENVIRONMENT = {"LC_CTYPE": "C.UTF-8"}
_IUTF8 = 42  # RFC 8160: so that deleting takes a whole letter
_MODES = {_IUTF8: 1}
_HINT = Message("Wait until it has started, or look at its screen.")

# Its notes name accounts as typed, which may be a password in the wrong field.
logging.getLogger("asyncssh").setLevel(logging.WARNING)


class SshShells:
    """Implements `Shells`."""

    async def open(self, host: str, port: int, sign_in: ShellSignIn, size: TerminalSize) -> "MachineShell":
        client = _Client(sign_in)
        try:
            connection = await _connect(host, port, sign_in, client)
        except asyncssh.PermissionDenied as error:
            raise SignInRefused from error
        except asyncssh.HostKeyNotVerifiable as error:
            if sign_in.known and client.seen:
                raise HostKeyChanged(sign_in.known, client.seen) from error
            raise _unanswered(str(error)) from error
        except TimeoutError as error:
            raise MachineFailed(Message("The machine takes too long to answer by SSH."), hint=_HINT) from error
        except (OSError, asyncssh.Error) as error:
            raise _unanswered(str(error) or type(error).__name__) from error
        assert client.seen is not None
        try:
            process = await connection.create_process(
                request_pty="force",
                term_type=KIND,
                term_size=(size.columns, size.rows),
                term_modes=_MODES,
                env=ENVIRONMENT,
                encoding=None,
            )
        except (OSError, asyncssh.Error) as error:
            connection.abort()
            raise _unanswered(str(error)) from error
        return MachineShell(connection, process, client.seen)


class MachineShell:
    """Implements `Shell`."""

    def __init__(
        self, connection: asyncssh.SSHClientConnection, process: "asyncssh.SSHClientProcess[bytes]", key: HostKey
    ) -> None:
        self._connection, self._process, self._key = connection, process, key

    @property
    def host_key(self) -> HostKey:
        return self._key

    async def read(self) -> bytes:
        try:
            return await self._process.stdout.read(PIECE)
        except (OSError, asyncssh.Error):  # the machine went off
            return b""

    async def write(self, typed: bytes) -> None:
        with contextlib.suppress(OSError, asyncssh.Error):
            self._process.stdin.write(typed)
            await self._process.stdin.drain()

    def resize(self, size: TerminalSize) -> None:
        with contextlib.suppress(OSError, asyncssh.Error):
            self._process.change_terminal_size(size.columns, size.rows)

    def close(self) -> None:
        self._connection.abort()


class _Client(asyncssh.SSHClient):
    """Decides about the machine's key."""

    def __init__(self, sign_in: ShellSignIn) -> None:
        self._sign_in = sign_in
        self.seen: HostKey | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        kind, encoded = key.export_public_key().decode().split()[:2]
        seen = self.seen = HostKey(f"{kind} {encoded}")
        known = self._sign_in.known
        return known is None or seen == known or seen.fingerprint == self._sign_in.accepted


async def _connect(host: str, port: int, sign_in: ShellSignIn, client: _Client) -> asyncssh.SSHClientConnection:
    return await asyncssh.connect(
        host,
        port,
        sock=await _reach(host, port),
        client_factory=lambda: client,
        username=sign_in.user,
        password=sign_in.password,
        preferred_auth=["password", "keyboard-interactive"],
        known_hosts=([], [], []),  # so that the client is asked about every key
        server_host_key_algs=_algorithms(sign_in.known),
        client_keys=None,
        agent_path=None,
        config=None,
        gss_auth=False,
        gss_kex=False,
        connect_timeout=LOGIN_SECONDS,  # it includes the sign-in, so that the connection is made before
        login_timeout=LOGIN_SECONDS,
        keepalive_interval=KEEPALIVE_SECONDS,
    )


async def _reach(host: str, port: int) -> socket.socket:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(CONNECT_SECONDS):
        (family, kind, protocol, _, address), *_ = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        line = socket.socket(family, kind, protocol)
        line.setblocking(False)
        try:
            await loop.sock_connect(line, address)
        except BaseException:
            line.close()
            raise
        return line


def _algorithms(known: HostKey | None) -> list[str]:
    """Return the algorithms in the order of preference: that of the known key first, so that the machine shows it again."""
    usual = [each.decode() for each in get_default_public_key_algs()]
    own = asyncssh.import_public_key(known.line).sig_algorithms if known else ()
    first = [each.decode() for each in own if each.decode() in usual]
    return first + [each for each in usual if each not in first]


def _unanswered(reason: str) -> MachineFailed:
    return MachineFailed(
        Message("The machine does not answer by SSH: {reason}.", reason=foreign_text(reason).rstrip(".")),
        hint=_HINT,
    )
