"""The rules of the packet filter as nft reads them, in two copies: a plain one, and one that the guard's process holds.

The plain copy outlives the guard; another program's `nft flush ruleset` removes it. The held copy (`flags owner`) outlives
that, and ends with the guard. A machine is let nothing that one of them refuses.
"""

from collections.abc import Iterable, Iterator
from string import Template

from galeria.adapters.engine.network.plan import Names, gateway
from galeria.adapters.engine.network.table import Guest, GuestTable
from galeria.domain.labs.guest_network import CLOSED_NETWORKS, Internet, NetworkException
from galeria.domain.reach.relay import GUEST_PORTS

_HELD = "flags owner;"

# Limits are for one machine: on new connections to keep the host's list of them short, on questions for names, and on frames
# to everybody, such as ARP's. A long download outlives the address of its name, hence `established` of who may ask.
_INET = Template("""
table inet $table {
  $flags
  set closed { type ipv4_addr; flags interval; auto-merge; elements = { $closed }; }
  set opened { type ipv4_addr; $opened }
  set open { type ipv4_addr; $open }
  set asking { type ipv4_addr; $asking }
  set named { type ipv4_addr . ipv4_addr; flags timeout; }
  set busy { type ipv4_addr; flags dynamic,timeout; timeout 10s; size 65535; }
  set curious { type ipv4_addr; flags dynamic,timeout; timeout 10s; size 65535; }
  map labs { type ipv4_addr : mark; $labs }
  set mates { type ipv4_addr . mark; $mates }
  chain input {
    type filter hook input priority -10; policy accept;
    iifname "$bridge" jump to_host
  }
  chain to_host {
    meta nfproto ipv6 drop
    udp sport 68 udp dport 67 accept
    ip saddr != $network drop
    ct state established,related accept
    ct state new ip saddr @asking ip daddr $host meta l4proto { tcp, udp } th dport 53 jump lookup
    $exceptions
    reject with icmpx type admin-prohibited
  }
  chain lookup {
    add @curious { ip saddr limit rate over 100/second burst 300 packets } drop
    accept
  }
  chain forward {
    type filter hook forward priority -10; policy accept;
    iifname "$bridge" jump from_guest
    oifname "$bridge" ct state established,related accept
    oifname "$bridge" drop
  }
  chain from_guest {
    meta nfproto ipv6 drop
    ip saddr != $network drop
    oifname "$bridge" jump between
    ct state new add @busy { ip saddr limit rate over 200/second burst 1000 packets } drop
    $exceptions
    ip daddr @closed reject with icmpx type admin-prohibited
    ip saddr @open accept
    ip saddr @asking ct state established,related accept
    ip saddr . ip daddr @named accept
    reject with icmpx type admin-prohibited
  }
  chain between {
    meta mark set 0
    meta mark set ip saddr map @labs
    ip daddr . meta mark @mates accept
    drop
  }
  chain output {
    type filter hook output priority -10; policy accept;
    oifname "$bridge" jump to_guest
  }
  chain to_guest {
    meta nfproto ipv6 drop
    ct state established,related accept
    udp sport 67 udp dport 68 accept
    icmp type echo-request accept
    ip daddr @opened tcp dport { $services } accept
    meta l4proto tcp reject with tcp reset
    reject with icmpx type admin-prohibited
  }
  chain outside {
    type nat hook postrouting priority 100; policy accept;
    ip saddr $network oifname != "$bridge" masquerade
  }
}
""")

# A machine speaks IPv4 only, with its own addresses, and answers DHCP for nobody. To those that its lab has a network in
# common with, it sends as much as it likes; whom it sends to is looked at where the bridge passes the frame on. The mark is
# the lab's number, and stays on the frame for the other table, which sees it as well where the host filters bridged frames.
_BRIDGE = Template("""
table bridge $table {
  $flags
  set macs { type ifname . ether_addr; $macs }
  set guests { type ifname . ether_addr . ipv4_addr; $guests }
  set loud { type ifname; flags dynamic,timeout; timeout 10s; size 65535; }
  set busy { type ifname; flags dynamic,timeout; timeout 10s; size 65535; }
  set sharing { type ifname; $sharing }
  set near { type ether_addr; $near }
  map labs { type ifname : mark; $labs }
  set mates { type ifname . mark; $mates }
  chain pre {
    type filter hook prerouting priority -300; policy accept;
    iifname != "$taps*" accept
    iifname . ether saddr != @macs drop
    iifname @sharing ether daddr @near goto own
    meta pkttype != host add @loud { iifname limit rate over 50/second burst 100 packets } drop
    goto own
  }
  chain own {
    ether type arp arp htype 1 arp plen 4 iifname . arp saddr ether . arp saddr ip @guests accept
    ether type arp iifname . arp saddr ether @macs arp saddr ip 0.0.0.0 accept
    ether type ip iifname . ether saddr . ip saddr @guests udp sport 67 drop
    ether type ip iifname . ether saddr . ip saddr @guests accept
    ether type ip ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 accept
    drop
  }
  chain between {
    type filter hook forward priority -300; policy accept;
    iifname != "$taps*" accept
    meta mark set 0
    meta mark set iifname map @labs
    oifname . meta mark != @mates drop
    tcp flags & (syn | ack) == syn add @busy { iifname limit rate over 200/second burst 1000 packets } drop
  }
}
""")


