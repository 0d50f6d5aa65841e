"""The ledger of rights: every signal of hosts and pages with its line, time and WARC record; which apply to a page.

A statement is one permission file as it was fetched once. If there are several, the one that was current when the page
was fetched decides: the latest before it or, if there is none, the earliest after it.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urljoin

import pyarrow as pa

from data.documents import SECONDS_UTC
from data.errors import InputError
from data.rights.licences import MAX_NAME, Licence, licence_at
from data.rights.settings import RightsSettings
from data.rights.signals import AGENT, INLINE, RSL, Signal, deciding_signals
from data.urls import canonical_url, host_of

PAGE_FILE, LICENCE_FILE = "page", "licence"
BATCH_ROWS = 20_000
"""Rows held as Python objects at a time."""
RIGHTS_SCHEMA = pa.schema(
    [
        pa.field("host", pa.string(), nullable=False),  # without www
        pa.field("file", pa.string(), nullable=False),  # /robots.txt …, licence, page
        pa.field("licence_url", pa.string()),  # of a licence its canonical URL
        pa.field("carrier", pa.string(), nullable=False),  # data.rights.signals.GRAMMARS
        pa.field("path", pa.string(), nullable=False),  # pattern; empty where nothing is said
        pa.field("line", pa.string(), nullable=False),  # as it stands there
        pa.field("verdict", pa.string(), nullable=False),  # reserved, allowed, licence
        pa.field("target", pa.string()),  # the address of a licence that the signal names or grants
        pa.field("seen_at", SECONDS_UTC, nullable=False),
        pa.field("warc_file", pa.string(), nullable=False),
        pa.field("warc_offset", pa.int64(), nullable=False),
    ]
)
"""A row of ``store/rights/<extraction recipe>/<WARC file>.parquet``."""
RIGHTS_DICTIONARY_COLUMNS = ("host", "file", "licence_url", "carrier", "verdict", "warc_file")

Place = tuple[str, int]
"""WARC file and offset."""


@dataclass(slots=True)
class Statement:
    """One permission file, as it was fetched once."""

    seen_at: datetime
    place: Place
    signals: list[Signal] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The signal that reserves a page, and the WARC record that has it."""

    signal: Signal
    place: Place

    @property
    def detail(self) -> str:
        """Carrier and line, for the column ``detail`` of a dropped page."""
        return f"{self.signal.carrier}: {self.signal.line}"


def host_key(url: str) -> str:
    """The key of a canonical URL's host in the ledger: the host without www."""
    return host_of(url).removeprefix("www.")


