"""Signing in with a key, and what a machine is known by."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from galeria.interfaces.demo.shell import SshShell


@dataclass(frozen=True, kw_only=True)
class Identity:
    machine_id: str
    host_key: str  # as the SSH server shows it


def identity_of(shell: SshShell) -> Identity:
    machine_id = shell.run("cat /etc/machine-id")
    key = asyncio.run(asyncssh.get_server_host_key(shell.host, shell.port, server_host_key_algs=["ssh-ed25519"]))
    assert key is not None
    return Identity(machine_id=machine_id, host_key=key.get_fingerprint())


def is_key_refused(shell: SshShell, *, user: str, key: Path) -> bool:
    """Whether the machine that the shell reaches refuses `user` with a private key."""
    return asyncio.run(_is_key_refused(shell, user, key))


async def _is_key_refused(shell: SshShell, user: str, key: Path) -> bool:
    try:
        async with asyncssh.connect(
            shell.host,
            shell.port,
            username=user,
            client_keys=[asyncssh.read_private_key(key)],
            preferred_auth=["publickey"],
            known_hosts=None,
            agent_path=None,
            config=None,
            connect_timeout=60,
            login_timeout=60,
        ):
            return False
    except asyncssh.PermissionDenied:
        return True
