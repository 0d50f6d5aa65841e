"""``cowese report --run``: a run's curves and figures as one HTML page that needs nothing else."""

import html
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from data.errors import InputError
from data.files import write_text
from data.manifest import Manifest
from training.results.evaluate import CARD, EvaluationSummary, newest_evaluation
from training.runs.metrics import REPLACED_HIGH, REPLACED_LOW, read_metrics
from training.runs.pretrain_settings import Plan

WIDTH, HEIGHT = 460, 200
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 10, 26
MOST_POINTS = 600
"""Points a curve; more lines are averaged in groups."""
TICKS = 4
CHARTS = {
    "Loss": ("loss",),
    "Generator: loss at hidden tokens, nats": ("hidden_loss",),
    "Generator: loss at tokens shown as they are, nats": ("shown_loss",),
    "Discriminator: loss a token, nats": ("disc_loss",),
    "Discriminator: nats a token gained over the prior": ("disc_gain",),
    "Generator accuracy at hidden tokens": ("hidden_accuracy",),
    "Replaced tokens": ("replaced_rate",),
    "Discriminator accuracy, beside calling all original": ("disc_accuracy", "all_original"),
    "Discriminator precision and recall": ("disc_precision", "disc_recall"),
    "Gradient norm before clipping": ("grad_norm",),
    "Learning rate": ("learning_rate",),
    "Tokens a second": ("tokens_per_second",),
}
STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #66707f; --line: #d9dee6; --card: #fff; --page: #f5f7fa;
  --first: #0b6bcb; --second: #c2410c; --band: #0b6bcb1a }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #9aa5b5; --line: #333d4b; --card: #1b222c;
  --page: #12171e; --first: #5aa9f5; --second: #f59e5a; --band: #5aa9f522 } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); margin: 0 auto;
  max-width: 1060px; padding: 24px 16px 48px }
h1 { font-size: 1.5rem; margin: 0 0 4px } h2 { font-size: 1.1rem; margin: 32px 0 8px }
p { color: var(--soft); margin: 0 0 16px }
main { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 14px }
figure { background: var(--card); border: 1px solid var(--line); border-radius: 8px; margin: 0; padding: 10px 12px }
figcaption { font-weight: 600; font-size: .9rem; display: flex; gap: 12px; flex-wrap: wrap }
figcaption span { color: var(--soft); font-weight: 400 }
svg { width: 100%; height: auto; display: block } svg text { fill: var(--soft); font-size: 11px }
.grid { stroke: var(--line) } .phase { stroke: var(--soft); stroke-dasharray: 4 3 } .band { fill: var(--band) }
.c0 { stroke: var(--first) } .c1 { stroke: var(--second) } path { fill: none; stroke-width: 1.8 }
i { display: inline-block; width: 14px; height: 3px; vertical-align: middle; margin-right: 5px }
i.c0 { background: var(--first) } i.c1 { background: var(--second) }
.scroll { overflow-x: auto } table { border-collapse: collapse; background: var(--card) }
th, td { border: 1px solid var(--line); padding: 4px 12px; text-align: left } td.n { text-align: right;
  font-variant-numeric: tabular-nums } th { font-weight: 600 }
"""


def write_report(run: Path) -> Path:
    """Write ``report.html`` into the run's folder and return its path.

    Raises:
        InputError: no such run, or it has no metrics yet.
    """
    if not (run / "manifest.json").is_file():
        raise InputError(f"{run}: no run there. `cowese pretrain` makes one.")
    lines = read_metrics(run)
    if not lines:
        raise InputError(f"{run}: no metrics yet. `cowese pretrain` writes them every few steps.")
    path = run / "report.html"
    write_text(path, report_page(Manifest.read(run), lines, newest_evaluation(run)))
    return path


def report_page(manifest: Manifest, lines: list[dict[str, Any]], evaluation: EvaluationSummary | None) -> str:
    """The page: figures on held-out text, curves, settings."""
    lines = [{**line, "all_original": 1 - line["replaced_rate"]} if "replaced_rate" in line else line for line in lines]
    last, plan = lines[-1], Plan.model_validate(manifest.settings)
    steps, phases = plan.steps, [stage.begin for stage in plan.stages[1:]]
    counted = (evaluation.counts if evaluation else {}) or manifest.figures.get("count_losses", {})
    split = evaluation.split if evaluation and evaluation.counts else "validation"
    drawn = {title: names for title, names in CHARTS.items() if any(name in line for line in lines for name in names)}
    bars = {"hidden_loss": {f"counts: {name.replace('_', ' ')}": nats for name, nats in counted.items()}}
    charts = "".join(_chart(title, names, lines, phases, bars.get(names[0], {})) for title, names in drawn.items())
    name = html.escape(manifest.name)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}</title><style>{STYLE}</style></head><body>
<h1>{name}</h1>
<p>Step {last["step"]:,} of {steps:,} · {last["tokens_seen"]:,.0f} tokens seen · loss {last["loss"]:.4g} ·
{last["tokens_per_second"]:,.0f} tokens a second{_share(last)}</p>
{_evaluation(evaluation)}
<h2>Training</h2>
<p>Means over the steps since the point before, on the training text. A dashed upright line marks where a phase
begins.{_two_sets(split) if counted else ""}</p>
<main>{charts}</main>
<h2>Settings</h2>
{_table(["setting", "value"], list(manifest.settings.items()))}
<h2>Made from</h2>
{_table(["input", "digest"], list(manifest.made_from.items()))}
</body></html>
"""


def _two_sets(split: str) -> str:
    return (
        f" A dashed level line is the loss of counts of the training text, measured on the split {html.escape(split)}. "
        "So the curve and the level lines are of two different sets of text. Where a model reads its training text "
        "several times, the curve may be lower than its loss on held-out text, which cowese evaluate measures."
    )


