"""How long a host rests after an answer, as far as the answer tells."""

from dataclasses import dataclass

from scrapy.http import Response

from crawler.frontier import visits
from crawler.parsing.fields import header_text, retry_after


@dataclass(slots=True)
class Backoff:
    """What the round needs to know when it releases a host."""

    latency: float = 0.0
    """Seconds that the answer took."""
    failed: bool = False
    retry_after: float | None = None
    """Seconds that the host wants to be left alone, or that we leave it."""

    @classmethod
    def after(cls, response: Response, *, failed: bool) -> "Backoff":
        """Read what an answer says; Retry-After counts with the statuses that ask for patience."""
        asked = None
        if response.status in visits.TRANSIENT:
            asked = retry_after(header_text(response.headers, "Retry-After"), header_text(response.headers, "Date"))
        return cls(float(response.meta.get("download_latency", 0.0)), failed, asked)

    def at_least(self, seconds: float) -> None:
        """Rest so long, or as long as the host asks for."""
        if seconds > 0:
            self.retry_after = max(self.retry_after or 0.0, seconds)
