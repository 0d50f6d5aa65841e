"""What each choice of ours is worth: arms that differ in one thing, at equal compute, from the corpus to F1 on NER.

    python bench/ablations.py --corpus mix --data pharmaconer --store /tmp/ablations
    python bench/ablations.py … --arms ours original --steps 200 --documents 20 --seeds 1      a trial
    python bench/ablations.py … --table                     only the table of what is there

Each arm: `cowese tokenizer`, `pack`, `pretrain` (preset tiny, one thread), `evaluate`, `export`, `benchmark`, by the
functions under those commands. The first arm's steps decide the compute; another vocabulary makes the generator's head
dearer or cheaper, and its arm gets fewer or more steps. Whatever is finished is not made again, so that a stopped run
goes on with the same command. Several processes may work on different arms, each on a store of its own; `--table` with
several `--store` shows them together.
"""

import argparse
import contextlib
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from pydantic import BaseModel

from data.manifest import Manifest
from data.store import Store
from training.benchmark.run import benchmark
from training.benchmark.settings import BenchmarkSettings
from training.electra.choices import Masking
from training.electra.masking import masked_per_row
from training.electra.presets import flops_per_token
from training.results.evaluate import evaluate
from training.results.export import export
from training.runs.pretrain import pretrain
from training.runs.pretrain_settings import EvaluationSettings, Plan, PretrainSettings
from training.tokens.pack import pack
from training.tokens.settings import PackSettings, TokenizerSettings
from training.tokens.tokenizer import fit_tokenizer

TASK = "PharmaCoNER"
RESULT = "ablation-{}.json"
TELL_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Arm:
    """One thing done differently."""

    name: str
    what: str
    tokenizer: TokenizerSettings = field(default_factory=lambda: TokenizerSettings(vocab_size=8_000))
    masking: Masking = "without_replacement"
    seed: int = 1
    fresh: bool = False


ARMS = (
    Arm("ours", "cased, accents kept, 8,000 entries"),
    Arm("fresh", "ours with fresh weights: what fine-tuning learns alone", fresh=True),
    Arm("original", "masked positions drawn as the original does", masking="original"),
    Arm(
        "lower",
        "lower case, accents stripped, as BIOMEDTRA",
        tokenizer=TokenizerSettings(vocab_size=8_000, lowercase=True, strip_accents=True),
    ),
    Arm("4k", "4,000 entries", tokenizer=TokenizerSettings(vocab_size=4_000)),
    Arm("16k", "16,000 entries", tokenizer=TokenizerSettings(vocab_size=16_000)),
    Arm("seed-2", "as ours, pretrained with another seed: the noise", seed=2),
)


class Outcome(BaseModel):
    """An arm's figures."""

    arm: str
    steps: int
    flop: float
    tokens: int
    """Seen in pretraining."""
    held_out: int
    """Tokens of the held-out texts: a smaller vocabulary needs more."""
    generator: float | None
    """Its accuracy at masked tokens."""
    auc: float | None
    """By the card's definition, against the run's own generator."""
    frozen_auc: float | None
    f1: float
    """Exact, test split, mean over the seeds."""
    deviation: float | None
    """Of one seed there is none."""
    dev_f1: float
    seeds: int


def flop_of(plan: Plan, vocabulary: int) -> float:
    """Arithmetic of a whole run, the last steps with long rows included."""
    shape = plan.shape(vocabulary)
    return sum(
        plan.batch_at(step)
        * plan.length_at(step)
        * flops_per_token(shape, plan.length_at(step), masked_per_row(plan.length_at(step)))
        for step in range(plan.steps)
    )


def plan_of(arm: Arm, steps: int, batch: int) -> PretrainSettings:
    """Settings of a run."""
    return PretrainSettings(
        preset="tiny", steps=steps, batch=batch, masking=arm.masking, seed=arm.seed, threads=1, tensorboard=False
    )


def equal_steps(arm: Arm, steps: int, batch: int) -> int:
    """As many steps as cost what ``steps`` of the first arm cost."""
    budget = flop_of(plan_of(ARMS[0], steps, batch).plan, ARMS[0].tokenizer.vocab_size)
    return round(steps * budget / flop_of(plan_of(arm, steps, batch).plan, arm.tokenizer.vocab_size))


