"""The summary of a crawl run, from its process's last report."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict


class CrawlSummary(BaseModel):
    """What a run of the crawl did."""

    model_config = ConfigDict(frozen=True)

    round: int
    finished: bool
    """Whether the round is over; if not, the next run continues it."""
    new: int = 0
    changed: int = 0
    same: int = 0
    """Pages that were fetched and are unchanged."""
    not_modified: int = 0
    """Pages answered 304."""
    gone: int = 0
    """Pages of earlier rounds that answered 404 or 410."""
    moved: int = 0
    """Pages of earlier rounds that redirect now."""
    missing: int = 0
    """Links to pages that do not exist."""
    redirects: int = 0
    other: int = 0
    """Other statuses without a page."""
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
    """Hosts with queued URLs that rest: a later run of the round fetches them."""
    hosts_left_out: int = 0
    """Hosts that failed too often in a row; they rest, up to 7 days."""
    longest_stall: float = 0.0
    """Longest time, in seconds, that one page or file blocked the crawl."""
    longest_stall_cpu: float = 0.0
    """Most CPU seconds between two ticks of the reactor, which are 50 ms apart."""
    seconds: float = 0.0
    warc: Path | None = None


def summary_of(report: Mapping[str, Any], folder: Path, resting: int) -> CrawlSummary:
    """Build the summary from a report's counts, the folder of the WARC files and the number of resting hosts."""
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
