"""The title of a page without what its site and its template put around it."""

import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import urlsplit

_BORDER = re.compile(r"\s+[-–—|•·»«:/]+\s+|\s*[|•»]\s*")
_TEMPLATE = re.compile(
    r"(?:archivos?|archives?|page \d+(?: (?:of|de) \d+)?|p[áa]gina \d+(?: de \d+)?|inicio|home|portada|blog"
    r"|bienvenid[oa]s?|sin t[íi]tulo|untitled(?: document)?|documento sin t[íi]tulo|p[áa]gina principal|index)",
    re.IGNORECASE,
)
_TEMPLATE_EDGES = re.compile(
    r"^(?:archivos? de(?: la)?(?: categor[íi]a| etiqueta| autor)?"
    r"|(?:categor[íi]a|etiqueta|tag|category|autor|author|archivo)s?(?=\s*:))\s*:?\s+"
    r"|\s+(?:archives?|archivos?)$|\s*[(,]?\s*(?:page|p[áa]gina) \d+(?: (?:of|de) \d+)?\)?$",
    re.IGNORECASE,
)
_INDEX_ADDRESS = re.compile(
    r"/(?:tags?|etiquetas?|categor(?:y|ies|ia|ias|ía)|author|autor(?:es)?|archivos?|archives?|search|buscar|temas?)/[^/]+/?"
    r"(?:page/\d+/?)?$|/page/\d+/?$|/(?:19|20)\d\d(?:/\d\d)?/?$",
    re.IGNORECASE,
)
_INDEX_BODY = re.compile(
    rb"<body\b[^>]{0,400}?\bclass\s*=\s*[\"'][^\"'>]{0,400}?(?<![\w-])"
    rb"(?:archive|category|tag|author|date|search-results|blog)(?![\w-])"
)
"""Of a page in lower case."""
LEAST_SITE = 3
LEAST_CUT = 8
"""Characters of a title that may have been cut at a quotation mark."""


def own_title(title: str | None, url: str, site_name: str | None, headings: Sequence[str]) -> str | None:
    """The title without the name of its site and without words of a template; None where nothing is left.

    A part is the site's where it is the declared site name or the host's, or where the rest is a heading of the page.

    >>> own_title("La avena - DietasInfo.COM", "https://www.dietasinfo.com/a", None, [])
    'La avena'
    >>> own_title("Herramientas Archives | Page 5 of 17 | blog", "https://a.example/", "Blog", [])
    'Herramientas'
    >>> own_title("COVID-19 - qué hacer", "https://a.example/", None, [])
    'COVID-19 - qué hacer'
    >>> own_title("Qué es una", "https://a.example/", None, ['Qué es una "crisis" de asma'])
    'Qué es una "crisis" de asma'
    """
    if not title:
        return None
    title = next((heading for heading in headings if _is_cut_at_quote(title, heading)), title)
    parts = [part for part in _BORDER.split(title) if part and not _TEMPLATE.fullmatch(part.strip(" :"))]
    borders = [found[0] for found in _BORDER.finditer(title)]
    if not parts:
        return None
    shown = {_key(heading) for heading in headings}
    kept = next((parts[:count] for count in range(1, len(parts)) if _key("".join(parts[:count])) in shown), list(parts))
    while len(kept) > 1 and is_site_name(kept[-1], url, site_name):
        kept.pop()
    while len(kept) > 1 and is_site_name(kept[0], url, site_name):
        kept.pop(0)
    text = title if len(kept) == len(borders) + 1 else _joined(kept, title)
    text = _TEMPLATE_EDGES.sub("", text.strip()).strip(" |-–—•·»:")
    return text or None


def _is_cut_at_quote(title: str, heading: str) -> bool:
    """Whether an attribute ended a title at the first quotation mark in it: ``content="Qué es una "crisis" …"``."""
    bare = title.strip()
    return len(bare) >= LEAST_CUT and heading.startswith(bare) and heading[len(bare) :].lstrip()[:1] == '"'


def is_index(url: str, lower: bytes) -> bool:
    """Whether a page lists others (of a tag, a category, an author, a month), by its address or its body's class.

    ``lower`` is the page in lower case.
    """
    return _INDEX_ADDRESS.search(urlsplit(url).path) is not None or _INDEX_BODY.search(lower) is not None


def _joined(parts: Sequence[str], title: str) -> str:
    """The parts as they stand in the title, with their borders where they follow each other there."""
    begin, last = title.find(parts[0]), title.find(parts[-1], title.find(parts[0]))
    whole = title[begin : last + len(parts[-1])]
    return whole if [part for part in _BORDER.split(whole) if part] == list(parts) else " - ".join(parts)


def is_site_name(text: str, url: str, declared: str | None) -> bool:
    """Whether a text is the declared name of the site, or its host's: DietasInfo.COM, or the words that make it up."""
    key = _key(text)
    names = {_key(name) for name in (declared or "", *_host_names(url))}
    return len(key) >= LEAST_SITE and (key in names or key.removeprefix("www") in names)


def _host_names(url: str) -> list[str]:
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    labels = host.split(".")
    return [host, labels[0], *labels[-2:-1]]


def _key(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.lower())
    return "".join(character for character in plain if character.isalnum())
