"""The history of one URL from fetch to corpus: crawl and cleaning, joined by WARC record."""

from concurrent.futures import ThreadPoolExecutor

from pydantic import BaseModel, ConfigDict

from cleaning.corpus.page_history import Takedown, Verdict, page_history
from cleaning.corpus.version_status import VersionStatus
from crawler.views.history import Answer, CrawledUrl, LeftOutOfArchive, history
from data.store import Store
from data.urls import canonical_url, document_id
from flows.settings import Settings


class Visit(BaseModel):
    """One response with its WARC record and the verdict of cleaning."""

    model_config = ConfigDict(frozen=True)

    answer: Answer | None
    """None if the record is not from a crawl of this store, or its index is missing."""
    verdict: Verdict | None
    """None if the WARC file has not been cleaned yet."""


class Why(BaseModel):
    """Everything that a store knows about a page."""

    model_config = ConfigDict(frozen=True)

    url: str
    """Canonical."""
    id: str
    known: bool
    """Whether the store knows it at all."""
    never_queued: str | None
    """For an unknown URL: the crawl rule that excludes it, or ``unlinked``."""
    crawl: list[CrawledUrl]
    visits: list[Visit]
    left_out: list[LeftOutOfArchive]
    """Archive records that were not fetched, with reasons."""
    open_files: int
    """WARC files that are still open, whose records are not included."""
    takedown: Takedown | None
    versions: list[VersionStatus]


def why(store: Store, settings: Settings, url: str) -> Why:
    """The history of a URL in any variant: http, https, with and without www are one page.

    Raises:
        InputError: not a URL, or a file of the store is damaged.
        StoreError: the crawl state cannot be opened.
    """
    address = canonical_url(url if "://" in url else f"https://{url}")
    with ThreadPoolExecutor(1) as beside:  # reading Parquet lets the other thread work
        cleaned = beside.submit(page_history, store, settings.clean, address)
        crawled = history(store, settings.crawl, address)  # here, where Ctrl-C ends waiting for a database
        past = cleaned.result()
    visits = _joined(crawled.answers, past.verdicts)
    met = any(place.state != "absent" for place in past.versions)
    known = bool(crawled.urls or visits or met or crawled.left_out)
    return Why(
        url=address,
        id=document_id(address),
        known=known,
        never_queued=None if known else crawled.never_queued,
        crawl=crawled.urls,
        visits=visits,
        left_out=crawled.left_out,
        open_files=crawled.open_files,
        takedown=past.takedown,
        versions=past.versions,
    )


def _joined(answers: list[Answer], verdicts: list[Verdict]) -> list[Visit]:
    """Pair responses and verdicts by record, in order of time."""
    answer_of = {(one.warc_file, one.warc_offset): one for one in answers}
    verdict_of = {(one.warc_file, one.warc_offset): one for one in verdicts}
    visits = [Visit(answer=answer_of.get(at), verdict=verdict_of.get(at)) for at in answer_of | verdict_of]
    return sorted(visits, key=_when)


def _when(visit: Visit) -> tuple[float, str, int]:
    one = visit.answer or visit.verdict
    assert one is not None
    return one.fetched_at.timestamp(), one.warc_file, one.warc_offset
