"""``cowese archive wayback``: pages of start URLs whose host is gone, as they were captured last, permissions first."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

from crawler.permissions.operator_rules import OperatorRules
from crawler.permissions.scope import Scope
from crawler.settings import CrawlSettings
from crawler.sources.common_crawl.permissions import Permissions
from crawler.sources.settings import LOOPBACK, WaybackSettings
from crawler.sources.wayback.captures import (
    EXCLUDED,
    Capture,
    Excluded,
    captures_of,
    captures_of_file,
    newest,
)
from crawler.sources.wayback.client import MEMENTO, OK, REDIRECTS, Client, Reply
from crawler.sources.writer import Origin, SourceWriter
from data.errors import InputError
from data.files import read_json, value_digest, write_json
from data.manifest import code_version
from data.progress import Progress, no_progress
from data.rights.files import READERS
from data.seeds import Seed, load_seeds
from data.store import Store
from data.takedowns import Takedowns
from data.urls import host_of

SOURCE = "wayback"
REFERS_TO_URL, REFERS_TO_DATE = "WARC-Refers-To-Target-URI", "WARC-Refers-To-Date"
_ORIGINAL = "x-archive-orig-"
"""Prefix of the header fields of the captured response."""
_NOT_KEPT = frozenset({"content-length", "content-encoding", "transfer-encoding", "connection"})
"""Fields that are not true for the stored bytes, which are decoded."""
_GZIP = b"\x1f\x8b"
_LISTING = "captures-"
_FLUSH_EVERY = 20
_MOST_HOPS = 3


class WaybackSummary(BaseModel):
    """The result of a run."""

    model_config = ConfigDict(frozen=True)

    hosts: int
    """Hosts that were looked up."""
    pages: int = 0
    """Selected captures: the newest of each page."""
    already: int = 0
    fetched: int = 0
    left_out: dict[str, int] = {}
    """Captures, and hosts that the archive does not show, by reason."""
    requests: int = 0
    refusals: int = 0
    """Requests that the archive refused; we waited after each."""


def archive_wayback(
    store: Store,
    crawling: CrawlSettings,
    settings: WaybackSettings,
    *,
    hosts: Sequence[str],
    dry_run: bool = False,
    progress: Progress = no_progress,
) -> WaybackSummary:
    """Fetch the captures of some hosts (``crawler.views.dead_hosts``); nothing is fetched twice.

    ``dry_run`` reads the index and fetches no page.

    Raises:
        InputError: no contact, or a host of no start URL.
        StageError: the archive refuses again and again; what came is kept.
        StoreError: the store cannot be written.
    """
    _require_contact(crawling, settings)
    scope = Scope(load_seeds(crawling.seeds))
    wanted = list(dict.fromkeys(hosts))
    seeds = {host: _seeds_of(scope, host) for host in wanted}
    without = [host for host, found in seeds.items() if not found]
    if without:
        raise InputError(f"{without[0]}: the host of no start URL. Add one to the list, or check --host and --seeds.")
    rules = OperatorRules(crawling, scope, Takedowns.load(store))
    client = Client(settings, crawling.user_agent, crawling.max_body)
    try:
        run = _Run(store, settings, rules, client, dry_run=dry_run)
        for number, host in enumerate(wanted):
            progress(SOURCE, number, len(wanted), dict(run.counts))
            run.bring(host, seeds[host])
        return WaybackSummary(
            hosts=len(wanted),
            left_out=dict(run.left_out.most_common()),
            requests=client.requests,
            refusals=client.refusals,
            **run.counts,
        )
    finally:
        client.close()


class _Run:
    """One call."""

    def __init__(
        self, store: Store, settings: WaybackSettings, rules: OperatorRules, client: Client, *, dry_run: bool
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self._store = store
        self._settings = settings
        self._rules = rules
        self._client = client
        self._dry_run = dry_run

    def bring(self, host: str, seeds: Sequence[Seed]) -> None:
        """Fetch one host: permissions, then pages. A host that is complete is not looked up again."""
        done = self._kept(host) / "done.json"
        if done.is_file():
            self.counts.update(dict.fromkeys(("pages", "already"), read_json(done)["pages"]))
            return
        try:
            pages = self._pages(host, seeds)
            if self._dry_run:
                self.counts["pages"] += len(pages)
                return
            if pages:
                self._rights(host)
        except Excluded:
            self.left_out[EXCLUDED] += 1
            return
        permissions = Permissions.of_files(sorted(self._folder.glob(f"{host}-rights-*.warc.gz")))
        allowed = []
        for one in pages:
            refused = permissions.refusal(one.canonical, one.when)
            self.left_out.update([refused] if refused else [])
            allowed += [] if refused else [one]
        self.counts["pages"] += len(allowed)
        self._fetch(host, "pages", allowed, self._rules.scope)
        write_json(done, {"pages": len(allowed)})
        for listing in self._kept(host).glob(f"{_LISTING}*.json"):  # it has URLs, which may have to be forgotten
            listing.unlink()

    @property
    def _folder(self) -> Path:
        return self._store.warc / SOURCE

    def _kept(self, host: str) -> Path:
        return self._store.crawl / "archives" / SOURCE / host

    def _pages(self, host: str, seeds: Sequence[Seed]) -> list[Capture]:
        """The selected pages, by the scope of the start URLs and the operator's rules."""
        found: list[Capture] = []
        for seed in seeds:
            whole = seed.scope == "host"
            target, match = (host, "host") if whole else (seed.url, "prefix")
            kept = self._kept(host) / f"{_LISTING}{value_digest([target, match, self._settings.base_url])}.json"
            found += captures_of(self._client, target, match, kept, self._settings)
        wanted = []
        for one in newest(found, self._settings.max_pages_per_host):
            reason = self._refusal(one)
            self.left_out.update([reason] if reason else [])
            wanted += [] if reason else [one]
        return wanted

    def _refusal(self, one: Capture) -> str | None:
        seed = self._rules.scope.seed_of(one.canonical)
        if seed is None:
            return "scope/out_of_scope"
        return self._rules.refusal(one.canonical, host_of(one.canonical), seed.url, 0, 1)

    def _rights(self, host: str) -> None:
        """Fetch the captures of the permission files; once complete, they are not looked up again."""
        done = self._kept(host) / "rights.json"
        if not done.is_file():
            found = [one for file in READERS for one in captures_of_file(self._client, f"{host}{file}")]
            self._fetch(host, "rights", found, None)
            write_json(done, len(found))

    def _fetch(self, host: str, part: str, wanted: Sequence[Capture], scope: Scope | None) -> None:
        if not wanted:
            return
        absent = self._kept(host) / "not_there.json"
        missing = set(_strings(absent))
        about = {"software": f"cowese/{code_version()}", "source": self._settings.base_url}
        with SourceWriter(self._store, SOURCE, f"{host}-{part}", 1 << 30, about) as writer:
            for number, one in enumerate(wanted):
                if one.place in writer.places:
                    self.counts["already"] += 1
                    continue
                reply, taken = (None, one) if one.place in missing else self._capture(one)
                if reply is None:
                    self.left_out["not_there"] += 1
                    if one.place not in missing:
                        missing.add(one.place)
                        write_json(absent, sorted(missing))
                    continue
                self._keep(writer, one, taken, reply, scope)
                if number % _FLUSH_EVERY == 0:
                    writer.flush()

    def _keep(self, writer: SourceWriter, one: Capture, taken: Capture, reply: Reply, scope: Scope | None) -> None:
        """Append a capture as a response of its own date, with its address in the archive."""
        seed = scope.seed_of(one.canonical) if scope is not None else None
        fields = {REFERS_TO_URL: f"{self._settings.base_url}{taken.path}", REFERS_TO_DATE: _iso(taken.when)}
        line, headers = _head(reply)
        writer.response(one.canonical, taken.when, line, headers, reply.body, Origin(one.place, seed, fields))
        self.counts["fetched"] += 1

    def _capture(self, one: Capture) -> tuple[Reply | None, Capture]:
        """The response of a capture; the archive may redirect to a capture of the same page at another time."""
        path, taken = one.path, one
        for _ in range(_MOST_HOPS):
            reply = self._client.capture(path)
            if reply.status in REDIRECTS and MEMENTO not in reply.headers:
                moved = _moved(reply.headers.get("location", ""), one)
                if moved is None:
                    return None, one
                path, taken = moved.path, moved
                continue
            return (reply if MEMENTO in reply.headers and reply.status == OK else None), taken
        return None, one


