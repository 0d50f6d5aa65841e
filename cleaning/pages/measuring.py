"""A text at hand: what judging asks of it is computed when it is asked."""

from collections.abc import Mapping
from functools import cached_property

from cleaning.pages.boilerplate import without_site_lines
from cleaning.pages.figures import Figures
from cleaning.pages.foreign import without_foreign_paragraphs
from cleaning.pages.health import health_score
from cleaning.pages.language import identify
from cleaning.pages.measures import FinalText, LanguageVerdict, Measures, RememberedText
from cleaning.pages.privacy import masked
from cleaning.pages.quality import Rule
from cleaning.pages.text import SPANISH, Text, count_words

BEGINNING = 120
"""Characters of a text in another language that are shown."""


class MeasuredText(RememberedText):
    """The extracted text of a page, with what is known of it already."""

    def __init__(
        self, extracted: str, page_figures: Mapping[str, float], *, mask: bool, known: Measures | None = None
    ) -> None:
        super().__init__(known)
        self._extracted = extracted
        self._page_figures = page_figures
        self._mask = mask

    @cached_property
    def _trimmed(self) -> str:
        """Without the lines of the site."""
        return without_site_lines(self._extracted)

    @cached_property
    def _cut(self) -> tuple[str, int]:
        """And without the paragraphs of other languages, where it is Spanish; and how many those were."""
        if self.language().language != SPANISH or self.known.foreign == 0:
            return self._trimmed, 0
        return without_foreign_paragraphs(self._trimmed)

    @cached_property
    def _text(self) -> Text:
        return Text(self._cut[0], self.language().language, self._page_figures)

    def _measure_characters(self) -> int:
        return len(self._trimmed)

    def _measure_language(self) -> LanguageVerdict:
        verdict = identify(self._trimmed)
        return LanguageVerdict(verdict.language, verdict.score, dict(verdict.verdicts), self._trimmed[:BEGINNING])

    def _measure_foreign(self) -> int:
        return self._cut[1]

    def _measure_figures(self, rule: Rule) -> Figures:
        return rule.measure(self._text)

    def _measure_health(self) -> float:
        return health_score(self._text.words)

    def _measure_final(self) -> FinalText:
        text, counts = masked(self._cut[0]) if self._mask else (self._cut[0], {})
        words = count_words(text.lower()) if counts else len(self._text.words)
        return FinalText(None if text == self._extracted else text, counts, words)
