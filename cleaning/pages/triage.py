"""What a record is before anyone reads its text: no page at all, a page whose owner says no, or a page to read."""

from collections.abc import Sequence

from cleaning.pages.page import OPTED_OUT, Drop, Raw
from cleaning.pages.warc import Record
from cleaning.settings import ExtractionSettings
from data.rights.page import page_signals
from data.rights.signals import Signal, reserving_signal

_HTML = ("text/html", "application/xhtml+xml")
_PDF_SIGN = b"%PDF-"
MAX_REFUSAL = 60
"""Characters that are kept of a text that was served instead of the page."""
_SIGN = 1000
"""Bytes at a body's beginning that tell what it is."""
_REMOVING = {301: "http/moved", 308: "http/moved", 302: "http/redirect", 303: "http/redirect", 307: "http/redirect"}


def said_by(record: Record) -> list[Signal]:
    """What an answer that brought a page says of it; never raises."""
    answer = record.answer
    if _no_page(record) is not None or answer.problem is not None:
        return []
    is_pdf = answer.body.startswith(_PDF_SIGN)
    is_page = is_pdf or _other_kind(answer.content_type, answer.body) is None
    return page_signals(record.url, answer.headers, answer.body if is_page else b"", is_pdf=is_pdf)


def triage(record: Record, settings: ExtractionSettings, said: Sequence[Signal]) -> Raw | Drop:
    """The page of a record, or why there is none; ``said`` is what it says of itself.

    Costs next to nothing and never raises.
    """
    refusal = _no_page(record)
    if refusal is not None:
        return refusal
    answer = record.answer
    if answer.problem is not None:
        return Drop(f"extraction/{answer.problem}")
    if len(answer.body) > settings.max_bytes:
        return Drop("extraction/too_large", len(answer.body))
    if not answer.body.strip():
        return Drop("extraction/empty")
    is_pdf = answer.body.startswith(_PDF_SIGN)
    is_text = record.converted and answer.content_type == "text/plain"
    refusal = None if is_pdf or is_text else _other_kind(answer.content_type, answer.body)
    if refusal is not None:
        return refusal
    word = reserving_signal(said, record.url)
    if word is not None:
        return Drop(OPTED_OUT, detail=f"{word.carrier}: {word.line}")
    fields = answer.headers
    return Raw(record.url, fields.get("content-type", ""), answer.body, is_pdf, is_text, fields.get("link", ""))


def _no_page(record: Record) -> Drop | None:
    """An answer that brought no page, or a page that is no document's."""
    status = record.answer.status
    if record.forgotten is not None:
        return Drop("forgotten", detail=record.forgotten[:MAX_REFUSAL])
    if not record.url.lower().startswith(("http://", "https://")):
        return Drop("kind/no_url")
    if record.revisit is not None:
        return Drop(f"revisit/{record.revisit}")
    if record.refusal is not None:
        return Drop("refusal", detail=record.refusal[:MAX_REFUSAL])
    if status in _REMOVING:
        return Drop(_REMOVING[status], lost_to=record.answer.headers.get("location"))
    if status is not None and not 200 <= status < 300:  # noqa: PLR2004 - the class of 2xx
        return Drop(f"http/{status}")
    if record.url.partition("://")[2].partition("/")[2] == "robots.txt":
        return Drop("kind/robots")
    return None


def _other_kind(kind: str, body: bytes) -> Drop | None:
    beginning = body[:_SIGN]
    if kind not in _HTML and not (not kind and b"<" in beginning):
        return Drop(f"kind/{kind.partition('/')[2].partition('+')[0][:40] or 'unknown'}")
    if b"\x00" in beginning and not body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Drop("kind/binary")
    return None
