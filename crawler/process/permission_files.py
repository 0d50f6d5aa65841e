"""Fetches a host's permission files before any of its pages: robots.txt, then the files that reserve its texts."""

from urllib.parse import urljoin

from scrapy.http import Response

from crawler.frontier import visits
from crawler.frontier.hosts import Host
from crawler.frontier.numbers import SITEMAP
from crawler.frontier.records import KnownUrl
from crawler.parsing.block_detector import SOFT, detect_block
from crawler.parsing.url_join import Base, http_url, location_url
from crawler.permissions.guard import refusal
from crawler.permissions.robots import Robots
from crawler.process.discovery import Discovery
from crawler.process.host_health import UNREACHABLE, mark_healthy, mark_unhealthy
from crawler.process.loaded_rules import LoadedRules
from crawler.process.round import Round
from data.rights.files import AI_TXT_PATHS, READERS, TDMREP_PATH
from data.rights.files import ROBOTS_PATH as ROBOTS
from data.rights.robots_txt import MAX_BYTES
from data.rights.signals import reserving_signal

FILES = {TDMREP_PATH: "rights/tdmrep", **dict.fromkeys(AI_TXT_PATHS, "rights/ai_txt")}
"""The files beside robots.txt in the order of their requests, and the reason of their refusals."""
MAX_REDIRECTS = 5
"""RFC 9309, 2.3.1.2."""
MOST_NAMED = 500
"""Sitemaps taken from one robots.txt, at most."""
FINAL = frozenset({"DNSLookupError", "CannotResolveHostError", "too_large"})
"""Failures that a retry after a minute would repeat."""


def refused_by(host: Host, url: str) -> str | None:
    """The reason why a host's permissions refuse a URL; None if they allow it."""
    refused = host.robots.refusal(url) if host.robots is not None else None
    if refused is not None:
        return refused
    for file, signals in host.reservations.items():
        if reserving_signal(signals, url) is not None:
            return FILES[file]
    return None


