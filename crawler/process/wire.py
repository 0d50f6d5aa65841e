"""Keeps each answer as it came over the wire, before Scrapy decompresses it."""

from dataclasses import dataclass

from scrapy import Request
from scrapy.http import Response

WIRE = "wire"
"""Key of a request's meta."""
_UNDONE = (b"transfer-encoding",)
"""Twisted has undone these already; the record names them as Common Crawl's do."""


@dataclass(frozen=True, slots=True)
class Wire:
    """Header fields and body of an answer; the body still has its content encoding."""

    headers: list[tuple[bytes, bytes]]
    body: bytes


class KeepWireBytes:
    """A downloader middleware, the nearest to the wire."""

    def process_response(self, request: Request, response: Response) -> Response:
        """Remember the answer beside its request."""
        headers = [
            (b"X-Crawler-" + name if name.lower() in _UNDONE else name, value)
            for name, values in response.headers.items()
            for value in values
        ]
        request.meta[WIRE] = Wire(headers, response.body)
        return response
