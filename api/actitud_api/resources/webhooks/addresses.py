"""IP addresses that belong to the public internet, by an allow list of our own.

`ipaddress.is_global` is not used: its answers have changed between patch versions of Python (CVE-2024-4032), and it
returns True for addresses that embed a private one.
"""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

# https://www.iana.org/assignments/iana-ipv4-special-registry, and multicast.
_REFUSED_IPV4: Final = tuple(
    map(
        IPv4Network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
            *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24"),
            *("192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
            *("224.0.0.0/4", "240.0.0.0/4"),
            # Public by registration, but the metadata service of Azure answers there to machines inside.
            "168.63.129.16/32",
        ),
    )
)
_ALLOWED_IPV6: Final = IPv6Network("2000::/3")
"""The only block of global unicast addresses so far: outside are loopback, link-local, unique local, multicast, those
that embed an IPv4 address (`::ffff:0:0/96`, `64:ff9b::/96`), and what nobody has assigned."""
# https://www.iana.org/assignments/iana-ipv6-special-registry, of what is within that block.
_REFUSED_IPV6: Final = tuple(
    map(
        IPv6Network,
        # IETF protocols with Teredo, documentation, 6to4 (which embeds an IPv4 address), AS112, documentation again.
        ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
    )
)


def is_public_address(text: str) -> bool:
    """Return True if an IP address, written as resolvers return it, belongs to the public internet."""
    try:
        ipv4 = IPv4Address(text)
    except AddressValueError:
        return _is_public_ipv6(text)
    return not any(ipv4 in network for network in _REFUSED_IPV4)


def _is_public_ipv6(text: str) -> bool:
    # A zone (`fe80::1%eth0`) is of this machine.
    if "%" in text:
        return False
    try:
        ipv6 = IPv6Address(text)
    except AddressValueError:
        return False
    return ipv6 in _ALLOWED_IPV6 and not any(ipv6 in network for network in _REFUSED_IPV6)
