"""What first weights, objectives and fine-tuning are worth: many arms side by side, from packed tokens to F1 on NER.

    python bench/beginnings.py --list
    python bench/beginnings.py --tokens store/tokens/mix+cased-8k --data pharmaconer --store /tmp/arms --out arms.jsonl
    python bench/beginnings.py … --groups table parts riddle --device cuda --jobs 8 --workers 12 --minutes 8
    python bench/beginnings.py … --scale 0.1 --documents 20        a trial: a tenth of each arm's tokens
    python bench/beginnings.py … --arms counts-1 fresh-1 --ways 100 --seeds 2    some of it
    python bench/beginnings.py --out arms.jsonl --table            what is there, as Markdown

Needs no network. An arm is first weights, phases and a number of tokens; some go on from another arm's last weights.
It is exported as `cowese export` does, judged as `cowese evaluate` does, and fine-tuned by the functions under
`cowese benchmark`. All pretraining is done by this process, arm by arm in turns, on a GPU each on a stream of its own
with its step as one CUDA graph; judging and fine-tuning by ``--workers`` processes. Results are lines of JSON; what is
there is not made again, and an arm that the store has is not trained again.
"""

import argparse
import contextlib
import json
import multiprocessing
import sys
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch

from bench.beginning_arms import ARMS, TUNES, Arm
from data.manifest import Manifest
from data.store import Store
from training.electra.beginning import begin_from_counts, rank_needed, statistics_of
from training.electra.model import Electra
from training.electra.presets import INIT_STD
from training.runs import checkpoint
from training.runs.distributed import Place
from training.runs.feed import Feed
from training.runs.metrics import rates
from training.runs.pretrain_settings import EvaluationSettings, Plan
from training.runs.run import adopt_tokenizer, made_from
from training.runs.stepper import Stepper
from training.tokens.stream import TokenStream
from training.tokens.vectors import vectors_of

BURST = 16
"""Steps of one arm before the next arm has its turn."""
AHEAD = 2
"""Bursts that may wait on the device."""
CHOOSING = 80
"""Documents of the development split by which the epoch is chosen."""


def first_weights(arm: Arm, stream: TokenStream, plan: Plan) -> Electra:
    """The arm's model before any step, on the CPU."""
    model = Electra(arm.model_shape(stream.vocab_size), plan.dropout).initialise(arm.seed)
    if arm.parts is None:
        return model
    counts = stream.counts()
    vectors = vectors_of(counts, rank_needed(model.shape.embedding))
    statistics = statistics_of(counts.single_V, vectors.left_VK, vectors.right_VK, stream.special.mask)
    if arm.parts == {"vectors"}:  # word vectors in today's first weights: nothing else is touched
        begun = begin_from_counts(Electra(model.shape).initialise(arm.seed), statistics, arm.seed)
        words_VE = begun.embeddings.word.weight.detach()
        model.embeddings.word.weight.data.copy_(words_VE * (INIT_STD / words_VE.std()))
        return model
    return begin_from_counts(model, statistics, arm.seed, arm.parts)


class Training:
    """One arm while it is pretrained."""

    def __init__(self, arm: Arm, context: "Context") -> None:
        self.arm, self.context = arm, context
        self.plan = arm.plan(context.scale)
        self.place = Place(0, 1, context.device)
        model = first_weights(arm, context.stream, self.plan)
        if arm.start and (weights := context.last_weights(arm.start)):
            model.load_state_dict(weights)
        model.to(context.device)
        self.feed = Feed(self.plan, context.stream, self.place)
        self.stepper = Stepper(self.plan, model, self.feed.special, self.place, compiled=False, graphed=True)
        torch.use_deterministic_algorithms(mode=False)  # arms are compared, not resumed: speed
        self.cuda_stream = torch.cuda.Stream() if context.device.type == "cuda" else None
        self.waiting: deque[Any] = deque()
        self.step, self.started, self.begun_at = 0, time.monotonic(), 0
        self.seconds = 0.0

    def burst(self) -> list[int]:
        """Some steps; the milestones that they came to."""
        began = time.monotonic()
        if len(self.waiting) >= AHEAD:
            self.waiting.popleft().synchronize()
        here = torch.cuda.stream(self.cuda_stream) if self.cuda_stream else contextlib.nullcontext()
        reached = []
        with here:
            for _ in range(min(BURST, self.plan.steps - self.step)):
                stage = self.plan.stage_at(self.step)
                if stage != self.stepper.stage:
                    self.stepper.enter(stage)
                self.stepper.run(*self.feed.batch(self.step))
                self.step += 1
                if self.step in self.arm.milestone_steps(self.context.scale):
                    reached.append(self.step)
                    self.save()
            if self.cuda_stream:
                event = torch.cuda.Event()
                event.record()
                self.waiting.append(event)
        self.seconds += time.monotonic() - began
        return reached

    def save(self) -> None:
        """A run's folder as `cowese pretrain` leaves it, without the optimiser's moments."""
        run = self.context.store.runs / self.arm.name
        figures = self.stepper.figures()
        tokens = self.context.tokens
        model, _ = self.stepper.state()
        self.context.weights[self.arm.name] = model
        line = rates(figures, max(self.step - self.begun_at, 1), self.stepper.stage.objective)
        self.begun_at = self.step
        self.stepper.clear_figures()
        manifest = Manifest(
            kind="run",
            name=self.arm.name,
            made_from=made_from(tokens, self.context.stream),
            settings=self.plan.recorded,
            figures={
                "vocabulary": self.context.stream.vocab_size,
                "shape": self.stepper.model.shape.model_dump(mode="json"),
                "tokens_folder": str(tokens),
                **line,
            },
            code="bench",
        )
        manifest.write(run)
        adopt_tokenizer(run, tokens)
        checkpoint.save(
            run, checkpoint.Snapshot(self.step, model, {}, {"tokens_seen": self.step * self.arm.tokens_a_step})
        )

    def line(self) -> dict[str, Any]:
        """What is told of the pretraining."""
        return {
            "kind": "pretrained",
            "arm": self.arm.name,
            "steps": self.plan.steps,
            "tokens": self.plan.steps * self.arm.tokens_a_step if self.arm.millions else 0,
            "wall": round(time.monotonic() - self.started, 1),
        }


