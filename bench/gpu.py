"""Our training step on one GPU, within ten minutes: is it right there, and how fast beside transformers?

    python bench/gpu.py                              checks, then all arms: small at 128 × 128, mini at 16 × 128, …
    python bench/gpu.py --tokens store/tokens/…      on real packed tokens
    python bench/gpu.py --minutes 3 --out gpu.json   the checks and the first arms; those without time are named
    python bench/gpu.py --device cpu --small         a dry run of every line but CUDA's on a CPU; its times say nothing

Checks first: logits beside the CPU's and beside transformers' with our weights, the losses of each objective beside the
CPU's, all in float32; bitwise resume with the CUDA graph (13 + 17 = 30 steps; with the side stream; of mini in another
process, with masking=original; through mini's own phases); the graph beside the plain step.
Then milliseconds a step, bf16, median of rounds, each arm from the same weights, rows, masks and learning rates. The
step is ELECTRA's joint one in all arms but the last two:
    ours                        compiled, one CUDA graph, no attention to the host
    transformers eager          full logits
    transformers compiled       full logits
    transformers masked head    compiled, the head at masked positions only
    ours, side stream           the generator's backward beside the discriminator's work
    ours, inverse sampling      one random number a masked position instead of Gumbel noise over the vocabulary
    ours, mlm phase             mini only, beside nothing of theirs: the encoder alone learns, 30 % of the tokens masked
    ours, rtd phase             mini only: the discriminator alone learns, the generator is frozen
Must: ours ≥ 3 × the first of theirs and ≥ 1.8 × the second; on an H200 ≤ 6.0 ms at 128 × 128 (goal 4.8, stretch 3.9;
the floor of memory traffic is 2.8); mean losses within 2 % of transformers eager's. Last, where ours spends its time,
kernel by kernel. An arm that fails is reported and the others go on.
Exits 1 where a check or a must fails, 2 where there is no GPU. What was skipped for want of time fails nothing.
"""

import argparse
import functools
import gc
import hashlib
import importlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from training.electra.masking import SpecialIds, choose_masked, masked_per_row
from training.electra.model import Electra
from training.electra.names import to_config, to_transformers
from training.electra.objective import electra_loss
from training.electra.presets import PRESETS, flops_per_token
from training.runs.distributed import Place
from training.runs.metrics import peak_flops
from training.runs.pretrain_settings import Plan, PretrainSettings
from training.runs.stepper import Stepper
from training.tokens.stream import RowIndex, Special, TokenStream

SPECIAL = SpecialIds(pad=0, cls=2, sep=3, mask=4)
MUST_EAGER, MUST_COMPILED, MUST_MS = 3.0, 1.8, 6.0
WARM, STEPS_A_ROUND = 20, 10
COMPILES = 50
"""Seconds that an arm may need to compile; it is not begun with less time left."""
CHILD_SECONDS = 150
JOINT = {"phase": (), "vector_rate": 1.0, "beta2": 0.999, "bias_correction": True}
"""What makes a preset's step the one that transformers' arms do: no phases, and AdamW as they have it."""
NO_TIME = "no time left"
Size = tuple[str, int]
"""A preset and the rows of a batch."""
Data = list[tuple[torch.Tensor, torch.Tensor]]
Arm = Callable[[torch.Tensor, torch.Tensor], object]


