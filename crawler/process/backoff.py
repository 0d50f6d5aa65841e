"""The backoff that a response asks for. ``HostQueue.crawl_delay`` decides on the rate limit with it."""

from dataclasses import dataclass

from scrapy.http import Response

from crawler.frontier import visits
from crawler.parsing.fields import header_text, retry_after


@dataclass(slots=True)
class Backoff:
    """Latency, failure and Retry-After of a response, for the release of its host."""

    latency: float = 0.0
    """Seconds until the response came."""
    failed: bool = False
    retry_after: float | None = None
    """Seconds that the host asks us to wait, or that we want to wait."""

    @classmethod
    def after(cls, response: Response, *, failed: bool) -> "Backoff":
        """Read a response; Retry-After counts only with the statuses of transient failures."""
        asked = None
        if response.status in visits.TRANSIENT:
            asked = retry_after(header_text(response.headers, "Retry-After"), header_text(response.headers, "Date"))
        return cls(float(response.meta.get("download_latency", 0.0)), failed, asked)

    def at_least(self, seconds: float) -> None:
        """Wait at least this long."""
        if seconds > 0:
            self.retry_after = max(self.retry_after or 0.0, seconds)