class Context:
    """What all arms share."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.scale: float = arguments.scale
        self.tokens: Path = arguments.tokens.resolve()
        self.store = Store.open(arguments.store.resolve())
        self.device = torch.device(arguments.device)
        self.stream = TokenStream.open(self.tokens)
        self.weights: dict[str, dict[str, torch.Tensor]] = {}

    def last_weights(self, arm: str) -> dict[str, torch.Tensor] | None:
        """After the last step, in this process or an earlier one; None where it never came there."""
        if arm not in self.weights:
            last = checkpoint.load_newest(self.store.runs / arm)
            steps = next(one.plan(self.scale).steps if one.millions else 0 for one in ARMS if one.name == arm)
            if last is None or last.step < steps:
                return None
            self.weights[arm] = last.model
        return self.weights[arm]


# ---- the other processes --------------------------------------------------------------------------------------------

_KINDS: dict[Any, Any] = {}


def ready(threads: int) -> None:
    """Prepare a worker."""
    torch.set_num_threads(threads)


def measure(root: Path, name: str, step: int, device: str) -> dict[str, Any]:
    """Judge a milestone on held-out text and export it."""
    from training.results.evaluate import evaluate
    from training.results.export import export

    store = Store.open(root)
    found = evaluate(store, EvaluationSettings(device=device), run=store.runs / name, step=step)  # type: ignore[arg-type]
    export(store, run=store.runs / name, step=step)
    return {
        "kind": "measured",
        "arm": name,
        "step": step,
        **{figure: found.generator[figure] for figure in ("hidden_loss", "hidden_accuracy", "replaced_rate")},
        "frozen_auc": found.frozen["auc"],
        "frozen_ap": found.frozen["average_precision"],
        "auc": found.content["auc"],
    }


@dataclass(frozen=True)
class Asked:
    """One fine-tuning."""

    root: Path
    arm: str
    step: int
    task: str
    data: Path
    variant: str
    seed: int
    device: str
    most: int | None
    """Documents of a trial."""


def tune(asked: Asked) -> dict[str, Any]:
    """Fine-tune a milestone once and score it on the test split."""
    from training.benchmark.datasets import read_splits
    from training.benchmark.finetune import Clock, fine_tune, predict, steps_of
    from training.benchmark.models import find_model
    from training.benchmark.settings import BenchmarkSettings
    from training.benchmark.split_assignment import at_most
    from training.benchmark.tagging import Tagging
    from training.benchmark.tasks import find_task

    started = time.monotonic()
    source = find_model(Store.open(asked.root), f"{asked.arm}-{asked.step}")
    given = {"length": 128, **TUNES[asked.variant]}
    if asked.most:
        given |= {"train_documents": asked.most, "epochs": 1}
    settings = BenchmarkSettings(**given)
    settings = settings.resolved("electra", source.config.hidden_size, source.length, source.usual_length)
    key = (settings.train_documents, settings.length, settings.pooling, settings.transitions)
    if key not in _KINDS:
        _, splits = read_splits(find_task(asked.task), asked.data, None)
        limits = {"train": settings.train_documents, "dev": CHOOSING, "test": asked.most}
        splits = {split: at_most(items, limits[split]) for split, items in splits.items()}
        _KINDS[key] = Tagging(splits, source, settings)
    kind = _KINDS[key]
    clock = Clock(steps_of(len(kind.features("train")), settings), lambda *_: None)
    tuned = fine_tune(source, kind, settings, asked.seed, torch.device(asked.device), clock)
    pad = int(source.tokenizer.pad_token_id or 0)
    test = kind.judge("test", predict(tuned.model, kind, kind.features("test"), settings, pad))
    return {
        "kind": "tuned",
        "arm": asked.arm,
        "step": asked.step,
        "variant": asked.variant,
        "seed": asked.seed,
        "test": test.figures["exact_f1"],
        "dev": max(epoch.dev["exact_f1"] for epoch in tuned.curve),
        "curve": [epoch.dev["exact_f1"] for epoch in tuned.curve],
        "by_type": {one: figures["f1"] for one, figures in test.by_type.items()},
        "seconds": round(time.monotonic() - started, 1),
    }


# ---- this process ---------------------------------------------------------------------------------------------------


class Desk:
    """Hands work to the workers and writes down what comes back."""

    def __init__(self, arguments: argparse.Namespace, context: Context) -> None:
        self.arguments, self.context = arguments, context
        self.done = {identity(line) for line in lines_of(arguments.out)}
        self.file = arguments.out.open("a", encoding="utf-8")
        spawn = multiprocessing.get_context("spawn")
        self.pool = ProcessPoolExecutor(arguments.workers, mp_context=spawn, initializer=ready, initargs=(1,))
        self.futures: dict[Future[Any], tuple[Arm, int] | None] = {}

    def write(self, line: dict[str, Any]) -> None:
        line["at"] = round(time.monotonic() - self.context_started, 1)
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()
        self.done.add(identity(line))
        shown = {name: value for name, value in line.items() if name not in ("curve", "by_type")}
        print(json.dumps(shown), flush=True)

    context_started = time.monotonic()

    def milestone(self, arm: Arm, step: int) -> None:
        """Judge it, then fine-tune it."""
        future = self.pool.submit(measure, self.context.store.root, arm.name, step, self.arguments.judge)
        self.futures[future] = (arm, step)

    def again(self, arm: Arm) -> None:
        """An arm that is trained: what is still missing of its milestones."""
        for step in arm.milestone_steps(self.context.scale):
            if ("measured", arm.name, step) in self.done:
                self._tune(arm, step)
            else:
                self.milestone(arm, step)

    def _tune(self, arm: Arm, step: int) -> None:
        arguments = self.arguments
        for variant, seeds in arm.tunes.items():
            for seed in range(1, seeds + 1):
                if ("tuned", arm.name, step, variant, seed) not in self.done:
                    asked = Asked(
                        self.context.store.root,
                        arm.name,
                        step,
                        arguments.task,
                        arguments.data.resolve(),
                        variant,
                        seed,
                        arguments.tune_device,
                        arguments.documents,
                    )
                    self.futures[self.pool.submit(tune, asked)] = None

    def collect(self, seconds: float = 0.0) -> None:
        """Write down what is finished."""
        if seconds:
            time.sleep(seconds)
        for future in [one for one in self.futures if one.done()]:
            follows = self.futures.pop(future)
            try:
                self.write(future.result())
            except Exception as error:  # noqa: BLE001 - an arm that fails must not end the others
                print(f"failed: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
                continue
            if follows:
                self._tune(*follows)

    def close(self) -> None:
        """End the workers, whatever they do."""
        processes = multiprocessing.active_children()
        self.pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()
        self.file.close()


def drive(arms: list[Arm], desk: Desk, context: Context, jobs: int, deadline: float) -> None:
    """Pretrain the arms in turns, as many at once as asked; those that go on from another wait for it."""
    waiting = deque(arms)
    active: list[Training] = []
    while (waiting or active or desk.futures) and time.monotonic() < deadline:
        for _ in range(len(waiting)):
            if len(active) < jobs:
                begin(waiting.popleft(), waiting, active, desk)
        for training in list(active):
            for step in training.burst():
                desk.milestone(training.arm, step)
            if training.step >= training.plan.steps:
                desk.write(training.line())
                training.feed.close()
                active.remove(training)
        desk.collect(0.0 if active else 0.2)


def begin(arm: Arm, waiting: deque[Arm], active: list[Training], desk: Desk) -> None:
    """Train an arm, or take it as it lies in the store, or have it wait for the one that it goes on from."""
    context = desk.context
    if context.last_weights(arm.name):
        desk.again(arm)
    elif arm.start and not context.last_weights(arm.start):
        if arm.start in {other.name for other in [*waiting, *(one.arm for one in active)]}:
            waiting.append(arm)
    elif arm.millions == 0:
        training = Training(arm, context)
        training.save()
        desk.write(training.line())
        desk.milestone(arm, 0)
    else:
        active.append(Training(arm, context))


def identity(line: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(line.get(name) for name in ("kind", "arm", "step", "variant", "seed") if name in line)


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):
                yield json.loads(line)


def table(path: Path) -> str:
    """As Markdown: a line for each arm, milestone and way of fine-tuning."""
    tokens: dict[str, int] = {}
    measured: dict[tuple[str, int], dict[str, Any]] = {}
    tuned: dict[tuple[str, int], dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    for line in lines_of(path):
        if line["kind"] == "pretrained":
            tokens[line["arm"]] = line["tokens"]
        elif line["kind"] == "measured":
            measured[line["arm"], line["step"]] = line
        else:
            tuned[line["arm"], line["step"]][line["variant"]].append((line["dev"], line["test"]))
    rows = [
        "| arm | step | tokens | nats, hidden | right | frozen AUC | fine-tuned: F1 on dev, test |",
        "|---" * 7 + "|",
    ]
    for key in sorted(measured, key=lambda one: ([arm.name for arm in ARMS].index(one[0]), one[1])):
        arm, one = key[0], measured[key]
        told = []
        for variant, scores in sorted(tuned[key].items()):
            dev, test = ([score[at] for score in scores] for at in (0, 1))
            spread = f" ± {stdev(test):.4f}" if len(test) > 1 else ""
            told.append(f"{variant}: {fmean(dev):.4f}, {fmean(test):.4f}{spread} ({len(test)})")
        rows.append(
            f"| {arm} | {key[1]:,} | {tokens.get(arm, 0) / 1e6:.1f}M | {one['hidden_loss']:.3f} |"
            f" {one['hidden_accuracy']:.3f} | {one['frozen_auc']:.3f} | {'<br>'.join(told)} |"
        )
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=Path)
    parser.add_argument("--task", default="PharmaCoNER", help="as in `cowese benchmark`; each needs its own --out")
    parser.add_argument("--data", type=Path, help="the task's folder")
    parser.add_argument("--store", type=Path, default=Path("arms"))
    parser.add_argument("--out", type=Path, default=Path("arms.jsonl"))
    parser.add_argument("--groups", nargs="+", help="in this order; all where left out")
    parser.add_argument("--arms", nargs="+", help="by name, beside the groups")
    parser.add_argument("--ways", nargs="+", choices=sorted(TUNES), help="of fine-tuning, instead of each arm's own")
    parser.add_argument("--seeds", type=int, default=1, help="of each of --ways")
    parser.add_argument("--device", default="cpu", help="of pretraining")
    parser.add_argument("--judge", default="cpu", help="device of evaluation")
    parser.add_argument("--tune-device", default="cpu", help="device of fine-tuning")
    parser.add_argument("--jobs", type=int, default=1, help="arms pretrained at once")
    parser.add_argument("--workers", type=int, default=1, help="processes that judge and fine-tune")
    parser.add_argument("--minutes", type=float, default=1e6)
    parser.add_argument("--scale", type=float, default=1.0, help="of every arm's tokens: a trial")
    parser.add_argument("--documents", type=int, help="of PharmaCoNER, and one epoch: a trial")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--table", action="store_true")
    arguments = parser.parse_args()
    deadline = time.monotonic() + 60 * arguments.minutes
    groups = arguments.groups or ([] if arguments.arms else list(dict.fromkeys(arm.group for arm in ARMS)))
    chosen = [arm for group in groups for arm in ARMS if arm.group == group]
    chosen += [arm for arm in ARMS if arm.name in (arguments.arms or []) and arm not in chosen]
    if arguments.ways:
        chosen = [replace(arm, tunes=dict.fromkeys(arguments.ways, arguments.seeds)) for arm in chosen]
    if arguments.list:
        for arm in chosen:
            print(f"{arm.group:8} {arm.name:28} {arm.millions:6.1f}M  {arm.note}")
        return
    if not arguments.table:
        torch.set_num_threads(1)
        np.seterr(all="raise", under="ignore")
        context = Context(arguments)
        desk = Desk(arguments, context)
        todo = [arm for arm in chosen if not is_done(arm, desk)]
        try:
            drive(todo, desk, context, arguments.jobs, deadline)
        finally:
            desk.close()
    print(table(arguments.out))


def is_done(arm: Arm, desk: Desk) -> bool:
    """Whether an arm and all its fine-tuning are there."""
    wanted = {(variant, seed) for variant, seeds in arm.tunes.items() for seed in range(1, seeds + 1)}
    steps = arm.milestone_steps(desk.context.scale)
    return all(("tuned", arm.name, step, *one) in desk.done for step in steps for one in wanted)


if __name__ == "__main__":
    main()
