"""SciELO: articles as JATS XML (SciELO Publishing Schema) → a page an article, with its licence.

articlemeta gives them (``/api/v1/article/?code=PID&format=xmlrsps``), and so do journals' packages. The Spanish text is
taken: the article where it is in Spanish, else its translation (``sub-article``). What the page shows: title,
abstract, sections with lists, tables and captions; references, acknowledgements and notes are left out.
"""

import html
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from html.entities import html5
from pathlib import Path

from lxml import etree

from crawler.sources.jats import page_of
from crawler.sources.open_corpora import HTML, CorpusRecord, Skipped, day_of, files_in
from data.errors import InputError
from data.rights.licences import Licence, licence_at, licence_in

SOURCE = "scielo"
ENDINGS = (".xml", ".zip")
_XLINK, _LANG = "{http://www.w3.org/1999/xlink}href", "{http://www.w3.org/XML/1998/namespace}lang"
_MOST_BYTES = 64 << 20
"""Bytes of an article that are read."""
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
_NAMED = re.compile(rb"&([A-Za-z][A-Za-z0-9]{1,31});")
_XML_OWN = frozenset({"amp", "lt", "gt", "quot", "apos"})
_ONLINE, _PUBLISHED = ("epub", "epub-ppub"), ("pub", "ppub", "collection")


def articles(paths: Sequence[Path], day: datetime | None = None) -> Iterator[CorpusRecord | Skipped]:
    """The Spanish texts of some files, folders and zip packages.

    ``day`` is when they were fetched, else the day of each file.

    Raises:
        InputError: a path is missing, or a package is damaged.
    """
    for path in files_in(paths, ENDINGS):
        when = day_of(path, day)
        for name, content in _contents(path):
            yield _article(content(), name, when)


def _contents(path: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    if not zipfile.is_zipfile(path):
        yield path.name, path.read_bytes
        return
    try:
        with zipfile.ZipFile(path) as packed:
            for one in packed.infolist():
                if one.filename.lower().endswith(".xml"):
                    yield f"{path.name}/{one.filename}", lambda one=one: packed.read(one)  # type: ignore[misc]
    except zipfile.BadZipFile as error:
        raise InputError(f"{path}: damaged ({error}).") from error


def _article(content: bytes, name: str, when: datetime) -> CorpusRecord | Skipped:
    if len(content) > _MOST_BYTES:
        return Skipped("too_large")
    try:
        root = etree.fromstring(_NAMED.sub(_numbered, content), _PARSER)
    except etree.XMLSyntaxError:
        return Skipped("damaged")
    if root.tag != "article":
        return Skipped("no_jats")
    text = _in_spanish(root)
    if text is None:
        return Skipped("another_language")
    url = _address(root, text)
    if url is None:
        return Skipped("no_address")
    if text.find("body") is None:
        return Skipped("no_full_text")
    page = page_of(text, title=_title(root, text), abstract=_abstract(root, text))
    published = _published(root)
    day = f'<meta property="article:published_time" content="{published}">' if published else ""
    title = html.escape(_title(root, text))
    head = f'<meta charset="utf-8"><title>{title}</title>{day}'
    body = f'<!doctype html><html lang="es"><head>{head}</head><body>{page}</body></html>'
    return CorpusRecord(f"{name} {len(content)}", url, when, HTML, body.encode(), _licence(root))


def _numbered(entity: re.Match[bytes]) -> bytes:
    """Replace a named HTML entity, which JATS declares in its DTD, by its number; others stay."""
    name = entity[1].decode("ascii")
    signs = None if name in _XML_OWN else html5.get(f"{name};")
    return entity[0] if signs is None else "".join(f"&#{ord(sign)};" for sign in signs).encode()


def _in_spanish(root: etree._Element) -> etree._Element | None:
    """The article, or its translation."""
    if (root.get(_LANG) or "").lower().startswith("es"):
        return root
    for sub in root.iterfind("sub-article[@article-type='translation']"):
        if (sub.get(_LANG) or "").lower().startswith("es"):
            return sub
    return None


def _address(root: etree._Element, text: etree._Element) -> str | None:
    """The URL of its full text, or else its DOI."""
    uris = [
        (one.get("content-type", ""), one.get(_XLINK) or "") for one in root.iterfind("front/article-meta/self-uri")
    ]
    pages = [url for kind, url in uris if "pdf" not in kind and not url.lower().endswith(".pdf")]
    found = next((url for url in pages if url.startswith(("http://", "https://"))), None)
    if found is not None:
        return found
    for meta in (text.find("front-stub"), root.find("front/article-meta")):
        doi = meta.findtext("article-id[@pub-id-type='doi']") if meta is not None else None
        if doi and doi.strip().startswith("10."):
            return f"https://doi.org/{doi.strip()}"
    return None


def _title(root: etree._Element, text: etree._Element) -> str:
    meta = _meta(root, text)
    found = meta.find("title-group/article-title") if meta is not None else None
    return " ".join("".join(map(str, found.itertext())).split()) if found is not None else ""


def _abstract(root: etree._Element, text: etree._Element) -> etree._Element | None:
    meta = _meta(root, text)
    return meta.find("abstract") if meta is not None else None


def _meta(root: etree._Element, text: etree._Element) -> etree._Element | None:
    if text is root:
        return root.find("front/article-meta")
    stub = text.find("front-stub")
    return stub if stub is not None else text.find("front/article-meta")


def _published(root: etree._Element) -> str | None:
    """The date of publication, online first, if a full date is given."""
    dates = root.findall("front/article-meta/pub-date")
    for kinds in (_ONLINE, _PUBLISHED):
        for one in dates:
            kind = one.get("date-type") or one.get("pub-type") or ""
            parts = [one.findtext(name) or "" for name in ("year", "month", "day")]
            if kind in kinds and all(part.strip().isdigit() for part in parts):
                try:
                    return date(*map(int, parts)).isoformat()
                except ValueError:
                    continue
    return None


def _licence(root: etree._Element) -> Licence | None:
    """The licence of its permissions, by address or else by text."""
    for one in root.iterfind("front/article-meta/permissions/license"):
        address = one.get(_XLINK) or next((uri.get(_XLINK) or "" for uri in one.iter("ext-link", "uri")), "")
        found = licence_at(address) if address else None
        found = found or licence_in(" ".join(map(str, one.itertext())))
        if found is not None:
            return found
    return None