class Bench:
    """What all arms share: the device, the sizes, the rows, the time left."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.device = torch.device(given.device)
        self.length = 32 if given.small else 128
        self.sizes: tuple[Size, ...] = (
            (("tiny", 4), ("mini", 2)) if given.small else (("small", 128), ("mini", 16), ("small", 512))
        )
        self.vocabulary = 500 if given.small else 31_002
        self.rounds = given.rounds
        self.compiled = not given.small
        self.ends = time.monotonic() + 60 * given.minutes
        if given.device == "cpu":
            torch.set_num_threads(1)  # threads that wait for one another are slower on a shared machine
        if given.tokens:
            stream = TokenStream.open(given.tokens, "train")
            self.rows, self.vocabulary = stream.rows(self.length), stream.vocab_size
        else:
            draws = np.random.default_rng(1).zipf(1.2, 2_000_000) % (self.vocabulary - 5) + 5
            self.rows = RowIndex(draws.astype(np.uint16), self.length, Special())

    @property
    def left(self) -> float:
        """Seconds."""
        return self.ends - time.monotonic()

    def plan(self, size: Size, **changes: Any) -> Plan:
        """ELECTRA's joint step at this size, whatever phases the preset has, unless ``phase`` gives some."""
        given = {"batch": size[1], "length": self.length, "steps": 10_000, "warmup": 1_000, "long_share": 0.0}
        return PretrainSettings(preset=size[0], **{**given, **JOINT, **changes}).plan

    @property
    def phased(self) -> Size:
        """The first size whose preset has phases of its own."""
        return next(size for size in self.sizes if PRESETS[size[0]].phases)

    def model(self, plan: Plan) -> Electra:
        return Electra(plan.shape(self.vocabulary), plan.dropout).initialise(1)

    def stepper(self, plan: Plan, *, compiled: bool | None = None, side_stream: bool = False) -> Stepper:
        place = Place(0, 1, self.device)
        compiled = self.compiled if compiled is None else compiled
        model = self.model(plan).to(self.device)
        return Stepper(plan, model, SPECIAL, place, compiled=compiled, side_stream=side_stream)

    def data(self, batch: int, count: int = 10) -> Data:
        rows_B = torch.arange(batch, device=self.device)
        numbers = np.arange(count * batch).reshape(count, batch) % (len(self.rows) - 1)
        return [(torch.from_numpy(self.rows.batch(some).astype(np.int64)).to(self.device), rows_B) for some in numbers]


def check_parity(bench: Bench) -> dict[str, float]:
    """Largest differences, float32 without TF32: logits to the CPU's and to transformers', the joint loss."""
    torch.backends.cuda.matmul.allow_tf32 = False
    plan = bench.plan(bench.sizes[0])
    model = bench.model(plan)
    ids_BL = torch.from_numpy(bench.rows.batch(np.arange(8)).astype(np.int64))
    positions_BK = torch.arange(bench.length).expand(8, -1)
    with torch.no_grad():
        here = [model.discriminate(ids_BL), model.generate(ids_BL, positions_BK)]
        loss = electra_loss(model, ids_BL, SPECIAL, seed=1, step=3, rows_B=torch.arange(8)).loss.item()
        model, ids_BL = model.to(bench.device), ids_BL.to(bench.device)
        there = [model.discriminate(ids_BL), model.generate(ids_BL, positions_BK.to(bench.device))]
        theirs = [part.eval()(ids_BL).logits for part in reversed(transformers_parts(bench, plan))]
        rows_B, step = torch.arange(8, device=bench.device), torch.tensor(3, device=bench.device)
        loss_there = electra_loss(model, ids_BL, SPECIAL, seed=1, step=step, rows_B=rows_B).loss.item()
    names = ("discriminator", "generator")
    return {
        **{f"{n} logits, CPU": (a - b.cpu()).abs().max().item() for n, a, b in zip(names, here, there, strict=True)},
        **{f"{n} logits, theirs": (a - b).abs().max().item() for n, a, b in zip(names, there, theirs, strict=True)},
        "loss, CPU, relative": abs(loss - loss_there) / loss,
    }


