"""What each quality rule does to a version, what readers say of it, and what another bound would do.

Nothing is cleaned: the measures that lie beside the extracted texts are held against other bounds by the same code that
decided (``cleaning.pages.verdict``). A proposal is a bound under which, of the labelled pages that the rule would drop,
at least the stated share is bad; of several the one under which the rules together drop the most bad pages. It says
nothing of pages unlike those that were labelled.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from pydantic import BaseModel, ConfigDict

from browse.judged import KEPT, Judged
from browse.labels import BAD, DOUBTFUL, GOOD
from browse.rule_bounds import BETWEEN, SETTINGS, bounds_of
from browse.wilson import wilson
from cleaning.pages.quality import Rule, rules_of
from cleaning.settings import CleaningSettings

FACTORS = (0.5, 0.8, 1.25, 2.0)
"""Bounds that are tried beside a proposal, as multiples of the present one."""
MOST_CANDIDATES = 60
"""Bounds that a proposal is chosen from."""
LEAST_LABELLED = 10
"""Labelled pages, not doubtful, that a proposal must rest on."""


class Trial(BaseModel):
    """What a bound does, on the labelled pages and on all."""

    model_config = ConfigDict(frozen=True)

    bound: float
    dropped_good: int
    """Labelled good, dropped by this rule: wrong drops."""
    dropped_bad: int
    wrong: tuple[float, float]
    """Wilson's interval, 95 %, of the share of wrong drops."""
    comes: int = 0
    """Pages of the version's texts that are kept under this bound and were dropped."""
    goes: int = 0
    """Pages that are dropped under it and were kept."""
    unknown: int = 0
    """Pages that it no longer drops, of which too little was measured to say what would become of them."""


class RuleReport(BaseModel):
    """One rule."""

    model_config = ConfigDict(frozen=True)

    rule: str
    setting: str | None
    bounds: tuple[float, ...]
    drops: int
    """Pages that it drops under the present settings, whatever else would drop them after it."""
    good: int
    """Labelled among them: good, bad, doubtful."""
    bad: int
    doubtful: int
    wrong: tuple[float, float]
    tried: list[Trial]
    proposed: Trial | None
    """Under the stated precision; None where too few pages are labelled, or the present bound is the best."""


class RulesReport(BaseModel):
    """All rules of a version."""

    model_config = ConfigDict(frozen=True)

    version: str
    precision: float
    pages: int
    """Pages with measures."""
    labels: int
    """Labels of texts as they are."""
    stale: int
    """Labels whose text has changed since, or is of another version."""
    kept: int
    kept_good: int
    kept_bad: int
    kept_doubtful: int
    others: dict[str, list[int]]
    """By other reasons (languages): pages, and labelled good, bad, doubtful."""
    rules: list[RuleReport]


def rules_report(
    version: str, pages: Iterable[Judged], labels: int, settings: CleaningSettings, precision: float
) -> RulesReport:
    """Work the report out in one pass over the pages and one over the labelled ones for each bound."""
    every = list(pages)
    rules = rules_of(settings)
    verdicts = [page.verdict(settings, rules) for page in every]
    told: dict[str, Counter[str]] = {}
    for page, verdict in zip(every, verdicts, strict=True):
        if verdict is not None:
            counts = told.setdefault(verdict, Counter())
            counts["pages"] += 1
            if page.label is not None:
                counts[page.label.label] += 1
    labelled = [(page, verdict) for page, verdict in zip(every, verdicts, strict=True) if page.label is not None]
    kept = told.pop(KEPT, Counter())
    reports = [_report(rule, every, verdicts, labelled, told, settings, precision) for rule in rules]
    names = {f"quality/{rule.name}" for rule in rules}
    return RulesReport(
        version=version,
        precision=precision,
        pages=len(every),
        labels=len(labelled),
        stale=labels - len(labelled),
        kept=kept["pages"],
        kept_good=kept[GOOD],
        kept_bad=kept[BAD],
        kept_doubtful=kept[DOUBTFUL],
        others={
            name: [counts[one] for one in ("pages", GOOD, BAD, DOUBTFUL)]
            for name, counts in sorted(told.items())
            if name not in names
        },
        rules=reports,
    )


def _report(
    rule: Rule,
    every: Sequence[Judged],
    verdicts: Sequence[str | None],
    labelled: Sequence[tuple[Judged, str | None]],
    told: Mapping[str, Counter[str]],
    settings: CleaningSettings,
    precision: float,
) -> RuleReport:
    counts = told.get(f"quality/{rule.name}", Counter())
    bounds = bounds_of(settings, rule.name)
    named = SETTINGS.get(rule.name)
    can_be_tried = named is not None and named[1] != BETWEEN
    tried = [_rounded(settings, rule.name, bounds[0] * factor) for factor in FACTORS] if can_be_tried else []
    candidates = _candidates(rule, labelled, settings, bounds[0]) if can_be_tried else []
    proposal = _proposal(rule.name, candidates, bounds, labelled, settings, precision)
    every_bound = sorted({*tried, *([] if proposal is None else [proposal])} - {*bounds[:1]})
    wanted = [bound for bound in every_bound if _with_bound(settings, rule.name, bound) is not None]
    trials = [_on_all(rule.name, bound, every, verdicts, labelled, settings) for bound in wanted]
    return RuleReport(
        rule=rule.name,
        setting=named[0] if named else None,
        bounds=bounds,
        drops=counts["pages"],
        good=counts[GOOD],
        bad=counts[BAD],
        doubtful=counts[DOUBTFUL],
        wrong=wilson(counts[GOOD], counts[GOOD] + counts[BAD]),
        tried=[trial for trial in trials if trial.bound != proposal],
        proposed=next((trial for trial in trials if trial.bound == proposal), None),
    )


