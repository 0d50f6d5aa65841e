"""Detects spider traps: endless calendars, pagers, ever deeper paths, parameters that change nothing.

It works on canonical URLs, without tracking and session ids (``data.urls``). A URL of an impossible shape is refused at
once: twenty folders, or the same folder again and again. Everything else is judged by evidence: a URL that may belong
to a calendar or an endless list is fetched until the pages of its kind on that host show whether their texts differ.
What is learned is small, bounded for each host, and plain JSON. The scheduler handles budgets of pages and bytes.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_SEGMENTS = 20
"""Segments of a path, as Heritrix's TooManyPathSegments rule."""
MAX_REPEATS = 3
"""Repeats of one segment in a path, as ``/a/b/a/b/a`` (Heritrix's PathologicalPathFilter: 2 in a row)."""
MAX_PARAMETERS = 12
"""Parameters of a query."""
FAR_PAGE = 100
"""From this page of a list on, the pages must have shown that they differ."""
ROWS_A_PAGE = 100
"""Rows that one page of a list may have, to convert an offset into a page number."""
FIRST_YEAR, YEARS_AHEAD = 1985, 2
"""Dates before the web or far ahead are mostly of calendars."""
ON_TRUST = {"calendar": 400, "date": 100, "page_number": 200}
"""URLs of a kind that a host may have while nothing is known about their pages."""
ENOUGH_SEEN = 12
"""Pages of a kind that must be read before it is judged."""
FEW_DISTINCT, MOST_DISTINCT = 0.34, 0.8
"""Share of distinct texts below which a kind is a trap, and above which it is not, whatever their number."""
MAX_TEXTS = 400
"""Pages of a kind that are compared; later ones are ignored."""

ENOUGH = 4
"""Pairs of URLs that differ in one parameter and have one text: enough to show that it changes nothing …"""
ENOUGH_PAGES = 2
"""… on this many pages: a site that answers every URL with one error page must not lose its id parameter."""
ENOUGH_ALONE = 16
"""Pairs that are enough for a parameter that occurs on one page only."""
MAX_HELD = 256
"""Pages of a host that are kept for comparison."""
MAX_LEARNED = 32
"""Parameters of a host that are judged."""
PROBE = 50
"""Every n-th URL keeps its useless parameters, so that a wrong verdict is detected."""

_PAGE_NUMBER = re.compile(r"[?&/](page|pag|pagina|paged|pg|start|offset|desde)[=/](\d{1,12})(?=$|[&/?])", re.IGNORECASE)
_OFFSETS = frozenset({"start", "offset", "desde"})
_CALENDAR = re.compile(
    r"/(?:calend[aá]r(?:io)?s?|agendas?|eventos?|events?)(?=[/?])|[?&](?:tribe-bar-date|ical|outlook-ical)=",
    re.IGNORECASE,
)
"""A folder of that name, not a word in a title: ``/eventos-adversos-…`` and ``/calendario-vacunal`` are articles."""
_DAY = re.compile(
    r"/\d{1,4}(?=$|[/?])|[/=]\d{1,4}-\d{1,2}(?:-\d{1,4})?(?=$|[/&?])"
    r"|[?&](?:year|ano|anio|yr|month|mes|day|dia|date|fecha|tribe-bar-date|ical|outlook-ical)=",
    re.IGNORECASE,
)
_YEAR = re.compile(r"[/=]([12]\d\d\d)(?:/(?:0?[1-9]|1[0-2])|-(?:0?[1-9]|1[0-2])(?:-\d{1,2})?)(?=$|[/&?])")
"""A year and a month as folders or as a value of their own, unlike ``/metformina-1000-10-comprimidos``."""
_YEAR_PARAMETER = re.compile(r"[?&](?:year|ano|anio|yr)=(\d{1,6})(?=$|&)", re.IGNORECASE)
_OF_A_DAY = re.compile(
    rb"[0-9]+|ene(?:ro)?|feb(?:rero)?|mar(?:zo|tes)?|abr(?:il)?|may(?:o)?|jun(?:io)?|jul(?:io)?|ago(?:sto)?"
    rb"|sep(?:t|tiembre)?|oct(?:ubre)?|nov(?:iembre)?|dic(?:iembre)?|lunes|mi.{1,2}rcoles|jueves|viernes|s.{1,2}bado"
    rb"|domingo",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Parameter:
    """Evidence about one query parameter of a host."""

    same: int = 0
    """Pairs of pages with different values and the same text."""
    other: int = 0
    """Pairs whose texts differ."""
    pages: set[str] = field(default_factory=set)
    """Digests of the texts of equal pairs; at most ``ENOUGH_PAGES``."""

    @property
    def changes_nothing(self) -> bool:
        """Whether it may be dropped: enough pairs, and none against it."""
        enough = ENOUGH if len(self.pages) >= ENOUGH_PAGES else ENOUGH_ALONE
        return self.same >= enough and self.other == 0


@dataclass(slots=True)
class Doubt:
    """Evidence about one doubtful kind of URL at a host."""

    let_through: set[int] = field(default_factory=set)
    """Hashes of URLs."""
    seen: int = 0
    """Pages read."""
    texts: set[int] = field(default_factory=set)
    """Digests of their texts without dates and numbers."""

    def allows(self, url: str, on_trust: int) -> bool:
        """Whether a URL of the kind may be fetched."""
        if self.seen >= ENOUGH_SEEN:
            share = len(self.texts) / self.seen
            if share < FEW_DISTINCT:
                return False
            if share >= MOST_DISTINCT:
                return True
        if len(self.let_through) >= on_trust:
            return hash(url) in self.let_through
        self.let_through.add(hash(url))
        return True


@dataclass(slots=True)
class HostTraps:
    """Evidence about one host."""

    doubts: dict[str, Doubt] = field(default_factory=dict)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)
    """Digest of a page by its URL without one parameter and that parameter's name; the oldest are removed first."""
    shortened: int = 0
    """URLs that lost a useless parameter."""
    refused: Counter[str] = field(default_factory=Counter)
    """Links by the trap that refused them."""


