"""The dates of sitemaps, believed as far as they have proved right on their host."""

from collections import Counter
from collections.abc import Callable

from crawler.frontier.hosts import Host

ENOUGH = 10
"""Pages asked for because of their date that show what a host's dates are worth."""
RIGHT_SHARE = 0.2
"""Of them must have changed, for the others to be worth their requests."""
GENERATED, GENERATED_SHARE = 20, 0.9
"""A sitemap that dates so many pages, nearly all, to the last day tells when it was made, not when they changed."""
PROBE = 25
"""Each so-manieth date of a host that is not believed is still tried, since it may have mended."""
AHEAD = 86_400.0
"""Seconds that a date may lie in the future, for clocks and time zones."""


class SitemapDates:
    """Judges the dates of a run's sitemaps; the figures behind it stand with the host."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._passed_over: Counter[str] = Counter()
        self._dated: Counter[int] = Counter()
        self._of_today: Counter[int] = Counter()

    def believed(self, host: Host, sitemap: int, lastmod: float | None) -> float | None:
        """A date of a sitemap (the id of its row), None where it is not worth a request.

        It lies in the future, the sitemap dates nearly all that it names to today, or the host's dates were wrong.
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
    """Whether a host's dates have been tried enough and were right more often than not."""
    tried = host.dates_right + host.dates_wrong
    return tried >= ENOUGH and host.dates_right > tried / 2


def is_trusted(host: Host) -> bool:
    """Whether a host's dates have been right often enough, or have not been tried enough to say."""
    tried = host.dates_right + host.dates_wrong
    return tried < ENOUGH or host.dates_right >= RIGHT_SHARE * tried


def learn(host: Host, *, changed: bool) -> None:
    """Take in what became of a page that was asked for because of its date; old figures fade."""
    if changed:
        host.dates_right += 1
    else:
        host.dates_wrong += 1
    if host.dates_right + host.dates_wrong > 4 * ENOUGH:
        host.dates_right, host.dates_wrong = host.dates_right // 2, host.dates_wrong // 2
