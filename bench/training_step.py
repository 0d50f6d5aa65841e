"""Our training step and our loader on a CPU, beside transformers' step; all arms in one run, on one batch.

    python bench/training_step.py                            the small preset, batch 16 × 128, one thread
    python bench/training_step.py --batch 32 --threads 2
    python bench/training_step.py --preset mini --compiled   mini's joint step and phases, as they are and by Inductor
    python bench/training_step.py --tokens store/tokens/…    the loader on real packed tokens; --record keeps the run

Arms of the joint step (generator, sampling, discriminator, loss, backward, clip, update):
    transformers   ElectraForMaskedLM + ElectraForPreTraining, sdpa, shared embeddings, full logits, AdamW
    ours           head on masked positions only, stateless dropout, one flat parameter buffer
Both do ELECTRA's joint step, whatever phases the preset has, on the same rows and masks. Where the preset has phases,
rows of their own have our step in each: `mlm` and `rtd` are other steps, with nothing of transformers' beside them.
`--compiled` adds our steps compiled by Inductor. Compiling is part of the first step, which is told apart.
Rounds alternate and the median counts, in CPU seconds of this process.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from harness import Cell, Run, in_turn, medians, record_option, times
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from training.electra.masking import SpecialIds, choose_masked
from training.electra.model import Electra
from training.electra.names import to_config
from training.electra.presets import PRESETS
from training.runs.distributed import Place
from training.runs.loader import Batches
from training.runs.pretrain_settings import Plan, PretrainSettings
from training.runs.stepper import Stepper
from training.tokens.stream import RowIndex, Special, TokenStream

SPECIAL = SpecialIds(pad=0, cls=2, sep=3, mask=4)
LENGTH = 128


def timed(arms: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median CPU seconds of each arm; one round of each is not counted."""
    return medians(in_turn(arms, rounds, warm_up=1))


def our_step(plan: Plan, vocabulary: int, ids_BL: torch.Tensor, *, compiled: bool = False) -> Callable[[], object]:
    """A step of the plan's first phase."""
    model = Electra(plan.shape(vocabulary), plan.dropout).initialise(1)
    stepper = Stepper(plan, model, SPECIAL, Place(0, 1, torch.device("cpu")), compiled=compiled)
    rows_B = torch.arange(len(ids_BL))
    return lambda: stepper.run(ids_BL, rows_B)


def plans_of(given: argparse.Namespace) -> dict[str, Plan]:
    """The joint step of a preset, and a plan that begins with each of its phases, by objective."""
    settings = PretrainSettings(preset=given.preset, batch=given.batch, length=LENGTH, long_share=0.0, phase=())
    own = PRESETS[settings.preset].phases
    phases = {phase.objective: settings.model_copy(update={"phase": (phase,)}) for phase in own}
    return {name: one.plan for name, one in {"joint": settings, **phases}.items()}


def our_arms(
    plans: dict[str, Plan], given: argparse.Namespace, ids_BL: torch.Tensor
) -> dict[str, Callable[[], object]]:
    """Our step of each plan, as it is and where asked for compiled."""
    ways = (("ours", False), ("ours, compiled", True)) if given.compiled else (("ours", False),)
    return {
        f"{way}, {name}": our_step(plan, given.vocabulary, ids_BL, compiled=compiled)
        for name, plan in plans.items()
        for way, compiled in ways
    }


def transformers_step(plan: Plan, vocabulary: int, ids_BL: torch.Tensor) -> Callable[[], object]:
    import transformers

    shape = plan.shape(vocabulary)
    models = []
    for part, kind in (("generator", "ElectraForMaskedLM"), ("discriminator", "ElectraForPreTraining")):
        settings = {k: v for k, v in to_config(shape, part, pad=0).items() if k not in ("architectures", "dtype")}
        settings |= {"hidden_dropout_prob": plan.dropout, "attention_probs_dropout_prob": plan.dropout}
        config = transformers.ElectraConfig(**settings, attn_implementation="sdpa")
        models.append(getattr(transformers, kind)(config).train())
    generator, discriminator = models
    discriminator.electra.embeddings = generator.electra.embeddings
    parameters = {id(p): p for model in models for p in model.parameters()}.values()
    optimizer = torch.optim.AdamW(parameters, lr=5e-4, eps=1e-6, weight_decay=0.01, fused=True)
    masked = choose_masked(ids_BL, SPECIAL, 1, 0, torch.arange(len(ids_BL)), "without_replacement")
    attention_BL = torch.ones_like(ids_BL)

    def step() -> None:
        logits_BLV = generator(masked.shown_BL, attention_BL).logits
        index_BKV = masked.positions_BK[..., None].expand(-1, -1, vocabulary)
        logits_BKV = logits_BLV.gather(1, index_BKV)
        original_BK = ids_BL.gather(1, masked.positions_BK)
        mlm = cross_entropy(logits_BKV.flatten(0, 1), original_BK.flatten())
        with torch.no_grad():
            noise_BKV = -torch.empty_like(logits_BKV).exponential_().log()
            sampled_BK = (logits_BKV + noise_BKV).argmax(-1)
        corrupted_BL = ids_BL.scatter(1, masked.positions_BK, sampled_BK)
        judged_BL = discriminator(corrupted_BL, attention_BL).logits
        disc = binary_cross_entropy_with_logits(judged_BL, (corrupted_BL != ids_BL).float())
        (mlm + 50 * disc).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad()

    return step


