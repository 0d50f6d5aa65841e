"""What shapes a document, by the step that reads it: the digests of the two recipes follow from it.

Each step takes its own class, so that a type checker sees when one reads a setting of the other, on which its recipe
does not depend.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from data.settings_model import SettingsModel

Language = Literal["es", "ca", "gl", "eu", "ast"]
"""Those whose stop words are known, by which a text's quality is judged."""


class PageLimits(SettingsModel):
    """What a page may cost, in either step."""

    max_seconds: float = Field(default=10.0, gt=0)
    """CPU seconds. A page that takes more is dropped and its process ended: extraction/too_slow, judging/too_slow."""
    max_memory: int = Field(default=1 << 30, ge=256 << 20)
    """Bytes that the process which reads a page may hold; a page that needs more: extraction/too_much_memory (or
    judging/)."""


class ExtractionSettings(PageLimits):
    """Settings of extraction. A change extracts every page again."""

    max_bytes: int = Field(default=10 << 20, gt=0)
    """A page with more bytes is dropped: extraction/too_large."""
    max_elements: int = Field(default=50_000, gt=0)
    """A page with more tags is dropped: extraction/too_many_elements."""
    max_pdf_pages: int = Field(default=300, gt=0)
    """Pages of a PDF that are read."""
    markup: Literal["plain", "markdown"] = "plain"
    """How the structure of an HTML page is written: plain, a line a block (headings, items and rows have no marks but
    the borders between cells), or markdown with ``#``, ``-``, ``1.`` and tables."""


class JudgingSettings(PageLimits):
    """Which texts are kept, and what is cut out of them. A change judges the extracted texts again."""

    former_names: ClassVar[Mapping[str, str]] = {"max_loose_words": "max_title_words"}

    languages: tuple[Language, ...] = Field(default=("es",), min_length=1)
    """Languages that are kept. The first is the corpus's; pages in the others (ca, gl, eu, ast) become side corpora
    in folders of their own, and change nothing of the first."""

    min_chars: int = Field(default=300, ge=0)
    """Menus and stubs rarely reach it; the language is not safe to decide below."""
    min_stop_words: int = Field(default=2, ge=0)
    """Different Spanish stop words in a text (FineWeb-2, Spanish)."""
    mean_word_length: tuple[float, float] = (3.0, 14.0)
    """Bounds in characters (FineWeb-2, Spanish)."""
    min_alphabetic: float = Field(default=0.45, ge=0, le=1)
    """Share of words with a letter, outside of tables. FineWeb-2's 0.825 counts punctuation marks among the words; ours
    lets laboratory values and doses in: below it are quotations, results, codes."""
    max_duplicate_lines: float = 0.5
    """Share of characters in lines that were there before. Gopher's 0.2 would drop menus of a week and recipes that
    print their list twice."""
    min_line_punctuation: float = 0.1
    """Share of the longer lines with an end of a sentence. FineWeb-2's 0.182 is for pages whose headings and lists were
    cut."""
    max_newline_ratio: float = Field(default=0.3, gt=0)
    """Line breaks for each word, outside of tables. FineWeb-2's 0.138 would drop glossaries and lists of symptoms."""
    max_top_ngrams: tuple[float, float, float] = (0.35, 0.3, 0.3)
    """Share of characters in the commonest 2-, 3- and 4-gram of words. FineWeb-2's 0.156, 0.14, 0.125 would drop
    definitions of diseases with long names."""
    max_frames: float = Field(default=0.105, gt=0, le=1)
    """Share of the letters in phrases of six words that five long sentences share, in a text with few figures."""
    max_duplicate_ngrams: float = Field(default=0.106, gt=0, le=1)
    """Share of the characters in repeated 5-grams, for a text of 1,200 to 4,000 words without figures; the rule allows
    more of shorter and of longer texts, and of texts with doses or other values."""
    min_accents: float = Field(default=0.003, ge=0, le=1)
    """Share of a Spanish text's letters that have an accent, a tilde or a diaeresis."""
    max_filler: float = Field(default=1.5, gt=0)
    """Stock phrases of machine-written pages for each hundred words."""
    max_legal: float = Field(default=1.5, gt=0)
    """Words of legal notices and cookie policies for each hundred words."""
    max_prices: float = Field(default=0.3, gt=0, le=1)
    """Share of lines with a price."""
    max_form_lines: float = Field(default=0.3, gt=0, le=1)
    """Share of lines that label a field of a form."""
    max_title_words: float = Field(default=0.5, gt=0, le=1)
    """Share of words in short lines without a full stop: menus, lists of links."""
    max_excerpts: float = Field(default=0.25, gt=0, le=1)
    """Share of lines that break off: the beginnings of articles on a front page, a tag, a category (Gopher: 0.3)."""
    min_health: float | None = Field(default=None, ge=0, le=1)
    """Least health relevance of a Spanish text; none: the score is kept in the document and decides nothing."""
    mask_personal_data: bool = True
    """Replace identity numbers, phones and e-mail addresses by their kind."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(set(self.languages)) < len(self.languages):
            raise ValueError(f"languages names one twice: {', '.join(self.languages)}")
        least, most = self.mean_word_length
        if least > most:
            raise ValueError(f"mean_word_length is the least and the most, not {least:g} and {most:g}")
        return self


class CleaningSettings(ExtractionSettings, JudgingSettings):
    """Limits of a page, languages kept, thresholds of the quality rules."""
