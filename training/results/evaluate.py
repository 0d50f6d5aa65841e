"""``cowese evaluate``: a run's figures on held-out text, by the definitions of BIOMEDTRA's card and beside it.

Under torchrun each process judges a share of the rows and all of them come to the same figures.
B batch, L length.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from data.errors import InputError
from data.files import read_json, value_digest, write_json
from data.progress import Progress, no_progress
from data.store import Store
from training.electra.draws import Purpose, row_keys
from training.electra.masking import choose_masked
from training.electra.model import attention_bias
from training.electra.objective import filling_figures
from training.electra.sampling import corrupt
from training.results.corruption import frozen_corruption
from training.results.scores import CardCounts, exact_scores
from training.runs.distributed import Place, gathered, joined, share, wait_for_all
from training.runs.feed import special_ids
from training.runs.metrics import entropy
from training.runs.pretrain_settings import EvaluationSettings
from training.runs.run import Trained, open_tokens
from training.tokens.count_loss import CountModels, mean_losses
from training.tokens.counts import Counts
from training.tokens.known import KnownRuns, chunks_of, stretches
from training.tokens.stream import TokenStream

CARD = {"accuracy": 0.9561, "precision": 0.808, "recall": 0.531, "auc": 0.949}
"""BIOMEDTRA-small's discriminator, as its model card says; on other held-out text than ours."""
REPORT_SECONDS = 0.5


class EvaluationSummary(BaseModel):
    """A run's figures on held-out text."""

    model_config = ConfigDict(frozen=True)

    path: Path
    """The figures as JSON."""
    run: str
    step: int
    split: str
    tokens: int
    """Held-out tokens judged, pads not counted."""
    documents: int
    """Documents of which at least a part was judged."""
    discriminator: dict[str, float]
    """By the card's definitions: dropout off, own generator at temperature 1, all tokens but pads."""
    published: dict[str, float]
    """BIOMEDTRA-small's card; on its own held-out text."""
    all_original: dict[str, float]
    """The same figures for a judge who calls every token original."""
    content: dict[str, float]
    """Exact scores over tokens that are words, [CLS], [SEP] and pads left out."""
    generator: dict[str, float]
    """Accuracy and nats at hidden positions and, apart, at those shown as they are; share of tokens replaced."""
    replaced_tokens: dict[str, float] = {}
    """The discriminator's loss in nats a token, that of a judge who knows only the rate, and what it gains over it."""
    counts: dict[str, float] = {}
    """Nats at the same hidden positions of counts of the training text: single tokens, pairs, pairs on both sides."""
    known: float | None = None
    """Share of these tokens that stand in runs of 16 tokens that the training text has; None where it is gone."""
    frozen: dict[str, float]
    """Exact scores on a corruption that is the same for every run; to rank runs by."""
    frozen_file: str
    seconds: float
    reused: bool


