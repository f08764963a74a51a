"""Signing in to machines as people do, and what a machine is known by."""

import asyncio
import time
from collections.abc import Awaitable, Callable
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

    def run(self, command: str) -> str:
        """What the command printed. Raises asyncssh.PermissionDenied, and asyncssh.ProcessError where it failed."""
        return asyncio.run(_patiently(lambda: self._run(command)))

    def run_as_root(self, command: str) -> str:
        """The same with sudo, whether it asks for the password or not."""
        return self.run(f"printf '%s\\n' '{self.password}' | sudo -S -p '' {command}")

    def is_refused(self) -> bool:
        return asyncio.run(_patiently(lambda: self._is_refused(self._by_password)))

    def is_key_refused(self, user: str, key: Path) -> bool:
        by_key = {"username": user, "client_keys": [asyncssh.read_private_key(key)], "preferred_auth": ["publickey"]}
        return asyncio.run(_patiently(lambda: self._is_refused(by_key)))

    def identity(self) -> Identity:
        machine_id = self.run("cat /etc/machine-id")
        return Identity(machine_id=machine_id, host_key=asyncio.run(_patiently(self._host_key)))

    async def _run(self, command: str) -> str:
        async with self._connect(self._by_password) as connection:
            done = await connection.run(command, check=True)
            return str(done.stdout).strip()

    async def _is_refused(self, who: dict[str, Any]) -> bool:
        try:
            async with self._connect(who):
                return False
        except asyncssh.PermissionDenied:
            return True

    async def _host_key(self) -> str:
        async with asyncio.timeout(ONE_TRY):
            key = await asyncssh.get_server_host_key(
                self.host, self.port, server_host_key_algs=["ssh-ed25519"], config=None
            )
        assert key is not None
        return key.get_fingerprint()

    def _connect(self, who: dict[str, Any]) -> Any:
        # The machine was just made on this host, so that its host key is not checked.
        common = {"known_hosts": None, "agent_path": None, "config": None}
        return asyncssh.connect(self.host, self.port, **common, **who, connect_timeout=ONE_TRY, login_timeout=ONE_TRY)

    @property
    def _by_password(self) -> dict[str, Any]:
        return {
            "username": self.user,
            "password": self.password,
            "client_keys": None,
            "preferred_auth": ["password", "keyboard-interactive"],
        }


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
