"""An extracted text → a document, or why it is dropped: length, language, quality, health, privacy, in that order."""

import functools
from collections.abc import Mapping, Sequence

from cleaning.pages.language import identify
from cleaning.pages.measures import Measures
from cleaning.pages.measuring import MeasuredText
from cleaning.pages.page import Drop, Page
from cleaning.pages.quality import Rule
from cleaning.pages.text import SPANISH
from cleaning.pages.verdict import verdict_of
from cleaning.settings import JudgingSettings

_WARM = "La vacuna de la gripe se pone cada otoño a las personas mayores y a quienes cuidan de ellas. " * 10


@functools.cache
def load_language_models() -> None:
    """Have the language models in memory, so that no text pays for them."""
    identify(_WARM)


def judge_page(page: Page, settings: JudgingSettings, rules: Sequence[Rule]) -> Page | Drop:
    """All that comes after extraction, as far as the first refusal. The same page gives the same answer."""
    return verdict_of(page, MeasuredText(page.text, page.figures, mask=settings.mask_personal_data), settings, rules)


def measured(
    text: str, figures: Mapping[str, float], known: Measures, settings: JudgingSettings, rules: Sequence[Rule]
) -> Measures:
    """All measures of an extracted text that its judgement asks for, those known among them.

    Of a text that a quality rule refuses, what stands behind the refusal is measured too. This takes 2.5 % of the time
    of cleaning (400 real pages), and no bound that is changed later needs the text again.
    """
    measuring = MeasuredText(text, figures, mask=settings.mask_personal_data, known=known)
    outcome = verdict_of(Page(text), measuring, settings, rules)
    if isinstance(outcome, Drop) and measuring.known.figures:
        for rule in rules:
            measuring.figures(rule)
        if measuring.language().language == SPANISH:
            measuring.health()
        measuring.final()
    return measuring.known
