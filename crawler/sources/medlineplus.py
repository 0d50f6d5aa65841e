"""MedlinePlus health topics in Spanish: the daily XML file → a page a topic.

The format: medlineplus.gov/xmldescription.html and the DTD that the file names. ``full-summary`` is HTML in which signs
of mark-up are escaped. The summaries are in the public domain (medlineplus.gov/about/using/usingcontent).
"""

import html
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from lxml import etree

from crawler.sources.open_corpora import HTML, CorpusRecord, Skipped, day_of
from data.errors import InputError
from data.rights.licences import Licence

SOURCE = "medlineplus"
LICENCE = Licence("Public domain (United States)", "https://medlineplus.gov/about/using/usingcontent/")
_MOST_UNPACKED = 1 << 30


def topics(path: Path, day: datetime | None = None) -> Iterator[CorpusRecord | Skipped]:
    """The Spanish topics of an XML file, packed by zip or not; topics in English are left out.

    ``day`` is when the file was made, where it does not say so.

    Raises:
        InputError: the file is missing, damaged, or has no health topics.
    """
    generated: datetime | None = None
    count = 0
    with _opened(path) as file:
        try:
            for event, element in etree.iterparse(
                file,
                events=("start", "end"),
                tag=("health-topics", "health-topic"),
                resolve_entities=False,
                no_network=True,
            ):
                if event == "start":
                    if element.tag == "health-topics":
                        generated = _moment(element.get("date-generated") or "")
                    continue
                if element.tag == "health-topic":
                    count += 1
                    yield _topic(element, generated or day_of(path, day))
                    element.clear()
        except (etree.XMLSyntaxError, zipfile.BadZipFile) as error:
            raise InputError(
                f"{path}: damaged, or no XML ({error}). Fetch it again from medlineplus.gov/xml.html."
            ) from error
    if not count:
        raise InputError(
            f"{path}: no health topics in it. medlineplus.gov/xml.html has the file, mplus_topics_DATE.xml."
        )


def _topic(element: etree._Element, when: datetime) -> CorpusRecord | Skipped:
    if element.get("language") != "Spanish":
        return Skipped("another_language")
    title, url = element.get("title", "").strip(), element.get("url", "").strip()
    summary = _summary(element.find("full-summary"))
    if not summary:
        return Skipped("no_summary")
    created = _day(element.get("date-created", ""))
    published = f'<meta property="article:published_time" content="{created}">' if created else ""
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title>{published}'
    article = f"<article><h1>{html.escape(title)}</h1>{summary}</article>"
    page = f'<!doctype html><html lang="es"><head>{head}</head><body>{article}</body></html>'
    place = f"topic {element.get('id', '')} {when:%Y-%m-%dT%H:%M:%S}"
    return CorpusRecord(place, url, when, HTML, page.encode(), LICENCE)


def _summary(element: etree._Element | None) -> str:
    """The HTML of a summary, escaped or as elements."""
    if element is None:
        return ""
    within = (etree.tostring(one, encoding="unicode") for one in element)
    return "".join([element.text or "", *within]).strip()


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    if not path.is_file():
        raise InputError(f"{path}: no such file. medlineplus.gov/xml.html has it.")
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            yield file
        return
    with zipfile.ZipFile(path) as packed:
        inside = [one for one in packed.infolist() if one.filename.lower().endswith(".xml")]
        if len(inside) != 1 or inside[0].file_size > _MOST_UNPACKED:
            raise InputError(f"{path}: {len(inside)} XML files in it, or one that is too large; one is due.")
        with packed.open(inside[0]) as member:
            yield member


def _moment(text: str) -> datetime | None:
    """Parse MM/DD/YYYY HH:MM:SS; the time zone is not stated and assumed to be UTC."""
    try:
        return datetime.strptime(text.strip(), "%m/%d/%Y %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _day(text: str) -> str | None:
    try:
        return datetime.strptime(text.strip(), "%m/%d/%Y").replace(tzinfo=UTC).date().isoformat()
    except ValueError:
        return None