def _moved(location: str, one: Capture) -> Capture | None:
    """The capture of the same page that a redirect names."""
    _, _, rest = location.partition("/web/")
    stamp, _, url = rest.partition("/")
    moved = Capture(stamp.removesuffix("id_"), url, one.digest)
    try:
        return moved if moved.canonical == one.canonical and moved.when else None
    except (ValueError, InputError):
        return None


def _head(reply: Reply) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Status line and fields of the captured response."""
    said = {
        name.removeprefix(_ORIGINAL): value
        for name, value in reply.headers.items()
        if name.startswith(_ORIGINAL) and name.removeprefix(_ORIGINAL) not in _NOT_KEPT
    }
    if reply.body.startswith(_GZIP) and reply.headers.get(f"{_ORIGINAL}content-encoding", "").lower() == "gzip":
        said["content-encoding"] = "gzip"  # the archive sent it compressed without saying so
    if "content-type" not in said and "content-type" in reply.headers:
        said["content-type"] = reply.headers["content-type"]
    fields = [(name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in said.items()]
    return b"HTTP/1.1 200 OK", [*fields, (b"Content-Length", str(len(reply.body)).encode())]


def _seeds_of(scope: Scope, host: str) -> list[Seed]:
    """The start URLs of a host; one that covers the whole host replaces all others."""
    found = [
        seed for seed in scope.seeds.values() if host_of(seed.url).removeprefix("www.") == host.removeprefix("www.")
    ]
    return [next(one for one in found if one.scope == "host")] if any(one.scope == "host" for one in found) else found


def _strings(path: Path) -> list[str]:
    found: list[str] = read_json(path) if path.is_file() else []
    return found


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _require_contact(crawling: CrawlSettings, settings: WaybackSettings) -> None:
    host = urlsplit(settings.base_url).hostname
    if host not in LOOPBACK and not crawling.contact:
        raise InputError(
            f"no contact: those who run {host} must be able to write to you. Give --contact you@example.org, or set "
            "crawl.contact."
        )
