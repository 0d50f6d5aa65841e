"""The whole story of one URL, from its fetch to the corpus: what two rooms know, joined by the WARC record."""

from pydantic import BaseModel, ConfigDict

from cleaning.corpus.page_history import Takedown, Verdict, page_history
from cleaning.corpus.version_status import VersionStatus
from crawler.views.history import Answer, CrawledUrl, LeftOutOfArchive, history
from data.store import Store
from data.urls import canonical_url, document_id
from flows.settings import Settings


class Visit(BaseModel):
    """One answer: the record that keeps it, and what cleaning made of it."""

    model_config = ConfigDict(frozen=True)

    answer: Answer | None
    """None where the record is of no crawl of this store, or its index is missing."""
    verdict: Verdict | None
    """None where the WARC file has not been cleaned yet."""


class Why(BaseModel):
    """All that a store knows of a page."""

    model_config = ConfigDict(frozen=True)

    url: str
    """Canonical."""
    id: str
    known: bool
    """Whether anything of it was ever met."""
    never_queued: str | None
    """Of an unknown URL: the rule of the crawl that keeps it out, or ``unlinked``."""
    crawl: list[CrawledUrl]
    visits: list[Visit]
    left_out: list[LeftOutOfArchive]
    """In archives: answers that were not fetched, and why."""
    open_files: int
    """WARC files that are still written, of which nothing is told."""
    takedown: Takedown | None
    versions: list[VersionStatus]


def why(store: Store, settings: Settings, url: str) -> Why:
    """Tell the story of a URL in any spelling; http, https, with or without www are one page.

    Raises:
        InputError: not a URL, or a file of the store is damaged.
        StoreError: the crawl state cannot be opened.
    """
    address = canonical_url(url if "://" in url else f"https://{url}")
    crawled = history(store, settings.crawl, address)
    told = page_history(store, settings.clean, address)
    visits = _joined(crawled.answers, told.verdicts)
    met = any(place.state != "absent" for place in told.versions)
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
        takedown=told.takedown,
        versions=told.versions,
    )


def _joined(answers: list[Answer], verdicts: list[Verdict]) -> list[Visit]:
    """Answers and verdicts of one record side by side, in the order of time."""
    answer_of = {(one.warc_file, one.warc_offset): one for one in answers}
    verdict_of = {(one.warc_file, one.warc_offset): one for one in verdicts}
    visits = [Visit(answer=answer_of.get(at), verdict=verdict_of.get(at)) for at in answer_of | verdict_of]
    return sorted(visits, key=_when)


def _when(visit: Visit) -> tuple[float, str, int]:
    one = visit.answer or visit.verdict
    assert one is not None
    return one.fetched_at.timestamp(), one.warc_file, one.warc_offset
