"""Which start URL a URL belongs to, if any."""

from collections.abc import Iterable, Mapping

from data.seeds import Seed
from data.urls import canonical_url, host_of


class Scope:
    """``host`` seeds take their whole host (with and without www); ``prefix`` seeds what begins with their URL."""

    def __init__(self, seeds: Iterable[Seed], adopted: Mapping[str, str] | None = None) -> None:
        self.seeds: dict[str, Seed] = {}
        self._whole: dict[str, Seed] = {}
        self._prefixes: dict[str, list[tuple[str, Seed]]] = {}
        for seed in seeds:
            url = canonical_url(seed.url)
            self.seeds[seed.url] = seed
            if seed.scope == "host":
                self._whole.setdefault(_bare(host_of(url)), seed)
            else:
                self._prefixes.setdefault(_bare(host_of(url)), []).append((_address(url), seed))
        for prefixes in self._prefixes.values():
            prefixes.sort(key=lambda pair: -len(pair[0]))
        for host, url in (adopted or {}).items():
            if url in self.seeds:
                self.adopt(host, self.seeds[url])

    def start_urls(self) -> list[tuple[str, Seed]]:
        """The canonical start URLs.

        Raises:
            InputError: a start URL has no canonical form.
        """
        return [(canonical_url(seed.url), seed) for seed in self.seeds.values()]

    def adopt(self, host: str, seed: Seed) -> None:
        """Take a host that a start URL redirects to into its seed's scope."""
        self._whole.setdefault(_bare(host), seed)

    def seed_of(self, url: str) -> Seed | None:
        """The seed that a canonical URL belongs to; the longest prefix wins over the host."""
        host = _bare(host_of(url))
        prefixes = self._prefixes.get(host)
        if prefixes:
            address = _address(url)
            for prefix, seed in prefixes:
                if address.startswith(prefix):
                    return seed
        return self._whole.get(host)


def _bare(host: str) -> str:
    return host.removeprefix("www.")


def _address(url: str) -> str:
    """A URL without scheme and www, so that a prefix holds over both."""
    return url.partition("://")[2].removeprefix("www.")
