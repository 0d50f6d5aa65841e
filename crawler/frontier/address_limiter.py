"""Requests in flight at one IP address, over all hosts that it serves: a server of many sites is asked as one."""

from collections import Counter
from itertools import islice


class AddressLimiter:
    """Counts who is being asked at each address; hosts over the bound wait in the order in which they came."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._address_of: dict[str, str] = {}
        self._held: dict[str, str] = {}
        self._in_flight: Counter[str] = Counter()
        self._waiting: dict[str, dict[str, None]] = {}

    def acquire(self, host: str) -> bool:
        """Whether a host may be asked now; one whose address is not known may. Otherwise it waits for ``release``."""
        address = self._address_of.get(host)
        if address is None or self._take_slot(host, address):
            return True
        self._waiting.setdefault(address, {})[host] = None
        return False

    def acquire_at(self, host: str, address: str) -> bool:
        """Take in where a host that is being asked lives; False where that address is asked by enough others."""
        self._address_of[host] = address
        return self._held.get(host) == address or self._take_slot(host, address)

    def has_moved(self, host: str, address: str) -> bool:
        """Whether a host that is being asked has a place at another address than where it lives: it is to leave it."""
        return self._held.get(host, address) != address

    def release(self, host: str) -> list[str]:
        """A host is asked no more; return those that may be asked in its stead, as far as they still want to."""
        address = self._free_slot(host)
        return self._next_at(address) if address is not None else []

    def skip(self, host: str) -> list[str]:
        """A host that was to be asked in another's stead does not want to; return those that come after it."""
        address = self._address_of.get(host)
        return self._next_at(address) if address is not None and host not in self._held else []

    def _next_at(self, address: str) -> list[str]:
        """The hosts that wait first for the free places of an address; they wait no more."""
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
