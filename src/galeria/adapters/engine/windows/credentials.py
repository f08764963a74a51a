"""Set new credentials through the agent in a Windows that has accounts already."""

import secrets

import libvirt

from galeria.adapters.engine import agent
from galeria.ports.machines import MachineCredentials


def set_windows_credentials(domain: libvirt.virDomain, credentials: MachineCredentials) -> None:
    """Set the account's password, and a random one that nobody knows for the retired accounts. May be repeated.

    The agent of Windows makes no account and takes no hash. Raises MachineFailed, also where the account is not there.
    """
    for user in credentials.retire:
        if user != credentials.user_name:
            agent.set_password(domain, user, f"{secrets.token_urlsafe(24)}-A1", is_hash=False)
    agent.set_password(domain, credentials.user_name, credentials.password, is_hash=False)
