"""Runs one round of the crawl: opens it, runs the crawl's process, returns a summary."""

import os
import re
import socket
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from crawler.frontier.due import START_RANK
from crawler.frontier.frontier import Frontier
from crawler.frontier.records import FoundUrl
from crawler.frontier.rerank import load_and_rerank
from crawler.frontier.rounds import Opening, Rounds
from crawler.permissions.operator_rules import OperatorRules
from crawler.permissions.scope import Scope
from crawler.process.clock import Clock
from crawler.process.job import Job
from crawler.process.summary import CrawlSummary, summary_of
from crawler.process.supervisor import run_child
from crawler.settings import CrawlSettings
from crawler.warc.recovery import recover
from crawler.warc.rows import unindexed
from data.errors import InputError, StageError
from data.files import write_json
from data.progress import Progress, no_progress
from data.seeds import load_seeds
from data.store import Store
from data.takedowns import Takedowns
from data.urls import host_of


def crawl(
    store: Store,
    settings: CrawlSettings,
    *,
    revisit: Literal["due", "all"] = "due",
    as_of: datetime | None = None,
    progress: Progress = no_progress,
) -> CrawlSummary:
    """Continue an unfinished round, or start the next.

    Raises:
        InputError: no contact for a real crawl, or bad seeds.
        StoreError: the state or the WARC folder cannot be written.
        StageError: no page at all could be fetched, or the crawl's process died.
    """
    _require_contact(settings)
    scope = Scope(load_seeds(settings.seeds))
    store.crawl.mkdir(parents=True, exist_ok=True)
    recover(store.warc)
    _index(store.warc)
    dsn = settings.dsn or f"sqlite:///{store.crawl_state}"
    frontier = Frontier(dsn)
    scope = Scope(scope.seeds.values(), frontier.moves())
    try:
        clock = Clock(as_of)
        rules = OperatorRules(settings, scope, Takedowns.load(store))
        opening = _open_round(frontier, settings, rules, revisit, clock.now())
        number = opening.number
        if not opening.runs:
            resting = frontier.resting(clock.now())
            return CrawlSummary(round=number, finished=opening.step != "wait", hosts_resting=resting)
        load_and_rerank(frontier, store.yields, store.crawl / "ranked.txt")
        folder = store.warc / f"{number:04d}"
        part = f"-{settings.partition.replace('/', 'of')}" if settings.partition else ""
        job = Job(
            settings=settings,
            dsn=dsn,
            store=store.root,
            warc_folder=folder,
            warc_prefix=f"cowese-{number:04d}{part}{_machine(frontier)}",
            progress=store.crawl / f"progress{part}.json",
            log=store.crawl / f"round-{number:04d}{part}.log",
            round=number,
            as_of=as_of,
            parent=os.getpid(),
        )
        report = run_child(job, progress)
        summary = summary_of(report, folder, frontier.resting(clock.now()))
        _index(folder)
        write_json(store.crawl / f"round-{number:04d}{part}.json", summary.model_dump(mode="json"))
        if frontier.known() == 0 and report["state"] != "stopped":
            raise StageError(_nothing_fetched(scope, summary, job.log))
        return summary
    finally:
        frontier.close()


def _index(folder: Path) -> None:
    """Write missing indexes of WARC files. Without any, as at most starts, pyarrow is not imported."""
    if unindexed(folder):
        from crawler.warc.index import index_closed  # noqa: PLC0415 - see above

        index_closed(folder)


def _machine(frontier: Frontier) -> str:
    """The machine's name for WARC files: several machines may crawl one PostgreSQL round."""
    return "-" + re.sub(r"[^a-z0-9]+", "", socket.gethostname().lower())[:20] if frontier.shared else ""


def _require_contact(settings: CrawlSettings) -> None:
    """Require a contact for webmasters, unless a loopback proxy keeps the crawl off the real web."""
    if settings.contact or (settings.proxy and _is_loopback(urlsplit(settings.proxy).hostname or "")):
        return
    raise InputError(
        "a crawl of the real web needs a contact that webmasters can write to. "
        "Give --contact you@example.org, or set crawl.contact."
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _open_round(frontier: Frontier, settings: CrawlSettings, rules: OperatorRules, revisit: str, now: float) -> Opening:
    """Queue new start URLs, and open a round or continue one."""
    starts = [FoundUrl(url, host_of(url), seed.url, rank=START_RANK) for url, seed in rules.scope.start_urls()]
    frontier.commit([], starts)
    return Rounds(frontier).open(now, rules, everything=revisit == "all", patience=settings.breaker_patience)


def _nothing_fetched(scope: Scope, summary: CrawlSummary, log: Path) -> str:
    why = ", ".join(f"{name} {count}" for name, count in {**summary.failed, **summary.refused}.items()) or "no answer"
    return (
        f"not one page came from {len(scope.seeds)} start URLs ({why}). "
        f"Check the network, --proxy and --seeds; {log} has the details."
    )