def check_objectives(bench: Bench) -> dict[str, float]:
    """Relative difference of each phase's loss from the CPU's after one step, float32; all weights are fresh."""
    torch.backends.cuda.matmul.allow_tf32 = False
    size, found = bench.phased, {}
    for phase in PRESETS[size[0]].phases:
        plan = bench.plan(size, phase=(phase,))
        losses = []
        for device in (torch.device("cpu"), bench.device):
            place = Place(0, 1, device)
            model = bench.model(plan).to(device)
            one = Stepper(plan, model, SPECIAL, place, compiled=False, low_precision=False)
            ids_BL, rows_B = bench.data(size[1])[0]
            one.run(ids_BL.to(device), rows_B.to(device))
            losses.append(one.figures()["loss"])
        found[phase.objective] = abs(losses[0] - losses[1]) / losses[0]
    return found


def check_phases(bench: Bench) -> dict[str, Any]:
    """Largest difference between 30 steps through the preset's phases and the same, resumed in each; must be 0."""
    size = bench.phased
    phases = PRESETS[size[0]].phases
    data, plan = bench.data(size[1]), bench.plan(size, phase=phases, warmup=2, steps=30)
    whole = go_on(bench.stepper(plan), data, 0, 30)
    found: dict[str, Any] = {"objectives": [stage.objective for stage in plan.stages]}
    for stage in plan.stages:
        cut = stage.begin + stage.steps // 2
        saved = go_on(bench.stepper(plan), data, 0, cut).state()
        resumed = bench.stepper(plan)
        resumed.restore(cut, 0, *saved)
        resumed.be_in(plan.stage_at(cut - 1))
        go_on(resumed, data, cut, 30)
        found[f"resume at {cut}"] = (whole.flat.values - resumed.flat.values).abs().max().item()
    return found


def check_resume(bench: Bench) -> dict[str, float]:
    """Largest difference after 13 + 17 steps from 30, of the side stream from none (all must be 0); mean losses."""
    size = bench.sizes[0]
    data, plan = bench.data(size[1]), bench.plan(size, warmup=5, steps=100)
    whole = go_on(bench.stepper(plan), data, 0, 30)
    half = go_on(bench.stepper(plan), data, 0, 13)
    resumed = bench.stepper(plan)
    resumed.restore(13, 0, *half.state())
    go_on(resumed, data, 13, 30)
    beside = go_on(bench.stepper(plan, side_stream=True), data, 0, 30)
    plain = go_on(bench.stepper(plan, compiled=False), data, 0, 30)
    return {
        "resume": (whole.flat.values - resumed.flat.values).abs().max().item(),
        "side stream": (whole.flat.values - beside.flat.values).abs().max().item(),
        "mean loss, graph": whole.figures()["loss"] / 30,
        "mean loss, plain": plain.figures()["loss"] / 30,
        "skipped": whole.figures()["skipped"],
    }


def go_on(one: Stepper, data: Data, first: int, last: int) -> Stepper:
    for number in range(first, last):
        if (stage := one.plan.stage_at(number)) != one.stage:
            one.enter(stage)
        one.run(*data[number % len(data)])
    return one


def other_plan(bench: Bench) -> tuple[Plan, Data]:
    """What is gone on with in another process: the second size, the joint step, positions drawn with replacement."""
    size = bench.sizes[1]
    return bench.plan(size, warmup=5, steps=100, masking="original"), bench.data(size[1])


def weights_digest(one: Stepper) -> str:
    return hashlib.sha256(one.flat.values.cpu().numpy().tobytes()).hexdigest()


def check_process(bench: Bench, given: argparse.Namespace) -> dict[str, Any]:
    """Whether 10 steps here and 10 in another process, compiled there anew, are 20 steps here, bit for bit."""
    plan, data = other_plan(bench)
    one = go_on(bench.stepper(plan), data, 0, 10)
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "state.pt"
        torch.save(one.state(), saved)
        command = [sys.executable, __file__, "--go-on", str(saved), "--device", given.device]
        command += (["--small"] if given.small else []) + (["--tokens", str(given.tokens)] if given.tokens else [])
        there = subprocess.run(command, capture_output=True, text=True, timeout=CHILD_SECONDS, check=False)
    if there.returncode:
        raise RuntimeError(there.stderr[-2000:])
    here = weights_digest(go_on(one, data, 10, 20))
    return {"same": there.stdout.split()[-1] == here, "here": here[:12], "there": there.stdout.split()[-1][:12]}


