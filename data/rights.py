"""The signals by which a page opts out of being copied into a corpus: robots meta, X-Robots-Tag, TDM reservation."""

import re
from collections.abc import Mapping

HEAD = 65_536
"""Bytes of a page in which meta elements are looked for."""
TOKEN = "cowese"  # noqa: S105 - our product token, no secret
OPT_OUT = frozenset({"noindex", "none", "noai", "noarchive-ai", "notrain"})
"""Directives that keep a page out. ``noindex`` is heeded too: who hides from search does not expect a corpus."""

_META = re.compile(rb"<meta\b([^<>]{0,2000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(rb"""([a-z-]{1,20})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)


def opt_out(headers: Mapping[str, str], head: bytes) -> str | None:
    """The signal that opts a page out, or None.

    ``headers`` by lower-case name; ``head`` the beginning of an HTML page, empty for others. The TDM reservation
    protocol's header and meta element count where their value is 1 (W3C TDMRep, 2024).
    """
    signal = _of_robots_tag(headers.get("x-robots-tag", ""))
    if signal is not None:
        return signal
    if headers.get("tdm-reservation", "").strip() == "1":
        return "tdm-reservation"
    for match in _META.finditer(head[:HEAD]):
        attributes = {
            name.lower().decode(): (double or single or bare).decode("latin-1").strip().lower()
            for name, double, single, bare in _ATTRIBUTE.findall(match[1])
        }
        name, content = attributes.get("name", ""), attributes.get("content", "")
        if name in ("robots", TOKEN) and (found := _first(content)) is not None:
            return found
        if name == "tdm-reservation" and content == "1":
            return "tdm-reservation"
    return None


def _of_robots_tag(value: str) -> str | None:
    """Directives for everybody or for us; ``googlebot: noindex`` is for another."""
    for part in value.lower().split(","):
        agent, colon, directive = part.partition(":")
        if colon and agent.strip() not in (TOKEN, "unavailable_after"):
            continue
        found = _first(directive if colon else agent)
        if found is not None:
            return found
    return None


def _first(directives: str) -> str | None:
    return next((word.strip() for word in directives.split(",") if word.strip() in OPT_OUT), None)
