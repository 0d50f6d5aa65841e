"""The signals by which a page opts out of being copied into a corpus, as its headers and meta elements give them.

Robots meta and X-Robots-Tag (Google's and DeviantArt's directives), the TDM reservation protocol (W3C TDMRep, 2024)
and the Content-Usage header (IETF aipref, draft). Crawling and cleaning judge a page by the same function.
"""

import re
from collections.abc import Iterator, Mapping

from data.markup import attributes, tags

HEAD = 65_536
"""Bytes of a page in which meta elements are looked for."""
TOKEN = "cowese"  # noqa: S105 - our product token, no secret
OPT_OUT = frozenset({"noindex", "none", "noai", "noml"})
"""Directives that keep a page out. ``noindex`` is heeded too: who hides from search does not expect a corpus.
``noimageai`` is about pictures, of which we take none."""
NO_FOLLOW = frozenset({"nofollow", "none"})
"""Directives that keep a page's links from being followed."""
TDM = "tdm-reservation"

_EVERYBODY = frozenset({TOKEN, "*", "robots"})
_SPLIT = re.compile(r"[,;\n]")
_NO_TRAINING = re.compile(r"(?:^|[,;\s])(?:train-ai|ai-train|tdm|bots)\s*=\s*(?:n|no|\?0)(?=$|[,;\s])", re.IGNORECASE)


def opt_out(headers: Mapping[str, str], head: bytes) -> str | None:
    """The signal that opts a page out, or None.

    ``headers`` by lower-case name, those of one name joined by a comma; ``head`` the beginning of an HTML page,
    empty for others.
    """
    for word in header_directives(headers):
        if word in OPT_OUT:
            return word
    if headers.get(TDM, "").strip() == "1":
        return TDM
    if _NO_TRAINING.search(headers.get("content-usage", "")):
        return "content-usage"
    for name, content in _metas(head):
        if name in (TOKEN, "robots"):
            for word in _words(content):
                if word in OPT_OUT:
                    return word
        elif name == TDM and content == "1":
            return TDM
    return None


def forbids_links(headers: Mapping[str, str]) -> bool:
    """Whether X-Robots-Tag asks that the page's links be left alone."""
    return any(word in NO_FOLLOW for word in header_directives(headers))


def header_directives(headers: Mapping[str, str]) -> Iterator[str]:
    """The directives of X-Robots-Tag that are for everybody or for us; ``googlebot: noindex`` is for another.

    A comma may join two fields or two directives of one agent: only the word right behind another's name is taken for
    that agent alone, so that in doubt a reservation is heeded.
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


def _words(content: str) -> Iterator[str]:
    for word in _SPLIT.split(content):
        yield word.strip()


def _metas(head: bytes) -> Iterator[tuple[str, str]]:
    for tag, raw in tags(head[:HEAD]):
        if tag == b"meta":
            values = attributes(raw)
            yield values.get("name", "").lower(), values.get("content", "").lower()
