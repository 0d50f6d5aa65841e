"""``cowese archive common-crawl``: the records of our hosts in some crawls, month by month, permissions first."""

import shutil
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from crawler.permissions.operator_rules import OperatorRules
from crawler.permissions.scope import Scope
from crawler.settings import CrawlSettings
from crawler.sources.common_crawl.fetch import Fetched, fetch, groups_of
from crawler.sources.common_crawl.index import (
    CRAWL_NAME,
    DIAGNOSTICS,
    ROBOTS,
    WARC,
    index_files,
    read_index,
)
from crawler.sources.common_crawl.key_prefixes import KeyPrefixes
from crawler.sources.common_crawl.permissions import Permissions
from crawler.sources.common_crawl.plan import Plan, PlannedRecord, RecordSelector
from crawler.sources.left_out import LEFT_OUT, write_left_out
from crawler.sources.remote import Remote, remote_of
from crawler.sources.settings import CommonCrawlSettings
from crawler.sources.writer import SourceWriter, places_of
from crawler.warc.recovery import recover
from data.errors import InputError, StageError
from data.files import read_json, value_digest, write_json
from data.progress import Progress, no_progress
from data.seeds import load_seeds
from data.store import Store
from data.takedowns import Takedowns

SOURCE = "common-crawl"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SHOWN = 3
"""Records that are not where they should be, of which an error tells."""


class CommonCrawlSummary(BaseModel):
    """What Common Crawl has of our hosts, and what was fetched of it."""

    model_config = ConfigDict(frozen=True)

    crawls: list[str]
    hosts: int = 0
    """With a record that is wanted."""
    hosts_with_robots: int = 0
    """With a robots.txt of those months; what is not known of the others decides nothing."""
    records: int = 0
    """Wanted: pages, answers that end pages, permissions."""
    record_megabytes: float = 0.0
    record_requests: int = 0
    """In which they come, near ones together."""
    already: int = 0
    """Of them in the store before."""
    fetched: int = 0
    truncated: int = 0
    """Of the fetched those whose body Common Crawl cut; they are marked."""
    doubtful: int = 0
    """And those whose body has another digest than their own head says; they are marked."""
    left_out: dict[str, int] = {}
    """Records of our hosts that are not wanted, by the reason."""
    requests: int = 0
    """Made in this run, those for the index and those that were refused included."""
    megabytes: float = 0.0
    index_requests: int = 0
    index_megabytes: float = 0.0
    seconds: float = 0.0


def archive_common_crawl(
    store: Store,
    crawling: CrawlSettings,
    settings: CommonCrawlSettings,
    crawls: Sequence[str],
    *,
    since: datetime | None = None,
    dry_run: bool = False,
    progress: Progress = no_progress,
) -> CommonCrawlSummary:
    """Bring the records of our hosts into ``store/warc/common-crawl``; what is there already is not asked for again.

    ``dry_run`` reads the index, which the next run then need not, and fetches no record: what permissions of the month
    keep out is known only as far as an earlier run fetched them.

    Raises:
        InputError: no crawl of that name, bad seeds, or no contact.
        StageError: Common Crawl refuses; or, after all else was fetched, records do not lie where its index says.
        StoreError: the store cannot be written.
    """
    names = _names(crawls)
    _require_contact(crawling, settings)
    scope = Scope(load_seeds(crawling.seeds))
    choice = RecordSelector(
        OperatorRules(crawling, scope, Takedowns.load(store)), since, frozenset(map(str.lower, settings.languages))
    )
    remote = remote_of(
        settings, crawling.user_agent, lambda why, seconds: progress("waiting", 0, None, {why: f"{seconds:.0f} s"})
    )
    try:
        run = _Run(store, settings, choice, remote, progress)
        for name in names:
            run.bring(name, dry_run=dry_run)
        return run.summary(names)
    finally:
        remote.close()