class Permissions:
    """Fetches a host's files one after the other; each is valid for a day."""

    def __init__(self, current: Round, discovery: Discovery) -> None:
        self._round = current
        self._discovery = discovery
        self._rules = LoadedRules(current.frontier)

    def missing(self, host: Host) -> str | None:
        """The next file that must be fetched before a host's pages; None if there is none.

        A reservation file that robots.txt forbids is not fetched, nor the second address of ai.txt if the first has it.
        """
        if host.robots is None or not host.robots.is_fresh(self._round.clock.now()):
            return ROBOTS
        if not self._rules.use(host):
            host.robots = None
            return ROBOTS
        for file in FILES:
            if file in host.unread:
                has_it = file == AI_TXT_PATHS[1] and bool(host.reservations.get(AI_TXT_PATHS[0]))
                if not has_it and host.robots.allows(self.address(host, file)):
                    return file
                self._settle(host, file, None)
        return None

    def address(self, host: Host, file: str) -> str:
        """The URL of a file."""
        if not host.asked_at:
            url = urljoin(host.buffer[0].url, file)
            host.asked_at = http_url(url) if host.http_only and url.startswith("https://") else url
        return host.asked_at

    def answered(self, host: Host, file: str, known: KnownUrl, response: Response) -> float:
        """Read a response; return how many seconds the host must rest, at least."""
        if file == ROBOTS:
            host.http_only = response.url.startswith("http://")
        if response.status in visits.REDIRECTS and self._follow(host, response):
            return 0.0
        verdict = (
            detect_block(response.status, response.headers, response.body, None) if response.body.strip() else None
        )
        if verdict is not None and verdict.state != SOFT:
            self._use_last_known(host, file, verdict.why, verdict.state)
            return 0.0
        if response.status in visits.TRANSIENT:
            if self._again(host):
                return self._pause(host)
            self._use_last_known(host, file, f"http/{response.status}")
            return 0.0
        if file != ROBOTS:
            is_page = b"html" in (response.headers.get("Content-Type") or b"").lower()
            self._settle(host, file, None if is_page or response.status != visits.OK else response.body)
            return 0.0
        robots = Robots.read(response.status, response.body, self._round.clock.now())
        if robots.unreachable:
            self._use_last_known(host, file, f"http/{response.status}")
            return 0.0
        self._take(host, robots)
        body = response.body[: MAX_BYTES + 1] if visits.is_success(response.status) else b""
        self._round.frontier.keep_robots(host.name, response.status, robots.fetched_at, body)
        if host.state == UNREACHABLE:
            mark_healthy(self._round, host)
        self._add_sitemaps(robots, known)
        self._add_licences(robots, known)
        return 0.0

    def _add_sitemaps(self, robots: Robots, known: KnownUrl) -> None:
        """Queue the sitemaps that a host names, or /sitemap.xml; none for a host that only serves sitemaps."""
        if known.kind == SITEMAP and self._round.scope.seed_of(known.url) is None:
            return
        base = Base(known.url)
        named = [url for one in robots.sitemaps[:MOST_NAMED] if (url := base.join(one)) is not None]
        for url in named or [urljoin(known.url, "/sitemap.xml")]:
            self._discovery.add_sitemap(url, known)

    def _add_licences(self, robots: Robots, known: KnownUrl) -> None:
        """Queue the licences that a host names, so that the WARC files contain them."""
        base = Base(known.url)
        for url in (base.join(one) for one in robots.licences[:MOST_NAMED]):
            if url is not None:
                self._discovery.add_sitemap(url, known)

    def failed(self, host: Host, file: str, kind: str) -> float:
        """Take in a failed request; return how many seconds the host must rest, at least."""
        self._round.counts[f"crawl/failed/{file.rpartition('/')[2].partition('.')[0]}/{kind}"] += 1
        if file == ROBOTS and host.asked_at.startswith("https://") and not host.asked_hops:
            host.asked_at = http_url(host.asked_at)
            return 0.0
        if kind not in FINAL and self._again(host):
            return self._pause(host)
        self._use_last_known(host, file, kind)
        return 0.0

    def failed_internally(self, host: Host, file: str, error: Exception) -> None:
        """Take in an error of our own: the last known rules apply, as without a response."""
        self._round.settle_error(host, None, error)
        self._use_last_known(host, file, f"internal/{type(error).__name__}")

    def _use_last_known(self, host: Host, file: str, why: str, state: str = UNREACHABLE) -> None:
        """Use the last known content of a file that cannot be fetched; without a robots.txt leave the host out.

        RFC 9309, 2.3.1.4 and 2.4. The host's URLs stay queued.
        """
        self._done_asking(host)
        if file != ROBOTS:
            host.reservations.setdefault(file, [])
            host.unread.discard(file)
            return
        now = self._round.clock.now()
        if host.robots is None and (kept := self._round.frontier.kept_robots(host.name)) is not None:
            status, fetched_at, body = kept
            host.robots, host.unread = Robots.read(status, body, fetched_at), set(FILES)
        if host.robots is not None and host.robots.serve_on(now):
            self._round.counts["crawl/robots/old_served"] += 1
        else:
            mark_unhealthy(self._round, host, state, f"robots.txt: {why}")

    def _follow(self, host: Host, response: Response) -> bool:
        target = location_url(response.url, response.headers.get("Location") or b"")
        if target is None or host.asked_hops >= MAX_REDIRECTS:
            return False
        if refusal(target, self._round.allowed_networks) is not None:
            return False
        host.asked_at, host.asked_hops = target, host.asked_hops + 1
        return True

    def _again(self, host: Host) -> bool:
        """Whether a file is requested once more after a failure."""
        host.asked_failures += 1
        host.asked_at, host.asked_hops = "", 0
        return host.asked_failures < self._round.settings.max_failures

    def _pause(self, host: Host) -> float:
        return self._round.settings.breaker_base_delay / 10 * host.asked_failures

    def _take(self, host: Host, robots: Robots) -> None:
        host.robots, host.unread = robots, set(FILES)
        self._done_asking(host)

    def _settle(self, host: Host, file: str, body: bytes | None) -> None:
        host.reservations[file] = READERS[file](body) if body is not None else []
        host.unread.discard(file)
        self._done_asking(host)

    @staticmethod
    def _done_asking(host: Host) -> None:
        host.asked_at, host.asked_hops, host.asked_failures = "", 0, 0
