"""A fetched page → its text with what it says of itself, or why there is none; nothing is judged."""

from cleaning.pages.extraction import extract_html
from cleaning.pages.normal_text import normal_text
from cleaning.pages.page import Drop, Page, Raw
from cleaning.pages.pdf import extract_pdf
from cleaning.settings import ExtractionSettings


def extract_page(raw: Raw, settings: ExtractionSettings) -> Page | Drop:
    """The text of an HTML page or of a PDF, or one that came as text. The same page gives the same answer."""
    if raw.is_text:
        text = normal_text(raw.body.decode("utf-8", "replace").replace("\x00", ""))
        return Page(text, given=True) if text else Drop("extraction/no_text")
    return extract_pdf(raw, settings) if raw.is_pdf else extract_html(raw, settings)
