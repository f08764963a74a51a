"""IP addresses: whether one belongs to the public internet, or what else it is."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from galeria.domain.messages import EMPTY, Message

# Azure's platform address for its machines' agents: it looks public and is not.
_PLATFORM = IPv4Address("168.63.129.16")
# All of IPv6 that is given out to the public internet (RFC 4291 §2.4, IANA's registry of global unicast addresses), but for
# blocks inside it that are documentation or lead elsewhere and that older tables of this language do not know.
_PUBLIC_V6 = IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = (
    IPv6Network("2001::/23"),  # protocol assignments, Teredo and ORCHID among them (RFC 2928)
    IPv6Network("2001:db8::/32"),  # documentation (RFC 3849)
    IPv6Network("3fff::/20"),  # documentation (RFC 9637)
    IPv6Network("3ffe::/16"),  # the experimental 6bone, given back (RFC 3701)
)
# Addresses that carry an IPv4 address, with the position of that in bits from the right.
_CARRIERS = (
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64, RFC 6052
    (IPv6Network("2002::/16"), 80),  # 6to4, RFC 3056
)


def non_public_kind(ip: str) -> Message:
    """Returns what an IP address is that does not belong to the public internet, such as "loopback"; empty for a public one.

    An IPv6 address that carries an IPv4 address is what that is. Raises ValueError where `ip` is no address.
    """
    return _kind(ip_address(ip.partition("%")[0]))


def _kind(ip: IPv4Address | IPv6Address) -> Message:
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            return _kind(ip.ipv4_mapped)
        for network, shift in _CARRIERS:
            if ip in network:
                return _kind(IPv4Address((int(ip) >> shift) & 0xFFFFFFFF))
        if ip.teredo is not None or ip.is_site_local:
            return Message("private")
        is_unicast = not (ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_private or ip.is_unspecified)
        if is_unicast and (ip not in _PUBLIC_V6 or any(ip in network for network in _NOT_PUBLIC_V6)):
            return Message("non-public")
    kinds = {
        Message("loopback"): ip.is_loopback,
        Message("link-local"): ip.is_link_local,
        Message("multicast"): ip.is_multicast,
        Message("private"): ip.is_private or ip.is_unspecified,
        Message("reserved"): ip.is_reserved or ip == _PLATFORM,
        Message("non-public"): not ip.is_global,
    }
    return next((word for word, is_so in kinds.items() if is_so), EMPTY)
