"""The one spider: turns answers into WARC records, outcomes and links."""

import http.client
import re
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin

import scrapy
from scrapy.http import Response
from scrapy.linkextractors import IGNORED_EXTENSIONS
from twisted.python.failure import Failure

from crawler import visits
from crawler.archive import WIRE, Wire
from crawler.frontier import SITEMAP, Known
from crawler.hosts import Host
from crawler.links import extract_links
from crawler.robots import UNREACHABLE, Robots
from crawler.round import Round
from crawler.sitemaps import read_sitemap
from crawler.warc import NOT_MODIFIED, SAME_DIGEST, payload_digest
from data.charset import encoding_of

NO_PAGE = re.compile(r"\.(?:" + "|".join(sorted(set(IGNORED_EXTENSIONS) - {"pdf"})) + r")(?:$|\?)", re.IGNORECASE)
"""Endings of what is neither a page nor a PDF (Scrapy's own list)."""
REPEATED = re.compile(r"(/[^/?]+)(?=/)(?:.*?\1(?=/|$)){3}")
"""A path segment four times: a trap of ever deeper relative links."""


class CoweseSpider(scrapy.Spider):
    """Asks for what the scheduler hands it; links go to the frontier, never back into Scrapy."""

    name = "cowese"

    def __init__(self, current: Round) -> None:
        super().__init__()
        self.round = current

    async def start(self) -> AsyncIterator[Any]:
        """Nothing: the start URLs are in the frontier."""
        requests: tuple[scrapy.Request, ...] = ()
        for request in requests:
            yield request

    def robots_request(self, host: Host) -> scrapy.Request:
        """Ask a host for its robots.txt."""
        name = f"[{host.name}]" if ":" in host.name else host.name
        port = re.match(r"https?://[^/]*?(:\d+)?(?:[/?]|$)", host.buffer[0].url)
        url = f"{host.scheme}://{name}{(port and port[1]) or ''}/robots.txt"
        return self._request(url, host=host, known=host.buffer[0], is_robots=True)

    def page_request(self, known: Known) -> scrapy.Request:
        """Ask for a URL, on the condition that it changed where we know it."""
        headers = {}
        if known.etag:
            headers["If-None-Match"] = known.etag
        if known.last_modified:
            headers["If-Modified-Since"] = known.last_modified
        return self._request(known.url, headers=headers, host=self.round.hosts[known.host], known=known)

    def _request(self, url: str, headers: dict[str, str] | None = None, **meta: Any) -> scrapy.Request:
        if self.round.settings.proxy:
            meta["proxy"] = self.round.settings.proxy
        return scrapy.Request(
            url, callback=self.answered, errback=self.failed, headers=headers, meta=meta, dont_filter=True
        )

    def answered(self, response: Response) -> None:
        """Keep the answer, then see what it means."""
        meta = response.meta
        host: Host = meta["host"]
        latency = float(meta.get("download_latency", 0.0))
        retry_after = _retry_after(response) if response.status in visits.PASSING else None
        self.round.counts[f"crawl/answers/{response.status}"] += 1
        self.round.counts["crawl/bytes"] += len(meta[WIRE].body)
        try:
            if meta.get("is_robots"):
                self._read_robots(host, meta["known"], response)
            else:
                self._read_page(meta["known"], response)
        finally:
            self.round.release(host, latency, failed=response.status in visits.PASSING, retry_after=retry_after)

    def failed(self, failure: Failure) -> None:
        """No answer came: a name that does not resolve, a refused connection, a time-out, a body too large."""
        request = failure.request  # type: ignore[attr-defined]
        host: Host = request.meta["host"]
        known: Known = request.meta["known"]
        kind = failure.type.__name__ if failure.type is not None else "unknown"
        if request.meta.get("is_robots"):
            self.round.counts[f"crawl/failed/robots/{kind}"] += 1
            if host.scheme == "https":
                host.scheme = "http"
            else:
                host.robots = Robots.read(UNREACHABLE, b"", self.round.now())
            self.round.release(host, 0.0, failed=False)
            return
        if kind == "DownloadCancelledError":
            self.round.settle(known, visits.given_up(known, self.round.settings, self.round.now(), "too_large", None))
            self.round.counts["crawl/failed/too_large"] += 1
            self.round.release(host, 0.0, failed=False)
            return
        if host.plain and known.url.startswith("https://"):
            self.round.add(["http" + known.url.removeprefix("https")], known, hops=max(known.hops, 1))
            self.round.settle(
                known, visits.given_up(known, self.round.settings, self.round.now(), "https_failed", None)
            )
        else:
            self.round.fail(known, kind)
        self.round.release(host, 0.0, failed=not host.plain)

    def _read_robots(self, host: Host, known: Known, response: Response) -> None:
        self._keep(known, response, response.url)
        if response.status in visits.REDIRECTS:
            host.robots = Robots.read(response.status, b"", self.round.now())
        else:
            host.robots = Robots.read(response.status, response.body, self.round.now())
        host.plain = response.url.startswith("http://")
        sitemaps = host.robots.sitemaps or [urljoin(response.url, "/sitemap.xml")]
        self.round.add_dated(((url, None) for url in sitemaps), kind=SITEMAP)

    def _read_page(self, known: Known, response: Response) -> None:
        now, settings = self.round.now(), self.round.settings
        if response.status == visits.NOT_MODIFIED:
            self._keep(known, response, known.url, revisit=NOT_MODIFIED)
            self.round.counts["crawl/pages/not_modified"] += 1
            self.round.settle(known, visits.not_modified(known, settings, now))
        elif visits.is_success(response.status):
            self._read_success(known, response)
        else:
            self._keep(known, response, known.url)
            if response.status in visits.PASSING:
                self.round.fail(known, f"http/{response.status}", response.status)
                return
            if response.status in visits.REDIRECTS:
                self._follow(known, response)
            self.round.counts["crawl/pages/gone" if response.status in visits.GONE else "crawl/pages/other"] += 1
            self.round.settle(known, visits.absent(known, settings, now, response.status))

    def _read_success(self, known: Known, response: Response) -> None:
        digest = payload_digest(response.body)
        same = digest == known.digest and known.warc_digest is not None
        warc_digest = self._keep(known, response, known.url, revisit=SAME_DIGEST if same else None)
        state = "same" if same else "changed" if known.digest else "new"
        kind = "sitemaps" if known.kind == SITEMAP else "pages"
        self.round.counts[f"crawl/{kind}/{state}"] += 1
        self._take_links(known, response)
        outcome = visits.fetched(
            known,
            self.round.settings,
            self.round.now(),
            status=response.status,
            digest=digest,
            warc_digest=warc_digest,
            etag=_header(response, "ETag"),
            last_modified=_header(response, "Last-Modified"),
        )
        self.round.settle(known, outcome)
        limit = self.round.settings.max_pages
        if (
            limit is not None
            and self.round.counts["crawl/pages/new"] + self.round.counts["crawl/pages/changed"] >= limit
        ):
            self.round.stopping = True

    def _take_links(self, known: Known, response: Response) -> None:
        if known.kind == SITEMAP:
            sitemap = read_sitemap(response.body)
            self.round.add_dated(((url, None) for url in sitemap.sitemaps), kind=SITEMAP)
            self.round.add_dated(sitemap.pages)
            return
        content_type = (_header(response, "Content-Type") or "").lower()
        directives = (_header(response, "X-Robots-Tag") or "").lower()
        if "html" not in content_type or "nofollow" in directives or "none" in directives:
            return
        links = extract_links(response.body, response.url, encoding_of(response.body, content_type))
        wanted = [url for url in links.urls if not NO_PAGE.search(url) and not REPEATED.search(url)]
        if links.refresh is not None and not links.nofollow:
            self.round.add([links.refresh], known, hops=known.hops + 1)
        self.round.add(wanted, known)

    def _follow(self, known: Known, response: Response) -> None:
        target = _header(response, "Location")
        if not target:
            return
        url = urljoin(known.url, target)
        seed = self.round.scope.seeds.get(known.seed)
        if known.depth == 0 and seed is not None and url.startswith(("http://", "https://")):
            self.round.adopt(url, seed)
        self.round.add([url], known, hops=known.hops + 1)

    def _keep(self, known: Known, response: Response, url: str, revisit: str | None = None) -> str | None:
        """Write the WARC record; return its payload digest where it carries a body."""
        wire: Wire = response.meta[WIRE]
        reason = http.client.responses.get(response.status, "")
        status_line = f"HTTP/1.1 {response.status} {reason}".strip().encode()
        fields = self.round.fields_of(known)
        when = self.round.moment()
        if revisit is not None:
            if known.warc_digest is not None:
                fields["WARC-Payload-Digest"] = known.warc_digest
            fields["WARC-Refers-To-Target-URI"] = url
            self.round.warc.revisit(url, when, status_line, wire.headers, revisit, fields)
            return None
        self.round.warc.response(url, when, status_line, wire.headers, wire.body, fields)
        return payload_digest(wire.body)


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1").strip()[:2_000] if value is not None else None


def _retry_after(response: Response) -> float | None:
    """Seconds that a server asks us to wait: a number or a date (RFC 9110, 10.2.3)."""
    value = _header(response, "Retry-After")
    if value is None:
        return None
    if value.isdigit():
        return float(value)
    try:
        asked = parsedate_to_datetime(value)
        said = parsedate_to_datetime(_header(response, "Date") or value)
    except ValueError:
        return None
    return max(0.0, (asked - said).total_seconds())
