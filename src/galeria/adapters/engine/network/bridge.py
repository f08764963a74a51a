"""The bridge of an installation's machines, as a network of libvirt that lasts until the host is switched off.

Its mode is `open`: libvirt makes no rules for it, and the guard's are the only ones. Ports are isolated: the bridge passes
nothing from one machine to another, until the guard opens those of a lab whose plan says so. dnsmasq gives out addresses
and does nothing else.
"""

import contextlib
import json
from ipaddress import IPv4Network
from xml.etree import ElementTree

import libvirt

from galeria.adapters.engine.daemons import Hypervisor, libvirt_error
from galeria.adapters.engine.network.plan import Names, candidates, gateway
from galeria.adapters.engine.network.table import Guest
from galeria.domain.errors import MachineFailed
from galeria.domain.messages import Message
from galeria.programs import run

DYNAMIC = 65000  # the first of some addresses that dnsmasq could give out; it gives them to nobody
_LEASE = "1d"


class Bridge:
    """The network of one installation."""

    def __init__(self, hypervisor: Hypervisor, names: Names) -> None:
        self._hypervisor = hypervisor
        self._names = names

    def find(self) -> IPv4Network | None:
        """Return the network's addresses where it is there."""
        found = self._find()
        if found is None:
            return None
        ip = ElementTree.fromstring(found.XMLDesc()).find("ip")
        return None if ip is None else IPv4Network(f"{ip.attrib['address']}/{ip.attrib['prefix']}", strict=False)

    def ensure(self, earlier: IPv4Network | None) -> IPv4Network:
        """Make the network where it is not there, with the addresses `earlier` if they are free. Raises MachineFailed."""
        found = self.find()
        if found is not None:
            return found
        taken = _taken()
        wanted = [*filter(None, (earlier,)), *candidates(self._names)]
        failure: libvirt.libvirtError | None = None
        for network in (each for each in wanted if not any(each.overlaps(other) for other in taken)):
            try:
                self._hypervisor.connection().networkCreateXML(declare(self._names, network))
            except libvirt.libvirtError as error:
                if (made := self.find()) is not None:  # by another process at the same moment
                    return made
                failure = error
                if "already in use" in str(error):
                    continue
                raise libvirt_error(Message("make the machines' network"), error) from error
            return network
        raise MachineFailed(
            Message("No addresses are free for the machines' network: {reason}", reason=str(failure or taken)),
            hint=Message("Free a network of 65536 addresses in 100.64.0.0/10, and try again."),
        )

    def admit(self, guest: Guest) -> None:
        """Let dnsmasq give the machine its address. May be repeated."""
        network = self._find()
        if network is None:
            raise MachineFailed(Message("The machines' network is gone."), hint=Message("Try again."))
        self._change(network, libvirt.VIR_NETWORK_UPDATE_COMMAND_DELETE, guest)
        try:
            _update(network, libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST, _host(guest))
        except libvirt.libvirtError as error:
            if "existing dhcp host" not in str(error):
                raise libvirt_error(Message("give the machine an address"), error) from error

    def forget(self, guest: Guest) -> None:
        network = self._find()
        if network is not None:
            self._change(network, libvirt.VIR_NETWORK_UPDATE_COMMAND_DELETE, guest)

    def _change(self, network: libvirt.virNetwork, command: int, guest: Guest) -> None:
        with contextlib.suppress(libvirt.libvirtError):  # it is not there
            _update(network, command, _host(guest))

    def _find(self) -> libvirt.virNetwork | None:
        connection = self._hypervisor.connection()
        try:
            return connection.networkLookupByName(self._names.network)
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_NO_NETWORK:
                return None
            raise libvirt_error(Message("look for the machines' network"), error) from error


def declare(names: Names, network: IPv4Network) -> str:
    """Return the network's definition."""
    first, last = network.network_address + DYNAMIC, network.network_address + DYNAMIC + 9
    host = gateway(network)
    return f"""
<network xmlns:dnsmasq='http://libvirt.org/schemas/network/dnsmasq/1.0'>
  <name>{names.network}</name>
  <forward mode='open'/>
  <bridge name='{names.bridge}' stp='off' delay='0'/>
  <dns enable='no'/>
  <port isolated='yes'/>
  <ip address='{host}' prefix='{network.prefixlen}'>
    <dhcp><range start='{first}' end='{last}'/></dhcp>
  </ip>
  <dnsmasq:options>
    <dnsmasq:option value='dhcp-option=option:dns-server,{host}'/>
    <dnsmasq:option value='dhcp-ignore=tag:!known'/>
    <dnsmasq:option value='no-ping'/>
  </dnsmasq:options>
</network>"""


def _host(guest: Guest) -> str:
    return f"<host mac='{guest.mac}' ip='{guest.address}'/>"


def _update(network: libvirt.virNetwork, command: int, xml: str) -> None:
    live = libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE
    network.update(command, libvirt.VIR_NETWORK_SECTION_IP_DHCP_HOST, -1, xml, live)


def _taken() -> list[IPv4Network]:
    """Return the networks that this host knows a way to, but for the internet as a whole."""
    routes = json.loads(run(["ip", "-json", "-4", "route", "show", "table", "all"], timeout=60) or "[]")
    found = (each["dst"] for each in routes if each["dst"] != "default")
    return [network for network in map(IPv4Network, found) if network.prefixlen > 2]
