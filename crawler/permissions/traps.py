"""URLs without end: calendars, pagers, ever deeper paths, parameters that change nothing.

Works on canonical URLs (tracking and session ids are gone from them already, ``data.urls``). What is learned is small,
bounded for each host and plain JSON. Budgets of pages and bytes are the scheduler's.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

MAX_SEGMENTS = 20
"""Of a path; Heritrix's TooManyPathSegments rule has the same number."""
MAX_REPEATS = 3
"""Times that one segment may stand in a path, as ``/a/b/a/b/a`` (PathologicalPathFilter of Heritrix: 2 in a row)."""
MAX_PARAMETERS = 12
"""Of a query."""
MAX_PAGE_NUMBER = 500
"""Of a list that is leafed through."""
MAX_CALENDAR = 400
"""Calendar pages of a host: a year of days, with their months."""
FIRST_YEAR, YEARS_AHEAD = 1985, 2
"""Dates before the web, and far ahead, stand in calendars only."""
ENOUGH = 4
"""Pairs of pages alike in all but a parameter that show that it changes nothing."""
MAX_HELD = 256
"""Pages of a host that are kept to compare with."""
MAX_LEARNED = 32
"""Parameters of a host that are judged."""

_PAGE_NUMBER = re.compile(
    r"[?&/](?:page|pag|pagina|paged|p|pg|start|offset|desde)[=/](\d{1,12})(?=$|[&/?])", re.IGNORECASE
)
_CALENDAR = re.compile(
    r"[/?&=_-](?:calend[aá]r(?:io)?|agenda|eventos?|events?|tribe-bar-date)(?=$|[/?&=_-])", re.IGNORECASE
)
_YEAR = re.compile(r"(?:[/?&=-]|^)((?:1[0-9]|2[0-9])\d\d)[/-](?:0?[1-9]|1[0-2])(?=$|[/&?-])")
_YEAR_PARAMETER = re.compile(r"[?&](?:year|ano|anio|yr)=(\d{1,6})(?=$|&)", re.IGNORECASE)
_OFFSETS = frozenset({"start", "offset", "desde"})


@dataclass(slots=True)
class Parameter:
    """What is known of one query parameter of a host."""

    same: int = 0
    """Pairs of pages with different values of it, and the same bytes."""
    other: int = 0
    """Pairs whose bytes differ."""

    @property
    def changes_nothing(self) -> bool:
        """Whether it may be dropped: enough pairs, not one against it."""
        return self.same >= ENOUGH and self.other == 0


@dataclass(slots=True)
class HostTraps:
    """What one host has shown."""

    calendar: int = 0
    """Calendar pages let through."""
    parameters: dict[str, Parameter] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)
    """Digest of a page by its URL without one parameter, and that parameter's name; the oldest go first."""


class Traps:
    """Refuses what leads nowhere, and learns from what was fetched."""

    def __init__(self, year: int) -> None:
        self._last_year = year + YEARS_AHEAD
        self._hosts: dict[str, HostTraps] = {}

    def refusal(self, url: str, host: str) -> str | None:
        """The reason why a canonical URL is not queued, None where it may be."""
        path, _, query = url.partition("?")
        if path.count("/") > MAX_SEGMENTS + 2:
            return "trap/deep_path"
        segments = path.split("/")[3:]
        if len(segments) > MAX_REPEATS and max(Counter(filter(None, segments)).values(), default=0) > MAX_REPEATS:
            return "trap/repeated_path"
        if query.count("&") >= MAX_PARAMETERS:
            return "trap/parameters"
        number = _PAGE_NUMBER.search(url)
        if number is not None and int(number[1]) > MAX_PAGE_NUMBER * (100 if _is_offset(number[0]) else 1):
            return "trap/page_number"
        for year in (*_YEAR.findall(url), *_YEAR_PARAMETER.findall(url)):
            if not FIRST_YEAR <= int(year) <= self._last_year:
                return "trap/date"
        if _CALENDAR.search(url) is not None:
            traps = self._of(host)
            traps.calendar += 1
            if traps.calendar > MAX_CALENDAR:
                return "trap/calendar"
        return None

    def normal(self, url: str, host: str) -> str:
        """The URL without the parameters that are known to change nothing."""
        traps = self._hosts.get(host)
        if traps is None or "?" not in url or not traps.parameters:
            return url
        useless = {name for name, parameter in traps.parameters.items() if parameter.changes_nothing}
        if not useless:
            return url
        path, _, query = url.partition("?")
        kept = [pair for pair in query.split("&") if pair.partition("=")[0] not in useless]
        return f"{path}?{'&'.join(kept)}" if kept else path

    def learn(self, url: str, host: str, digest: str) -> None:
        """Compare a fetched page with those that differ from it in one parameter only (its absence counts too)."""
        path, question, query = url.partition("?")
        traps = self._hosts.get(host)
        if not question and traps is None:
            return
        pairs = query.split("&") if question else []
        if len(pairs) > MAX_PARAMETERS:
            return
        traps = traps or self._of(host)
        if not pairs:
            for name in traps.parameters:
                self._compare(traps, name, path, digest)
        for index, pair in enumerate(pairs):
            rest = "&".join(pairs[:index] + pairs[index + 1 :])
            self._compare(traps, pair.partition("=")[0], f"{path}?{rest}" if rest else path, digest)

    @staticmethod
    def _compare(traps: HostTraps, name: str, rest: str, digest: str) -> None:
        parameter = traps.parameters.get(name)
        if parameter is None:
            if len(traps.parameters) >= MAX_LEARNED:
                return
            parameter = traps.parameters[name] = Parameter()
        key, digest = f"{name} {rest}", digest[-16:]
        before = traps.held.pop(key, None)
        if before is not None:
            if before == digest:
                parameter.same += 1
            else:
                parameter.other += 1
        traps.held[key] = digest
        if len(traps.held) > MAX_HELD:
            del traps.held[next(iter(traps.held))]

    def _of(self, host: str) -> HostTraps:
        return self._hosts.setdefault(host, HostTraps())

    def as_json(self) -> dict[str, Any]:
        """The verdicts on parameters, for a file."""
        return {
            host: {name: [one.same, one.other] for name, one in traps.parameters.items()}
            for host, traps in self._hosts.items()
            if traps.parameters
        }

    def recall(self, values: dict[str, Any]) -> None:
        """Go on with what ``as_json`` gave."""
        for host, counts in values.items():
            self._of(host).parameters.update({name: Parameter(*pair) for name, pair in counts.items()})


def _is_offset(matched: str) -> bool:
    return matched[1:].rpartition("=")[0].lower() in _OFFSETS