def go_on_there(bench: Bench, saved: Path) -> None:
    """The other process of ``check_process``."""
    plan, data = other_plan(bench)
    one = bench.stepper(plan)
    one.restore(10, 0, *torch.load(saved, weights_only=True))
    print(weights_digest(go_on(one, data, 10, 20)))


def transformers_parts(bench: Bench, plan: Plan) -> list[Any]:
    """Generator and discriminator of transformers with our weights, embeddings shared."""
    import transformers

    ours, models = bench.model(plan), []
    for part, kind in (("generator", "ElectraForMaskedLM"), ("discriminator", "ElectraForPreTraining")):
        settings = {k: v for k, v in to_config(ours.shape, part, pad=0).items() if k not in ("architectures", "dtype")}
        settings |= {"hidden_dropout_prob": plan.dropout, "attention_probs_dropout_prob": plan.dropout}
        config = transformers.ElectraConfig(**settings, attn_implementation="sdpa")
        model = getattr(transformers, kind)(config)
        model.load_state_dict(to_transformers(ours, part), strict=False)  # tied ones are missing by name
        model.tie_weights()
        models.append(model.to(bench.device))
    models[1].electra.embeddings = models[0].electra.embeddings
    return models


def transformers_arm(bench: Bench, plan: Plan, *, compiled: bool, masked_head: bool) -> tuple[Arm, list[torch.Tensor]]:
    generator, discriminator = (model.train() for model in transformers_parts(bench, plan))
    parameters = list({id(p): p for model in (generator, discriminator) for p in model.parameters()}.values())
    betas = (0.9, plan.beta2)
    optimizer = torch.optim.AdamW(parameters, lr=0.0, betas=betas, eps=1e-6, weight_decay=0.01, fused=True)
    kind = bench.device.type

    def loss(ids_BL: torch.Tensor, shown_BL: torch.Tensor, positions_BK: torch.Tensor) -> torch.Tensor:
        attention_BL = torch.ones_like(ids_BL)
        if masked_head:
            hidden_BLH = generator.electra(shown_BL, attention_BL).last_hidden_state
            at_BKH = positions_BK[..., None].expand(-1, -1, hidden_BLH.shape[-1])
            logits_BKV = generator.generator_lm_head(generator.generator_predictions(hidden_BLH.gather(1, at_BKH)))
        else:
            logits_BLV = generator(shown_BL, attention_BL).logits
            logits_BKV = logits_BLV.gather(1, positions_BK[..., None].expand(-1, -1, logits_BLV.shape[-1]))
        original_BK = ids_BL.gather(1, positions_BK)
        mlm = cross_entropy(logits_BKV.flatten(0, 1).float(), original_BK.flatten())
        noise_BKV = -torch.empty_like(logits_BKV, dtype=torch.float32).exponential_().log()
        sampled_BK = (logits_BKV.detach().float() + noise_BKV).argmax(-1)
        corrupted_BL = ids_BL.scatter(1, positions_BK, sampled_BK)
        judged_BL = discriminator(corrupted_BL, attention_BL).logits
        return mlm + 50 * binary_cross_entropy_with_logits(judged_BL.float(), (corrupted_BL != ids_BL).float())

    chosen = torch.compile(loss) if compiled else loss
    losses: list[torch.Tensor] = []

    def step(ids_BL: torch.Tensor, rows_B: torch.Tensor) -> None:
        masked = choose_masked(ids_BL, SPECIAL, plan.seed, len(losses), rows_B, plan.masking)
        with torch.autocast(kind, torch.bfloat16):
            value = chosen(ids_BL, masked.shown_BL, masked.positions_BK)
        value.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        for group in optimizer.param_groups:
            group["lr"] = plan.learning_rate_at(len(losses))
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(value.detach())

    return step, losses


