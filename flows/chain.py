"""The first half of the chain: start URLs → pages (crawled or from archives) → documents → corpus version.

These are plain functions. ``cowese build`` calls them directly; a Prefect flow passes a runner that makes each stage a
task. ``flows/model_chain.py`` is the second half; it imports torch, which a corpus does not need.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal, ParamSpec, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from cleaning.clean import CleanSummary, clean
from cleaning.corpus.publish import PublishSummary, publish
from crawler.process.run import crawl
from crawler.process.summary import CrawlSummary
from crawler.sources.common_crawl.run import CommonCrawlSummary, archive_common_crawl
from data.progress import Progress, no_progress
from data.store import Store
from flows.settings import Settings
from flows.sources import CRAWL, check_sources, crawls_of
from flows.stage_lock import StageLocked

P = ParamSpec("P")
R = TypeVar("R")


class Runner(Protocol):
    """Runs one stage by name and returns its result."""

    def __call__(self, stage: str, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``function`` with its arguments."""


def run_in_this_process(stage: str, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Call the stage in this process."""
    del stage
    return function(*args, **kwargs)


class CorpusBuilt(BaseModel):
    """The result of one round: summaries and durations of the stages."""

    model_config = ConfigDict(frozen=True)

    crawl: CrawlSummary | None = None
    archive: CommonCrawlSummary | None = None
    clean: CleanSummary
    publish: PublishSummary
    seconds: dict[str, float]


def build_corpus(
    settings: Settings,
    *,
    sources: Sequence[str] = (CRAWL,),
    revisit: Literal["due", "all"] = "due",
    as_of: datetime | None = None,
    run: Runner = run_in_this_process,
    patience: float = 0.0,
    progress: Progress = no_progress,
) -> CorpusBuilt:
    """Fetch pages, clean new ones, publish a version if anything changed.

    ``sources`` are the ways to get pages (``flows.sources``). Archives come first, so that crawled pages are newer.

    Raises:
        InputError: a source is not known; and what each stage raises.
    """
    check_sources(sources)
    store = Store.open(settings.store)
    clock = Stopwatch(run, store, patience)
    archived = crawled = None
    if crawls := crawls_of(sources):
        archived = clock(
            "archive",
            archive_common_crawl,
            store,
            settings.crawl,
            settings.archive.common_crawl,
            crawls,
            progress=progress,
        )
    if CRAWL in sources:
        crawled = clock("crawl", crawl, store, settings.crawl, revisit=revisit, as_of=as_of, progress=progress)
    return CorpusBuilt(
        crawl=crawled,
        archive=archived,
        clean=clock("clean", clean, store, settings.clean, engine=settings.engine, progress=progress),
        publish=clock(
            "publish",
            publish,
            store,
            settings.clean,
            settings.publish,
            rights=settings.rights,
            engine=settings.engine,
            progress=progress,
        ),
        seconds=clock.seconds,
    )


class Stopwatch:
    """A runner that measures each stage and holds its stage lock."""

    def __init__(self, run: Runner, store: Store, patience: float = 0.0) -> None:
        self._run = run
        self._store = store
        self._patience = patience
        self.seconds: dict[str, float] = {}

    def __call__(self, stage: str, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run one stage; the process in which it runs holds the lock."""
        started = time.monotonic()
        alone = StageLocked(self._store, stage, self._patience, function)
        result = self._run(stage, alone, *args, **kwargs)
        self.seconds[stage] = round(time.monotonic() - started, 1)
        return result
