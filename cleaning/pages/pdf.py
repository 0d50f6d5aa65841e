"""PDF → text: characters with their places, lines, columns, tables, paragraphs; running lines out.

Guides and leaflets of health bodies are mostly PDFs. The steps stand in files of their own: ``pdf_glyphs``,
``pdf_rules``, ``pdf_lines``, ``pdf_layout``, ``pdf_running``, ``pdf_paragraphs``, ``pdf_hyphens``, ``pdf_metadata``.
"""

from collections import Counter
from collections.abc import Sequence

import pypdfium2

from cleaning.pages.licences import pdf_licence
from cleaning.pages.normal_text import normal_line, normal_text
from cleaning.pages.page import Drop, Page, Raw
from cleaning.pages.pdf_glyphs import PageRuns, Run, page_runs
from cleaning.pages.pdf_hyphens import Hyphens
from cleaning.pages.pdf_layout import blocks_of
from cleaning.pages.pdf_lines import pieces_of
from cleaning.pages.pdf_metadata import pdf_metadata
from cleaning.pages.pdf_paragraphs import Paragraph, joined_over_breaks, paragraphs_of
from cleaning.pages.pdf_rules import rules_of
from cleaning.pages.pdf_running import without_running_lines
from cleaning.pages.superscripts import with_fractions
from cleaning.settings import ExtractionSettings

MAX_CHARACTERS = 600_000
"""Characters of a PDF that are read, whole pages: 100,000 words, 4 CPU seconds (bench/pdf.py)."""
MAX_UNMAPPED = 0.3
"""Share of characters without a meaning from which a file's text cannot be trusted."""
_PASSWORD, _SECURITY = 4, 5
"""Error codes of pdfium: a password is wanted; a kind of encryption that it does not know."""
_SCANNED = 40
"""Characters a page below which a file with pictures is a scan: stamps, a page number."""
_STAMP = 0.06
"""Share of a page's characters below which text that runs aslant is a watermark."""


def extract_pdf(raw: Raw, settings: ExtractionSettings) -> Page | Drop:
    """Take the text of a PDF in reading order, and what the file says of itself."""
    try:
        document = pypdfium2.PdfDocument(raw.body)
    except (pypdfium2.PdfiumError, ValueError) as error:
        is_locked = getattr(error, "err_code", None) in (_PASSWORD, _SECURITY)
        return Drop("extraction/encrypted" if is_locked else "extraction/broken_pdf", detail=str(error)[:200])
    try:
        pages = _read_pages(document, settings)
        metadata = pdf_metadata(document, raw.body)
    finally:
        document.close()
    characters = sum(page.characters for page in pages)
    unmapped = sum(page.unmapped for page in pages)
    if characters and unmapped > MAX_UNMAPPED * characters:
        return Drop("extraction/unmapped_font", unmapped / characters)
    text = normal_text(with_fractions("\n".join(_paragraphs(pages))))
    if len(text) < _SCANNED * len(pages) and any(page.has_image for page in pages):
        return Drop("extraction/scanned_pdf", len(text) / len(pages))
    if not text:
        return Drop("extraction/no_text" if pages else "extraction/broken_pdf")
    return Page(
        text,
        title=normal_line(metadata.title),
        published=metadata.published,
        declared_language=metadata.language,
        licence=pdf_licence(raw.body, raw.url, raw.link),
    )


def _read_pages(document: pypdfium2.PdfDocument, settings: ExtractionSettings) -> list[PageRuns]:
    """The runs of the pages that are read; a page that is damaged is skipped."""
    pages: list[PageRuns] = []
    left = MAX_CHARACTERS
    for number in range(min(len(document), settings.max_pdf_pages)):
        try:
            page = document[number]
        except pypdfium2.PdfiumError:
            continue
        try:
            pages.append(page_runs(page))
        finally:
            page.close()
        left -= pages[-1].characters
        if left < 0:
            break
    return pages


def _paragraphs(pages: Sequence[PageRuns]) -> list[str]:
    """The text of the pages: of each the main direction first, then what stands beside it in another."""
    turned = [_by_turn(page.runs) for page in pages]
    rules = [[rules_of(page.drawn, runs[0].turn) for runs in parts] for page, parts in zip(pages, turned, strict=True)]
    pieces = [
        [pieces_of(runs, rule) for runs, rule in zip(parts, own, strict=True)]
        for parts, own in zip(turned, rules, strict=True)
    ]
    main = without_running_lines([parts[0] if parts else [] for parts in pieces])
    repeated = Counter(text for parts in pieces for text in {piece.text for part in parts[1:] for piece in part})
    hyphens = Hyphens(piece.text for page in main for piece in page)
    found: list[Sequence[Paragraph]] = []
    for page, parts, own in zip(main, pieces, rules, strict=True):
        beside = [[piece for piece in part if repeated[piece.text] == 1] for part in parts[1:]]
        for part, rule in zip([page, *beside], own, strict=False):
            found += (paragraphs_of(block, hyphens) for block in blocks_of(part, rule))
    return [paragraph.text for paragraph in joined_over_breaks(found, hyphens)]


def _by_turn(runs: Sequence[Run]) -> list[list[Run]]:
    """Runs by their direction, that of most text first; what runs aslant and is little is a watermark."""
    lengths: Counter[int] = Counter()
    for run in runs:
        lengths[run.turn] += len(run.text)
    total = lengths.total()
    order = sorted(lengths, key=lambda turn: (-lengths[turn], turn))
    kept = [turn for turn in order if turn % 90 == 0 or lengths[turn] > _STAMP * total]
    return [[run for run in runs if run.turn == turn] for turn in kept]
