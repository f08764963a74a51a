"""Switch machines on and off, and read their definitions, with libvirt's errors in our words."""

import logging
import time
from pathlib import Path

import libvirt

from galeria.adapters.engine import agent, domain_xml
from galeria.adapters.engine.daemons import is_active, libvirt_error, translated_errors
from galeria.adapters.engine.network.card import is_bridged
from galeria.domain.errors import MachineFailed
from galeria.domain.messages import Message

log = logging.getLogger(__name__)

POLL_SECONDS = 0.1
START_TRIES = 3
LIBVIRT_LOGS = Path("/var/log/libvirt/qemu")
LOGS = (  # of each machine, and of its TPM: libvirt never deletes them
    (LIBVIRT_LOGS, "{name}.log*"),
    (Path("/var/log/swtpm/libvirt/qemu"), "{name}-swtpm.log*"),
)
_UNDEFINE = (
    libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
    | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
)


def stored_definition(domain: libvirt.virDomain) -> str:
    """Return the XML that the machine has when it is off."""
    with translated_errors(Message("read the machine's definition")):
        xml: str = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE)
    return xml


def switch_on(domain: libvirt.virDomain) -> None:
    """Switch the machine on.

    libvirt waits few seconds for the processes that it starts, such as a TPM's, and ends them then: on a busy host a start
    that ran out of time is tried again.
    """
    for left in reversed(range(START_TRIES)):
        try:
            domain.create()
        except libvirt.libvirtError as error:
            if is_active(domain):  # another request has started it at the same moment
                return
            if not left or error.get_error_code() != libvirt.VIR_ERR_OPERATION_TIMEOUT:
                raise libvirt_error(Message("start the machine"), error) from error
            log.warning("a start is tried again: %s", error)
        else:
            return


def is_off_by(domain: libvirt.virDomain, deadline: float) -> bool:
    while is_active(domain):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def shut_down(domain: libvirt.virDomain, name: str, seconds: float) -> None:
    """Shut the machine down, at last by cutting its power after `seconds`.

    The agent is asked first; the power button is pressed after half of the time, or at once without an agent.
    """
    begin = time.monotonic()
    asked = agent.answers(domain) and _request_shutdown(domain, libvirt.VIR_DOMAIN_SHUTDOWN_GUEST_AGENT)
    if asked and is_off_by(domain, begin + seconds / 2):
        return
    _request_shutdown(domain, libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN)
    if not is_off_by(domain, begin + seconds):
        log.warning("machine %s did not shut down within %s s: it is switched off", name, seconds)
        power_off(domain)


def _request_shutdown(domain: libvirt.virDomain, way: int) -> bool:
    """Return whether the machine took the request, or went off meanwhile."""
    try:
        domain.shutdownFlags(way)
    except libvirt.libvirtError as error:
        log.info("a shutdown request was not taken: %s", error)
        return False
    return True


def power_off(domain: libvirt.virDomain) -> None:
    """Switch the machine off at once, like cutting its power."""
    try:
        if domain.isActive():
            domain.destroy()
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_OPERATION_INVALID:  # it went off by itself meanwhile
            return
        raise MachineFailed(
            Message("The machine could not be switched off: {error}.", error=error),
            hint=Message("Look for its qemu process on the host."),
        ) from error


def processor_seconds(domain: libvirt.virDomain) -> float:
    """Return the time of processors that the machine has taken since it was switched on."""
    with translated_errors(Message("ask how much the machine does")):
        return float(domain.info()[4]) / 1e9


def undefine(domain: libvirt.virDomain, *, keeps_firmware: bool = False) -> None:
    """Remove the definition of a machine that is off, with what libvirt keeps of it, but for the firmware's variables
    where they are to stay."""
    firmware = libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM if keeps_firmware else libvirt.VIR_DOMAIN_UNDEFINE_NVRAM
    with translated_errors(Message("remove the machine's definition")):
        domain.undefineFlags(_UNDEFINE | firmware)


def remove_logs(name: str) -> None:
    """Delete what libvirt logged of the machine."""
    for folder, pattern in LOGS:
        for file in folder.glob(pattern.format(name=name)):
            file.unlink(missing_ok=True)


def is_on_bridge(domain: libvirt.virDomain) -> bool:
    with translated_errors(Message("read the machine's definition")):
        return is_bridged(domain.XMLDesc())


def ssh_port(domain: libvirt.virDomain) -> int:
    with translated_errors(Message("read the machine's definition")):
        return domain_xml.ssh_port_of(domain.XMLDesc())