class Ledger:
    """All signals, by host and file, by licence, and by the WARC record of a page."""

    def __init__(self, tables: Iterable[pa.Table]) -> None:
        self._files: dict[tuple[str, str], list[Statement]] = {}
        self._licences: dict[str, list[Statement]] = {}
        self._pages: dict[Place, list[Signal]] = defaultdict(list)
        self._files_of: dict[str, list[str]] = defaultdict(list)
        self.grants = False
        """Whether any licence is known."""
        found: dict[tuple[str, str, Place], Statement] = {}
        same: dict[Signal, Signal] = {}
        for table in tables:
            for batch in table.to_batches(BATCH_ROWS):
                for row in batch.to_pylist():
                    self._take(row, found, same)
        for statements in (*self._files.values(), *self._licences.values()):
            statements.sort(key=lambda one: (one.seen_at, one.place))
        for host, file in sorted(self._files):
            self._files_of[host].append(file)

    def _take(
        self, row: dict[str, object], found: dict[tuple[str, str, Place], Statement], same: dict[Signal, Signal]
    ) -> None:
        """``same`` keeps one object of equal signals: a host repeats the same ones in every round."""
        place = (str(row["warc_file"]), int(row["warc_offset"]))  # type: ignore[call-overload]
        signal = Signal(*(row[name] for name in ("carrier", "line", "verdict", "path", "target")))  # type: ignore[arg-type]
        signal = same.setdefault(signal, signal)
        host, file = str(row["host"]), str(row["file"])
        self.grants = self.grants or signal.carrier in (RSL, INLINE)
        if file == PAGE_FILE:
            self._pages[place].append(signal)
            return
        statement = found.get((host, file, place))
        if statement is None:
            seen_at = row["seen_at"]
            assert isinstance(seen_at, datetime)
            statement = found[host, file, place] = Statement(seen_at, place)
            if file == LICENCE_FILE:
                self._licences.setdefault(str(row["licence_url"]), []).append(statement)
            else:
                self._files.setdefault((host, file), []).append(statement)
        statement.signals.append(signal)

    def knows(self, host: str, file: str) -> bool:
        """Whether there is a statement of this file of this host (without www)."""
        return (host, file) in self._files

    def refusal(
        self, url: str, at: datetime | None, place: Place, settings: RightsSettings | None = None
    ) -> Refusal | None:
        """The signal that reserves a page; None if none does.

        ``url`` is canonical, ``place`` the record of the page. ``at`` is when it was fetched; None asks for the latest
        signals. Without ``settings`` doubtful signals decide nothing: rules for named agents, licences that are
        missing.
        """
        for signal, where in self._signals(url, at, place):
            if signal.verdict == "licence":
                refused = self._by_licence(signal, where, url, at, settings)
                if refused is not None:
                    return refused
            elif signal.verdict == "reserved" and (not signal.carrier.startswith(AGENT) or _reserves_by_name(settings)):
                return Refusal(signal, where)
        return None

    def licence(self, url: str, at: datetime | None, place: Place) -> Licence | None:
        """The licence that a host or a page grants by RSL; the parameters are those of ``refusal``."""
        for signal, _ in self._signals(url, at, place) if self.grants else ():
            if signal.carrier == INLINE and signal.verdict == "allowed":
                return _granted(signal, None)
            statements = self._licences.get(licence_address(signal.target or "", url))
            if signal.verdict != "licence" or statements is None:
                continue
            for granted in deciding_signals(_current(statements, at).signals, url):
                if granted.carrier == RSL and granted.verdict == "allowed":
                    return _granted(granted, licence_address(signal.target or "", url))
        return None

    def _signals(self, url: str, at: datetime | None, place: Place) -> Iterator[tuple[Signal, Place]]:
        host = host_key(url)
        for file in self._files_of.get(host, ()):
            statement = _current(self._files[host, file], at)
            yield from ((signal, statement.place) for signal in deciding_signals(statement.signals, url))
        own = self._pages.get(place)
        if own:
            yield from ((signal, place) for signal in deciding_signals(own, url))

    def _by_licence(
        self, signal: Signal, where: Place, url: str, at: datetime | None, settings: RightsSettings | None
    ) -> Refusal | None:
        """The refusal by the licence that a signal names; if the licence is missing, the settings decide."""
        statements = self._licences.get(licence_address(signal.target or "", url))
        if statements is None:
            missing = settings is not None and settings.missing_licence == "reserve"
            return Refusal(signal, where) if missing else None
        statement = _current(statements, at)
        granted = next((one for one in deciding_signals(statement.signals, url) if one.verdict == "reserved"), None)
        return Refusal(granted, statement.place) if granted is not None else None


def licence_address(target: str, url: str) -> str:
    """The canonical URL of a licence that a page or its host names; empty if it is not a URL."""
    try:
        return canonical_url(urljoin(url, target))
    except (InputError, ValueError):
        return ""


def _granted(signal: Signal, address: str | None) -> Licence:
    """The known licence that an RSL licence grants, or else the RSL terms themselves, with their address."""
    known = licence_at(signal.target, address or "") if signal.target else None
    return known if known is not None and known.name else Licence(f"RSL 1.0: {signal.line}"[:MAX_NAME], address)


def _current(statements: list[Statement], at: datetime | None) -> Statement:
    if at is None:
        return statements[-1]
    number = bisect_right(statements, at, key=lambda one: one.seen_at)
    return statements[max(number - 1, 0)]


def _reserves_by_name(settings: RightsSettings | None) -> bool:
    return settings is not None and settings.named_agents == "reserve"
