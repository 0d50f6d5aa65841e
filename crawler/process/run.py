"""Run one round of the crawl in a process of its own, and say how it goes."""

import os
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

from crawler.frontier.due import START_RANK
from crawler.frontier.frontier import Frontier
from crawler.frontier.hosts import STATES
from crawler.frontier.records import Found
from crawler.frontier.rerank import load_and_rerank
from crawler.frontier.rounds import Opening, Rounds
from crawler.permissions.operator_rules import OperatorRules
from crawler.permissions.scope import Scope
from crawler.process.clock import Clock
from crawler.process.job import DISK_FULL, STORE_BROKEN, Job
from crawler.settings import CrawlSettings
from crawler.warc.recovery import recover
from crawler.warc.rows import unindexed
from data.errors import CoweseError, DiskFullError, InputError, StageError, StoreError
from data.files import read_json, write_json
from data.progress import Progress, quiet
from data.seeds import load_seeds
from data.store import Store
from data.takedowns import Takedowns
from data.urls import host_of

POLL = 0.5
"""Seconds between two looks at the child."""
PATIENCE = 30.0
"""Seconds that an interrupted child may take to finish what is in flight."""


class CrawlSummary(BaseModel):
    """What a run of the crawl did."""

    model_config = ConfigDict(frozen=True)

    round: int
    finished: bool
    """The round is over; otherwise the next run continues it."""
    new: int = 0
    changed: int = 0
    same: int = 0
    """Pages answered whole that are what they were."""
    not_modified: int = 0
    """Pages answered 304."""
    gone: int = 0
    """Pages of earlier rounds that answered 404 or 410."""
    moved: int = 0
    """Pages of earlier rounds that redirect now."""
    missing: int = 0
    """Links that lead nowhere."""
    redirects: int = 0
    other: int = 0
    """Refusals of the server."""
    sitemaps: int = 0
    megabytes: float = 0.0
    """Bodies over the wire."""
    queued: int = 0
    """URLs left for the next run."""
    answers: dict[str, int] = {}
    """By HTTP status; robots.txt and sitemaps included."""
    refused: dict[str, int] = {}
    failed: dict[str, int] = {}
    hosts_resting: int = 0
    """Hosts with queued URLs that rest: a later run of the round asks for them."""
    hosts_left_out: int = 0
    """Hosts that failed too often in a row; they rest, up to 7 days."""
    longest_stall: float = 0.0
    """Seconds for which one page or file held everything up, at most."""
    longest_stall_cpu: float = 0.0
    """CPU seconds that the crawl used between two looks at the clock 50 ms apart, at most."""
    seconds: float = 0.0
    warc: Path | None = None


