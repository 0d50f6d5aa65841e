"""A fetched page → its text with what it says of itself, or why there is none; nothing is judged."""

from cleaning.pages.extraction import extract_html
from cleaning.pages.page import Drop, Page, Raw
from cleaning.pages.pdf import extract_pdf
from cleaning.settings import ExtractionSettings


def extract_page(raw: Raw, settings: ExtractionSettings) -> Page | Drop:
    """The text of an HTML page or of a PDF. The same page gives the same answer."""
    return extract_pdf(raw, settings) if raw.is_pdf else extract_html(raw, settings)