def run(arm: Arm, store: Store, arguments: argparse.Namespace) -> Outcome:
    """Make an arm, or what is missing of it."""
    tell = Teller(arm.name)
    kind = "lower" if arm.tokenizer.lowercase else "cased"
    entries = arm.tokenizer.vocab_size
    fitted = fit_tokenizer(store, arm.tokenizer, corpus=arguments.corpus, name=f"{kind}-{entries}", progress=tell)
    packed = pack(store, PackSettings(), corpus=arguments.corpus, tokenizer=fitted.path, progress=tell)
    settings = plan_of(arm, equal_steps(arm, arguments.steps, arguments.batch), arguments.batch)
    run_name = ARMS[0].name if arm.fresh else arm.name
    trained = pretrain(store, settings, tokens=packed.path, name=run_name, progress=tell)
    measured = evaluate(store, EvaluationSettings(), run=trained.path, progress=tell)
    exported = export(store, run=trained.path, name=run_name, progress=tell)
    tuning = BenchmarkSettings(
        epochs=arguments.epochs,
        batch=4,  # 625 updates of 500 windows; with 16, 190 updates, F1 still rose steeply at the end
        learning_rate=arguments.learning_rate,
        documents=arguments.documents,
        seeds=arguments.seeds,
        length=arguments.length,
        fresh=arm.fresh,
        threads=1,
        micro_batch=4,
    )
    scored = benchmark(
        store, tuning, model=str(exported.discriminator), task=TASK, data=arguments.data, name=arm.name, progress=tell
    )
    outcome = Outcome(
        arm=arm.name,
        steps=0 if arm.fresh else trained.steps,
        flop=0.0 if arm.fresh else flop_of(settings.plan, fitted.entries),
        tokens=0 if arm.fresh else trained.tokens_seen,
        held_out=measured.tokens,
        generator=None if arm.fresh else measured.generator["hidden_accuracy"],
        auc=None if arm.fresh else measured.discriminator["auc"],
        frozen_auc=None if arm.fresh else measured.frozen["auc"],
        f1=scored.mean["exact_f1"],
        deviation=scored.deviation.get("exact_f1"),
        dev_f1=Manifest.read(scored.path).figures["dev_mean"]["exact_f1"],
        seeds=scored.seeds,
    )
    (store.root / RESULT.format(arm.name)).write_text(outcome.model_dump_json(), encoding="utf-8")
    return outcome


class Teller:
    """A line to standard error now and then."""

    def __init__(self, arm: str) -> None:
        self._arm = arm
        self._told = 0.0

    def __call__(self, stage: str, done: int, total: int | None, counts: Mapping[str, float | str]) -> None:
        """As ``data.progress.Progress`` has it."""
        if time.monotonic() - self._told > TELL_SECONDS:
            self._told = time.monotonic()
            shown = "  ".join(f"{name} {value}" for name, value in counts.items())
            print(f"{self._arm}: {stage} {done:,} of {total or '?'}  {shown}", file=sys.stderr, flush=True)


def outcomes(stores: list[Path]) -> Iterator[Outcome]:
    """What is finished, in the order of the arms."""
    for arm in ARMS:
        for store in stores:
            with contextlib.suppress(FileNotFoundError):
                yield Outcome.model_validate_json((store / RESULT.format(arm.name)).read_text(encoding="utf-8"))


def table(found: list[Outcome]) -> str:
    """As Markdown."""
    what = {arm.name: arm.what for arm in ARMS}
    head = (
        "| arm | | steps | FLOP | tokens seen | held-out tokens | generator accuracy | AUC, card's way | AUC, frozen"
        " | F1 on dev | F1 on test | seeds |"
    )
    rows = [head, "|---|" + "---|" * 11]
    for one in found:
        spread = "" if one.deviation is None else f" ± {one.deviation:.4f}"
        learnt = [f"{figure:.3f}" if figure is not None else "" for figure in (one.generator, one.auc, one.frozen_auc)]
        rows.append(
            f"| {one.arm} | {what[one.arm]} | {one.steps:,} | {one.flop:.3g} | {one.tokens / 1e6:.2f}M"
            f" | {one.held_out:,} | {' | '.join(learnt)}"
            f" | {one.dev_f1:.4f} | {one.f1:.4f}{spread} | {one.seeds} |"
        )
    return "\n".join(rows)


def main() -> None:
    """Make the arms asked for, print the table of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, help="Parquet, or a folder of it, with a column text")
    parser.add_argument("--data", type=Path, help="PharmaCoNER's folder")
    parser.add_argument("--store", type=Path, nargs="+", required=True)
    parser.add_argument("--arms", nargs="+", choices=[arm.name for arm in ARMS], default=[arm.name for arm in ARMS])
    parser.add_argument("--steps", type=int, default=2_500, help="of the first arm")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--documents", type=int, help="of each split of PharmaCoNER at most")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--length", type=int, default=128, help="tokens of a window")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--table", action="store_true")
    arguments = parser.parse_args()
    if not arguments.table:
        torch.set_num_threads(1)
        store = Store.open(arguments.store[0])
        with store.exclusive("ablations"):
            for arm in ARMS:
                if arm.name in arguments.arms:
                    print(run(arm, store, arguments).model_dump_json(), flush=True)
    print(table(list(outcomes([store.absolute() for store in arguments.store]))))


if __name__ == "__main__":
    main()
