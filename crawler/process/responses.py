"""Handles responses: WARC record, links, outcome of the URL, health of its host."""

from scrapy.http import Response

from crawler.frontier import visits
from crawler.frontier.numbers import PAGE, SITEMAP
from crawler.frontier.records import KnownUrl
from crawler.parsing.block_detector import SICK, SOFT, BlockVerdict, detect_block, detect_block_of_redirect
from crawler.parsing.fields import header_text
from crawler.parsing.links import Links, extract_links, is_html, refresh_target
from crawler.parsing.sitemaps import sitemap_pieces
from crawler.parsing.url_join import Base, location_url
from crawler.process.backoff import Backoff
from crawler.process.discovery import Discovery
from crawler.process.host_health import record_block, record_response
from crawler.process.offload import run_in_thread_if_large, yield_to_reactor
from crawler.process.recorder import Recorder
from crawler.process.redirects import Redirects, settle_absent
from crawler.process.round import Round
from crawler.warc.record import NOT_MODIFIED, SAME_DIGEST, payload_digest
from data.charset import encoding_of
from data.rights.page import HEAD, forbids_links, page_signals

MEDIA_TYPE = b"application/rsl+xml"


class ResponseReader:
    """Reads responses of pages and sitemaps; ``permission_files`` reads those of permission files."""

    def __init__(self, current: Round, discovery: Discovery, recorder: Recorder) -> None:
        self._round = current
        self._discovery = discovery
        self._recorder = recorder
        self._redirects = Redirects(current, discovery)

    async def read_page(self, known: KnownUrl, response: Response, backoff: Backoff) -> None:
        """Settle a page by its response."""
        now, settings = self._round.clock.now(), self._round.settings
        host = self._round.hosts[known.host]
        if response.status == visits.NOT_MODIFIED:
            self._recorder.keep_revisit(known, response, known.url, NOT_MODIFIED)
            self._round.counts["crawl/pages/not_modified"] += 1
            self._round.roster.learn_date(known, changed=False)
            self._round.settle(known, visits.not_modified_row(known, settings, now))
            record_response(self._round, host, response.status)
            return
        page = await self._read_html(response) if visits.is_success(response.status) else None
        verdict = self._verdict(known, response, page)
        if verdict is not None and await self._stands_aside(known, response, verdict):
            backoff.failed = False
        elif visits.is_success(response.status):
            self._queue_links(known, response, page)
            await self._settle_success(known, response, page)
            record_response(self._round, host, response.status)
        else:
            await self._read_absence(known, response)

    async def _read_absence(self, known: KnownUrl, response: Response) -> None:
        """Settle a status without a page."""
        await self._recorder.keep(known, response, response.url)
        if response.status in visits.REDIRECTS and self._redirects.go_back(known, response):
            return
        if response.status in visits.TRANSIENT:
            self._round.fail(known, f"http/{response.status}", response.status)
            return
        if response.status in visits.REDIRECTS:
            self._redirects.follow(known, response)
        settle_absent(self._round, known, response.status)

    @staticmethod
    def is_unasked(response: Response) -> bool:
        """Whether a response does not match its request: a part of a page, or "not modified" without a condition."""
        sent = response.request.headers if response.request is not None else {}
        conditional = "If-None-Match" in sent or "If-Modified-Since" in sent
        return response.status == visits.PARTIAL or (response.status == visits.NOT_MODIFIED and not conditional)

    async def read_unasked(self, known: KnownUrl, response: Response) -> None:
        """Keep a response that does not match its request, and request the page again."""
        reason = f"unasked/{response.status}"
        await self._recorder.keep(known, response, response.url, refusal=reason)
        self._round.fail(known, reason, response.status)

    def _verdict(self, known: KnownUrl, response: Response, page: Links | None) -> BlockVerdict | None:
        """What was served instead of the page, if anything."""
        if response.status in visits.REDIRECTS:
            target = location_url(response.url, response.headers.get("Location") or b"")
            return detect_block_of_redirect(known.url, target) if target is not None else None
        return detect_block(response.status, response.headers, response.body, page)

    async def _stands_aside(self, known: KnownUrl, response: Response, verdict: BlockVerdict) -> bool:
        """Whether a response is kept as a refusal, so that the document of the earlier visit stays.

        A soft 404 is doubted twice, and only while the host serves other pages; after that the page is gone.
        """
        host, now = self._round.hosts[known.host], self._round.clock.now()
        if verdict.state == SOFT:
            if known.warc_digest is None or known.doubts >= visits.MOST_DOUBTS:
                return False
            outcome = visits.doubted_row(known, self._round.settings, now, verdict.reason, response.status)
            if not host.good:
                outcome["doubts"] = known.doubts
            self._round.counts["crawl/pages/doubted"] += 1
        else:
            if verdict.state == SICK and response.status in visits.TRANSIENT:
                return False
            outcome = visits.given_up_row(known, self._round.settings, now, verdict.reason, response.status)
            record_block(self._round, host, verdict)
        await self._recorder.keep(known, response, response.url, refusal=verdict.reason)
        self._round.settle(known, outcome)
        return True

    async def _settle_success(self, known: KnownUrl, response: Response, page: Links | None = None) -> None:
        """Write the WARC record, then the outcome. The links are noted before: a kill must not lose them."""
        digest = await run_in_thread_if_large(len(response.body), payload_digest, response.body)
        same = digest == known.digest and known.warc_digest is not None
        warc_digest = None
        if same:
            self._recorder.keep_revisit(known, response, response.url, SAME_DIGEST)
        else:
            warc_digest = await self._recorder.keep(known, response, response.url, digest)
        shown = page.text_digest if page is not None else None
        text = shown if page is not None and page.text else None
        unchanged = visits.is_unchanged(known, digest, text)
        state = "same" if unchanged else "changed" if known.digest else "new"
        kind = "sitemaps" if known.kind == SITEMAP else "pages"
        if known.kind == PAGE:
            told = (digest, response.body) if page is None else (str(shown), page.text)
            self._round.traps.learn(known.url, known.host, *told)
            self._round.roster.learn_date(known, changed=state == "changed")
        self._round.counts[f"crawl/{kind}/{state}"] += 1
        etag, last_modified = header_text(response.headers, "ETag"), header_text(response.headers, "Last-Modified")
        if known.kind == PAGE and state == "changed" and visits.is_false_validator(known, etag, last_modified):
            self._round.roster.record_false_304(self._round.hosts[known.host])
        outcome = visits.fetched_row(
            known,
            self._round.settings,
            self._round.clock.now(),
            status=response.status,
            digest=digest,
            text_digest=text,
            warc_digest=warc_digest,
            etag=etag,
            last_modified=last_modified,
        )
        self._round.settle(known, outcome)
        self._round.stop_at_limits()

    async def read_sitemap(self, known: KnownUrl, response: Response) -> None:
        """Queue a sitemap's URLs in pieces, so that 50,000 of them do not block the reactor.

        A page at a sitemap's address, as some sites have for their readers, gives links.
        """
        page = await self._read_html(response)
        if page is not None:
            verdict = detect_block(response.status, response.headers, response.body, page)
            if verdict is not None and await self._stands_aside(known, response, verdict):
                return
            self._queue_links(known, response, page)
        else:
            for entries in sitemap_pieces(response.body, response.url):
                self._discovery.add_entries(entries, known)
                self._round.flush()
                await yield_to_reactor()
        await self._settle_success(known, response)

    @staticmethod
    async def _read_html(response: Response) -> Links | None:
        """The links and the text of an HTML page; None for other types."""
        content_type = header_text(response.headers, "Content-Type") or ""
        if not is_html(content_type, response.body):
            return None
        encoding = encoding_of(response.body, content_type)
        return await run_in_thread_if_large(len(response.body), extract_links, response.body, response.url, encoding)

    def _queue_links(self, known: KnownUrl, response: Response, page: Links | None) -> None:
        """Queue the links of a page, unless it says nofollow, and the licence that it names in any case."""
        self._queue_licences(known, response)
        directives = b",".join(response.headers.getlist("X-Robots-Tag")).decode("latin-1")
        if page is None or page.nofollow or forbids_links({"x-robots-tag": directives}):
            return
        refresh = page.refresh or refresh_target(header_text(response.headers, "Refresh") or "", response.url)
        if refresh is not None:
            self._discovery.add([refresh], known, hops=known.hops + 1)
        self._discovery.add(page.urls, known)

    def _queue_licences(self, known: KnownUrl, response: Response) -> None:
        """Queue the RSL licence of a page, so that the WARC files contain it."""
        links = b",".join(response.headers.getlist("Link"))
        if MEDIA_TYPE not in links and MEDIA_TYPE not in response.body[:HEAD]:
            return
        words = page_signals(response.url, {"link": links.decode("latin-1")}, response.body)
        base = Base(response.url)
        for target in dict.fromkeys(word.target for word in words if word.target is not None):
            url = base.join(target)
            if url is not None:
                self._discovery.add_sitemap(url, known)