def time_steps(bench: Bench, arm: Arm, data: Data) -> dict[str, float]:
    """Median and quickest of the rounds in milliseconds a step, after a warm-up."""
    synchronize = torch.cuda.synchronize if bench.device.type == "cuda" else lambda: None
    for number in range(WARM):
        arm(*data[number % len(data)])
    times = []
    for _ in range(bench.rounds):
        synchronize()
        started = time.perf_counter()
        for number in range(STEPS_A_ROUND):
            arm(*data[number % len(data)])
        synchronize()
        times.append((time.perf_counter() - started) * 1000 / STEPS_A_ROUND)
    return {"ms": statistics.median(times), "quickest ms": min(times)}


def time_ours(bench: Bench, size: Size, **changes: Any) -> dict[str, Any]:
    side_stream = changes.pop("side_stream", False)
    batch = size[1]
    one = bench.stepper(bench.plan(size, **changes), side_stream=side_stream)
    found = time_steps(bench, one.run, bench.data(batch))
    if bench.device.type == "cuda":
        found["GiB"] = torch.cuda.max_memory_reserved() / 2**30
    steps = int(one.step_number)
    found["loss"] = one.figures()["loss"] / steps
    peak = peak_flops(torch.cuda.get_device_name()) if bench.device.type == "cuda" else None
    if peak:
        stage = one.stage
        masked = masked_per_row(bench.length, stage.mask_share)
        each = flops_per_token(one.model.shape, bench.length, masked, stage.objective)
        found["mfu"] = each * batch * bench.length / (found["ms"] / 1000) / peak
    return found


def time_phase(bench: Bench, size: Size, objective: str) -> dict[str, Any]:
    """The preset's own phase of this objective, as if the run began with it."""
    phase = next(phase for phase in PRESETS[size[0]].phases if phase.objective == objective)
    return time_ours(bench, size, phase=(phase,))


def time_theirs(bench: Bench, size: Size, *, compiled: bool, masked_head: bool) -> dict[str, Any]:
    torch.use_deterministic_algorithms(False)  # ours asks for it; theirs does without
    compiled = compiled and bench.compiled
    step, losses = transformers_arm(bench, bench.plan(size), compiled=compiled, masked_head=masked_head)
    found = time_steps(bench, step, bench.data(size[1]))
    return {**found, "loss": torch.stack(losses).mean().item()}


ARMS: dict[str, Callable[[Bench, Size], dict[str, Any]]] = {
    "ours": time_ours,
    "transformers eager": lambda bench, size: time_theirs(bench, size, compiled=False, masked_head=False),
    "transformers compiled": lambda bench, size: time_theirs(bench, size, compiled=True, masked_head=False),
    "transformers masked head": lambda bench, size: time_theirs(bench, size, compiled=True, masked_head=True),
    "ours, side stream": lambda bench, size: time_ours(bench, size, side_stream=True),
    "ours, inverse sampling": lambda bench, size: time_ours(bench, size, sampling="inverse"),
    "ours, mlm phase": lambda bench, size: time_phase(bench, size, "mlm"),
    "ours, rtd phase": lambda bench, size: time_phase(bench, size, "rtd"),
}
PHASE_ARMS = ("ours, mlm phase", "ours, rtd phase")
"""Arms of the presets that have phases."""
FIRST_ARMS = 3
"""Arms of the first two sizes that come before all others."""


