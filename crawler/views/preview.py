"""What a crawl would fetch first, and why, without asking anybody anything."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from crawler.frontier.frontier import Frontier
from crawler.frontier.records import Known
from crawler.frontier.tables import SITEMAP
from crawler.permissions.scope import Scope
from crawler.settings import CrawlSettings
from data.seeds import load_seeds
from data.store import Store
from data.takedowns import Takedowns
from data.urls import host_of


class PreviewRow(BaseModel):
    """One URL that would be asked for."""

    model_config = ConfigDict(frozen=True)

    url: str
    why: str
    only_if_changed: bool
    """Asked with If-None-Match or If-Modified-Since: the body comes only where it changed."""


class Preview(BaseModel):
    """What the next run would do."""

    model_config = ConfigDict(frozen=True)

    round: int
    continues: bool
    """An unfinished round goes on; otherwise a new one starts."""
    urls: int
    """To be asked for, as far as they are known now; pages bring more."""
    hosts: int
    resting: dict[str, datetime]
    """Hosts that rest, and until when by the crawl's clock."""
    first: list[PreviewRow]


def preview(
    store: Store,
    settings: CrawlSettings,
    *,
    revisit: Literal["due", "all"] = "due",
    as_of: datetime | None = None,
    limit: int = 50,
) -> Preview:
    """Look into the state; nothing is written.

    Raises:
        InputError: bad seeds, or a line of ``takedowns.tsv`` that is no target.
        StoreError: the state cannot be opened.
    """
    now = (as_of or datetime.now(UTC)).timestamp()
    starts = Scope(load_seeds(settings.seeds)).start_urls()
    takedowns = Takedowns.load(store)
    passed_over = takedowns.covers if takedowns.targets else None
    dsn = settings.dsn or f"sqlite:///{store.crawl_state}"
    if settings.dsn is None and not store.crawl_state.exists():
        dsn = "sqlite://"  # in memory: nothing is known yet
    frontier = Frontier(dsn, to_write=settings.dsn is not None)
    try:
        number, finished = frontier.current_round()
        known, count, names = frontier.asked_next(
            now, everything=revisit == "all", limit=limit, passed_over=passed_over
        )
        seen = frontier.which_known([url for url, _ in starts])
        states = frontier.host_states()
    finally:
        frontier.close()
    unseen = [url for url, _ in starts if url not in seen and not takedowns.covers(url)]
    rows = [_row(one, now) for one in known]
    rows += [PreviewRow(url=url, why="start URL, never fetched", only_if_changed=False) for url in unseen[:limit]]
    resting = {
        host: datetime.fromtimestamp(state.rest_until, UTC)
        for host, state in states.items()
        if state.rest_until is not None and state.rest_until > now
    }
    return Preview(
        round=number + 1 if finished else number,
        continues=not finished,
        urls=count + len(unseen),
        hosts=len(names | {host_of(url) for url in unseen}),
        resting=resting,
        first=rows[:limit],
    )


def _row(known: Known, now: float) -> PreviewRow:
    if known.attempts:
        why = f"failed {known.attempts} times in this round"
    elif known.fetched_at is None:
        why = "found, never fetched"
    elif known.kind == SITEMAP:
        why = "sitemap"
    elif known.due_at is not None and known.due_at <= now:
        why = f"due since {datetime.fromtimestamp(known.due_at, UTC):%Y-%m-%d}"
    else:
        why = "asked for before its time"
    conditional = known.warc_digest is not None and (known.etag or known.last_modified) is not None
    return PreviewRow(url=known.url, why=why, only_if_changed=conditional)
