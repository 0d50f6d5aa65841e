"""No request into private networks, whatever a page, a redirect or a name server says."""

import ipaddress
import socket
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from scrapy.resolver import CachingThreadedResolver
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(allowed: Sequence[str]) -> list[Network]:
    """Parse CIDR notation."""
    return [ipaddress.ip_network(text, strict=False) for text in allowed]


def literal_address(host: str) -> Address | None:
    """The address that a host name spells, in any notation that a resolver takes (octal, hex, one number …)."""
    host = host.strip("[]").partition("%")[0].rstrip(".")
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


def is_forbidden(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether an address is not a public one and not explicitly allowed."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is not None:
            return is_forbidden(inner, allowed)
    if any(address.version == network.version and address in network for network in allowed):
        return False
    return not address.is_global or address.is_multicast


def refusal(url: str, allowed: Sequence[Network]) -> str | None:
    """The reason why a URL must not be fetched by what it says itself, None where it may."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        return "guard/scheme"
    host = parts.hostname or ""
    address = literal_address(host)
    if address is not None and is_forbidden(address, allowed):
        return "guard/private_address"
    if address is None and (host == "localhost" or host.endswith((".localhost", ".local", ".internal"))):
        return "guard/private_name"
    return None


class GuardedResolver(CachingThreadedResolver):
    """Checks every address that DNS returns, at the moment of the connection: rebinding finds no gap."""

    allowed: Sequence[Network] = ()
    trusted: Sequence[str] = ()
    """Names that the user gave: the proxy's."""

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> "GuardedResolver":
        """Take the allowed networks from the settings."""
        resolver = cls(reactor, 10_000, crawler.settings.getfloat("DNS_TIMEOUT"))
        resolver.allowed = networks(crawler.settings.getlist("GUARD_ALLOWED"))
        resolver.trusted = crawler.settings.getlist("GUARD_TRUSTED")
        return resolver

    def getHostByName(self, name: str, timeout: Sequence[int] = (1, 3, 11, 45)) -> Deferred[str]:  # noqa: N802 - Twisted's name
        """Resolve a name, or fail as an unknown one does where it leads into a private network."""
        found: Deferred[str] = super().getHostByName(name, timeout)
        return found.addCallback(self._check, name)

    def _check(self, found: str, name: str) -> str:
        if name not in self.trusted and is_forbidden(ipaddress.ip_address(found), self.allowed):
            raise DNSLookupError(f"{name} leads to {found}, which is not a public address")
        return found
