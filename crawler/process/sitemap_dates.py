"""Judges lastmod dates of sitemaps by how often they were right on their host."""

from collections import Counter
from collections.abc import Callable

from crawler.frontier.hosts import Host

ENOUGH = 10
"""Pages fetched because of their date, before a host's dates are judged."""
RIGHT_SHARE = 0.2
"""Share of them that must have changed for dates to be trusted."""
GENERATED, GENERATED_SHARE = 20, 0.9
"""If a sitemap dates this many pages, and this share of all, to its last day, the dates are when it was generated."""
PROBE = 25
"""Every n-th date of a host that is not trusted is still tried, since the host may have been repaired."""
AHEAD = 86_400.0
"""Seconds that a date may be in the future, for clocks and time zones."""


class SitemapDates:
    """Judges the dates of a run's sitemaps; the counts are kept with the host."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._passed_over: Counter[str] = Counter()
        self._dated: Counter[int] = Counter()
        self._of_today: Counter[int] = Counter()

    def believed(self, host: Host, sitemap: int, lastmod: float | None) -> float | None:
        """The date of an entry of a sitemap (the id of its row); None if it is not worth a request.

        That is a date in the future, of a sitemap that dates nearly all entries to one day, or of a host whose dates
        were wrong.
        """
        now = self._now()
        if lastmod is None or lastmod > now + AHEAD:
            return None
        self._dated[sitemap] += 1
        self._of_today[sitemap] += lastmod > now - AHEAD
        all_new = self._dated[sitemap] > GENERATED and self._of_today[sitemap] > GENERATED_SHARE * self._dated[sitemap]
        if is_trusted(host) and (not all_new or is_proved(host)):
            return lastmod
        self._passed_over[host.name] += 1
        return lastmod if self._passed_over[host.name] % PROBE == 0 else None


def is_proved(host: Host) -> bool:
    """Whether a host's dates were tried often enough and were mostly right."""
    tried = host.dates_right + host.dates_wrong
    return tried >= ENOUGH and host.dates_right > tried / 2


def is_trusted(host: Host) -> bool:
    """Whether a host's dates were right often enough, or were not tried often enough to judge."""
    tried = host.dates_right + host.dates_wrong
    return tried < ENOUGH or host.dates_right >= RIGHT_SHARE * tried


def learn(host: Host, *, changed: bool) -> None:
    """Learn from a page that was fetched because of its date; old counts fade."""
    if changed:
        host.dates_right += 1
    else:
        host.dates_wrong += 1
    if host.dates_right + host.dates_wrong > 4 * ENOUGH:
        host.dates_right, host.dates_wrong = host.dates_right // 2, host.dates_wrong // 2
