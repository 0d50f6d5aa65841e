"""The signals of a response about its own page: header fields, meta elements, licences, the XMP of a PDF."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

from data.markup import attributes, tags
from data.rights.preferences import signal_reserves, usage_reserves
from data.rights.rsl import MEDIA_TYPE, licence_links, rsl_signals
from data.rights.signals import INLINE, MAX_LINE, TOKEN, Signal, Verdict
from data.rights.tdmrep import xmp_signals

HEAD = 65_536
"""Bytes of a page that are searched for meta elements."""
OPT_OUT = frozenset({"noindex", "none", "noai", "noml"})
"""Directives that keep a page out. ``noindex`` counts too: a page that hides from search does not expect to be in a
corpus. ``noimageai`` is about pictures, which we do not take."""
NO_FOLLOW = frozenset({"nofollow", "none"})
"""Directives that keep a page's links from being followed."""
TDM = "tdm-reservation"
MAX_INLINE = 5
"""Licences inside a page that are read, at most."""

_EVERYBODY = frozenset({TOKEN, "*", "robots"})
_SPLIT = re.compile(r"[,;\n]")
_INLINE = re.compile(
    rb"<script\b[^>]{0,500}?application/rsl\+xml[^>]{0,500}>(.{0,65536}?)</script\b", re.IGNORECASE | re.DOTALL
)
_FIELDS = {"content-usage": usage_reserves, "content-signal": signal_reserves}


def page_signals(url: str, headers: Mapping[str, str], body: bytes, *, is_pdf: bool = False) -> list[Signal]:
    """All signals of a response about its page.

    ``headers`` have lower-case names; fields with one name are joined by a comma. ``body`` is whole or at least its
    first ``HEAD`` bytes; it is empty if it is neither HTML nor a PDF.
    """
    signals = list(_of_headers(headers))
    if is_pdf:
        return signals + xmp_signals(body)
    head = body[:HEAD]
    signals += _of_elements(head)
    if MEDIA_TYPE.encode() in head.lower():
        for inline in islice(_INLINE.finditer(body[: 2 * HEAD]), MAX_INLINE):
            found = rsl_signals(inline[1].strip(), url)
            signals += [replace(word, carrier=INLINE) for word in found]
    return signals


def header_directives(headers: Mapping[str, str]) -> Iterator[str]:
    """The directives of X-Robots-Tag for all agents or for ours; ``googlebot: noindex`` is for another one.

    A comma may join two fields or two directives of one agent. Only the directive directly after another agent's name
    is taken as that agent's, so that a doubtful reservation is respected.
    """
    value = headers.get("x-robots-tag", "")
    if not value:
        return
    for part in _SPLIT.split(value.lower()):
        agent, colon, directive = part.partition(":")
        if not colon:
            yield agent.strip()
        elif agent.strip() in _EVERYBODY:
            yield directive.strip()


def forbids_links(headers: Mapping[str, str]) -> bool:
    """Whether X-Robots-Tag asks not to follow the page's links."""
    return any(word in NO_FOLLOW for word in header_directives(headers))


def _of_headers(headers: Mapping[str, str]) -> Iterator[Signal]:
    if any(word in OPT_OUT for word in header_directives(headers)):
        yield _signal("header/x-robots-tag", f"X-Robots-Tag: {headers['x-robots-tag']}", "reserved")
    reservation = headers.get(TDM, "").strip()
    if reservation:
        last = reservation.rpartition(",")[2].strip()
        yield _signal("header/tdm-reservation", f"{TDM}: {reservation}", "reserved" if last == "1" else "allowed")
    for name, reader in _FIELDS.items():
        reserves = reader(headers[name]) if name in headers else None
        if reserves is not None:
            yield _signal(f"header/{name}", f"{name}: {headers[name]}", "reserved" if reserves else "allowed")
    for target, line in licence_links([headers.get("link", "")]):
        yield Signal("header/link", f"Link: {line}"[:MAX_LINE], "licence", target=target)


def _of_elements(head: bytes) -> Iterator[Signal]:
    for tag, raw in tags(head):
        if tag == b"meta":
            values = attributes(raw)
            name, content = values.get("name", "").lower(), values.get("content", "").lower()
            line = f'<meta name="{name}" content="{content}">'
            if name in (TOKEN, "robots") and any(word.strip() in OPT_OUT for word in _SPLIT.split(content)):
                yield _signal("meta/robots", line, "reserved")
            elif name == TDM:
                yield _signal("meta/tdm-reservation", line, "reserved" if content.strip() == "1" else "allowed")
        elif tag == b"link" and b"license" in raw.lower():
            values = attributes(raw)
            is_licence = "license" in values.get("rel", "").lower().split()
            if is_licence and values.get("type", "").lower() == MEDIA_TYPE and values.get("href"):
                line = f'<link rel="license" href="{values["href"]}">'
                yield Signal("html/link", line[:MAX_LINE], "licence", target=values["href"])


def _signal(carrier: str, line: str, verdict: Verdict) -> Signal:
    return Signal(carrier, line[:MAX_LINE], verdict)
