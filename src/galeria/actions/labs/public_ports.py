"""The ports of machines: one on the loopback for each machine, and those under the public name as its lab allows."""

import logging
from itertools import chain

from galeria.actions.core.base_request import BaseRequest
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.reach.authorities import is_public, public_port
from galeria.domain.reach.relay import Service

log = logging.getLogger(__name__)


def find_free_port(request: BaseRequest, ports: range, taken: set[int]) -> int | None:
    """Returns a random one of `ports` that is not taken; None where all are.

    Installations that share a host then seldom choose the same, and a port that was given up is not soon somebody else's.
    """
    start = int(request.id_generator.new_id(), 16) % len(ports)
    return next((port for port in chain(ports[start:], ports[:start]) if port not in taken), None)


def ensure_public_ports(request: BaseRequest, lab: Lab, *machines: LabMachine) -> None:
    """Gives machines of the lab their ports under the public name, for what it lets people connect to; they keep those they
    have.

    Where no port is left a machine goes without and can still be used on its screen; the log says so.
    """
    allowed = [each for each in Service if is_public(lab, each)]
    wanted = [(each, service) for each in machines for service in allowed if public_port(each, service) is None]
    if not request.settings.server.name or not wanted:
        return
    # Machines that were made before there was a public name may have a loopback port in the range.
    taken = request.uow.machines.public_ports() | request.uow.machines.ports()
    for machine, service in wanted:
        port = find_free_port(request, request.settings.server.machine_ports, taken)
        if port is None:
            log.warning("no public port is left for %s of %s/%s", service, lab.resource_id, machine.name)
            return
        taken.add(port)
        if service is Service.SSH:
            machine.public_ssh_port = port
        else:
            machine.public_rdp_port = port
