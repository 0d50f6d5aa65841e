"""What a crawl would fetch first, and why, without any request."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Literal

from pydantic import BaseModel, ConfigDict

from crawler.frontier.frontier import Frontier
from crawler.frontier.numbers import PAGE, SITEMAP
from crawler.frontier.ownership import Ownership
from crawler.frontier.records import KnownUrl
from crawler.frontier.rounds import Opening, Rounds
from crawler.permissions.guard import networks, refusal
from crawler.permissions.operator_rules import PAGE_BUDGET, OperatorRules
from crawler.permissions.scope import Scope
from crawler.settings import CrawlSettings
from data.seeds import load_seeds
from data.store import Store
from data.takedowns import Takedowns
from data.urls import host_of

NEW_START = "start URL, never fetched"


class PreviewRow(BaseModel):
    """A URL that would be fetched."""

    model_config = ConfigDict(frozen=True)

    url: str
    why: str
    only_if_changed: bool
    """A conditional request: the body is sent only if it changed."""


class Preview(BaseModel):
    """What the next run would do."""

    model_config = ConfigDict(frozen=True)

    round: int
    step: Literal["start", "continue", "reopen", "wait", "nothing"]
    """A new round starts, an unfinished one continues, one is reopened for URLs that the settings now allow, or there
    are no requests because hosts rest (``wait``) or nothing is due."""
    urls: int
    """Known URLs to fetch; pages bring more. robots.txt is read before any of them."""
    hosts: int
    left_out: dict[str, int]
    """Known URLs of the round that this run does not fetch, by reason."""
    resting: dict[str, datetime]
    """Resting hosts with the end of their rest by the crawl's clock."""
    first: list[PreviewRow]


def preview(
    store: Store,
    settings: CrawlSettings,
    *,
    revisit: Literal["due", "all"] = "due",
    as_of: datetime | None = None,
    limit: int = 50,
) -> Preview:
    """Read the state; nothing is written.

    Raises:
        InputError: bad seeds, or a line of ``takedowns.tsv`` that is not a target.
        StoreError: the state cannot be opened.
    """
    now, everything = (as_of or datetime.now(UTC)).timestamp(), revisit == "all"
    dsn = settings.dsn or f"sqlite:///{store.crawl_state}"
    if settings.dsn is None and not store.crawl_state.exists():
        dsn = "sqlite://"  # in memory: nothing is known yet
    frontier = Frontier(dsn, to_write=settings.dsn is not None)
    try:
        scope = Scope(load_seeds(settings.seeds), frontier.moves())
        rules = OperatorRules(settings, scope, Takedowns.load(store))
        rounds = Rounds(frontier)
        opening = rounds.peek(now, rules, everything=everything, patience=settings.breaker_patience)
        judge = _Judge(settings, frontier, rules, opening, now)
        starts = judge.new_start_urls()
        opening = judge.opening = _with_new(opening, starts)
        known = rounds.asked(opening, now, everything=everything) if opening.runs else iter(())
        rows = [_row(one, now) for one in _first(judge.asked_of(known), max(limit - len(starts), 0))]
    finally:
        frontier.close()
    return Preview(
        round=opening.number,
        step=opening.step,
        urls=judge.asked.total(),
        hosts=len(judge.asked),
        left_out=dict(judge.left_out.most_common()),
        resting={host: datetime.fromtimestamp(until, UTC) for host, until in sorted(judge.rests.items())},
        first=[*(PreviewRow(url=url, why=NEW_START, only_if_changed=False) for url in starts), *rows][:limit],
    )


class _Judge:
    """Selects the URLs that a run fetches, and counts the others by reason."""

    def __init__(
        self, settings: CrawlSettings, frontier: Frontier, rules: OperatorRules, opening: Opening, now: float
    ) -> None:
        self._frontier = frontier
        self._rules = rules
        self._ready_by = now + settings.breaker_patience
        self._allowed = networks(settings.allow_private)
        self._ownership = Ownership(frontier, settings.partition) if settings.partition else None
        self._pages = Counter(frontier.done_by_host(opening.number))
        self.opening = opening
        self.asked: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        states = {} if opening.wakes else frontier.host_states()
        self.rests = {host: one.rest_until for host, one in states.items() if one.rest_until and one.rest_until > now}

    def new_start_urls(self) -> list[str]:
        """New start URLs that a run fetches."""
        starts = self._rules.scope.start_urls()
        seen = self._frontier.which_known([url for url, _ in starts])
        return [url for url, seed in starts if url not in seen and self._asks(url, host_of(url), seed.url, PAGE, 0)]

    def asked_of(self, rows: Iterable[KnownUrl]) -> Iterator[KnownUrl]:
        """The URLs of a round that the run fetches."""
        return (one for one in rows if self._asks(one.url, one.host, one.seed, one.kind, one.depth))

    def _asks(self, url: str, host: str, seed: str, kind: int, depth: int) -> bool:
        reason = self._refusal(url, host, seed, kind, depth)
        if reason is not None:
            self.left_out[reason] += 1
            return False
        self.asked[host] += 1
        self._pages[host] += kind == PAGE
        return True

    def _refusal(self, url: str, host: str, seed: str, kind: int, depth: int) -> str | None:
        if self._ownership is not None and not self._ownership.owns(host):
            return "partition/another"
        reason = self._rules.refusal(url, host, seed, kind, depth) or refusal(url, self._allowed)
        if reason is not None:
            return reason
        if self.rests.get(host, 0.0) > self._ready_by:
            return "host/rests"
        cap = self._rules.page_cap(host)
        return PAGE_BUDGET if kind == PAGE and cap is not None and self._pages[host] >= cap else None


def _with_new(opening: Opening, starts: list[str]) -> Opening:
    """A round with new start URLs always has something to fetch."""
    if not starts or opening.step in ("start", "continue"):
        return opening
    if opening.step == "wait":
        return replace(opening, step="continue")
    return replace(opening, step="start", number=opening.number + 1)


def _first(rows: Iterator[KnownUrl], limit: int) -> list[KnownUrl]:
    """The first rows; the others are only counted."""
    first = list(islice(rows, limit))
    deque(rows, maxlen=0)
    return first


def _row(known: KnownUrl, now: float) -> PreviewRow:
    if known.attempts:
        why = f"failed {known.attempts} times in this round"
    elif known.fetched_at is None:
        why = NEW_START if known.depth == 0 else "found, never fetched"
    elif known.kind == SITEMAP:
        why = "sitemap"
    elif known.due_at is not None and known.due_at <= now:
        why = f"due since {datetime.fromtimestamp(known.due_at, UTC):%Y-%m-%d}"
    else:
        why = "asked for before its time"
    conditional = known.warc_digest is not None and (known.etag or known.last_modified) is not None
    return PreviewRow(url=known.url, why=why, only_if_changed=conditional)
