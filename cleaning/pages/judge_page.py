"""An extracted text → a document's text, or why it is none: language, quality, privacy, in that order."""

from collections.abc import Sequence

from cleaning.pages.boilerplate import without_site_lines
from cleaning.pages.foreign import without_foreign_paragraphs
from cleaning.pages.health import health_score
from cleaning.pages.language import identify
from cleaning.pages.page import Drop, Page
from cleaning.pages.privacy import masked
from cleaning.pages.quality import Rule, judge, rules_of
from cleaning.pages.text import SPANISH, Text, count_words
from cleaning.settings import JudgingSettings

_WARM = "La vacuna de la gripe se pone cada otoño a las personas mayores y a quienes cuidan de ellas. " * 10


def loaded_rules(settings: JudgingSettings) -> Sequence[Rule]:
    """The rules of the settings, once the language models are in memory: no page pays for them."""
    identify(_WARM)
    return rules_of(settings)


def judge_page(page: Page, settings: JudgingSettings, rules: Sequence[Rule]) -> Page | Drop:
    """All that comes after extraction; ``page`` is changed in place. The same page gives the same answer."""
    page.text = without_site_lines(page.text)
    if len(page.text) < settings.min_chars:
        return Drop("quality/too_short", len(page.text))
    verdict = identify(page.text)
    page.language, page.language_score, page.verdicts = verdict.language, verdict.score, dict(verdict.verdicts)
    if page.declared_language is not None:
        page.verdicts["html"] = page.declared_language
    if verdict.language not in settings.languages:
        return Drop(f"language/{verdict.language}", verdict.score, detail=page.text[:120])
    foreign = 0
    if page.language == SPANISH:
        page.text, foreign = without_foreign_paragraphs(page.text)
    text = Text(page.text, page.language)
    page.quality, refusal = judge(text, rules)
    if refusal is not None:
        return refusal
    if foreign:
        page.quality["foreign_paragraphs"] = foreign
    if page.language == SPANISH:
        page.health = health_score(text.words)
        if settings.min_health is not None and page.health < settings.min_health:
            return Drop("quality/off_topic", page.health)
    if settings.mask_personal_data:
        page.text, page.masked = masked(page.text)
    page.n_words = count_words(page.text.lower()) if page.masked else len(text.words)
    return page