def evaluate(
    store: Store,
    settings: EvaluationSettings,
    *,
    run: Path,
    tokens: Path | None = None,
    split: str = "validation",
    step: int | None = None,
    progress: Progress = no_progress,
) -> EvaluationSummary:
    """Measure a run's newest checkpoint, or that of a step, on a split that it was not trained on.

    Raises:
        InputError: no such run, checkpoint, tokens or split; an empty split; tokens of another tokenizer.
    """
    started = time.monotonic()
    with joined(settings.device) as place:
        trained = Trained(run, step)
        stream = open_tokens(tokens or trained.tokens, split)
        _refuse_unfit(trained, stream, tokens or trained.tokens, split)
        length = settings.length or trained.plan.length
        rows = min(len(stream.rows(length)), max(1, settings.max_tokens // length))
        frozen_file = (
            settings.corruption or store.root / "corruptions" / f"{stream.digest}-{split}-{length}-{rows}.safetensors"
        )
        asked = settings.model_dump(mode="json", exclude={"device"})
        key = value_digest([trained.manifest.digest, trained.step, stream.digest, split, asked])
        path = run / "evaluations" / f"{split}-{trained.step:09d}-{key[:8]}.json"
        if path.exists() and frozen_file.exists():
            return EvaluationSummary.model_validate({**read_json(path), "reused": True})
        if place.first:
            frozen_corruption(frozen_file, stream, special_ids(stream), rows=rows, length=length)
        wait_for_all(place)
        judge = _Judge(trained, stream, settings, place, progress)
        own = judge.own_generator(rows, length)
        frozen = judge.frozen(*frozen_corruption(frozen_file, stream, judge.special, rows=rows, length=length))
        summary = EvaluationSummary(
            path=path,
            run=run.name,
            step=trained.step,
            split=split,
            tokens=own.card.tokens,
            documents=int(np.searchsorted(stream.offsets[:-1], rows * (length - 2))),
            discriminator=_rounded(own.card.figures()),
            published=CARD,
            all_original=_rounded(own.card.baseline()),
            content=_rounded(own.exact()),
            generator=_rounded(own.generator()),
            replaced_tokens=_rounded(own.gain()),
            counts=_rounded(mean_losses(own.counted)),
            known=_known(trained, stream.tokens[: rows * (length - 2)], place),
            frozen=_rounded(frozen.exact()),
            frozen_file=str(frozen_file),
            seconds=round(time.monotonic() - started, 1),
            reused=False,
        )
        if place.first:
            write_json(path, summary.model_dump(mode="json"))
        return summary


def newest_evaluation(run: Path, split: str = "validation", step: int | None = None) -> EvaluationSummary | None:
    """The figures of a run's latest evaluated step, or those of a step; None where it was never evaluated."""
    pattern = f"{split}-*.json" if step is None else f"{split}-{step:09d}-*.json"
    found = sorted((run / "evaluations").glob(pattern), key=lambda path: (path.name[:-14], path.stat().st_mtime))
    return EvaluationSummary.model_validate(read_json(found[-1])) if found else None


def _refuse_unfit(trained: Trained, stream: TokenStream, tokens: Path, split: str) -> None:
    if len(stream.tokens) == 0:
        raise InputError(f"{tokens}: the split {split} has no tokens. Use --split test, or a larger corpus.")
    made, given = trained.manifest.made_from.get("tokenizer"), stream.made_from.get("tokenizer")
    if made != given:
        raise InputError(
            f"{tokens}: packed with another tokenizer ({given}) than {trained.path.name} was trained with ({made}). "
            "Pack the text with the run's tokenizer."
        )


def trained_counts(trained: Trained) -> Counts | None:
    """Counts of the text that a run was trained on; None where its tokens are gone or were never counted."""
    if not (trained.tokens / "manifest.json").is_file():
        return None
    return TokenStream.open(trained.tokens, "train").counted


def _known(trained: Trained, held_T: NDArray[np.uint16], place: Place) -> float | None:
    """Share of held-out tokens that training has read in the same company; each process reads a part of its text."""
    if not (trained.tokens / "manifest.json").is_file():
        return None
    read_T, known = TokenStream.open(trained.tokens, "train").tokens, KnownRuns(held_T)
    for chunk_T in stretches(read_T, share(len(chunks_of(len(read_T))), place)):
        known.meet(chunk_T)
    known.met = np.logical_or.reduce(gathered(known.met, place))
    return round(known.share, 6)


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 6) for name, value in figures.items()}


class _Tally:
    """What a pass over held-out text counts."""

    def __init__(self) -> None:
        self.card = CardCounts()
        self.filled = dict.fromkeys(
            (f"{place}_{figure}" for place in ("hidden", "shown") for figure in ("count", "nats", "right")), 0.0
        )
        self.judged_nats = 0.0
        self.counted: dict[str, float] = {}
        self.scores: list[NDArray[np.float32]] = []
        self.labels: list[NDArray[np.bool_]] = []

    def add(
        self, logits: NDArray[np.float32], replaced: NDArray[np.bool_], ids: NDArray[np.int64], special: object
    ) -> None:
        pad, cls, sep = (getattr(special, name) for name in ("pad", "cls", "sep"))
        self.card.add(logits, replaced, ids != pad)
        self.judged_nats += float(((np.logaddexp(0, logits) - logits * replaced) * (ids != pad)).sum())
        content = ~np.isin(ids, (pad, cls, sep))
        self.scores.append(logits[content])
        self.labels.append(replaced[content])

    def add_all(self, others: list["_Tally"]) -> "_Tally":
        """Count what other processes counted; returns itself."""
        for other in others:
            self.card.add_counts(other.card)
            self.judged_nats += other.judged_nats
            for name, value in other.counted.items():
                self.counted[name] = self.counted.get(name, 0.0) + value
            self.filled = {name: value + other.filled[name] for name, value in self.filled.items()}
            self.scores += other.scores
            self.labels += other.labels
        return self

    def exact(self) -> dict[str, float]:
        return exact_scores(np.concatenate(self.scores), np.concatenate(self.labels))

    def gain(self) -> dict[str, float]:
        """Nats a token: the loss, what knowing the rate of replaced tokens alone costs, and the difference."""
        loss, prior = (
            self.judged_nats / max(self.card.tokens, 1),
            entropy(self.card.positives / max(self.card.tokens, 1)),
        )
        return {"loss": loss, "prior": prior, "gain": prior - loss}

    def generator(self) -> dict[str, float]:
        """At hidden positions, and at those that the generator saw as they are and could copy."""
        shares = {
            f"{place}_{name}": self.filled[f"{place}_{figure}"] / max(self.filled[f"{place}_count"], 1)
            for place in ("hidden", "shown")
            for name, figure in (("accuracy", "right"), ("loss", "nats"))
        }
        return {**shares, "replaced_rate": self.card.positives / max(self.card.tokens, 1)}


