"""What becomes of a text, by its measures and the settings: the one place that decides, with the text or without it."""

from collections.abc import Sequence
from dataclasses import replace

from cleaning.pages.measures import RememberedText
from cleaning.pages.page import Drop, Page
from cleaning.pages.quality import Rule, decide
from cleaning.pages.text import SPANISH
from cleaning.settings import JudgingSettings


def verdict_of(page: Page, text: RememberedText, settings: JudgingSettings, rules: Sequence[Rule]) -> Page | Drop:
    """The document that a page becomes, or the reason why it is dropped; nothing after the first refusal is measured.

    Raises:
        NotMeasuredError: the decision needs what is not known of a text that is not at hand.
    """
    if text.characters() < settings.min_chars:
        return Drop("quality/too_short", text.characters())
    found = text.language()
    if found.language not in settings.languages:
        return Drop(f"language/{found.language}", found.score, detail=found.beginning)
    foreign = text.foreign()
    quality, refusal = decide(text.figures, rules)
    if refusal is not None:
        return refusal
    health = text.health() if found.language == SPANISH else None
    if health is not None and settings.min_health is not None and health < settings.min_health:
        return Drop("quality/off_topic", health)
    final = text.final()
    return replace(
        page,
        text=page.text if final.text is None else final.text,
        language=found.language,
        language_score=found.score,
        n_words=final.n_words,
        verdicts=found.verdicts | ({} if page.declared_language is None else {"html": page.declared_language}),
        quality=quality | ({"foreign_paragraphs": foreign} if foreign else {}),
        health=health,
        masked=final.masked,
    )
