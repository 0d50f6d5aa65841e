"""The takedown list: URLs, URL patterns and hosts that no crawl fetches and no new version contains.

A pattern is a URL with ``*`` in its path or query, which matches any characters: ``https://host/p*`` matches every URL
that begins with ``https://host/p``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from data.errors import InputError
from data.files import write_text
from data.store import Store
from data.urls import canonical_url, host_of

TAKEDOWN = "takedown"
"""The reason of pages that were taken down; a version counts them and does not list them."""
_HEADER = "target\tdate\n"
_NO_HOST = frozenset("@?#:/")
"""Characters of mail addresses, URLs and ports that a host name cannot have."""
ANY = "*"
"""In the path or query of a URL: any characters, also none."""
PATIENCE = 60.0
"""Seconds to wait for another process that writes the list."""


@dataclass(slots=True)
class Takedowns:
    """The list in ``store/takedowns.tsv``: one URL, pattern or host a line, with its date."""

    store: Store
    targets: dict[str, str] = field(default_factory=dict)
    """Target → date."""
    _of_host: dict[str, list[str]] = field(default_factory=dict)
    _of_address: dict[str, list[str]] = field(default_factory=dict)
    _patterns_of_host: dict[str, list[str]] = field(default_factory=dict)
    _hosts_of_urls: set[str] = field(default_factory=set)

    @classmethod
    def load(cls, store: Store) -> "Takedowns":
        """Read the list; it is empty if there is no file.

        Raises:
            InputError: a line is neither a URL nor a host. Publishing stops then: the line may be a takedown.
        """
        takedowns = cls(store)
        takedowns._read()
        return takedowns

    def only(self, targets: Iterable[str]) -> "Takedowns":
        """A list with these targets only."""
        takedowns = Takedowns(self.store)
        for target in targets:
            takedowns._take(target, self.targets.get(target, ""))
        return takedowns

    def add(self, targets: Iterable[str], day: date) -> list[str]:
        """Take URLs and hosts down, all or none; return the normalised targets that are new.

        Raises:
            InputError: one is neither a URL nor a host name.
            DiskFullError, StoreError: the list cannot be written; it stays as it was.
        """
        forms = dict.fromkeys(map(read_target, targets))
        if not forms.keys() - self.targets.keys():
            return []
        with self.store.exclusive("takedown", PATIENCE):
            self._read()  # another process may have written it meanwhile
            new = [form for form in forms if form not in self.targets]
            listed = self.targets | dict.fromkeys(new, day.isoformat())
            lines = sorted(f"{one}\t{when}\n" for one, when in listed.items())
            write_text(self.store.takedowns, _HEADER + "".join(lines))
        for form in new:
            self._take(form, day.isoformat())
        return new

    def covers(self, url: str) -> bool:
        """Whether a canonical URL is taken down, by itself, by a pattern or by its host."""
        return bool(self.targets) and next(self.covering(url), None) is not None

    def covers_page(self, url: str, canonical: str | None) -> bool:
        """Whether a page is taken down by its own URL or by the URL that it declares (rel=canonical)."""
        return bool(self.targets) and next(self.covering_page(url, canonical), None) is not None

    def concerns(self, host: str) -> bool:
        """Whether a URL of a host may be covered; one of any other host is not."""
        bare = host.removeprefix("www.")
        if bare in self._hosts_of_urls or bare in self._patterns_of_host:
            return True
        parts = host.split(".")
        return any(".".join(parts[place:]) in self._of_host for place in range(len(parts)))

    def covering(self, url: str) -> Iterator[str]:
        """The targets that match a canonical URL: the URL itself, then patterns, then its host."""
        yield from self._of_address.get(_address(url), ())
        host = host_of(url)
        for pattern in self._patterns_of_host.get(host.removeprefix("www."), ()):
            if _fits(_address(url), _address(pattern)):
                yield pattern
        while host:
            yield from self._of_host.get(host, ())
            host = host.partition(".")[2]

    def covering_page(self, url: str, canonical: str | None) -> Iterator[str]:
        """The targets that match a page's URL or the URL that it declares; each once."""
        yield from dict.fromkeys([*self.covering(url), *(self.covering(canonical) if canonical else ())])

    def _read(self) -> None:
        path = self.store.takedowns
        if not path.is_file():
            return
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: not UTF-8 (byte {error.start:,}). Save it as UTF-8.") from error
        for number, line in enumerate(lines, 1):
            target, _, day = line.partition("\t")
            if line.strip() and line.rstrip() != _HEADER.rstrip():
                self._take(read_target(target, f"{path}:{number}: "), day)

    def _take(self, target: str, day: str) -> None:
        if target in self.targets:
            return
        self.targets[target] = day
        if "://" in target and ANY in target:
            self._patterns_of_host.setdefault(host_of(target).removeprefix("www."), []).append(target)
        elif "://" in target:
            self._of_address.setdefault(_address(target), []).append(target)
            self._hosts_of_urls.add(host_of(target).removeprefix("www."))
        else:
            self._of_host.setdefault(target.removeprefix("www."), []).append(target)


def read_target(text: str, place: str = "") -> str:
    """Normalise a URL, a pattern or a host to the form of the list.

    ``place`` says where it was read, for the error message.

    >>> read_target("https://WWW.Guia.es/a*?id=*"), read_target("Guia.es")
    ('https://www.guia.es/a*?id=*', 'guia.es')

    Raises:
        InputError: it is none of them.
    """
    target = text.strip()
    if ANY in target:
        return _read_pattern(target, place)
    try:
        if "://" in target:
            return canonical_url(target)
        host = "" if _NO_HOST.intersection(target) else host_of(canonical_url(f"http://{target}/"))
    except InputError:
        host = ""
    if "." not in host:
        raise InputError(f"{place}{target!r}: neither a URL nor a host name. Write https://host/page or host.")
    return host


def _read_pattern(target: str, place: str) -> str:
    """Normalise a URL with ``*`` in its path or query.

    Raises:
        InputError: ``*`` is elsewhere, or in a part that the canonical form drops (a fragment, a session id).
    """
    host = target.removeprefix("*.")
    if "://" not in target and ANY not in host:
        raise InputError(f"{place}{target!r}: write {host}; a host is taken down with its subdomains.")
    where = target.partition("://")[2].partition("/")[0].partition("?")[0]
    form = canonical_url(target) if "://" in target and ANY not in where else ""
    if form.count(ANY) != target.count(ANY):
        raise InputError(
            f"{place}{target!r}: no pattern. {ANY} may stand in the path or query of a URL, as https://host/p*."
        )
    return form


def _address(url: str) -> str:
    """A URL without scheme and www: equal for all variants of a page's address."""
    return url.partition("://")[2].removeprefix("www.")


def _fits(address: str, pattern: str) -> bool:
    """Whether an address contains the pattern's pieces in order; one pass, whatever the pattern is."""
    first, *pieces = pattern.split(ANY)
    if not pieces or not address.startswith(first):
        return not pieces and address == first
    at = len(first)
    *middle, last = pieces
    for piece in middle:
        found = address.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return len(address) - len(last) >= at and address.endswith(last)
