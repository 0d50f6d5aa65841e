"""The report of the rules as a table of Markdown: for a terminal, and for a document."""

from collections.abc import Iterator, Sequence

from browse.rules import RuleReport, RulesReport, Trial

HEADING = ("rule", "bound", "drops", "wrong, of those labelled", "doubtful", "comes", "goes")


def rules_lines(report: RulesReport) -> Iterator[str]:
    """A line about the whole, then the table; rules that drop nothing and were not labelled are named at its end."""
    stale = f" ({report.stale} of other texts)" if report.stale else ""
    yield f"{report.version}: {report.pages:,} pages with measures, {report.labels:,} labelled{stale}"
    yield ""
    yield _row(HEADING)
    yield _row(["---"] * len(HEADING))
    judged = report.kept_good + report.kept_bad
    yield _row(
        ["kept", "", f"{report.kept:,}", f"{report.kept_bad} bad of {judged}" if judged else "", report.kept_doubtful]
    )
    silent = []
    for one in report.rules:
        if one.drops or one.good or one.bad:
            yield from _rule_rows(one)
        else:
            silent.append(one.rule)
    for name, (pages, good, bad, doubtful) in report.others.items():
        yield _row([name, "", f"{pages:,}", f"{good} of {good + bad}" if good + bad else "", doubtful])
    if silent:
        yield ""
        yield f"Rules that drop nothing here: {', '.join(silent)}."


def _rule_rows(one: RuleReport) -> Iterator[str]:
    bounds = " – ".join(f"{bound:g}" for bound in one.bounds)
    yield _row([one.rule, bounds, f"{one.drops:,}", _share(one.good, one.bad, one.wrong), one.doubtful])
    if one.proposed is not None:
        yield _trial_row("proposed", one.proposed)
    for trial in one.tried:
        if trial.comes or trial.goes or trial.unknown:
            yield _trial_row("if", trial)


def _trial_row(what: str, trial: Trial) -> str:
    unknown = f" (+{trial.unknown:,} ?)" if trial.unknown else ""
    wrong = _share(trial.dropped_good, trial.dropped_bad, trial.wrong)
    return _row([f"· {what}", f"{trial.bound:g}", "", wrong, "", f"+{trial.comes:,}{unknown}", f"−{trial.goes:,}"])


def _share(good: int, bad: int, wrong: tuple[float, float]) -> str:
    return f"{good} of {good + bad} ({wrong[0]:.1%} to {wrong[1]:.1%})" if good + bad else ""


def _row(cells: Sequence[object]) -> str:
    filled = [*map(str, cells), *[""] * (len(HEADING) - len(cells))]
    return f"| {' | '.join(filled)} |"
