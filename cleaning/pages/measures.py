"""What was measured of a text: all that judging asks, computed once, whatever the thresholds are."""

from dataclasses import dataclass, field

from cleaning.pages.figures import Figures
from cleaning.pages.quality import Rule


class NotMeasuredError(LookupError):
    """A measure that no judgement has asked for yet; the text itself must be looked at."""


@dataclass(frozen=True, slots=True)
class LanguageVerdict:
    """What the identifiers said of a text without its site's lines."""

    language: str
    score: float
    verdicts: dict[str, str]
    beginning: str
    """Of the text; a person wants to see what was taken for another language."""


@dataclass(frozen=True, slots=True)
class FinalText:
    """A document's text, cut and masked."""

    text: str | None
    """None where it is the extracted text, unchanged."""
    masked: dict[str, int]
    n_words: int


@dataclass(slots=True)
class Measures:
    """What is known of one text; None where nothing has asked for it yet."""

    characters: int | None = None
    """Without the lines of its site."""
    language: LanguageVerdict | None = None
    foreign: int | None = None
    """Paragraphs of another language that are cut out."""
    figures: dict[str, Figures] = field(default_factory=dict)
    """By the name of the rule."""
    health: float | None = None
    final: FinalText | None = None
    words: int | None = None
    """Of the extracted text; counted where it is dropped."""


class RememberedText:
    """A text of which only measures are at hand. What is not among them raises ``NotMeasuredError``."""

    def __init__(self, known: Measures | None = None) -> None:
        self.known = known or Measures()

    def characters(self) -> int:
        """Characters without the lines of the site."""
        if self.known.characters is None:
            self.known.characters = self._measure_characters()
        return self.known.characters

    def language(self) -> LanguageVerdict:
        """What language it is in."""
        if self.known.language is None:
            self.known.language = self._measure_language()
        return self.known.language

    def foreign(self) -> int:
        """Paragraphs of other languages."""
        if self.known.foreign is None:
            self.known.foreign = self._measure_foreign()
        return self.known.foreign

    def figures(self, rule: Rule) -> Figures:
        """What a rule measures."""
        if rule.name not in self.known.figures:
            self.known.figures[rule.name] = self._measure_figures(rule)
        return self.known.figures[rule.name]

    def health(self) -> float:
        """Health relevance."""
        if self.known.health is None:
            self.known.health = self._measure_health()
        return self.known.health

    def final(self) -> FinalText:
        """The text as a document has it."""
        if self.known.final is None:
            self.known.final = self._measure_final()
        return self.known.final

    def _measure_characters(self) -> int:
        raise NotMeasuredError

    def _measure_language(self) -> LanguageVerdict:
        raise NotMeasuredError

    def _measure_foreign(self) -> int:
        raise NotMeasuredError

    def _measure_figures(self, rule: Rule) -> Figures:
        raise NotMeasuredError(rule.name)

    def _measure_health(self) -> float:
        raise NotMeasuredError

    def _measure_final(self) -> FinalText:
        raise NotMeasuredError