def _share(last: dict[str, Any]) -> str:
    return f" · {last['mfu']:.1%} of the device's peak" if "mfu" in last else f" · {last['tflops']:.3g} TFLOP/s"


def _evaluation(evaluation: EvaluationSummary | None) -> str:
    if evaluation is None:
        return "<h2>Held-out text</h2><p>Not evaluated yet: cowese evaluate.</p>"
    ours, baseline = evaluation.discriminator, evaluation.all_original
    card = [(name, f"{ours[name]:.4f}", f"{baseline[name]:.4f}", f"{CARD[name]}") for name in CARD]
    more = [
        *((f"replaced tokens: {name}, nats", f"{value:.4f}") for name, value in evaluation.replaced_tokens.items()),
        *((f"counts, {name.replace('_', ' ')}: nats", f"{value:.4f}") for name, value in evaluation.counts.items()),
        *([("held-out tokens that training knows", f"{evaluation.known:.1%}")] if evaluation.known is not None else ()),
        *((f"generator: {name.replace('_', ' ')}", f"{value:.4f}") for name, value in evaluation.generator.items()),
        *((f"words: {name.replace('_', ' ')}", f"{value:.4f}") for name, value in evaluation.content.items()),
        *(
            (f"frozen corruption: {name.replace('_', ' ')}", f"{value:.4f}")
            for name, value in evaluation.frozen.items()
        ),
    ]
    text = f"{html.escape(evaluation.split)}, {evaluation.tokens:,} tokens, step {evaluation.step:,}"
    return (
        f"<h2>Held-out text ({text})</h2>"
        + _table(["by the card's definitions", "this run", "all called original", "BIOMEDTRA-small's card"], card)
        + "<p></p>"
        + _table(["beside it", "this run"], more)
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    titles = "".join(f"<th>{html.escape(title)}</th>" for title in head)
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{'' if column == 0 else ' class=n'}>{html.escape(str(cell))}</td>" for column, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><tr>{titles}</tr>{body}</table></div>'


def _chart(
    title: str, names: tuple[str, ...], lines: list[dict[str, Any]], phases: Sequence[int], bars: Mapping[str, float]
) -> str:
    """Curves, and level lines where something else stands."""
    curves = {name: _thinned([(line["step"], line[name]) for line in lines if name in line]) for name in names}
    curves = {name: curve for name, curve in curves.items() if curve}
    names = tuple(curves)
    values = [value for curve in curves.values() for _, value in curve] + list(bars.values())
    low, high = _nice_range(min(values), max(values))
    last_step = max(lines[-1]["step"], 1)

    def place(step: float, value: float) -> tuple[float, float]:
        x = LEFT + (WIDTH - LEFT - RIGHT) * step / last_step
        return x, TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / (high - low))

    parts = []
    if names == ("replaced_rate",):
        top, bottom = (place(0, min(max(bound, low), high))[1] for bound in (REPLACED_HIGH, REPLACED_LOW))
        width = WIDTH - LEFT - RIGHT
        parts.append(f'<rect class="band" x="{LEFT}" y="{top:.1f}" width="{width}" height="{bottom - top:.1f}"/>')
    for tick in range(TICKS + 1):
        value = low + (high - low) * tick / TICKS
        y = place(0, value)[1]
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_short(value)}</text>')
    for share, anchor in ((0, "start"), (0.5, "middle"), (1, "end")):
        x = place(last_step * share, low)[0]
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="{anchor}">{last_step * share:,.0f}</text>')
    begins = (place(phase, low)[0] for phase in phases if phase < last_step)
    parts += [f'<line class="phase" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>' for x in begins]
    for name, value in bars.items():
        y = place(0, value)[1]
        parts.append(f'<line class="phase" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{WIDTH - RIGHT}" y="{y - 3:.1f}" text-anchor="end">{name} {_short(value)}</text>')
    for number, curve in enumerate(curves.values()):
        points = "L".join("{:.1f} {:.1f}".format(*place(step, value)) for step, value in curve)
        parts.append(f'<path class="c{number}" d="M{points}"/>')
    legend = "".join(
        f'<span><i class="c{number}"></i>{name.replace("_", " ")} {_short(curve[-1][1])}</span>'
        for number, (name, curve) in enumerate(curves.items())
    )
    label = f"{title}, from {_short(curves[names[0]][0][1])} to {_short(curves[names[0]][-1][1])}"
    return (
        f"<figure><figcaption>{html.escape(title)} {legend}</figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(label)}">{"".join(parts)}</svg>'
        "</figure>"
    )


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most ``MOST_POINTS`` points, each the mean of a group, its step the group's last."""
    size = math.ceil(len(points) / MOST_POINTS)
    groups = [points[at : at + size] for at in range(0, len(points), size)]
    return [(group[-1][0], sum(value for _, value in group) / len(group)) for group in groups]


def _nice_range(low: float, high: float) -> tuple[float, float]:
    """A range with round ends around the values."""
    spread = (high - low) or abs(high) or 1.0
    step = 10 ** math.floor(math.log10(spread / TICKS))
    step *= next(factor for factor in (1, 2, 2.5, 5, 10) if factor * step * TICKS >= spread)
    start = math.floor(low / step) * step
    return start, start + step * TICKS if start + step * TICKS >= high else start + step * (TICKS + TICKS)


def _short(value: float) -> str:
    if value and (abs(value) < 0.001 or abs(value) >= 100_000):  # noqa: PLR2004 - where digits become long
        return f"{value:.2g}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"  # noqa: PLR2004 - the same