def ruleset(table: GuestTable, *, around: Iterable[str] = ()) -> str:
    """Return both copies, which replace those that are there. `around` are networks that this host is part of."""
    names = Names(table.installation)
    copies = ((names.table, ""), (names.held_table, _HELD))
    return "\n".join(_copy(table, name, flags, tuple(around)) for name, flags in copies)


def removal(table: str, *, is_held: bool = False) -> str:
    """Return what removes one copy, whether it is there or not."""
    return _without(table, _HELD if is_held else "")


def named_elements(names: Names, found: Iterable[tuple[str, str, int]]) -> str:
    """Return what lets machines reach addresses of names on their list: machine, address, seconds."""
    elements = ", ".join(f"{machine} . {address} timeout {seconds}s" for machine, address, seconds in found)
    copies = (names.table, names.held_table)
    return "\n".join(f"add element inet {copy} named {{ {elements} }}" for copy in copies) if elements else ""


def unnamed_elements(names: Names, found: Iterable[tuple[str, str, int]]) -> str:
    """Return what takes those back."""
    elements = ", ".join(f"{machine} . {address}" for machine, address, _ in found)
    copies = (names.table, names.held_table)
    return "\n".join(f"delete element inet {copy} named {{ {elements} }}" for copy in copies) if elements else ""


def _without(name: str, flags: str) -> str:
    # What is not there cannot be deleted: it is made first.
    lines = [f"add table {family} {name} {{ {flags} }}" for family in ("inet", "bridge")]
    return "\n".join([*lines, *(f"delete table {family} {name}" for family in ("inet", "bridge"))])


def _copy(table: GuestTable, name: str, flags: str, around: tuple[str, ...]) -> str:
    return "\n".join((_without(name, flags), _inet(table, name, flags, around), _bridge(table, name, flags)))


def _inet(table: GuestTable, name: str, flags: str, around: tuple[str, ...]) -> str:
    return _INET.substitute(
        table=name,
        flags=flags,
        closed=", ".join(dict.fromkeys((*CLOSED_NETWORKS, *around))),
        opened=_elements(each.address for each in table.guests if each.is_open),
        open=_elements(_with(table.guests, Internet.OPEN)),
        asking=_elements(_with(table.guests, Internet.OPEN, Internet.NAMES)),
        bridge=Names(table.installation).bridge,
        host=gateway(table.network),
        network=table.network,
        exceptions="\n    ".join(map(_exception, table.exceptions)),
        services=", ".join(map(str, GUEST_PORTS.values())),
        labs=_elements(f"{each.address} : {number}" for each, number in _numbered(table)),
        mates=_elements(f"{each.address} . {number}" for each, number in _numbered(table)),
    )


def _bridge(table: GuestTable, name: str, flags: str) -> str:
    return _BRIDGE.substitute(
        table=name,
        flags=flags,
        macs=_elements(f'"{each.tap}" . {each.mac}' for each in table.guests),
        guests=_elements(f'"{each.tap}" . {each.mac} . {each.address}' for each in table.guests),
        taps=Names(table.installation).taps,
        sharing=_elements(f'"{each.tap}"' for each, _ in _numbered(table)),
        near=_elements(each.mac for each, _ in _numbered(table)),
        labs=_elements(f'"{each.tap}" : {number}' for each, number in _numbered(table)),
        mates=_elements(f'"{each.tap}" . {number}' for each, number in _numbered(table)),
    )


def _numbered(table: GuestTable) -> list[tuple[Guest, int]]:
    """Return the machines that have a network in common with others of their lab, and the lab's number, from 1 on."""
    labs = sorted({each.policy.lab for each in table.guests} - {""})
    return [(each, labs.index(each.policy.lab) + 1) for each in table.guests if each.policy.lab]


def _exception(each: NetworkException) -> str:
    port = f"{each.protocol} dport {each.port} " if each.port else ""
    return f"ip daddr {each.network} {port}accept"


def _with(guests: tuple[Guest, ...], *wanted: Internet) -> Iterator[str]:
    return (each.address for each in guests if each.policy.internet in wanted)


def _elements(listed: Iterable[str]) -> str:
    """Return the contents of a set; an empty set is one of which nothing is said."""
    text = ", ".join(listed)
    return f"elements = {{ {text} }};" if text else ""
