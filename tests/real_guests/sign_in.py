"""Signing in to machines as people do, and what a machine is known by."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import asyncssh

# A machine that shares two cores with others and has no KVM takes long to greet, too. After this time it never will.
PATIENCE = 900.0
ONE_TRY = 180.0

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Identity:
    machine_id: str
    host_key: str  # as the SSH server shows it


@dataclass(frozen=True, kw_only=True)
class GuestShell:
    """SSH into a machine with a password, as often as it takes until somebody answers there."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)

    def run(self, *commands: str) -> list[str]:
        """What the commands printed, in one session. Raises asyncssh.PermissionDenied, and asyncssh.ProcessError."""
        return asyncio.run(_patiently(lambda: self._run(commands)))[1]

    def visit(self, *commands: str) -> tuple[Identity, list[str]]:
        """The same, and whom the session was with."""
        host_key, (machine_id, *said) = asyncio.run(_patiently(lambda: self._run(("cat /etc/machine-id", *commands))))
        return Identity(machine_id=machine_id, host_key=host_key), said

    def as_root(self, command: str) -> str:
        """The command with sudo, whether it asks for the password or not."""
        return f"printf '%s\\n' '{self.password}' | sudo -S -p '' {command}"

    def is_refused(self, key: Path | None = None) -> bool:
        """Whether neither the password nor the private key opens the account."""
        return asyncio.run(_patiently(lambda: self._is_refused(key)))

    async def _run(self, commands: Sequence[str]) -> tuple[str, list[str]]:
        async with self._connect() as connection:
            said = [str((await connection.run(each, check=True)).stdout).strip() for each in commands]
            return connection.get_server_host_key().get_fingerprint(), said

    async def _is_refused(self, key: Path | None) -> bool:
        try:
            async with self._connect(key):
                return False
        except asyncssh.PermissionDenied:
            return True

    def _connect(self, key: Path | None = None) -> Any:
        # The machine was just made on this host, so that its host key is not checked.
        common = {"known_hosts": None, "agent_path": None, "config": None, "server_host_key_algs": ["ssh-ed25519"]}
        who = {
            "username": self.user,
            "password": self.password,
            "client_keys": [asyncssh.read_private_key(key)] if key else None,
            "preferred_auth": [*(["publickey"] if key else ()), "password", "keyboard-interactive"],
        }
        return asyncssh.connect(self.host, self.port, **common, **who, connect_timeout=ONE_TRY, login_timeout=ONE_TRY)


async def _patiently(attempt: Callable[[], Awaitable[Result]]) -> Result:
    """The first result: until then a port that is forwarded may hang up, or say nothing."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return await attempt()
        except (OSError, TimeoutError, asyncssh.ConnectionLost):
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(1)