def _candidates(
    rule: Rule, labelled: Sequence[tuple[Judged, str | None]], settings: CleaningSettings, bound: float
) -> list[float]:
    """Bounds between the figures of labelled pages, the nearest to the present one."""
    figures = {page.measures.figures[rule.name][0] for page, _ in labelled if rule.name in page.measures.figures}
    between = {_rounded(settings, rule.name, (one + other) / 2) for one, other in pairwise(sorted(figures))}
    return sorted(between, key=lambda one: abs(one - bound))[:MOST_CANDIDATES]


def _proposal(
    name: str,
    candidates: Sequence[float],
    bounds: Sequence[float],
    labelled: Sequence[tuple[Judged, str | None]],
    settings: CleaningSettings,
    precision: float,
) -> float | None:
    """The bound with the most bad pages dropped among those precise enough; None where the present one is as good.

    Bad pages are counted whichever rule drops them, so that a rule gains nothing by dropping what a later one would.
    """
    if not bounds:
        return None
    best, most = None, -1
    for bound in [bounds[0], *candidates]:
        changed = _with_bound(settings, name, bound)
        if changed is None:
            continue
        good, bad, every_bad = _drops(name, changed, labelled)
        if good + bad >= LEAST_LABELLED and bad >= precision * (good + bad) and every_bad > most:
            best, most = bound, every_bad
    return None if best == bounds[0] else best


def _on_all(
    name: str,
    bound: float,
    every: Sequence[Judged],
    verdicts: Sequence[str | None],
    labelled: Sequence[tuple[Judged, str | None]],
    settings: CleaningSettings,
) -> Trial:
    changed = _with_bound(settings, name, bound)
    assert changed is not None
    good, bad, _ = _drops(name, changed, labelled)
    rules = rules_of(changed)
    before, after = (next(one for one in of if one.name == name) for of in (rules_of(settings), rules))
    comes = goes = unknown = 0
    for page, verdict in zip(every, verdicts, strict=True):
        if verdict is None or not _differs(page, name, before, after):
            continue
        now = page.verdict(changed, rules)
        comes += now == KEPT and verdict != KEPT
        goes += now is not None and now != KEPT and verdict == KEPT
        unknown += now is None
    return Trial(
        bound=bound,
        dropped_good=good,
        dropped_bad=bad,
        wrong=wilson(good, good + bad),
        comes=comes,
        goes=goes,
        unknown=unknown,
    )


def _differs(page: Judged, name: str, before: Rule, after: Rule) -> bool:
    """Whether a rule says something else of a page; of a text too short to be measured it may."""
    figures = page.measures.figures.get(name)
    if figures is None:
        return name == "too_short"
    return before.refuses(figures) != after.refuses(figures)


def _drops(
    name: str, settings: CleaningSettings, labelled: Sequence[tuple[Judged, str | None]]
) -> tuple[int, int, int]:
    """Labelled good and bad pages that the rule drops under some settings, and bad ones that any rule drops."""
    rules = rules_of(settings)
    said: Counter[tuple[str, str]] = Counter()
    for page, _ in labelled:
        if page.label is not None:
            verdict = page.verdict(settings, rules)
            dropped_by = "this" if verdict == f"quality/{name}" else "none" if verdict == KEPT else "another"
            said[page.label.label, dropped_by] += 1
    return said[GOOD, "this"], said[BAD, "this"], said[BAD, "this"] + said[BAD, "another"]


def _with_bound(settings: CleaningSettings, name: str, bound: float) -> CleaningSettings | None:
    """The settings with another bound of one rule; None where the setting cannot have it."""
    setting, _ = SETTINGS[name]
    present = getattr(settings, setting)
    value: object = bound
    if isinstance(present, tuple):
        value = tuple(one * bound / present[0] for one in present)
    elif isinstance(present, int):
        value = round(bound)
    try:
        return CleaningSettings.model_validate({**settings.model_dump(), setting: value})
    except ValueError:
        return None


def _rounded(settings: CleaningSettings, name: str, bound: float) -> float:
    """A bound as a person would write it: whole where the setting is, otherwise with three digits."""
    is_whole = isinstance(getattr(settings, SETTINGS[name][0]), int)
    return float(round(bound)) if is_whole else float(f"{bound:.3g}")
