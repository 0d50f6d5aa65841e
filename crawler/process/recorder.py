"""Writes responses as WARC records, with the named fields for cleaning (``data.warc_fields``)."""

import http.client

from scrapy.http import Response

from crawler.frontier.records import KnownUrl
from crawler.process.exchange import DATA_LOSS, STOPPED
from crawler.process.offload import run_in_thread_if_large
from crawler.process.raw_response import RAW_RESPONSE, RawResponse
from crawler.process.round import Round
from crawler.warc.record import pack_response
from data.warc_fields import CATEGORY, COUNTRY, REFUSAL, SEED


class Recorder:
    """Writes responses into the round's WARC file."""

    def __init__(self, current: Round) -> None:
        self._round = current

    async def keep(
        self, known: KnownUrl, response: Response, url: str, digest: str | None = None, *, refusal: str | None = None
    ) -> str | None:
        """Write a response record; return its payload digest. ``digest`` is that of the decompressed body.

        ``refusal`` says what was served instead of the page: cleaning then keeps the document of the earlier visit.
        """
        wire: RawResponse = response.meta[RAW_RESPONSE]
        fields = self._fields(known, response)
        if refusal is not None:
            fields[REFUSAL] = refusal
        body = response.body if wire.kept_unpacked else wire.body
        if digest is not None and body is response.body:
            fields["WARC-Payload-Digest"] = digest
        warc, when = self._round.warc, self._round.clock.moment()
        fields |= warc.info_id(when)
        packed = await run_in_thread_if_large(
            len(body), pack_response, url, when, _status_line(response), wire.headers, body, fields
        )
        warc.append(packed, when)
        return packed.digest

    def keep_revisit(self, known: KnownUrl, response: Response, url: str, profile: str) -> None:
        """Write a revisit record: the page is unchanged since its last full record."""
        wire: RawResponse = response.meta[RAW_RESPONSE]
        fields = self._fields(known, response)
        if known.warc_digest is not None:
            fields["WARC-Payload-Digest"] = known.warc_digest
        fields["WARC-Refers-To-Target-URI"] = url
        when = self._round.clock.moment()
        self._round.warc.revisit(url, when, _status_line(response), wire.headers, profile, fields)

    def _fields(self, known: KnownUrl, response: Response) -> dict[str, str]:
        scope = self._round.scope
        seed = scope.seeds.get(known.seed) or scope.seed_of(known.url)
        fields = {SEED: known.seed}
        if seed is not None:
            fields = {SEED: seed.url, COUNTRY: seed.country, CATEGORY: seed.category}
        if DATA_LOSS in response.flags:
            fields["WARC-Truncated"] = "disconnect"
        elif STOPPED in response.flags:
            fields["WARC-Truncated"] = "length"
        return fields


def _status_line(response: Response) -> bytes:
    reason = http.client.responses.get(response.status, "")
    return f"HTTP/1.1 {response.status} {reason}".strip().encode()