class Traps:
    """Refuses URLs that are traps, and learns from fetched pages."""

    def __init__(self, year: int) -> None:
        self._last_year = year + YEARS_AHEAD
        self._hosts: dict[str, HostTraps] = {}

    def refusal(self, url: str, host: str) -> str | None:
        """The reason why a canonical URL is not queued; None if it may be. A refusal is counted for its host."""
        reason = _endless_shape(url)
        if reason is None:
            kind = self.kind_of(url)
            if kind is None:
                return None
            doubt = self._of(host).doubts.setdefault(kind, Doubt())
            if doubt.allows(url, ON_TRUST[kind]):
                return None
            reason = f"trap/{kind}"
        self._of(host).refused[reason] += 1
        return reason

    def kind_of(self, url: str) -> str | None:
        """The doubtful kind of a URL; None for most URLs."""
        number = _PAGE_NUMBER.search(url)
        if number is not None:
            rows = ROWS_A_PAGE if number[1].lower() in _OFFSETS else 1
            if int(number[2]) > FAR_PAGE * rows:
                return "page_number"
        if _CALENDAR.search(url) is not None and _DAY.search(url) is not None:
            return "calendar"
        for year in (*_YEAR.findall(url), *_YEAR_PARAMETER.findall(url)):
            if not FIRST_YEAR <= int(year) <= self._last_year:
                return "date"
        return None

    def normal(self, url: str, host: str) -> str:
        """The URL without the parameters that change nothing."""
        traps = self._hosts.get(host)
        if traps is None or "?" not in url or not traps.parameters:
            return url
        useless = {name for name, parameter in traps.parameters.items() if parameter.changes_nothing}
        if not useless:
            return url
        path, _, query = url.partition("?")
        pairs = query.split("&")
        kept = [pair for pair in pairs if pair.partition("=")[0] not in useless]
        if len(kept) == len(pairs):
            return url
        traps.shortened += 1
        if traps.shortened % PROBE == 0:
            return url
        return f"{path}?{'&'.join(kept)}" if kept else path

    def learn(self, url: str, host: str, digest: str, text: bytes = b"") -> None:
        """Learn from a fetched page: its URL, the digest of its text, and the text.

        The page is compared with pages whose URL differs in one parameter only (or lacks it). A page of a doubtful kind
        is evidence for its kind.
        """
        kind = self.kind_of(url)
        if kind is not None:
            doubt = self._of(host).doubts.setdefault(kind, Doubt())
            if doubt.seen < MAX_TEXTS:
                doubt.seen += 1
                doubt.texts.add(hash(_OF_A_DAY.sub(b"", text)))
        path, question, query = url.partition("?")
        traps = self._hosts.get(host)
        if not question and (traps is None or not traps.parameters):
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
                if len(parameter.pages) < ENOUGH_PAGES:
                    parameter.pages.add(digest)
            else:
                parameter.other += 1
        traps.held[key] = digest
        if len(traps.held) > MAX_HELD:
            del traps.held[next(iter(traps.held))]

    def refused_at(self, host: str) -> Mapping[str, int]:
        """How many links of a host each trap has refused."""
        traps = self._hosts.get(host)
        return traps.refused if traps is not None else {}

    def _of(self, host: str) -> HostTraps:
        return self._hosts.setdefault(host, HostTraps())

    def as_json(self) -> dict[str, Any]:
        """What was learned, for a file; of texts only their number."""
        return {
            host: {
                "parameters": {
                    name: [one.same, one.other, sorted(one.pages)] for name, one in traps.parameters.items()
                },
                "doubts": {
                    kind: [len(one.let_through), one.seen, len(one.texts)] for kind, one in traps.doubts.items()
                },
                "refused": dict(traps.refused),
            }
            for host, traps in self._hosts.items()
            if traps.parameters or traps.doubts or traps.refused
        }

    def restore(self, values: Mapping[str, Any]) -> None:
        """Restore what ``as_json`` gave in this version or the one before."""
        for host, learned in values.items():
            traps = self._of(host)
            if "parameters" not in learned:  # [same, other] by parameter
                for name, (same, other) in learned.items():
                    traps.parameters[name] = Parameter(same, other, {"a", "b"})
                continue
            for name, (same, other, pages) in learned["parameters"].items():
                traps.parameters[name] = Parameter(same, other, set(pages))
            for kind, (let_through, seen, texts) in learned.get("doubts", {}).items():
                traps.doubts[kind] = Doubt(set(range(let_through)), seen, set(range(texts)))
            traps.refused.update(learned.get("refused", {}))


def _endless_shape(url: str) -> str | None:
    """The reason to refuse a URL of an impossible shape; None if the shape is possible."""
    path, _, query = url.partition("?")
    if path.count("/") > MAX_SEGMENTS + 2:
        return "trap/deep_path"
    segments = path.split("/")[3:]
    if len(segments) > MAX_REPEATS and max(Counter(filter(None, segments)).values(), default=0) > MAX_REPEATS:
        return "trap/repeated_path"
    if query.count("&") >= MAX_PARAMETERS:
        return "trap/parameters"
    return None