def loader_rates(stream_rows: RowIndex, batch: int, rounds: int) -> dict[str, float]:
    """Million tokens a CPU-second: rows alone, masks alone, both."""
    plan = PretrainSettings(preset="small", batch=batch, length=LENGTH, steps=100_000).plan
    batches = Batches(plan, {LENGTH: stream_rows, 512: stream_rows})
    rows_B = torch.arange(batch)
    step = iter(range(10**9))

    def rows() -> torch.Tensor:
        return torch.from_numpy(batches.ids(next(step)).astype(np.int64))

    def masks(ids_BL: torch.Tensor) -> None:
        choose_masked(ids_BL, SPECIAL, 1, 7, rows_B, "without_replacement")

    fixed = rows()
    many = 50
    took = timed(
        {
            "rows": lambda: [rows() for _ in range(many)],
            "masks": lambda: [masks(fixed) for _ in range(many)],
            "both": lambda: [masks(rows()) for _ in range(many)],
        },
        rounds,
    )
    return {name: many * batch * LENGTH / seconds / 1e6 for name, seconds in took.items()}


def first_call(arm: Callable[[], object]) -> float:
    """Seconds by the clock of a step that compiles, where it is to be compiled."""
    started = time.perf_counter()
    arm()
    return time.perf_counter() - started


def row_of(arm: str, seconds: float, took: dict[str, float], first: dict[str, float]) -> tuple[Cell, ...]:
    """A row of the table; only arms of the joint step are compared with transformers'."""
    compared = arm.startswith("ours") and arm.endswith("joint")
    faster = times(took["transformers, joint"] / seconds) if compared else ""
    return arm, seconds, faster, round(first[arm], 1) if arm in first else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--vocabulary", type=int, default=31_002)
    parser.add_argument("--preset", choices=PRESETS, default="small")
    parser.add_argument("--compiled", action="store_true", help="our steps compiled by torch.compile, too")
    parser.add_argument("--tokens", type=Path, help="a folder of packed tokens; without it, random ids")
    record_option(parser)
    given = parser.parse_args()
    run = Run("training_step", ("torch", "transformers", "numpy"))
    torch.set_num_threads(given.threads)
    plans = plans_of(given)
    draw = np.random.default_rng(1)
    if given.tokens:
        rows = TokenStream.open(given.tokens, "train").rows(LENGTH)
    else:
        rows = RowIndex(draw.integers(5, given.vocabulary, 20_000_000, np.uint16), LENGTH, Special())
    ids_BL = torch.from_numpy(rows.batch(np.arange(given.batch)).astype(np.int64))
    rates = loader_rates(rows, 128, given.rounds)
    arms = our_arms(plans, given, ids_BL)
    first = {name: first_call(arm) for name, arm in arms.items()}
    took = timed(
        {"transformers, joint": transformers_step(plans["joint"], given.vocabulary, ids_BL), **arms}, given.rounds
    )
    what = f"{given.preset}, {given.vocabulary:,} entries, {given.batch} × {LENGTH}, median of {given.rounds} rounds"
    run.table(
        f"A step: {what}",
        ("arm, objective", "CPU s", "ours is faster by", "first step, s"),
        [row_of(name, seconds, took, first) for name, seconds in took.items()],
    )
    run.table(f"The loader, batches of 128 × {LENGTH}", ("", "million tokens a CPU second"), list(rates.items()))
    run.close(given.record)


if __name__ == "__main__":
    main()
