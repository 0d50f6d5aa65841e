"""The licence that a page states for its text: in its header field, its elements, its JSON-LD, a PDF's XMP.

What names the page's licence goes first (rel=license, JSON-LD, meta elements). A bare link to Creative Commons counts
where all such links of the page name one licence and none of them stands beside a picture. A page that states several
licences states none: they are for parts of it.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from lxml.html import HtmlElement

from data.rights.licences import MAX_NAME, Licence, is_creative_commons, licence_at, licence_in, link_licence
from data.rights.rsl import MEDIA_TYPE
from data.rights.tdmrep import packets

_MENTIONS = (b"licens", b"licenc", b"creativecommons", b"rights")
"""What a page that states a licence has one of, in lower case; an expression for them takes five times as long."""
_LICENCE_META = frozenset(
    {"license", "licence", "dc.license", "dcterms.license", "dc.rights.license", "citation_license"}
)
_META = _LICENCE_META | {"rights", "copyright", "dc.rights", "dcterms.rights", "dc.rights.uri"}
"""Elements whose plain text is a licence; that of the others is mostly a notice of copyright."""
_PAGES = re.compile(r"(?:Article|Page|Posting|WebSite|CreativeWork|Report|Guide|Document)$")
"""Ends of the JSON-LD types whose licence is the page's; a picture or a data set within it has its own."""
_PICTURE = re.compile(
    r"\b(?:fotos?|foto ?graf[ií]as?|im[aá]gen(?:es)?|ilustraci[oó]n(?:es)?|iconos?|v[ií]deos?|mapas?|logos?|photos?"
    r"|images?|pictures?|icons?|figura|flickr|wikimedia|freepik|flaticon|pixabay|unsplash)\b",
    re.IGNORECASE,
)
_TEXT = re.compile(
    r"\b(?:textos?|contenidos?|obras?|art[ií]culos?|sitio|web|p[aá]ginas?|works?|contents?|articles?)\b", re.IGNORECASE
)
"""What else such a line may speak of; then its licence is the page's too."""
_NEAR = 300
"""Characters of an element's text in which words for pictures are looked for."""
_MAX_SCRIPTS, _MAX_JSON, _MAX_NODES = 20, 262_144, 5_000
_XMP = re.compile(
    r"<(?:cc:license|xmpRights:WebStatement|dcterms:license)\b[^>]{0,200}?(?:rdf:resource=[\"']([^\"']{5,500})[\"']|"
    r">\s*([^<]{5,500}?)\s*<)|\b(?:cc:license|xmpRights:WebStatement)=[\"']([^\"']{5,500})[\"']"
)
_XMP_NAMES = (b"cc:license", b"xmpRights:WebStatement", b"dcterms:license")


def html_licence(tree: HtmlElement, body: bytes, url: str, link: str = "") -> Licence | None:
    """The licence of an HTML page; ``tree`` is ``body`` parsed, ``link`` the header field."""
    if link and (found := link_licence(link, url)) is not None:
        return found
    lower = body.lower()
    if not any(mention in lower for mention in _MENTIONS):
        return None
    for stated in (_named(tree, url), _json_ld(tree, url), _meta(tree, url), _linked(tree, url)):
        found_all = list(dict.fromkeys(stated))
        if found_all:
            return found_all[0] if len(found_all) == 1 else None
    return None


def pdf_licence(body: bytes, url: str, link: str = "") -> Licence | None:
    """The licence of a PDF: the header field's, or that of its XMP packet."""
    if link and (found := link_licence(link, url)) is not None:
        return found
    for packet in packets(body, _XMP_NAMES):
        for groups in _XMP.findall(packet):
            address = next(one for one in groups if one)
            found = licence_at(address) if "://" in address else licence_in(address)
            if found is not None:
                return found
    return None


def _named(tree: HtmlElement, url: str) -> Iterator[Licence]:
    """rel=license, itemprop=license and property=cc:license. A ``link`` in the head is for the whole page."""
    within = []
    for element in tree.iter("link", "a", "area"):
        words = f"{element.get('rel', '')} {element.get('itemprop', '')} {element.get('property', '')}".lower().split()
        if {"license", "cc:license", "dct:license", "dcterms:license"}.isdisjoint(words):
            continue
        if element.get("type", "").lower() == MEDIA_TYPE or _of_a_picture(element):
            continue
        found = licence_at(element.get("href", ""), url)
        if found is None:
            continue
        if element.tag == "link":
            yield found
            return
        text = " ".join("".join(element.itertext()).split())
        within.append(Licence(found.name or text[:MAX_NAME] or None, found.url))
    yield from within


def _json_ld(tree: HtmlElement, url: str) -> Iterator[Licence]:
    scripts = (one.text for one in tree.iter("script") if "ld+json" in one.get("type", "").lower() and one.text)
    for number, text in enumerate(scripts):
        if number >= _MAX_SCRIPTS:
            return
        if "license" not in text or len(text) > _MAX_JSON:
            continue
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            continue
        for node in _nodes(said):
            for one in _listed(node["license"]):
                address = (one.get("url") or one.get("@id")) if isinstance(one, dict) else one
                found = _stated(address, url, plain=True) if isinstance(address, str) else None
                if found is not None:
                    yield found


def _nodes(said: Any) -> Iterator[dict[str, Any]]:
    """The nodes that are a page or an article and have a licence; those within other nodes are parts."""
    waiting, seen = [said], 0
    while waiting and seen < _MAX_NODES:
        one = waiting.pop()
        seen += 1
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            waiting += [one[name] for name in ("@graph", "mainEntity", "mainEntityOfPage") if name in one]
            if "license" in one and any(_PAGES.search(kind) for kind in map(str, _listed(one.get("@type")))):
                yield one


def _meta(tree: HtmlElement, url: str) -> Iterator[Licence]:
    for element in tree.iter("meta"):
        name = (element.get("name") or element.get("property") or "").lower().replace(":", ".")
        content = element.get("content", "")
        if name in _META and content:
            found = _stated(content, url, plain=name in _LICENCE_META)
            if found is not None:
                yield found


def _linked(tree: HtmlElement, url: str) -> Iterator[Licence]:
    """Bare links to Creative Commons."""
    for element in tree.iter("a"):
        address = element.get("href", "")
        if "creativecommons" in address and is_creative_commons(address) and not _of_a_picture(element):
            found = licence_at(address, url)
            if found is not None:
                yield found


def _stated(text: str, url: str, *, plain: bool) -> Licence | None:
    """What a value states: an address, a known licence in a text, or, where it is ``plain``, the text itself."""
    text = " ".join(text.split())
    if text.startswith(("http://", "https://", "//")) and " " not in text:
        return licence_at(text, url)
    found = licence_in(text)
    if found is not None or not plain or not text or "©" in text or "copyright" in text.lower():
        return found
    return Licence(text[:MAX_NAME])


def _of_a_picture(element: HtmlElement) -> bool:
    """Whether a link stands in a figure, in a description of a picture, or in a line that speaks of one."""
    for ancestor in element.iterancestors():
        kind = (ancestor.get("itemtype") or "").rpartition("/")[2]
        if ancestor.tag in ("figure", "figcaption") or kind in ("ImageObject", "VideoObject", "AudioObject"):
            return True
    line = element.getparent()
    text = " ".join("".join(line.itertext()).split()) if line is not None else ""
    return len(text) <= _NEAR and _PICTURE.search(text) is not None and _TEXT.search(text) is None


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [value]
