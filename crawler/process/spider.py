"""The one spider: turns answers into WARC records, outcomes and links."""

import http.client
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import scrapy
from scrapy.http import Response
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from crawler.frontier import visits
from crawler.frontier.hosts import Host
from crawler.frontier.records import Known
from crawler.frontier.tables import PAGE, SITEMAP
from crawler.pages.addresses import location_url
from crawler.pages.fields import cookies_of, header_text, retry_after
from crawler.pages.links import Links, extract_links, is_html, refresh_target
from crawler.pages.sitemaps import MAX_BYTES, sitemap_pieces
from crawler.pages.verdicts import SICK, SOFT, Verdict, redirect_verdict, verdict_of
from crawler.permissions.guard import refusal as guard_refusal
from crawler.permissions.operator_rules import TAKEDOWN
from crawler.process.permission_files import Permissions
from crawler.process.round import Round
from crawler.process.standing import answered, refused
from crawler.process.transport import head_was_too_large
from crawler.process.wire import WIRE, Wire
from crawler.warc.writer import NOT_MODIFIED, SAME_DIGEST, payload_digest
from data.charset import encoding_of
from data.errors import InputError, StoreError
from data.rights import forbids_links
from data.urls import canonical_url
from data.warc_fields import REFUSAL

logger = logging.getLogger(__name__)

DATA_LOSS = "dataloss"
"""Scrapy's flag of a body that is shorter than announced."""
TOO_LARGE = frozenset({"DownloadCancelledError", "IgnoreRequest"})
"""Scrapy's words for a body over the cap, on the wire and while it unpacks."""


