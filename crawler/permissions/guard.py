"""No request into private networks, whatever a page, a redirect or a name server says.

There are two checks. ``refusal`` reads a URL before it is requested (links, redirects, meta refresh, sitemaps).
``crawler.permissions.resolver`` checks the address at the moment of the connection.
"""

import functools
import ipaddress
import socket
import unicodedata
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from data.errors import InputError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
"""IPv4 behind IPv6 (RFC 6052, RFC 8215)."""
COMPATIBLE = ipaddress.IPv6Network("::/96")
"""IPv4-compatible IPv6 (RFC 4291, 2.5.5.1; deprecated, yet some stacks connect)."""
PRIVATE_SUFFIXES = (".localhost", ".local", ".internal", ".localdomain", ".home.arpa", ".lan", ".intranet", ".corp")
"""Names that lead nowhere on the public web (RFC 6761, RFC 6762, RFC 8375, ICANN's reserved and colliding ones)."""
# fmt: off
BAD_PORTS = frozenset((
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
    110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530,
    531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045,
    4190, 5060, 5061, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
))
# fmt: on
"""Ports that browsers block for HTTP (WHATWG Fetch, 2.9), and Redis."""


def networks(allowed: Sequence[str]) -> list[Network]:
    """Parse CIDR notation.

    Raises:
        InputError: not a network.
    """
    parsed = []
    for text in allowed:
        try:
            parsed.append(ipaddress.ip_network(text, strict=False))
        except ValueError as error:
            raise InputError(f"allow_private: {text!r} is not a network in CIDR notation, as 10.0.0.0/8.") from error
    return parsed


@functools.lru_cache(maxsize=16_384)
def literal_address(host: str) -> Address | None:
    """The IP address written as a host name, in any notation that resolvers accept (octal, hex, one number …)."""
    host = unicodedata.normalize("NFKC", unquote(host)).replace("\u3002", ".").strip().strip("[]")
    host = host.partition("%")[0].rstrip(".")
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


def is_forbidden(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether an address, or one embedded in it, is neither public nor explicitly allowed."""
    if any(address.version == network.version and address in network for network in allowed):
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = _inner(address)
        if inner is not None:
            return any(is_forbidden(one, allowed) for one in inner)
        return not address.is_global or address.is_multicast or address.is_site_local
    return not address.is_global or address.is_multicast


def _inner(address: ipaddress.IPv6Address) -> tuple[ipaddress.IPv4Address, ...] | None:
    """The IPv4 addresses embedded in an IPv6 address."""
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    if address in COMPATIBLE or any(address in network for network in NAT64):
        return (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF),)
    return None


def refusal(url: str, allowed: Sequence[Network]) -> str | None:
    """The reason why the URL itself must not be fetched; None if it may."""
    if "\\" in url or not url.isprintable() or " " in url:
        return "guard/malformed"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "guard/malformed"
    if parts.scheme not in ("http", "https"):
        return "guard/scheme"
    if port in BAD_PORTS or port == 0:
        return "guard/port"
    address = literal_address(host)
    if address is not None:
        return "guard/private_address" if is_forbidden(address, allowed) else None
    return "guard/private_name" if _is_private_name(host, allowed) else None


def _is_private_name(host: str, allowed: Sequence[Network]) -> bool:
    """Whether a name is of this machine or a local network. With allowed networks, DNS decides on local names."""
    name = unicodedata.normalize("NFKC", unquote(host)).replace("\u3002", ".").rstrip(".").lower()
    if not name:
        return True
    if name == "localhost" or name.endswith(".localhost"):
        return is_forbidden(ipaddress.IPv4Address("127.0.0.1"), allowed)
    return not allowed and ("." not in name or name.endswith(PRIVATE_SUFFIXES))
