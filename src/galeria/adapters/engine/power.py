"""Switch machines on and off, and read their definitions, with libvirt's errors in our words."""

import logging
import time

import libvirt

from galeria.adapters.engine.daemons import is_active, libvirt_error, translated_errors
from galeria.domain.errors import MachineFailed
from galeria.domain.messages import Message

log = logging.getLogger(__name__)

POLL_SECONDS = 0.1


def stored_definition(domain: libvirt.virDomain) -> str:
    """Return the XML that the machine has when it is off."""
    with translated_errors(Message("read the machine's definition")):
        xml: str = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE)
    return xml


def switch_on(domain: libvirt.virDomain) -> None:
    try:
        domain.create()
    except libvirt.libvirtError as error:
        if not is_active(domain):  # else another request has started it at the same moment
            raise libvirt_error(Message("start the machine"), error) from error


def is_off_by(domain: libvirt.virDomain, deadline: float) -> bool:
    while is_active(domain):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
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
