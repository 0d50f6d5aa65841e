"""Limits the requests in flight at one IP address, over all its hosts: a server of many sites counts as one."""

from collections import Counter
from itertools import islice


class AddressLimiter:
    """Counts the requests in flight at each address; hosts over the limit wait in order of arrival."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._address_of: dict[str, str] = {}
        self._held: dict[str, str] = {}
        self._in_flight: Counter[str] = Counter()
        self._waiting: dict[str, dict[str, None]] = {}

    def acquire(self, host: str) -> bool:
        """Whether a host may be fetched from now (always without a known address); if not, it waits for ``release``."""
        address = self._address_of.get(host)
        if address is None or self._take_slot(host, address):
            return True
        self._waiting.setdefault(address, {})[host] = None
        return False

    def acquire_at(self, host: str, address: str) -> bool:
        """Note the address of a host with a request in flight; False if that address is at its limit."""
        self._address_of[host] = address
        return self._held.get(host) == address or self._take_slot(host, address)

    def has_moved(self, host: str, address: str) -> bool:
        """Whether a host with a request in flight has its slot at another address, and must release it."""
        return self._held.get(host, address) != address

    def release(self, host: str) -> list[str]:
        """A host's request is over; return the hosts that may use the free slot, if they still have work."""
        address = self._free_slot(host)
        return self._next_at(address) if address is not None else []

    def skip(self, host: str) -> list[str]:
        """A host that ``release`` returned has no work; return the hosts that are next."""
        address = self._address_of.get(host)
        return self._next_at(address) if address is not None and host not in self._held else []

    def _next_at(self, address: str) -> list[str]:
        """Take the first waiting hosts for the free slots of an address off the waiting list."""
        waiting = self._waiting.get(address, {})
        woken = list(islice(waiting, max(self._most - self._in_flight[address], 0)))
        for host in woken:
            del waiting[host]
        if not waiting:
            self._waiting.pop(address, None)
        return woken

    def _take_slot(self, host: str, address: str) -> bool:
        if self._in_flight[address] >= self._most:
            return False
        self._in_flight[address] += 1
        self._held[host] = address
        return True

    def _free_slot(self, host: str) -> str | None:
        address = self._held.pop(host, None)
        if address is not None:
            self._in_flight[address] -= 1
            if not self._in_flight[address]:
                del self._in_flight[address]
        return address