def crawl(
    store: Store,
    settings: CrawlSettings,
    *,
    revisit: Literal["due", "all"] = "due",
    as_of: datetime | None = None,
    progress: Progress = quiet,
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
        summary = _summary(_run_child(job, progress), folder, frontier.resting(clock.now()))
        _index(folder)
        write_json(store.crawl / f"round-{number:04d}{part}.json", summary.model_dump(mode="json"))
        if frontier.known() == 0:
            raise StageError(_nothing_fetched(scope, summary, job.log))
        return summary
    finally:
        frontier.close()


def _index(folder: Path) -> None:
    """Write the indexes that WARC files lack; where none does, as at most starts, pyarrow is not loaded."""
    if unindexed(folder):
        from crawler.warc.index import index_closed  # noqa: PLC0415 - see above

        index_closed(folder)


def _machine(frontier: Frontier) -> str:
    """Several machines crawl one PostgreSQL round: their files carry their names, so that they can be put together."""
    return "-" + re.sub(r"[^a-z0-9]+", "", socket.gethostname().lower())[:20] if frontier.shared else ""


def _require_contact(settings: CrawlSettings) -> None:
    """A webmaster must be able to write to whoever crawls; a proxy on loopback reaches no foreign server."""
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
    """Queue new start URLs, and decide which round this run is about."""
    starts = [Found(url, host_of(url), seed.url, rank=START_RANK) for url, seed in rules.scope.start_urls()]
    frontier.commit([], starts)
    return Rounds(frontier).open(now, rules, everything=revisit == "all", patience=settings.breaker_patience)


def _run_child(job: Job, progress: Progress) -> Mapping[str, Any]:
    job.progress.unlink(missing_ok=True)
    with job.log.open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "crawler.process.child"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        assert child.stdin is not None
        child.stdin.write(job.model_dump_json().encode())
        child.stdin.close()
        while child.poll() is None:
            time.sleep(POLL)
            _tell(job.progress, progress)
    except BaseException:
        child.terminate()
        try:
            child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        raise
    if child.returncode == DISK_FULL:
        raise DiskFullError(
            f"{job.warc_folder.parents[1]}: no room left on the device. What was fetched is kept: free some space, and "
            "the same command goes on from there."
        )
    if child.returncode == STORE_BROKEN:
        raise StoreError(
            f"{job.warc_folder.parents[1]}: the crawl could not write there. Check the disk and its permissions."
        )
    report = _read(job.progress)
    if report.get("state") == "failed":
        raise (InputError if report.get("exit_code") == InputError.exit_code else StoreError)(report["error"])
    if child.returncode != 0 or report.get("state") not in ("finished", "waiting", "stopped"):
        raise StageError(
            f"the crawl's process ended with code {child.returncode}. {job.log} says why; "
            "what was fetched is kept, and the same command goes on from there."
        )
    return report


def _read(path: Path) -> Mapping[str, Any]:
    try:
        report: Mapping[str, Any] = read_json(path)
    except CoweseError:
        return {}
    return report


def _tell(path: Path, progress: Progress) -> None:
    report = _read(path)
    if "counts" not in report:
        return
    counts = report["counts"]
    done = report["answers"]
    shown: dict[str, float | str] = {
        "pages/s": report["answers_a_second"],
        "MB": round(counts.get("crawl/bytes", 0) / 1e6, 1),
        "hosts": _hosts(report["hosts"]),
        **_time_left(report),
        "304": f"{report['share_unchanged']:.0%}",
        **_errors(counts),
    }
    progress("crawl", done, done + report["queued"], shown)


def _hosts(counts: Mapping[str, int]) -> str:
    """What the hosts are doing, and how many are in a state in which they are not asked."""
    told = ["active", "waiting", "broken", *(state for state in STATES if counts.get(state))]
    return ", ".join(f"{counts[state]} {state}" for state in told)


def _time_left(report: Mapping[str, Any]) -> dict[str, float | str]:
    """How long the run still takes, and the host that is asked longest where it decides."""
    left, slowest = report.get("seconds_left"), report.get("slowest_seconds_left")
    if not left:
        return {}
    told = str(timedelta(seconds=left))
    host = report.get("slowest_host")
    return {"left": f"{told} ({host})" if host and slowest and slowest >= left else told}


def _errors(counts: Mapping[str, int]) -> dict[str, float | str]:
    """The kinds of failures, the most frequent first."""
    failed = Counter({name.removeprefix("crawl/failed/"): n for name, n in counts.items() if "/failed/" in name})
    return {"errors": ", ".join(f"{name} {count}" for name, count in failed.most_common(4))} if failed else {}


def _summary(report: Mapping[str, Any], folder: Path, resting: int) -> CrawlSummary:
    counts: Mapping[str, int] = report["counts"]

    def family(prefix: str) -> dict[str, int]:
        return {name.removeprefix(prefix): count for name, count in counts.items() if name.startswith(prefix)}

    pages = family("crawl/pages/")
    return CrawlSummary(
        round=report["round"],
        finished=report["state"] == "finished",
        new=pages.get("new", 0),
        changed=pages.get("changed", 0),
        same=pages.get("same", 0),
        not_modified=pages.get("not_modified", 0),
        gone=pages.get("gone", 0),
        moved=pages.get("moved", 0),
        missing=pages.get("missing", 0),
        redirects=pages.get("redirect", 0),
        other=pages.get("other", 0),
        sitemaps=sum(family("crawl/sitemaps/").values()),
        megabytes=round(counts.get("crawl/bytes", 0) / 1e6, 1),
        queued=report["queued"],
        answers=family("crawl/answers/"),
        refused=family("crawl/refused/"),
        failed=family("crawl/failed/"),
        hosts_resting=resting,
        hosts_left_out=counts.get("crawl/hosts/left_out", 0),
        longest_stall=report["longest_stall"],
        longest_stall_cpu=report["longest_stall_cpu"],
        seconds=report["seconds"],
        warc=folder,
    )


def _nothing_fetched(scope: Scope, summary: CrawlSummary, log: Path) -> str:
    why = ", ".join(f"{name} {count}" for name, count in {**summary.failed, **summary.refused}.items()) or "no answer"
    return (
        f"not one page came from {len(scope.seeds)} start URLs ({why}). "
        f"Check the network, --proxy and --seeds; {log} has the details."
    )