class _Judge:
    """Runs the models over rows of held-out text."""

    def __init__(
        self, trained: Trained, stream: TokenStream, settings: EvaluationSettings, place: Place, progress: Progress
    ) -> None:
        self._place = place
        self._device = place.device
        self._model = trained.published.to(self._device)
        self._stream = stream
        self._settings = settings
        self._progress = progress
        self._told = 0.0
        counts = trained_counts(trained)
        self.special = special_ids(stream)
        self._counts = CountModels(counts, self.special.mask) if counts and len(counts.keys_P) else None

    @torch.inference_mode()
    def own_generator(self, rows: int, length: int) -> _Tally:
        """Text corrupted by the run's own generator."""
        tally, index = _Tally(), self._stream.rows(length)
        for numbers in self._batches(rows, "own generator"):
            ids_BL = torch.from_numpy(index.batch(numbers).astype(np.int64)).to(self._device)
            rows_B = torch.from_numpy(numbers).to(self._device)
            masked = choose_masked(ids_BL, self.special, self._settings.seed, 0, rows_B, "without_replacement")
            bias_B11L = attention_bias(ids_BL, self.special.pad)
            logits_BKV = self._model.generate(masked.shown_BL, masked.positions_BK, bias_B11L).float()
            keys_B = row_keys(self._settings.seed, Purpose.SAMPLE, 0, rows_B)
            corrupted_BL, replaced_BL = corrupt(logits_BKV, masked, ids_BL, keys_B, "inverse")
            original_BK = ids_BL.gather(1, masked.positions_BK)
            nll_BK = logits_BKV.logsumexp(-1) - logits_BKV.gather(2, original_BK[..., None]).squeeze(-1)
            right_BK = logits_BKV.argmax(-1) == original_BK
            for name, figure in filling_figures(masked, nll_BK, right_BK).items():
                tally.filled[name] += float(figure)
            if self._counts:
                hidden_BL = (masked.shown_BL == self.special.mask) & (ids_BL != self.special.mask)
                self._counts.add(*(one.cpu().numpy() for one in (masked.shown_BL, ids_BL, hidden_BL)))
                tally.counted = self._counts.sums
            self._add(tally, corrupted_BL, replaced_BL, ids_BL)
        return _Tally().add_all(gathered(tally, self._place))

    @torch.inference_mode()
    def frozen(self, original_NL: NDArray[np.uint16], corrupted_NL: NDArray[np.uint16]) -> _Tally:
        """Text corrupted once for all runs."""
        tally = _Tally()
        for numbers in self._batches(len(original_NL), "frozen corruption"):
            ids_BL, corrupted_BL = (
                torch.from_numpy(ids[numbers].astype(np.int64)).to(self._device) for ids in (original_NL, corrupted_NL)
            )
            self._add(tally, corrupted_BL, corrupted_BL != ids_BL, ids_BL)
        return _Tally().add_all(gathered(tally, self._place))

    def _add(self, tally: _Tally, corrupted_BL: torch.Tensor, replaced_BL: torch.Tensor, ids_BL: torch.Tensor) -> None:
        logits_BL = self._model.discriminate(corrupted_BL, attention_bias(ids_BL, self.special.pad)).float()
        tally.add(logits_BL.cpu().numpy(), replaced_BL.cpu().numpy(), ids_BL.cpu().numpy(), self.special)

    def _batches(self, rows: int, what: str) -> Iterator[NDArray[np.int64]]:
        """The numbers of this process's rows, batch by batch; the first process tells how far it is."""
        mine = share(rows, self._place)
        for at in range(mine.start, mine.stop, self._settings.batch):
            yield np.arange(at, min(at + self._settings.batch, mine.stop))
            if self._place.first and time.monotonic() - self._told > REPORT_SECONDS:
                self._told = time.monotonic()
                self._progress("evaluate", at - mine.start, len(mine), {"text": what})
