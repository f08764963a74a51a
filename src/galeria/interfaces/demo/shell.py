"""SSH into machines with a user name and a password, as an educator would."""

import asyncio
import socket
import time
from dataclasses import dataclass, field
from typing import Any

import asyncssh

from galeria.domain.errors import MachineFailed
from galeria.domain.messages import Message

# Under software emulation a login is slow; a machine that accepts none after this time never will.
PATIENCE = 120.0
QUIET = 1.0


@dataclass(frozen=True, kw_only=True)
class SshShell:
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    silence: float = 60.0
    """Seconds without a word from the machine after which it is given up, while signing in and while a command runs."""

    def run(self, command: str) -> str:
        """Return what the command printed.

        Raises MachineFailed when nobody answers, the machine refuses the login, the command fails or the connection is lost.
        """
        self._wait_for_greeting()
        return asyncio.run(self._run(command))

    def is_refused(self) -> bool:
        """Return whether the machine refuses these credentials.

        Raises MachineFailed when nobody answers or the machine neither takes nor refuses them.
        """
        self._wait_for_greeting()
        return asyncio.run(self._is_refused())

    def _wait_for_greeting(self) -> None:
        """Wait for the greeting of the SSH server: a forwarded port accepts connections before the guest listens."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                with socket.create_connection((self.host, self.port), QUIET) as line:
                    line.settimeout(QUIET)
                    if line.recv(64).startswith(b"SSH-"):
                        return
            except OSError:
                time.sleep(0.1)
        raise MachineFailed(
            Message("Nobody answers at {host}:{port}.", host=self.host, port=self.port),
            hint=Message("Look at the machine's console in its folder."),
        )

    async def _run(self, command: str) -> str:
        try:
            async with asyncssh.connect(self.host, self.port, **self._options) as connection:
                done = await connection.run(command)
        except (OSError, asyncssh.Error) as error:
            raise MachineFailed(
                Message(
                    "'{user}' cannot sign in at {host}:{port}: {error}.",
                    user=self.user,
                    host=self.host,
                    port=self.port,
                    error=str(error),
                ),
                hint=Message("Reset the password."),
            ) from error
        if done.exit_status is None and done.exit_signal is None:
            raise MachineFailed(
                Message("The connection to {host}:{port} was lost.", host=self.host, port=self.port),
                hint=Message("Look whether the machine still runs and is still reached, then try again."),
            )
        if done.exit_status != 0:
            raise MachineFailed(
                Message("'{command}' failed in the machine: {stderr}", command=command, stderr=str(done.stderr)),
                hint=Message("Try it there by hand."),
            )
        return str(done.stdout).strip()

    async def _is_refused(self) -> bool:
        try:
            async with asyncssh.connect(self.host, self.port, **self._options):
                return False
        except asyncssh.PermissionDenied:
            return True
        except (OSError, asyncssh.Error) as error:
            raise MachineFailed(
                Message("The machine did not say no but: {error}.", error=str(error)),
                hint=Message("Look at its console."),
            ) from error

    @property
    def _options(self) -> dict[str, Any]:
        return {
            "username": self.user,
            "password": self.password,
            # The machine was just made on this host, so that its host key is not checked. A person's own ssh asks about it.
            "known_hosts": None,
            "client_keys": None,
            "preferred_auth": ["password"],
            "connect_timeout": self.silence,
            "login_timeout": self.silence,
            # A connection that is cut off in silence, as by a firewall's change, would be waited for without an end.
            "keepalive_interval": self.silence / 4,
            "keepalive_count_max": 3,
        }
