"""The limits of one run: pages, hours, gigabytes."""

import time
from collections.abc import Mapping

from crawler.settings import CrawlSettings


class Limits:
    """Checks the limits of a run; hours count from its start."""

    def __init__(self, settings: CrawlSettings) -> None:
        self._settings = settings
        self._began = time.monotonic()

    @property
    def exist(self) -> bool:
        """Whether this run has any limit."""
        settings = self._settings
        return bool(settings.max_pages or settings.max_hours or settings.max_gigabytes)

    def are_reached(self, counts: Mapping[str, int]) -> bool:
        """Whether one of the limits is reached, by the counters of the run."""
        settings = self._settings
        pages = counts.get("crawl/pages/new", 0) + counts.get("crawl/pages/changed", 0)
        if settings.max_pages is not None and pages >= settings.max_pages:
            return True
        if settings.max_gigabytes is not None and counts.get("crawl/bytes", 0) >= settings.max_gigabytes * 1e9:
            return True
        return settings.max_hours is not None and time.monotonic() - self._began >= settings.max_hours * 3600
