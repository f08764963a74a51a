"""Forward a loopback port of the host to a service of a guest, in the running machine through QEMU's monitor."""

import re

import libvirt
import libvirt_qemu

from galeria.adapters.engine.daemons import translated_errors
from galeria.adapters.engine.hardware.devices import NETWORK
from galeria.domain.errors import MachineFailed
from galeria.domain.messages import Message
from galeria.domain.reach.relay import GUEST_PORTS, Service, inner_address


def ensure_forwards(domain: libvirt.virDomain, ssh_port: int) -> None:
    """Forward the addresses of all services. May be repeated. Raises MachineFailed where another program has one."""
    for service in Service:
        _ensure_forward(domain, *inner_address(ssh_port, service), GUEST_PORTS[service])


def _ensure_forward(domain: libvirt.virDomain, host: str, port: int, guest_port: int) -> None:
    if is_forwarded(_monitor(domain, "info usernet"), port, host=host, guest_port=guest_port):
        return
    answer = _monitor(domain, f"hostfwd_add {NETWORK} tcp:{host}:{port}-:{guest_port}").strip()
    if answer:
        raise MachineFailed(
            Message(
                "Port {port} of this host could not be forwarded to the machine: {answer}", port=port, answer=answer
            ),
            hint=Message("See what uses it (ss -ltnp 'sport = :{port}'), end that, then try again.", port=port),
        )


def is_forwarded(table: str, port: int, *, host: str = "127.0.0.1", guest_port: int = 22) -> bool:
    """Return whether QEMU's table of user-mode networks has the rule.

    Its columns are protocol, fd, source, port, target, port.
    """
    rule = rf"^\s*TCP\[HOST_FORWARD\]\s+\d+\s+{re.escape(host)}\s+{port}\s+\S+\s+{guest_port}\s"
    return re.search(rule, table, re.MULTILINE) is not None


def _monitor(domain: libvirt.virDomain, command: str) -> str:
    with translated_errors(Message("open the machine's SSH port")):
        return str(libvirt_qemu.qemuMonitorCommand(domain, command, libvirt_qemu.VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP))
