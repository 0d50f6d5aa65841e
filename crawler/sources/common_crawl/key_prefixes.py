"""Which hosts and addresses of the index are ours, by the beginnings of their keys (``url_surtkey``)."""

import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from crawler.warc.cdxj import surt
from data.rights.files import READERS, ROBOTS_PATH
from data.seeds import Seed
from data.urls import canonical_url

_END_OF_HOST = re.compile(r"[):]")


class KeyPrefixes:
    """The key prefixes of all URLs of some start URLs; none is a prefix of another."""

    def __init__(self, prefixes: Iterable[str]) -> None:
        kept: list[bytes] = []
        for one in sorted(prefix.encode() for prefix in set(prefixes)):
            if not kept or not one.startswith(kept[-1]):
                kept.append(one)
        self.sorted = tuple(kept)

    @classmethod
    def of_seeds(cls, seeds: Iterable[Seed], *, only_robots: bool) -> "KeyPrefixes":
        """The prefixes of start URLs, each by its scope; ``only_robots``: of their hosts' robots.txt.

        >>> seeds = [Seed("https://www.salud.es/", "Salud", "ES", "ministry", "host")]
        >>> KeyPrefixes.of_seeds(seeds, only_robots=False).sorted
        (b'es,salud)', b'es,salud:')
        """
        found: set[str] = set()
        for seed in seeds:
            host, _, path = surt(canonical_url(seed.url).partition("?")[0]).partition(")")
            if only_robots:
                found.add(f"{host}){ROBOTS_PATH}")
            elif seed.scope == "host":
                found |= {f"{host})", f"{host.partition(':')[0]}:"}
            else:
                found |= {f"{host}){path.rstrip('/')}", *(f"{host}){one}" for one in READERS if one != ROBOTS_PATH)}
        return cls(found)

    def may_hold(self, bounds: tuple[bytes | None, bytes | None]) -> bool:
        """Whether a key between two bounds may begin with one of the prefixes; without bounds it may."""
        least, greatest = bounds
        if least is None or greatest is None:
            return True
        last = bisect_right(self.sorted, greatest) - 1
        return last >= 0 and (self.sorted[last] >= least or least.startswith(self.sorted[last]))

    def of_hosts(self, values: pa.ChunkedArray, *, are_keys: bool) -> pa.ChunkedArray:
        """A mask of the keys, or of the host names, of our hosts; a host that is null may be ours."""
        key_of = str if are_keys else _key_of
        ours = [one for one in pc.unique(values).to_pylist() if one is None or _host(key_of(one)) in self._hosts]
        return pc.is_in(values, value_set=pa.array(ours, pa.string()))

    def of_urls(self, urls: pa.ChunkedArray) -> pa.ChunkedArray:
        """A mask of the URLs that have one of the prefixes."""
        return pa.chunked_array([[self._takes(url) for url in urls.to_pylist()]], pa.bool_())

    @cached_property
    def _hosts(self) -> frozenset[str]:
        """The hosts, as keys have them."""
        return frozenset(_host(prefix.decode()) for prefix in self.sorted)

    def _takes(self, url: str) -> bool:
        try:
            key = surt(url).encode()
        except ValueError:
            return True  # the selector counts it as no URL
        return key.startswith(self.sorted[bisect_right(self.sorted, key) - 1])


def _key_of(name: str) -> str:
    """The key of a host's home page.

    >>> _key_of("www2.Salud.es.")
    'es,salud)/'
    """
    try:
        return surt(f"http://{name}/")
    except ValueError:
        return ""


def _host(key: str) -> str:
    """The host of a key, without its port."""
    return _END_OF_HOST.split(key, maxsplit=1)[0]