class _Run:
    """One call: what was counted over all its crawls."""

    def __init__(
        self, store: Store, settings: CommonCrawlSettings, choice: RecordSelector, remote: Remote, progress: Progress
    ) -> None:
        self._store = store
        self._settings = settings
        self._choice = choice
        self._remote = remote
        self._progress = progress
        self._started = time.monotonic()
        self._hosts: set[str] = set()
        self._robots: set[str] = set()
        self._sums: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()

    def bring(self, crawl: str, *, dry_run: bool) -> None:
        """Bring the records of one crawl."""
        folder = self._folder(crawl)
        files = self._files(crawl, folder)
        robots = self._index(crawl, files[ROBOTS], ROBOTS, folder)
        said = self._choice.rights(robots)
        self._robots |= said.hosts
        wrong = self._rights(crawl, said, dry_run=dry_run)
        rows = pa.concat_tables([self._index(crawl, files[subset], subset, folder) for subset in (WARC, DIAGNOSTICS)])
        wrong += self._rights(crawl, self._choice.rights(rows), dry_run=dry_run)
        permissions = self._permissions(crawl)
        licences = frozenset(permissions.licences())
        if licences:
            wrong += self._rights(crawl, self._choice.rights(rows, licences), dry_run=dry_run)
        plan = self._choice.pages(rows, permissions)
        self._left_out += plan.left_out
        write_left_out(folder.parent / LEFT_OUT, plan.reasons)
        wrong += self._records(crawl, "pages", plan, dry_run=dry_run)
        if wrong:
            shutil.rmtree(folder, ignore_errors=True)
            raise StageError(_told(crawl, wrong))

    def summary(self, crawls: list[str]) -> CommonCrawlSummary:
        """What was counted."""
        sums = self._sums
        return CommonCrawlSummary(
            crawls=crawls,
            hosts=len(self._hosts),
            hosts_with_robots=len(self._robots),
            left_out=dict(self._left_out.most_common()),
            requests=self._remote.requests,
            megabytes=round(self._remote.received / 1e6, 3),
            record_megabytes=round(sums.pop("bytes", 0) / 1e6, 3),
            index_megabytes=round(sums.pop("index_bytes", 0) / 1e6, 3),
            seconds=round(time.monotonic() - self._started, 1),
            **sums,
        )

    def _folder(self, crawl: str) -> Path:
        """Where what was read of the index is kept: for these start URLs, as this address had it."""
        seeds = self._choice.rules.scope.seeds.values()
        known_by = [sorted((one.url, one.scope) for one in seeds), self._settings.base_url]
        return self._store.archives / SOURCE / crawl / value_digest(known_by)

    def _files(self, crawl: str, folder: Path) -> dict[str, list[str]]:
        kept = folder / "files.json"
        if not kept.is_file():
            write_json(kept, index_files(self._remote, crawl))
        files: dict[str, list[str]] = read_json(kept)
        return files

    def _index(self, crawl: str, files: Sequence[str], subset: str, folder: Path) -> pa.Table:
        before = self._remote.requests, self._remote.received
        prefixes = KeyPrefixes.of_seeds(self._choice.rules.scope.seeds.values(), only_robots=subset == ROBOTS)
        rows = read_index(
            self._remote,
            files,
            prefixes,
            folder,
            self._settings.concurrency,
            lambda done, total: self._progress(f"{crawl} index {subset}", done, total, {}),
        )
        self._sums["index_requests"] += self._remote.requests - before[0]
        self._sums["index_bytes"] += self._remote.received - before[1]
        return rows

    def _permissions(self, crawl: str) -> Permissions:
        return Permissions.of_files(sorted((self._store.warc / SOURCE).glob(f"{crawl}-rights-*.warc.gz")))

    def _rights(self, crawl: str, plan: Plan, *, dry_run: bool) -> list[str]:
        return self._records(crawl, "rights", plan, dry_run=dry_run)

    def _records(self, crawl: str, part: str, plan: Plan, *, dry_run: bool) -> list[str]:
        """Fetch what of a plan is not there; return what does not lie where it should."""
        prefix = f"{crawl}-{part}"
        recover(self._store.warc / SOURCE)
        there = places_of(self._store.warc / SOURCE, prefix)
        missing = [one for one in plan.records if one.place not in there]
        self._hosts |= plan.hosts
        self._sums["records"] += len(plan.records)
        self._sums["already"] += len(plan.records) - len(missing)
        self._sums["bytes"] += plan.bytes()
        self._sums["record_requests"] += sum(1 for _ in groups_of(plan.records, self._settings))
        if dry_run or not missing:
            return []
        done = self._fetch(crawl, prefix, missing)
        self._sums["fetched"] += done.records
        self._sums += done.counts
        return done.wrong

    def _fetch(self, crawl: str, prefix: str, missing: Sequence[PlannedRecord]) -> Fetched:
        stage = f"{crawl} {prefix.rpartition('-')[2]}"

        def on_progress(done: Fetched) -> None:
            counts = {"requests": done.groups, "MB": self._remote.received / 1e6, **done.counts}
            self._progress(stage, done.records + len(done.wrong), len(missing), counts)

        info = {"isPartOf": crawl, "source": self._settings.base_url, "description": "records copied byte for byte"}
        with SourceWriter(self._store, SOURCE, prefix, 1 << 30, info) as writer:
            return fetch(self._remote, missing, writer, self._settings, on_progress)


def _names(crawls: Sequence[str]) -> list[str]:
    """The crawls in the order of their months.

    Raises:
        InputError: one is no name of a crawl.
    """
    for name in crawls:
        if not CRAWL_NAME.fullmatch(name):
            raise InputError(
                f"--crawl {name}: not the name of a crawl, as CC-MAIN-2026-30. "
                "https://index.commoncrawl.org/collinfo.json lists them."
            )
    return sorted(set(crawls))


def _require_contact(crawling: CrawlSettings, settings: CommonCrawlSettings) -> None:
    """Require a contact, so that the archive's operators can write to us."""
    parts = urlsplit(settings.base_url)
    if parts.scheme in ("http", "https") and parts.hostname not in LOOPBACK and not crawling.contact:
        raise InputError(
            f"no contact: those who run {parts.hostname} must be able to write to you. "
            "Give --contact you@example.org, or set crawl.contact."
        )


def _told(crawl: str, wrong: Sequence[str]) -> str:
    shown = "; ".join(wrong[:_SHOWN])
    more = f"; and {len(wrong) - _SHOWN:,} more" if len(wrong) > _SHOWN else ""
    return (
        f"{crawl}: {len(wrong):,} records do not lie where its index says ({shown}{more}). All others are kept. Run "
        "the same command again: it reads the index again. If it says so again, leave this crawl out."
    )
