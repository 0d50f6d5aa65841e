"""Redirects: the target is queued; a chain that opens a session keeps its cookies to the end."""

from scrapy.http import Response

from crawler.frontier import visits
from crawler.frontier.hosts import Chain
from crawler.frontier.records import KnownUrl
from crawler.parsing.fields import cookies_of
from crawler.parsing.url_join import location_url
from crawler.permissions.guard import refusal as guard_refusal
from crawler.process.discovery import Discovery
from crawler.process.host_health import record_response
from crawler.process.round import Round
from data.errors import InputError
from data.urls import canonical_url, host_of


def settle_absent(current: Round, known: KnownUrl, status: int) -> None:
    """Settle an absent page: moved, gone or refused."""
    current.counts[f"crawl/pages/{visits.classify_absence(known, status)}"] += 1
    current.settle(known, visits.absent_row(known, current.settings, current.clock.now(), status))
    record_response(current, current.hosts[known.host], status)


class Redirects:
    """Follows redirects through the frontier: each address has its own row and outcome."""

    def __init__(self, current: Round, discovery: Discovery) -> None:
        self._round = current
        self._discovery = discovery

    def go_back(self, known: KnownUrl, response: Response) -> bool:
        """Whether a redirect chain returns to one of its rows, which is then requested once more.

        Some pages redirect to themselves with a session id or a cookie, or through a page that sets one.
        """
        url, cookies, chain = self._session(response)
        if url is None:
            return False
        rows = (*chain.rows, known)
        try:
            back = next((row for row in rows if row.url == canonical_url(url)), None)
        except InputError:
            return False
        if back is None or back.id in chain.returned or (url == back.url and not cookies):
            return False
        if guard_refusal(url, self._round.allowed_networks) is not None:
            return False
        if back is not known:
            settle_absent(self._round, known, response.status)
        went = Chain(url, cookies, rows, chain.returned | {back.id})
        self._round.hosts.ask_again(self._round.hosts[back.host], back, went)
        return True

    def follow(self, known: KnownUrl, response: Response) -> None:
        """Queue the target of a redirect, one hop further."""
        url, cookies, chain = self._session(response)
        if url is None:
            return
        seed = self._round.scope.seeds.get(known.seed)
        if known.depth == 0 and seed is not None and guard_refusal(url, self._round.allowed_networks) is None:
            self._discovery.adopt(url, seed)
        if cookies or known.warc_digest is not None:
            self._hand_on(known, url, cookies, chain)
        self._discovery.add([url], known, hops=known.hops + 1)

    def _hand_on(self, known: KnownUrl, url: str, cookies: str, chain: Chain) -> None:
        """Pass the chain's cookies to the next address if it is on the same host.

        A row that gave no page before is requested again, even if it is not due: it may open a session and return to a
        known page, or need the cookies.
        """
        try:
            target = canonical_url(url)
        except InputError:
            return
        if host_of(target) != known.host:
            return
        host = self._round.hosts[known.host]
        went = Chain(target, cookies, (*chain.rows, known), chain.returned)
        self._round.flush()
        before = self._round.frontier.done_without_page(target)
        if before is not None and len(went.rows) <= self._round.settings.max_redirects:
            self._round.hosts.ask_again(host, before, went)
        else:
            host.continue_chain(target, went)

    @staticmethod
    def _session(response: Response) -> tuple[str | None, str, Chain]:
        """The target of a redirect, the chain's cookies including those it sets, and the chain before it."""
        chain: Chain = response.meta.get("chain") or Chain(response.url)
        url = location_url(response.url, response.headers.get("Location") or b"")
        return url, cookies_of(response.headers.getlist("Set-Cookie"), chain.cookies), chain
