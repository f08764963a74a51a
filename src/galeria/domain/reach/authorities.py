"""Where a machine is reached: what its lab's connection profile allows, under the public name or on the host itself."""

from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.labs.profiles import connection_of
from galeria.domain.reach.relay import Service, service_address
from galeria.domain.reach.server_settings import ServerSettings

PUBLIC = "Public"
_SWITCHES = {Service.SSH: "clientSshAccess", Service.RDP: "clientRdpAccess"}


def is_public(lab: Lab, service: Service) -> bool:
    """Return whether the lab's connection profile lets people connect from anywhere. What it does not name is not let."""
    return bool(connection_of(lab.profiles, lab.os_type).get(_SWITCHES[service]) == PUBLIC)


def offers_terminal(lab: Lab) -> bool:
    """Return whether the lab's connection profile lets people use a terminal in the browser."""
    return bool(connection_of(lab.profiles, lab.os_type).get("webSshAccess") == PUBLIC)


def public_port(machine: LabMachine, service: Service) -> int | None:
    """Return the machine's port under the public name, None where it has none yet."""
    return machine.public_ssh_port if service is Service.SSH else machine.public_rdp_port


def authority(server: ServerSettings, lab: Lab, machine: LabMachine, service: Service) -> str:
    """Return HOST:PORT of a machine's service while it runs; the empty text where the lab does not let people connect.

    Without a public name it is an address on the host itself.
    """
    if not is_public(lab, service):
        return ""
    if not server.name:
        return "{}:{}".format(*service_address(machine.address, machine.ssh_port, service))
    port = public_port(machine, service)
    return f"{server.name}:{port}" if port else ""


def authorities(server: ServerSettings, lab: Lab, machine: LabMachine) -> dict[str, str]:
    """Return `sshAuthority` and `rdpAuthority`, as both generations of the API name them, as far as there are any."""
    found = {f"{each.value.lower()}Authority": authority(server, lab, machine, each) for each in Service}
    return {name: each for name, each in found.items() if each}


def rdp_file(address: str, user_name: str) -> str:
    """Return the file that opens a remote desktop at `address`, in the form of Microsoft's clients, which others read too."""
    lines = (
        f"full address:s:{address}",
        f"username:s:{user_name}",
        "prompt for credentials:i:1",
        "screen mode id:i:1",
        "redirectclipboard:i:1",
    )
    return "".join(f"{line}\r\n" for line in lines)