def profile(bench: Bench) -> dict[str, Any]:
    """Kernels a step, and those that take most of it, in microseconds."""
    size = bench.sizes[0]
    one, data = bench.stepper(bench.plan(size)), bench.data(size[1])
    for number in range(5):
        one.run(*data[number])
    kinds = [torch.profiler.ProfilerActivity.CPU]
    kinds += [torch.profiler.ProfilerActivity.CUDA] if bench.device.type == "cuda" else []
    with torch.profiler.profile(activities=kinds) as seen:
        for number in range(5):
            one.run(*data[number])
        if bench.device.type == "cuda":
            torch.cuda.synchronize()
    events = [event for event in seen.key_averages() if event.self_device_time_total > 0]
    events.sort(key=lambda event: -event.self_device_time_total)
    return {
        "kernels a step": sum(event.count for event in events) / 5,
        "busy, ms a step": sum(event.self_device_time_total for event in events) / 5_000,
        "µs a step": {event.key[:90]: round(event.self_device_time_total / 5, 1) for event in events[:20]},
    }


def attempted(bench: Bench, what: str, work: Callable[[], dict[str, Any]], needs: float) -> dict[str, Any]:
    """What the work gives, or why it gave nothing; ``needs`` are the seconds that it must have."""
    started = time.monotonic()
    if bench.left < needs:
        found: dict[str, Any] = {"skipped": NO_TIME}
    else:
        try:
            found = work()
        except Exception as error:  # noqa: BLE001 - one arm's failure is a finding; the others go on
            traceback.print_exc()
            found = {"failed": f"{type(error).__name__}: {str(error)[:300]}"}
    gc.collect()
    if bench.device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    found["seconds"] = round(time.monotonic() - started, 1)
    print(f"{what}, {time.monotonic() - started:.0f} s: {json.dumps(found, ensure_ascii=False)}", flush=True)
    return found


def label(bench: Bench, size: Size) -> str:
    return f"{size[0]}, {size[1]} × {bench.length}"


def verdicts(bench: Bench, report: dict[str, Any]) -> dict[str, bool]:
    """Each check and each must that was come to."""
    parity, objectives, resume, process, phases = (
        report[name] for name in ("parity", "objectives", "resume", "process", "phases")
    )
    named = [phase.objective for phase in PRESETS[bench.phased[0]].phases]
    found = {}
    if "skipped" not in parity:
        found["logits equal the CPU's and transformers' within 1e-4"] = "generator logits, CPU" in parity and all(
            value <= 1e-4 for name, value in parity.items() if "logits" in name
        )
        found["the loss equals the CPU's within 0.1 %"] = parity.get("loss, CPU, relative", 1) <= 1e-3
    if "skipped" not in objectives:
        found[f"the losses of {' and '.join(named)} equal the CPU's within 0.1 %"] = all(
            objectives.get(name, 1) <= 1e-3 for name in named
        )
    if resume.get("skipped") != NO_TIME:
        found["resume is bitwise"] = resume.get("resume") == 0.0
        found["the side stream changes no bit"] = resume.get("side stream") == 0.0
        both = resume.get("mean loss, graph", 9) / resume.get("mean loss, plain", 1)
        found["graph and plain step agree within 1 %"] = abs(both - 1) < 0.01
    if "skipped" not in process:
        found["resume in another process is bitwise"] = process.get("same") is True
    if "skipped" not in phases:
        resumed = [value for name, value in phases.items() if name.startswith("resume")]
        found[f"resume through {' and '.join(named)} is bitwise"] = len(resumed) == len(named) and not any(resumed)
    for size in bench.sizes:
        arms, name = report[label(bench, size)], label(bench, size)
        ours, eager, compiled = arms["ours"], arms["transformers eager"], arms["transformers compiled"]
        ms = ours.get("ms", float("inf"))
        if "skipped" not in eager:
            found[f"≥ {MUST_EAGER} × eager, {name}"] = eager.get("ms", 0) / ms >= MUST_EAGER
            found[f"losses within 2 %, {name}"] = abs(ours.get("loss", 9) / eager.get("loss", 1) - 1) <= 0.02
        if "skipped" not in compiled:
            found[f"≥ {MUST_COMPILED} × compiled, {name}"] = compiled.get("ms", 0) / ms >= MUST_COMPILED
        if size == bench.sizes[0] and "H200" in report["device"] and "skipped" not in ours:
            found[f"≤ {MUST_MS} ms, {name}"] = ms <= MUST_MS
    return found


