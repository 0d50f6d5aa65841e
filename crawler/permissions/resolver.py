"""Resolves names to public addresses, IPv4 and IPv6; the check is made for each connection."""

import ipaddress
import socket
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Literal, NoReturn

from twisted.internet import threads
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import DNSLookupError
from twisted.python.failure import Failure

from crawler.permissions.guard import Network, is_forbidden, networks

Addresses = tuple[str, ...]

DNS_LIFETIME = 3_600.0
"""Seconds that addresses of a name are cached: sites move during a crawl of weeks."""
DNS_FAILURE_LIFETIME = 60.0
"""Seconds that a failed lookup is cached: https and http look a name up one after the other."""
DNS_NAMES = 10_000
"""Names in the cache, at most."""


def system_addresses(name: str) -> Addresses:
    """Look a name up with the system's resolver, best address first (RFC 6724); blocks.

    Raises:
        OSError, UnicodeError: the name has no address or is not valid.
    """
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """Do nothing: a lookup of the system cannot be cancelled."""


class GuardedResolver:
    """Resolves names for every connection of the reactor.

    The check comes after each lookup. Checked earlier, a name could resolve to another address the second time
    (DNS rebinding), or be an IP address in an unusual notation.
    """

    def __init__(
        self,
        reactor: Any,
        timeout: float,
        allowed: Sequence[Network] = (),
        trusted: Sequence[str] = (),
        ask: Callable[[str], Addresses] = system_addresses,
        lifetime: float = DNS_LIFETIME,
    ) -> None:
        """``trusted`` are names given by the user, as the proxy's; ``timeout`` and ``lifetime`` are in seconds."""
        self._reactor = reactor
        self._timeout = timeout
        self._allowed = allowed
        self._trusted = frozenset(trusted)
        self._ask = ask
        self._lifetime = lifetime
        self._known: OrderedDict[str, tuple[float, Addresses]] = OrderedDict()

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> "GuardedResolver":
        """Take the allowed networks from the settings."""
        settings = crawler.settings
        allowed = networks(settings.getlist("GUARD_ALLOWED"))
        return cls(reactor, settings.getfloat("DNS_TIMEOUT"), allowed, settings.getlist("GUARD_TRUSTED"))

    def install_on_reactor(self) -> None:
        """Resolve for all connections (Scrapy's name for it)."""
        self._reactor.installNameResolver(self)

    def addresses(self, name: str) -> Deferred[Addresses]:
        """The public addresses of a name, the best first.

        Fails with DNSLookupError if it has no address that may be reached.
        """
        until, known = self._known.get(name, (0.0, ()))
        if time.monotonic() < until:
            return succeed(known) if known else fail(DNSLookupError(f"{name}: no address that may be reached"))
        asked: Deferred[Addresses] = threads.deferToThreadPool(
            self._reactor, self._reactor.getThreadPool(), self._ask, name
        )
        asked.addTimeout(self._timeout, self._reactor)
        asked.addCallbacks(self._public, self._none, callbackArgs=(name,), errbackArgs=(name,))
        return asked

    def resolveHostName(  # noqa: N802 - Twisted's name
        self,
        resolutionReceiver: Any,  # noqa: N803 - Twisted's names
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type] | None = None,  # noqa: N803
        transportSemantics: Literal["TCP", "UDP"] = "TCP",  # noqa: N803
    ) -> _Resolution:
        """Pass the addresses of a name, if any, to the receiver (``IHostnameResolver``)."""
        resolution = _Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)

        def told(found: Addresses | Failure) -> None:
            for text in () if isinstance(found, Failure) else found:
                kind = IPv6Address if ":" in text else IPv4Address
                if addressTypes is None or kind in addressTypes:
                    resolutionReceiver.addressResolved(kind(transportSemantics, text, portNumber))
            resolutionReceiver.resolutionComplete()

        self.addresses(hostName).addBoth(told)
        return resolution

    def _public(self, found: Addresses, name: str) -> Addresses:
        if name not in self._trusted:
            public = tuple(one for one in found if not is_forbidden(ipaddress.ip_address(one), self._allowed))
            if found and not public:
                self._remember(name, ())
                raise DNSLookupError(f"{name} leads to {found[0]}, which is not a public address")
            found = public
        return self._remember(name, found)

    def _none(self, failure: Failure, name: str) -> NoReturn:
        self._remember(name, ())
        raise DNSLookupError(f"{name}: {failure.getErrorMessage()}") from failure.value

    def _remember(self, name: str, found: Addresses) -> Addresses:
        lifetime = self._lifetime if found else min(self._lifetime, DNS_FAILURE_LIFETIME)
        self._known[name] = time.monotonic() + lifetime, found
        self._known.move_to_end(name)
        while len(self._known) > DNS_NAMES:
            self._known.popitem(last=False)
        return found
