"""Which start URL a URL belongs to, if any."""

import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

import data
from data.seeds import Seed
from data.urls import canonical_url, host_of, registered_domain

MOST_MOVES = 2
"""Start URLs of other sites that may redirect to one host; with more of them it is a portal or a parked domain."""

_LISTED = frozenset((Path(data.__file__).parent / "shared_hosts.txt").read_text(encoding="utf-8").split("\n"))
_FILE = re.compile(r"/[^/]*\.[a-z]{2,5}", re.IGNORECASE)
_FRONT = re.compile(r"/(?:index|home|inicio|default|main|portada|principal|welcome|bienvenid[oa]s?)", re.IGNORECASE)
_ENDS_PREFIX = "/?;"


class Scope:
    """``host`` seeds cover their whole host (with and without www); ``prefix`` seeds cover URLs that begin with theirs.

    A start URL that redirects to another address covers that path. It covers another host as a whole only if it
    redirects to that host's root and the host is not a portal.
    """

    def __init__(self, seeds: Iterable[Seed], moves: Iterable[tuple[str, str]] = ()) -> None:
        self.seeds: dict[str, Seed] = {}
        self._whole: dict[str, Seed] = {}
        self._prefixes: dict[str, list[tuple[str, Seed]]] = {}
        self._homes: dict[str, list[tuple[str, Seed]]] = {}
        self._movers: dict[str, set[str]] = {}
        for seed in seeds:
            url = canonical_url(seed.url)
            self.seeds[seed.url] = seed
            if seed.scope == "host":
                self._whole.setdefault(bare_host(host_of(url)), seed)
            else:
                self._prefixes.setdefault(bare_host(host_of(url)), []).append((_address(url), seed))
        for prefixes in self._prefixes.values():
            prefixes.sort(key=lambda pair: -len(pair[0]))
        for address, url in moves:
            if url in self.seeds:
                self._take(address, self.seeds[url])

    def start_urls(self) -> list[tuple[str, Seed]]:
        """The canonical start URLs.

        Raises:
            InputError: a start URL has no canonical form.
        """
        return [(canonical_url(seed.url), seed) for seed in self.seeds.values()]

    def seed_of(self, url: str) -> Seed | None:
        """The seed that a canonical URL belongs to; the longest prefix wins over the host."""
        host = bare_host(host_of(url))
        prefixes = self._prefixes.get(host)
        if prefixes:
            address = _address(url)
            for prefix, seed in prefixes:
                if address.startswith(prefix):
                    return seed
        whole = self._whole.get(host)
        return whole if whole is not None or host not in self._homes else self._seed_of_home(url, host)

    def hosts(self) -> set[str]:
        """The hosts with anything in scope, without www."""
        return self._whole.keys() | self._prefixes.keys() | self._homes.keys()

    def covers_host(self, host: str) -> bool:
        """Whether anything of a host is in scope."""
        host = bare_host(host)
        return host in self._whole or host in self._prefixes or host in self._homes

    def whole_host(self, host: str) -> Seed | None:
        """The seed that covers all of a host; None if there is none or prefixes divide it."""
        host = bare_host(host)
        return None if host in self._prefixes else self._whole.get(host)

    def adopt(self, url: str, seed: Seed) -> str | None:
        """Add the redirect target of a start URL to its seed's scope, if it can be the seed's own site.

        Returns the address to save; None if nothing is added: it is in scope already, or is a portal's front page.
        """
        host = bare_host(host_of(url))
        if self.seed_of(url) is not None and host not in self._homes:
            return None
        address = self._new_home(url, seed)
        if address is None or (address, seed) in self._homes.get(host, ()):
            return None
        self._take(address, seed)
        return address

    def _seed_of_home(self, url: str, host: str) -> Seed | None:
        address = _address(url)
        for home, seed in self._homes[host]:
            if home.endswith("/") and home.count("/") == 1:
                if not self._is_crowded(host) or address == home:
                    return seed
            elif address.startswith(home) and (home.endswith("/") or address[len(home) :][:1] in ("", *_ENDS_PREFIX)):
                return seed
        return None

    def _new_home(self, url: str, seed: Seed) -> str | None:
        """The prefix that is added: host and path; for a front page its folder."""
        host = bare_host(host_of(url))
        place, _, path = _address(url).partition("?")[0].partition("/")
        path = f"/{path}"
        folder, _, last = path.rpartition("/")
        if _FILE.fullmatch(f"/{last}") or _FRONT.fullmatch(f"/{last}"):
            path = f"{folder}/"
        if path == "/" and (is_shared(host) or not self._may_own(host, url, seed)):
            return None
        return place + path

    def _may_own(self, host: str, url: str, seed: Seed) -> bool:
        """Whether a whole host may be the new site of a seed."""
        start = canonical_url(seed.url)
        before, domain = bare_host(host_of(start)), registered_domain(host_of(start))
        if domain in unquote(url.partition("://")[2].partition("?")[2]).lower():
            return False  # a domain seller that mentions the former domain
        if host in self._prefixes or host == before:
            return False  # only parts of this host are in scope
        return seed.scope == "host" or host.endswith(f".{domain}")

    def _take(self, address: str, seed: Seed) -> None:
        host = address.partition("/")[0].partition(":")[0]
        if "/" not in address:  # a whole host, as saved by earlier versions
            host = bare_host(host)
            address = f"{host}/"
            if is_shared(host):
                return
        homes = self._homes.setdefault(host, [])
        homes.append((address, seed))
        homes.sort(key=lambda pair: -len(pair[0]))
        self._movers.setdefault(host, set()).add(registered_domain(host_of(canonical_url(seed.url))))

    def _is_crowded(self, host: str) -> bool:
        return len(self._movers[host] - {registered_domain(host)}) > MOST_MOVES


def is_shared(host: str) -> bool:
    """Whether a host belongs to a hosting network or portal, by its registered domain."""
    return registered_domain(host) in _LISTED or f"*.{bare_host(host)}" in _LISTED


def bare_host(host: str) -> str:
    """A host without www, since both are one site."""
    return host.removeprefix("www.")


def _address(url: str) -> str:
    """A URL without scheme and www, so that a prefix covers both variants."""
    return url.partition("://")[2].removeprefix("www.")