def table(bench: Bench, report: dict[str, Any]) -> str:
    """The arms as Markdown."""
    lines = ["| arm | " + " | ".join(f"{label(bench, size)}, ms | ours is faster by" for size in bench.sizes) + " |"]
    lines.append("|---" * (1 + 2 * len(bench.sizes)) + "|")
    for name in ARMS:
        cells = [name]
        for size in bench.sizes:
            arms = report[label(bench, size)]
            if name not in arms:
                cells += ["", ""]
                continue
            ms, ours = arms[name].get("ms"), arms["ours"].get("ms")
            reason = "failed" if "failed" in arms[name] else "skipped"
            compared = ms and ours and name not in PHASE_ARMS  # a phase is another step than the joint one
            cells += [f"{ms:.2f}" if ms else reason, f"{ms / ours:.2f} ×" if compared else ""]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def order_of_arms(bench: Bench) -> list[tuple[Size, str]]:
    """The first arms of the first two sizes, those of the phases, then all others."""
    names = list(ARMS)
    first = [(size, arm) for size in bench.sizes[:2] for arm in names[:FIRST_ARMS]]
    first += [(bench.phased, arm) for arm in PHASE_ARMS]
    others = [arm for arm in names if arm not in PHASE_ARMS]
    return first + [(size, arm) for size in bench.sizes for arm in others if (size, arm) not in first]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=Path, help="a folder of packed tokens; without it, random ids")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--minutes", type=float, default=9.5, help="no arm is begun that may not end within these")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--small", action="store_true", help="tiny sizes, nothing compiled")
    parser.add_argument("--out", type=Path, help="the report as JSON, written anew after each arm")
    parser.add_argument("--go-on", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.device == "cuda" and not torch.cuda.is_available():
        print("bench/gpu.py: torch sees no GPU on this machine. --device cpu --small is a dry run.", file=sys.stderr)
        return 2
    importlib.import_module(
        "torch._dynamo.config"
    ).recompile_limit = 64  # every size and arm compiles the same functions
    bench = Bench(given)
    if given.go_on:
        go_on_there(bench, given.go_on)
        return 0
    name = torch.cuda.get_device_name() if given.device == "cuda" else "cpu"
    report: dict[str, Any] = {"device": name, "torch": torch.__version__}

    def add(to: dict[str, Any], key: str, work: Callable[[], dict[str, Any]], what: str = "", needs: float = 0) -> None:
        to[key] = attempted(bench, what or key, work, needs)
        if given.out:
            given.out.write_text(json.dumps(report, indent=1, ensure_ascii=False), encoding="utf-8")

    for size in bench.sizes:
        report[label(bench, size)] = {}
    compiles = COMPILES if bench.compiled else 0
    add(report, "parity", lambda: check_parity(bench))
    add(report, "objectives", lambda: check_objectives(bench))
    add(report, "resume", lambda: check_resume(bench))
    add(report, "process", lambda: check_process(bench, given), needs=compiles)
    add(report, "phases", lambda: check_phases(bench), needs=compiles)
    for size, arm in order_of_arms(bench):
        work = functools.partial(ARMS[arm], bench, size)
        needs = 0 if arm == "transformers eager" else compiles
        add(report[label(bench, size)], arm, work, f"{label(bench, size)}: {arm}", needs)
    add(report, "profile", lambda: profile(bench))
    report["verdicts"] = verdicts(bench, report)
    if given.out:
        given.out.write_text(json.dumps(report, indent=1, ensure_ascii=False), encoding="utf-8")
    print(f"\n{name}, torch {torch.__version__}\n\n{table(bench, report)}\n")
    for what, held in report["verdicts"].items():
        print("yes" if held else "NO ", what)
    return 0 if all(report["verdicts"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
