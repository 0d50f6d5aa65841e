"""Our training step on one GPU, within ten minutes: is it right there, and how fast beside transformers?

    python bench/gpu.py                          checks, then all arms at batch 128 × 128 and 512 × 128
    python bench/gpu.py --tokens store/tokens/…  on real packed tokens
    python bench/gpu.py --rounds 50 --json

Checks first: logits and losses against the CPU's in float32, bitwise resume with the CUDA graph (13 + 17 = 30),
the graph against the plain step. Then milliseconds a step in one run, bf16, median of rounds:
    transformers eager, full logits
    transformers compiled, full logits
    transformers compiled, masked-only head
    ours
Must: ours ≥ 3 × the first and ≥ 1.8 × the second; on an H200 ≤ 6.0 ms at 128 × 128 (goal 4.8, stretch 3.9; the floor
of memory traffic is 2.8). Exits 1 where a check or a must fails, 2 where there is no GPU.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.pop(0)  # this file's folder: it holds a training.py too

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from training.distributed import Place
from training.metrics import peak_flops
from training.model import Electra
from training.names import to_config
from training.objective import SpecialIds, choose_masked, electra_loss
from training.presets import flops_per_token, model_shape
from training.pretrain_settings import PretrainSettings
from training.stepper import Stepper
from training.stream import RowIndex, Special, TokenStream

SPECIAL = SpecialIds(pad=0, cls=2, sep=3, mask=4)
LENGTH, VOCABULARY = 128, 31_002
MUST_EAGER, MUST_COMPILED = 3.0, 1.8


def stepper(batch: int, *, compiled: bool, steps: int = 1_000) -> Stepper:
    plan = PretrainSettings(preset="small", batch=batch, steps=steps, long_share=0.0).plan
    model = Electra(plan.shape(VOCABULARY)).initialise(1).cuda()
    return Stepper(plan, model, SPECIAL, Place(0, 1, torch.device("cuda")), compiled=compiled)


def batches(rows: RowIndex, batch: int, count: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    rows_B = torch.arange(batch, device="cuda")
    made = []
    for number in range(count):
        ids_BL = torch.from_numpy(rows.batch(np.arange(number * batch, (number + 1) * batch)).astype(np.int64))
        made.append((ids_BL.cuda(), rows_B))
    return made


def check_parity(rows: RowIndex) -> dict[str, float]:
    """Largest differences to the CPU, float32 without TF32: logits, and the joint loss."""
    torch.backends.cuda.matmul.allow_tf32 = False
    model = Electra(model_shape("small", VOCABULARY)).initialise(1)
    ids_BL = torch.from_numpy(rows.batch(np.arange(8)).astype(np.int64))
    here = model.discriminate(ids_BL).detach()
    loss = electra_loss(model, ids_BL, SPECIAL, seed=1, step=3, rows_B=torch.arange(8)).loss.item()
    model, ids_BL = model.cuda(), ids_BL.cuda()
    there = model.discriminate(ids_BL).detach().cpu()
    rows_B = torch.arange(8, device="cuda")
    step = torch.tensor(3, device="cuda")
    loss_there = electra_loss(model, ids_BL, SPECIAL, seed=1, step=step, rows_B=rows_B).loss.item()
    return {"logits": (here - there).abs().max().item(), "loss": abs(loss - loss_there)}


def check_resume(data: list[tuple[torch.Tensor, torch.Tensor]]) -> dict[str, float]:
    """Largest difference after 13 + 17 steps from 30 (must be 0), and of the graph from the plain step."""

    def run(one: Stepper, first: int, last: int) -> Stepper:
        for number in range(first, last):
            one.run(*data[number % len(data)])
        return one

    whole = run(stepper(len(data[0][0]), compiled=True), 0, 30)
    half = run(stepper(len(data[0][0]), compiled=True), 0, 13)
    resumed = stepper(len(data[0][0]), compiled=True)
    resumed.restore(13, 0, *half.state())
    run(resumed, 13, 30)
    plain = run(stepper(len(data[0][0]), compiled=False), 0, 30)
    losses = [one.figures()["loss"] / 30 for one in (whole, plain)]
    return {
        "resume": (whole.flat.values - resumed.flat.values).abs().max().item(),
        "mean_loss_graph": losses[0],
        "mean_loss_plain": losses[1],
    }


def transformers_arm(batch: int, *, compiled: bool, masked_head: bool) -> Callable[[torch.Tensor, torch.Tensor], Any]:
    import transformers

    shape = model_shape("small", VOCABULARY)
    models = []
    for part, kind in (("generator", "ElectraForMaskedLM"), ("discriminator", "ElectraForPreTraining")):
        settings = {k: v for k, v in to_config(shape, part, pad=0).items() if k not in ("architectures", "dtype")}
        config = transformers.ElectraConfig(**settings, attn_implementation="sdpa")
        models.append(getattr(transformers, kind)(config).cuda().train())
    generator, discriminator = models
    discriminator.electra.embeddings = generator.electra.embeddings
    parameters = list({id(p): p for model in models for p in model.parameters()}.values())
    optimizer = torch.optim.AdamW(parameters, lr=5e-4, eps=1e-6, weight_decay=0.01, fused=True)

    def loss(ids_BL: torch.Tensor, shown_BL: torch.Tensor, positions_BK: torch.Tensor) -> torch.Tensor:
        attention_BL = torch.ones_like(ids_BL)
        if masked_head:
            hidden_BLH = generator.electra(shown_BL, attention_BL).last_hidden_state
            at_BKH = positions_BK[..., None].expand(-1, -1, hidden_BLH.shape[-1])
            logits_BKV = generator.generator_lm_head(generator.generator_predictions(hidden_BLH.gather(1, at_BKH)))
        else:
            logits_BLV = generator(shown_BL, attention_BL).logits
            logits_BKV = logits_BLV.gather(1, positions_BK[..., None].expand(-1, -1, VOCABULARY))
        original_BK = ids_BL.gather(1, positions_BK)
        mlm = cross_entropy(logits_BKV.flatten(0, 1).float(), original_BK.flatten())
        noise_BKV = -torch.empty_like(logits_BKV, dtype=torch.float32).exponential_().log()
        sampled_BK = (logits_BKV.detach().float() + noise_BKV).argmax(-1)
        corrupted_BL = ids_BL.scatter(1, positions_BK, sampled_BK)
        judged_BL = discriminator(corrupted_BL, attention_BL).logits
        return mlm + 50 * binary_cross_entropy_with_logits(judged_BL.float(), (corrupted_BL != ids_BL).float())

    chosen = torch.compile(loss) if compiled else loss
    number = iter(range(10**9))

    def step(ids_BL: torch.Tensor, rows_B: torch.Tensor) -> torch.Tensor:
        masked = choose_masked(ids_BL, SPECIAL, 1, next(number), rows_B, "without_replacement")
        with torch.autocast("cuda", torch.bfloat16):
            value = chosen(ids_BL, masked.shown_BL, masked.positions_BK)
        value.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return value.detach()

    return step


def milliseconds(arm: Callable[..., Any], data: list[tuple[torch.Tensor, torch.Tensor]], rounds: int) -> float:
    """Median over rounds of the time a step, ten steps a round, after a warm-up."""
    for number in range(15):
        arm(*data[number % len(data)])
    times = []
    for _ in range(rounds):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        for number in range(10):
            arm(*data[number % len(data)])
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) / 10)
    return statistics.median(times)


def compare(rows: RowIndex, batch: int, rounds: int) -> dict[str, float]:
    data = batches(rows, batch, 10)
    arms: dict[str, Callable[..., Any]] = {
        "transformers eager": transformers_arm(batch, compiled=False, masked_head=False),
        "transformers compiled": transformers_arm(batch, compiled=True, masked_head=False),
        "transformers masked head": transformers_arm(batch, compiled=True, masked_head=True),
        "ours": stepper(batch, compiled=True, steps=1_000_000).run,
    }
    figures = {f"{name}, ms": milliseconds(arm, data, rounds) for name, arm in arms.items()}
    peak = peak_flops(torch.cuda.get_device_name())
    if peak:
        work = batch * LENGTH * flops_per_token(model_shape("small", VOCABULARY), LENGTH, 19)
        figures["ours, mfu"] = work / (figures["ours, ms"] / 1000) / peak
    figures["× eager"] = figures["transformers eager, ms"] / figures["ours, ms"]
    figures["× compiled"] = figures["transformers compiled, ms"] / figures["ours, ms"]
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=Path, help="a folder of packed tokens; without it, random ids")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if not torch.cuda.is_available():
        print("bench/gpu.py: torch sees no GPU on this machine.", file=sys.stderr)
        return 2
    if given.tokens:
        rows = TokenStream.open(given.tokens, "train").rows(LENGTH)
    else:
        rows = RowIndex(np.random.default_rng(1).integers(5, VOCABULARY, 2_000_000, np.uint16), LENGTH, Special())
    parity, resume = check_parity(rows), check_resume(batches(rows, 128, 10))
    sizes = {f"{batch} × {LENGTH}": compare(rows, batch, given.rounds) for batch in (128, 512)}
    verdicts = {
        "logits equal the CPU's within 1e-4": parity["logits"] <= 1e-4,
        "loss equals the CPU's within 1e-3": parity["loss"] <= 1e-3,
        "resume is bitwise": resume["resume"] == 0.0,
        "graph and plain step agree within 1 %": abs(resume["mean_loss_graph"] / resume["mean_loss_plain"] - 1) < 0.01,
        **{f"≥ {MUST_EAGER} × eager, {size}": found["× eager"] >= MUST_EAGER for size, found in sizes.items()},
        **{
            f"≥ {MUST_COMPILED} × compiled, {size}": found["× compiled"] >= MUST_COMPILED
            for size, found in sizes.items()
        },
    }
    report = {"device": torch.cuda.get_device_name(), "parity": parity, "resume": resume, **sizes, "verdicts": verdicts}
    print(json.dumps(report, indent=1, ensure_ascii=False))
    return 0 if all(verdicts.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
