"""The quality rules: one small class a rule, the source of its numbers beside it.

A rule measures a text, and refuses it for its figures alone: what was measured once is held against other bounds
without the text. The first figure of each rule is kept in the document.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from cleaning.pages.figures import Figures
from cleaning.pages.page import Drop
from cleaning.pages.page_kind_rules import Filler, Form, IndexPage, LegalPage, LinkList, NoErrorPage, PriceList
from cleaning.pages.prose_rules import Accents, Alphabetic, LinePunctuation, LongEnough, NewLines, StopWords, WordLength
from cleaning.pages.repetition_rules import DuplicateLines, DuplicateNgrams, SentenceFrames, TopNgrams
from cleaning.pages.text import Text
from cleaning.settings import JudgingSettings


class Rule(Protocol):
    """A quality rule."""

    @property
    def name(self) -> str:
        """What the figure and the reason are called."""

    def measure(self, text: Text) -> Figures:
        """The figures; they must not depend on a setting."""

    def refuses(self, figures: Figures) -> bool:
        """Whether a text of these figures is dropped."""


def rules_of(settings: JudgingSettings) -> tuple[Rule, ...]:
    """The rules in the order in which they are asked: cheap and telling ones first."""
    return (
        LongEnough(settings.min_chars),
        NoErrorPage(),
        StopWords(settings.min_stop_words),
        WordLength(settings.mean_word_length),
        Alphabetic(settings.min_alphabetic),
        IndexPage(settings.max_excerpts),
        LegalPage(settings.max_legal),
        PriceList(settings.max_prices),
        Form(settings.max_form_lines),
        DuplicateLines(settings.max_duplicate_lines),
        LinkList(settings.max_title_words),
        LinePunctuation(settings.min_line_punctuation),
        NewLines(settings.max_newline_ratio),
        Accents(settings.min_accents),
        Filler(settings.max_filler),
        TopNgrams(settings.max_top_ngrams),
        SentenceFrames(settings.max_frames),
        DuplicateNgrams(settings.max_duplicate_ngrams),
    )


def judge(text: Text, rules: Sequence[Rule]) -> tuple[dict[str, float], Drop | None]:
    """Ask the rules in turn; the figures measured, and the refusal of the first that refuses."""
    return decide(lambda rule: rule.measure(text), rules)


def decide(measured: Callable[[Rule], Figures], rules: Sequence[Rule]) -> tuple[dict[str, float], Drop | None]:
    """As ``judge``, where the figures come from elsewhere; those behind the first refusal are not asked for."""
    shown: dict[str, float] = {}
    for rule in rules:
        figures = measured(rule)
        shown[rule.name] = round(figures[0], 4)
        if rule.refuses(figures):
            return shown, Drop(f"quality/{rule.name}", figures[0])
    return shown, None
