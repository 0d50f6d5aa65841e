"""PDF → text. Guides and leaflets of health bodies are mostly PDFs."""

import re

import pypdfium2

from cleaning.pages.normal_text import normal_line, normal_text
from cleaning.pages.page import Drop, Page, Raw
from cleaning.settings import ExtractionSettings

_HYPHENATED = re.compile(r"(\w)[-\u00ad\ufffe\x02]\r?\n(\w)")
_WRAPPED = re.compile(r"(?<=[^.:;?!\s])[ \t]*\r?\n[ \t]*(?=[a-záéíóúüñ(])")
"""A line break inside a sentence: no stop before it, a small letter after it."""


def extract_pdf(raw: Raw, settings: ExtractionSettings) -> Page | Drop:
    """Take the text of a PDF with its lines joined to paragraphs."""
    try:
        document = pypdfium2.PdfDocument(raw.body)
        try:
            pages = [_page_text(document, number) for number in range(min(len(document), settings.max_pdf_pages))]
            title = normal_line(document.get_metadata_value("Title"))
        finally:
            document.close()
    except (pypdfium2.PdfiumError, ValueError) as error:
        return Drop("extraction/broken_pdf", detail=str(error)[:200])
    text = normal_text(_WRAPPED.sub(" ", _HYPHENATED.sub(r"\1\2", "\n".join(pages))))
    return Page(text, title=title) if text else Drop("extraction/no_text")


def _page_text(document: pypdfium2.PdfDocument, number: int) -> str:
    page = document[number]
    try:
        textpage = page.get_textpage()
        try:
            return str(textpage.get_text_bounded())
        finally:
            textpage.close()
    finally:
        page.close()