class CoweseSpider(scrapy.Spider):
    """Asks for what the scheduler hands it; links go to the frontier, never back into Scrapy."""

    name = "cowese"

    def __init__(self, current: Round) -> None:
        super().__init__()
        self.round = current
        self.permissions = Permissions(current)
        self.sitemaps_in_flight = 0

    async def start(self) -> AsyncIterator[Any]:
        """Nothing: the start URLs are in the frontier."""
        requests: tuple[scrapy.Request, ...] = ()
        for request in requests:
            yield request

    def permission_request(self, host: Host) -> scrapy.Request | None:
        """Ask a host for the next of the files that say what it permits; None where all have answered."""
        missing = self.permissions.missing(host)
        if missing is None:
            return None
        return self._request(self.permissions.address(host, missing), host=host, known=host.buffer[0], file=missing)

    def page_request(self, known: Known) -> scrapy.Request:
        """Ask for a URL, on the condition that it changed where we know it and the host's word counts."""
        headers = {}
        host = self.round.hosts[known.host]
        host.in_flight = known
        self.sitemaps_in_flight += known.kind == SITEMAP
        if known.warc_digest and not host.lies and not visits.distrusts(known):
            if known.etag:
                headers["If-None-Match"] = known.etag
            if known.last_modified:
                headers["If-Modified-Since"] = known.last_modified
        url, cookies = host.detours.pop(known.id, (known.url, ""))
        if cookies:  # of this chain of redirects alone
            headers = {"Cookie": cookies}
        return self._request(url, headers=headers, host=host, known=known)

    def _request(self, url: str, headers: dict[str, str] | None = None, **meta: Any) -> scrapy.Request:
        if meta["known"].kind == SITEMAP and "file" not in meta:
            meta["download_maxsize"] = MAX_BYTES
        if self.round.settings.proxy:
            meta["proxy"] = self.round.settings.proxy
        return scrapy.Request(
            url, callback=self.answered, errback=self.failed, headers=headers, meta=meta, dont_filter=True
        )

    async def answered(self, response: Response) -> None:
        """Keep the answer, then see what it means; whatever happens, its row is settled and the host rests."""
        meta = response.meta
        host: Host = meta["host"]
        known: Known = meta["known"]
        file: str | None = meta.get("file")
        rest = Rest()
        try:
            rest = Rest.after(response, failed=response.status in visits.PASSING and file is None)
            await self._take(host, known, file, response, rest)
        except StoreError as error:
            self.round.on_broken_store(error)
        except Exception as error:  # noqa: BLE001 - whatever an answer does to us, the round goes on
            self._survive(host, known, file, error)
        finally:
            self._release(host, known, file, rest)

    def failed(self, failure: Failure) -> None:
        """No answer came: a name that does not resolve, a refused connection, a time-out, a body too large."""
        request = failure.request  # type: ignore[attr-defined]
        host: Host = request.meta["host"]
        known: Known = request.meta["known"]
        file: str | None = request.meta.get("file")
        rest = Rest()
        try:
            self._take_failure(host, known, file, failure, rest)
        except StoreError as error:
            self.round.on_broken_store(error)
        except Exception as error:  # noqa: BLE001 - the same
            self._survive(host, known, file, error)
        finally:
            self._release(host, known, file, rest)

    def _release(self, host: Host, known: Known, file: str | None, rest: "Rest") -> None:
        if known.kind == SITEMAP and file is None:
            self.sitemaps_in_flight -= 1
        self.round.release(host, rest.latency, failed=rest.failed, retry_after=rest.asked)

    def _survive(self, host: Host, known: Known, file: str | None, error: Exception) -> None:
        """Settle what an error of ours struck; a host whose permissions cannot be read is left out."""
        try:
            if file is None:
                self.round.survive(host, host.in_flight, error)
            else:
                self.permissions.broken(host, file, error)
        except StoreError as broken:
            self.round.on_broken_store(broken)
        except Exception as another:
            logger.exception("%s: left out", known.url, exc_info=another)
            self.round.hosts.leave_out(host)

    async def _take(self, host: Host, known: Known, file: str | None, response: Response, rest: "Rest") -> None:
        size = len(response.meta[WIRE].body)
        host.octets += size
        self.round.figures.answered(host.name, size)
        self.round.counts[f"crawl/answers/{response.status if visits.is_status(response.status) else 'other'}"] += 1
        self.round.counts["crawl/bytes"] += size
        if file is None and self.round.rules.is_taken_down(known.url):  # heard while it was on its way
            self.round.refuse(known, TAKEDOWN)
        elif not visits.is_status(response.status):
            self._fails(host, known, file, "no_status", rest)
        elif DATA_LOSS in response.flags and self._is_cut(known, file, response):
            self._fails(host, known, file, "cut", rest)
        elif file is not None:
            self._keep(known, response, response.url)
            rest.at_least(self.permissions.answered(host, file, known, response))
        elif known.kind == SITEMAP and visits.is_success(response.status):
            await self._read_sitemap(known, response)
        else:
            self._read_page(known, response, rest)

    def _take_failure(self, host: Host, known: Known, file: str | None, failure: Failure, rest: "Rest") -> None:
        kind = failure.type.__name__ if failure.type is not None else "unknown"
        if file is None and (kind in TOO_LARGE or head_was_too_large(failure.value)):
            self.round.counts["crawl/failed/too_large"] += 1
            self.round.settle(known, visits.given_up(known, self.round.settings, self.round.now(), "too_large", None))
        else:
            self._fails(host, known, file, kind, rest)

    @staticmethod
    def _is_cut(known: Known, file: str | None, response: Response) -> bool:
        """Whether a body that is shorter than announced is asked for again; browsers show such a page as it came."""
        if not response.body or file is not None or known.kind == SITEMAP:
            return not response.body
        return known.attempts == 0 and b"</html" not in response.body[-2_048:].lower()

    def _fails(self, host: Host, known: Known, file: str | None, kind: str, rest: "Rest") -> None:
        """Nothing came that could be read."""
        if file is not None:
            rest.at_least(self.permissions.failed(host, file, kind))
        elif host.plain and known.url.startswith("https://"):
            self.round.ask_plainly(known)
        else:
            rest.failed = True
            self.round.fail(known, kind)

    def _read_page(self, known: Known, response: Response, rest: "Rest") -> None:
        now, settings = self.round.now(), self.round.settings
        host = self.round.hosts[known.host]
        if response.status == visits.NOT_MODIFIED:
            self._keep(known, response, known.url, revisit=NOT_MODIFIED)
            self.round.counts["crawl/pages/not_modified"] += 1
            self.round.learn_date(known, changed=False)
            self.round.settle(known, visits.not_modified(known, settings, now))
            answered(self.round, host, response.status)
            return
        page = self._read_html(response) if visits.is_success(response.status) else None
        verdict = self._verdict(known, response, page)
        if verdict is not None and self._stands_aside(known, response, verdict):
            rest.failed = False
        elif visits.is_success(response.status):
            self._queue_links(known, response, page)
            self._settle_success(known, response, page)
            answered(self.round, host, response.status)
        else:
            self._read_absence(known, response)

    def _read_absence(self, known: Known, response: Response) -> None:
        """A status that brings no page."""
        self._keep(known, response, response.url)
        if response.status in visits.REDIRECTS and self._detour(known, response):
            return
        if response.status in visits.PASSING:
            self.round.fail(known, f"http/{response.status}", response.status)
            return
        if response.status in visits.REDIRECTS:
            self._follow(known, response)
        self.round.counts[f"crawl/pages/{visits.absence(known, response.status)}"] += 1
        now = self.round.now()
        self.round.settle(known, visits.absent(known, self.round.settings, now, response.status))
        answered(self.round, self.round.hosts[known.host], response.status)

    def _verdict(self, known: Known, response: Response, page: Links | None) -> Verdict | None:
        """What stands in the page's place, if anything."""
        if response.status in visits.REDIRECTS:
            target = location_url(response.url, response.headers.get("Location") or b"")
            return redirect_verdict(known.url, target) if target is not None else None
        return verdict_of(response.status, response.headers, response.body, page)

    def _stands_aside(self, known: Known, response: Response, verdict: Verdict) -> bool:
        """Whether an answer is kept as a refusal, so that what was made of the page before stays.

        A page that is softly gone is doubted twice, and only while its host gives other pages; then it is gone.
        """
        host, now = self.round.hosts[known.host], self.round.now()
        if verdict.state == SOFT:
            if known.warc_digest is None or known.doubts >= visits.MOST_DOUBTS:
                return False
            outcome = visits.doubted(known, self.round.settings, now, verdict.reason, response.status)
            if not host.good:
                outcome["doubts"] = known.doubts
            self.round.counts["crawl/pages/doubted"] += 1
        else:
            if verdict.state == SICK and response.status in visits.PASSING:
                return False
            outcome = visits.given_up(known, self.round.settings, now, verdict.reason, response.status)
            refused(self.round, host, verdict)
        self._keep(known, response, response.url, refusal=verdict.reason)
        self.round.settle(known, outcome)
        return True

    def _settle_success(self, known: Known, response: Response, page: Links | None = None) -> None:
        """WARC record, then the outcome; links are noted already, so that no batch can part them from it."""
        digest = payload_digest(response.body)
        same = digest == known.digest and known.warc_digest is not None
        warc_digest = self._keep(known, response, response.url, SAME_DIGEST if same else None, digest)
        text = page.text_digest if page is not None and page.text else None
        unchanged = visits.is_unchanged(known, digest, text)
        state = "same" if unchanged else "changed" if known.digest else "new"
        kind = "sitemaps" if known.kind == SITEMAP else "pages"
        if known.kind == PAGE:
            told = (digest, response.body) if page is None else (str(page.text_digest), page.text)
            self.round.traps.learn(known.url, known.host, *told)
            self.round.learn_date(known, changed=state == "changed")
        self.round.counts[f"crawl/{kind}/{state}"] += 1
        etag, last_modified = header_text(response.headers, "ETag"), header_text(response.headers, "Last-Modified")
        if known.kind == PAGE and state == "changed" and visits.is_lie(known, etag, last_modified):
            self.round.distrust(self.round.hosts[known.host])
        outcome = visits.fetched(
            known,
            self.round.settings,
            self.round.now(),
            status=response.status,
            digest=digest,
            text_digest=text,
            warc_digest=warc_digest,
            etag=etag,
            last_modified=last_modified,
        )
        self.round.settle(known, outcome)
        self.round.heed_limits()

    async def _read_sitemap(self, known: Known, response: Response) -> None:
        """Its URLs in pieces, so that 50,000 of them hold nobody up; done when the last are noted.

        A page under the name of a sitemap, as some sites have one for their readers, has links.
        """
        page = self._read_html(response)
        if page is not None:
            verdict = verdict_of(response.status, response.headers, response.body, page)
            if verdict is not None and self._stands_aside(known, response, verdict):
                return
            self._queue_links(known, response, page)
        else:
            for entries in sitemap_pieces(response.body, response.url):
                self.round.add_entries(entries, known)
                self.round.flush()
                await _let_others_run()
        self._settle_success(known, response)

    @staticmethod
    def _read_html(response: Response) -> Links | None:
        """The links and the text of an HTML page; None where it is none."""
        content_type = header_text(response.headers, "Content-Type") or ""
        if not is_html(content_type, response.body):
            return None
        return extract_links(response.body, response.url, encoding_of(response.body, content_type))

    def _queue_links(self, known: Known, response: Response, page: Links | None) -> None:
        """Queue the links of a page, unless it asks that they be left alone."""
        directives = b",".join(response.headers.getlist("X-Robots-Tag")).decode("latin-1")
        if page is None or page.nofollow or forbids_links({"x-robots-tag": directives}):
            return
        refresh = page.refresh or refresh_target(header_text(response.headers, "Refresh") or "", response.url)
        if refresh is not None:
            self.round.add([refresh], known, hops=known.hops + 1)
        self.round.add(page.urls, known)

    def _detour(self, known: Known, response: Response) -> bool:
        """Whether a page redirects to itself, with a session id in its address or a cookie: then it is asked so, once.

        The row stays queued and its host's next; what the address answers is the page's.
        """
        url = location_url(response.url, response.headers.get("Location") or b"")
        cookies = cookies_of(response.headers.getlist("Set-Cookie"))
        asked_with = response.request.headers.get("Cookie") if response.request is not None else None
        if url is None or asked_with or response.url != known.url or (url == known.url and not cookies):
            return False
        try:
            same = canonical_url(url) == known.url
        except InputError:
            return False
        if not same or guard_refusal(url, self.round.allowed_networks) is not None:
            return False
        self.round.hosts[known.host].detour(known, url, cookies)
        return True

    def _follow(self, known: Known, response: Response) -> None:
        url = location_url(response.url, response.headers.get("Location") or b"")
        if url is None:
            return
        seed = self.round.scope.seeds.get(known.seed)
        if known.depth == 0 and seed is not None and guard_refusal(url, self.round.allowed_networks) is None:
            self.round.adopt(url, seed)
        self.round.add([url], known, hops=known.hops + 1)

    def _keep(
        self,
        known: Known,
        response: Response,
        url: str,
        revisit: str | None = None,
        digest: str | None = None,
        *,
        refusal: str | None = None,
    ) -> str | None:
        """Write the WARC record; return its payload digest where it carries a body. ``digest``: the unpacked body's.

        ``refusal`` says what stood in the page's place: cleaning keeps what it made of the page before.
        """
        wire: Wire = response.meta[WIRE]
        reason = http.client.responses.get(response.status, "")
        status_line = f"HTTP/1.1 {response.status} {reason}".strip().encode()
        fields = self.round.fields_of(known)
        if refusal is not None:
            fields[REFUSAL] = refusal
        if DATA_LOSS in response.flags:
            fields["WARC-Truncated"] = "disconnect"
        headers, body = wire.headers, response.body if wire.kept_unpacked else wire.body
        when = self.round.moment()
        if revisit is not None:
            if known.warc_digest is not None:
                fields["WARC-Payload-Digest"] = known.warc_digest
            fields["WARC-Refers-To-Target-URI"] = url
            self.round.warc.revisit(url, when, status_line, headers, revisit, fields)
            return None
        if digest is not None and body is response.body:
            fields["WARC-Payload-Digest"] = digest
        return self.round.warc.response(url, when, status_line, headers, body, fields)


async def _let_others_run() -> None:
    """Come back after the reactor has seen to everything else."""
    from twisted.internet import reactor  # noqa: PLC0415 - Scrapy installs the reactor first

    later: Any = reactor
    turn: Deferred[None] = Deferred()
    later.callLater(0, turn.callback, None)
    await maybe_deferred_to_future(turn)


@dataclass(slots=True)
class Rest:
    """How long a host rests after an answer, as far as the answer tells."""

    latency: float = 0.0
    """Seconds that it took."""
    failed: bool = False
    asked: float | None = None
    """Seconds that the host wants to be left alone, or that we leave it."""

    @classmethod
    def after(cls, response: Response, *, failed: bool) -> "Rest":
        """Read what an answer says; Retry-After counts with the statuses that ask for patience."""
        asked = None
        if response.status in visits.PASSING:
            asked = retry_after(header_text(response.headers, "Retry-After"), header_text(response.headers, "Date"))
        return cls(float(response.meta.get("download_latency", 0.0)), failed, asked)

    def at_least(self, seconds: float) -> None:
        """Rest so long, or as long as the host asks for."""
        if seconds > 0:
            self.asked = max(self.asked or 0.0, seconds)
