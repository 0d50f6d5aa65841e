"""A rights signal: what a host or page states, where it states it, and which of several signals applies to a path."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from data.rights.patterns import match_length, path_of

TOKEN = "cowese"  # noqa: S105 - our product token, no secret
Verdict = Literal["reserved", "allowed", "licence"]
"""``licence``: the licence at ``target`` decides."""
MAX_LINE = 300
"""Characters of a line that are kept."""

DISALLOW, USAGE, SIGNAL = "robots.txt/disallow", "robots.txt/content-usage", "robots.txt/content-signal"
AGENT, ROBOTS_LICENCE = "robots.txt/agent/", "robots.txt/license"
TDMREP, AI_TXT, RSL, INLINE = "tdmrep.json", "ai.txt", "rsl", "html/script"
GRAMMARS: Mapping[str, str] = {
    DISALLOW: "RFC 9309, group of our agent or of all agents; on equal lengths Allow holds",
    USAGE: "draft-ietf-aipref-attach-05, 4; longest path, on equal paths the more restrictive",
    SIGNAL: "contentsignals.org; ai-train=no, or use= short of full",
    AGENT: "RFC 9309, group of an agent that gathers training data (training_agents.tsv)",
    ROBOTS_LICENCE: "RSL 1.0, License: for the whole file",
    TDMREP: "W3C TDMRep (2024), 6.1; longest location",
    AI_TXT: "Spawning's ai.txt: robots.txt grammar, kinds of files by their endings",
    "header/x-robots-tag": "directives of search engines and DeviantArt, for all agents or ours",
    "header/tdm-reservation": "W3C TDMRep (2024), 6.2",
    "header/content-usage": "draft-ietf-aipref-attach-05, 3: a dictionary of RFC 9651, the last of equal keys",
    "header/content-signal": "as robots.txt/content-signal",
    "header/link": 'RSL 1.0: Link with rel="license" and the type application/rsl+xml',
    "meta/robots": "as header/x-robots-tag",
    "meta/tdm-reservation": "W3C TDMRep (2024), 6.3",
    "html/link": "as header/link",
    INLINE: "RSL 1.0: a script of the type application/rsl+xml that holds the licence",
    "pdf/xmp": "W3C TDMRep (2024): tdm:reservation in the XMP packet",
    RSL: "RSL 1.0: prohibits, permits, payment of the content that matches",
}
"""Carrier → where its syntax is defined, and how it is read. A name that ends in a slash is a prefix."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One statement of a host or a page."""

    carrier: str
    line: str
    """The original line, up to ``MAX_LINE`` characters."""
    verdict: Verdict
    path: str = "/"
    """The pattern of the paths that it applies to, as in robots.txt."""
    target: str | None = None
    """The licence's address as written; for an RSL signal that allows, the standard licence that it grants."""


def deciding_signals(signals: Iterable[Signal], url: str) -> list[Signal]:
    """The signal of each carrier that applies to a URL: the one with the longest matching path.

    If paths are equal the more restrictive applies, but ``Allow`` in the grammars of robots.txt and ai.txt (RFC 9309,
    2.2.2). All licences are returned.

    >>> signals = [Signal(USAGE, "", "reserved", "/"), Signal(USAGE, "", "allowed", "/libre/")]
    >>> [signal.verdict for signal in deciding_signals(signals, "https://h.es/libre/a")]
    ['allowed']
    """
    path = path_of(url)
    of_carrier: dict[str, list[tuple[int, bool, Signal]]] = defaultdict(list)
    licences = []
    for signal in signals:
        length = match_length(signal.path, path_as_html(path) if signal.carrier == AI_TXT else path)
        if length < 0:
            continue
        if signal.verdict == "licence":
            licences.append(signal)
            continue
        allow_wins = signal.carrier in (DISALLOW, AI_TXT) or signal.carrier.startswith(AGENT)
        of_carrier[signal.carrier].append((length, (signal.verdict == "allowed") == allow_wins, signal))
    return [max(found, key=lambda one: one[:2])[2] for found in of_carrier.values()] + licences


def reserving_signal(signals: Iterable[Signal], url: str) -> Signal | None:
    """The first signal that reserves a URL; None if none does."""
    return next((signal for signal in deciding_signals(signals, url) if signal.verdict == "reserved"), None)


def path_as_html(path: str) -> str:
    """The path with ``.html`` if it has no file ending: ai.txt names kinds of files (``Disallow: *.html``)."""
    bare = path.partition("?")[0]
    stem, dot, ending = bare.rpartition("/")[2].rpartition(".")
    if dot and stem and ending.isalnum() and len(ending) <= _LONGEST_ENDING:
        return path
    return f"{bare}index.html" if bare.endswith("/") else f"{bare}.html"


_LONGEST_ENDING = 5
