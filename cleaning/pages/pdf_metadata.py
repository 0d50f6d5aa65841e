"""What a PDF says of itself: title, day and language from XMP, the Info dictionary and the catalog."""

import ctypes
import re
from dataclasses import dataclass
from datetime import date
from html import unescape

import pypdfium2
import pypdfium2.raw as pdfium

_PACKET = re.compile(rb"<x:xmpmeta\b.{0,65536}?</x:xmpmeta>", re.DOTALL)
_TITLE = re.compile(r"<dc:title\b[^>]*>\s*<rdf:Alt\b[^>]*>\s*<rdf:li\b[^>]*>(.{0,500}?)</rdf:li>", re.DOTALL)
_LANGUAGE = re.compile(r"<dc:language\b[^>]*>\s*<rdf:Bag\b[^>]*>\s*<rdf:li\b[^>]*>([^<]{2,20})</rdf:li>", re.DOTALL)
_CREATED = re.compile(r"xmp:CreateDate(?:>|=\")(\d{4}-\d{2}-\d{2})")
_PROGRAM = re.compile(
    r"^(?:Microsoft (?:Word|PowerPoint|Excel|Publisher) ?- ?|Impresi[óo]n de fax completa|Print ?- ?)", re.IGNORECASE
)
_FILE = re.compile(
    r"\.(?:docx?|pptx?|xlsx?|od[tps]|rtf|indd?|qxd|qxp|pdf|pub|pmd|p65|cdr|ai|eps|tex|dvi|html?|jpe?g|tiff?)$",
    re.IGNORECASE,
)
_NO_TITLE = re.compile(
    r"(?:untitled|sin t[íi]tulo|sin nombre|documento?|document|presentaci[óo]n(?: de powerpoint)?|"
    r"powerpoint presentation|"
    r"diapositiva|slide|t[íi]tulo|title|layout|maquetaci[óo]n|folleto|none|null|p[áa]gina|page|libro|plantilla|portada|informe|"
    r"hoja|scan|escaneo|image|imagen)[\s_-]*\d*",
    re.IGNORECASE,
)
_LANGUAGE_TAG = re.compile(r"[a-zA-Z]{2,3}(?:[-_][a-zA-Z0-9]{2,8})*")
_INFO_DATE = re.compile(r"D:(\d{4})(\d{2})?(\d{2})?")
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_MIN_LETTERS, _MAX_TITLE = 4, 300


@dataclass(frozen=True, slots=True)
class PdfMetadata:
    """What is missing or makes no sense is None."""

    title: str | None
    published: date | None
    language: str | None


def pdf_metadata(document: pypdfium2.PdfDocument, body: bytes) -> PdfMetadata:
    """Read the metadata; XMP that is compressed is skipped."""
    found = _PACKET.search(body)
    xmp = found[0].decode("utf-8", "replace") if found is not None else ""
    title = _TITLE.search(xmp)
    language = _LANGUAGE.search(xmp)
    created = _CREATED.search(xmp)
    titles = (unescape(title[1]) if title else None, document.get_metadata_value("Title"))
    return PdfMetadata(
        next((sensible for one in titles if (sensible := sensible_title(one)) is not None), None),
        (_day(*created[1].split("-")) if created else None) or _info_day(document.get_metadata_value("CreationDate")),
        language_tag(_catalog_language(document)) or language_tag(language[1] if language else None),
    )


def sensible_title(title: str | None) -> str | None:
    """A title that a person gave; not a file's name, a program's default or a number.

    >>> sensible_title("Microsoft Word - guia_v3.doc"), sensible_title("Untitled-1"), sensible_title("  Guía del asma ")
    (None, None, 'Guía del asma')
    """
    text = " ".join((title or "").replace("\x00", "").split())
    bare = _PROGRAM.sub("", text)
    is_file = _FILE.search(bare) is not None or (bare != text and " " not in bare) or ("_" in bare and " " not in bare)
    letters = sum(map(str.isalpha, bare))
    if (
        is_file
        or letters < _MIN_LETTERS
        or letters < len(bare) / 2
        or len(bare) > _MAX_TITLE
        or _NO_TITLE.fullmatch(bare)
    ):
        return None
    return bare


def language_tag(tag: str | None) -> str | None:
    """``es-ES`` as ``es-es``; None where it is no tag."""
    text = (tag or "").strip()
    return text.replace("_", "-").lower() if _LANGUAGE_TAG.fullmatch(text) else None


def _catalog_language(document: pypdfium2.PdfDocument) -> str:
    length = pdfium.FPDFCatalog_GetLanguage(document.raw, None, 0)
    if not 2 < length < 200:  # noqa: PLR2004 - bytes of UTF-16 with its end
        return ""
    buffer = ctypes.create_string_buffer(length)
    pdfium.FPDFCatalog_GetLanguage(document.raw, ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR)), length)
    return buffer.raw.decode("utf-16-le", "replace").rstrip("\x00")


def _info_day(text: str) -> date | None:
    found = _INFO_DATE.match(text)
    return _day(found[1], found[2] or "1", found[3] or "1") if found is not None and found[2] else None


def _day(year: str, month: str, day: str) -> date | None:
    try:
        made = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return made if _FIRST_YEAR <= made.year <= _LAST_YEAR else None
