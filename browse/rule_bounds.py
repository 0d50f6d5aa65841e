"""Each quality rule with the setting that bounds it: for the scales of a page, and for trying other bounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cleaning.pages.figures import Figures
from cleaning.pages.quality import Rule, rules_of
from cleaning.settings import CleaningSettings, JudgingSettings

LEAST, MOST, BETWEEN = "least", "most", "between"
SETTINGS: Mapping[str, tuple[str, str]] = {
    "too_short": ("min_chars", LEAST),
    "stop_words": ("min_stop_words", LEAST),
    "word_length": ("mean_word_length", BETWEEN),
    "non_alphabetic": ("min_alphabetic", LEAST),
    "index_page": ("max_excerpts", MOST),
    "legal_page": ("max_legal", MOST),
    "price_list": ("max_prices", MOST),
    "form": ("max_form_lines", MOST),
    "duplicate_lines": ("max_duplicate_lines", MOST),
    "link_list": ("max_title_words", MOST),
    "line_punctuation": ("min_line_punctuation", LEAST),
    "list": ("max_newline_ratio", MOST),
    "unaccented": ("min_accents", LEAST),
    "filler": ("max_filler", MOST),
    "top_ngram": ("max_top_ngrams", MOST),
    "sentence_frames": ("max_frames", MOST),
    "duplicate_ngrams": ("max_duplicate_ngrams", MOST),
}
"""By the name of a rule; ``error_page`` has no bound to set. Of ``max_top_ngrams`` the first number is shown."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A rule's figure for a page beside its bound. Places are hundredths of the scale's width."""

    rule: str
    setting: str | None
    figure: float | None
    """None where the rule was not asked."""
    bounds: tuple[float, ...]
    refuses: bool
    """By all that the rule measures, of which the figure shown is one."""
    here: float
    refused: tuple[tuple[float, float], ...]
    """Where and how wide the stretches are in which a page is refused."""


def bounds_of(settings: JudgingSettings, rule: str) -> tuple[float, ...]:
    """The bound of a rule in the settings, or both; empty where it has none."""
    named = SETTINGS.get(rule)
    if named is None:
        return ()
    value = getattr(settings, named[0])
    if isinstance(value, tuple):
        return tuple(map(float, value)) if named[1] == BETWEEN else (float(value[0]),)
    return (float(value),)


def scales_of(settings: CleaningSettings, figures: Mapping[str, Figures], shown: Mapping[str, float]) -> list[Scale]:
    """The scales of all rules, in the order in which they are asked.

    ``figures`` is all that was measured; ``shown`` what a document keeps of it, where the rest is no longer known.
    """
    return [_scale(settings, rule, figures.get(rule.name), shown.get(rule.name)) for rule in rules_of(settings)]


def _scale(settings: CleaningSettings, rule: Rule, figures: Figures | None, shown: float | None) -> Scale:
    figure = figures[0] if figures else shown
    bounds = bounds_of(settings, rule.name)
    setting, direction = SETTINGS.get(rule.name, (None, MOST))
    top = max([2 * bounds[-1] if bounds else 1.0, 1.1 * (figure or 0.0), 1e-9])
    if direction == BETWEEN:
        top = max(1.3 * bounds[-1], 1.1 * (figure or 0.0)) if bounds else top
    return Scale(
        rule.name,
        setting,
        figure,
        bounds,
        bool(figures) and rule.refuses(figures or ()),
        100 * (figure or 0.0) / top,
        tuple((100 * begin / top, 100 * (end - begin) / top) for begin, end in _refused(bounds, direction, top)),
    )


def _refused(bounds: Sequence[float], direction: str, top: float) -> list[tuple[float, float]]:
    if not bounds:
        return []
    below, above = (0.0, bounds[0]), (bounds[-1], top)
    return {LEAST: [below], MOST: [above], BETWEEN: [below, above]}[direction]
