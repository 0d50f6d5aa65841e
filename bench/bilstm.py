"""A bidirectional LSTM on the vectors of counts, on the splits and by the scorer of `cowese benchmark`: a baseline.

    python bench/bilstm.py --data pharmaconer --model counts --tokens store/tokens/mix+cased-8k [--documents 250]

Its tokens, windows, tags and loop are those of `cowese benchmark` with --model's tokenizer; nothing else of the
model is used. The embeddings begin as [R; L] of the counts (``training.tokens.vectors``), or with --random as noise of
the same spread. One layer, 128 wide each way, dropout on its input and output, a CRF over the tags. AdamW, one
rate for all.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import torch
from harness import Run, record_option
from torch import Tensor, nn

from data.store import Store
from training.benchmark.datasets import read_splits
from training.benchmark.finetune import Clock, fine_tune, predict, steps_of
from training.benchmark.models import Source, find_model
from training.benchmark.scores import deviation, mean
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.split_assignment import at_most
from training.benchmark.tagging import Tagging
from training.benchmark.tasks import find_task
from training.tokens.stream import TokenStream
from training.tokens.vectors import vectors_of

RANK, WIDE = 48, 128
"""Of each side's vectors; of each direction's state."""


class Tagger(nn.Module):
    """Token ids → the tags' logits, (B, L) → (B, L, tags)."""

    def __init__(self, vectors_VE: Tensor, tags: int, dropout: float) -> None:
        super().__init__()
        self.embeddings = nn.Embedding.from_pretrained(vectors_VE.clone(), freeze=False)
        self.dropout = nn.Dropout(dropout)
        self.reader = nn.LSTM(vectors_VE.shape[1], WIDE, batch_first=True, bidirectional=True)
        self.classifier = nn.Linear(2 * WIDE, tags)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, **_: Tensor) -> Any:
        """As transformers' taggers answer; padding is not read."""
        read = nn.utils.rnn.pack_padded_sequence(
            self.dropout(self.embeddings(input_ids)),
            attention_mask.sum(1).cpu(),
            batch_first=True,
            enforce_sorted=False,
        )
        state_BLH, _ = nn.utils.rnn.pad_packed_sequence(
            self.reader(read)[0], batch_first=True, total_length=input_ids.shape[1]
        )
        return SimpleNamespace(logits=self.classifier(self.dropout(state_BLH)))


@dataclass(frozen=True, slots=True)
class Vectors:
    """Stands where `cowese benchmark` has a model: the tokenizer is a model's, the network is ours."""

    source: Source
    vectors: Tensor
    """(V, E)."""

    @property
    def tokenizer(self) -> Any:
        """The model's."""
        return self.source.tokenizer

    @property
    def config(self) -> Any:
        """Layers without a number: all but the embeddings learn at the full rate."""
        return SimpleNamespace(num_hidden_layers=0)

    def load(self, _auto: str, labels: tuple[str, ...], dropout: float | None = None) -> nn.Module:
        """A new tagger under torch's seed."""
        return Tagger(self.vectors, len(labels), dropout or 0.0)


def main() -> None:
    """Fine-tune once a seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--task", default="PharmaCoNER")
    parser.add_argument("--store", type=Path, default=Path("store"))
    parser.add_argument("--model", required=True, help="whose tokenizer is used")
    parser.add_argument("--tokens", type=Path, required=True, help="packed tokens that were counted")
    parser.add_argument("--random", action="store_true", help="embeddings without counts")
    parser.add_argument("--documents", type=int, help="of the training split at most")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--dropout", type=float, default=0.3)
    parser.add_argument("--hidden", type=float, default=0.0, help="share of the training tokens that a step hides")
    parser.add_argument("--pooling", choices=("first", "mean"), default="first")
    parser.add_argument("--transitions", choices=("none", "valid", "learnt"), default="learnt", help="learnt: a CRF")
    parser.add_argument("--seeds", type=int, default=1)
    record_option(parser)
    given = parser.parse_args()
    torch.set_num_threads(1)
    began = time.process_time()
    settings = BenchmarkSettings(
        epochs=given.epochs, batch=given.batch, learning_rate=given.rate, layer_decay=1.0, dropout=given.dropout,
        length=128, micro_batch=64, mask_share=given.hidden, pooling=given.pooling,
        transitions=given.transitions,
    )  # fmt: skip
    counted = vectors_of(TokenStream.open(given.tokens).counts(), RANK)
    both_VE = np.concatenate([counted.right_VK, counted.left_VK], axis=1)
    both_VE /= np.maximum(np.linalg.norm(both_VE, axis=1, keepdims=True), 1e-6) / np.sqrt(2 * RANK)
    if given.random:
        both_VE = np.random.default_rng(0).standard_normal(both_VE.shape).astype(np.float32)
    source = find_model(Store.open(given.store), given.model)
    model = cast("Source", Vectors(source, torch.from_numpy(both_VE)))
    _, splits = read_splits(find_task(given.task), given.data)
    kind = Tagging({**splits, "train": at_most(splits["train"], given.documents)}, source, settings)
    clock = Clock(given.seeds * steps_of(len(kind.features("train")), settings), lambda *_: None)
    dev, test = [], []
    for seed in range(1, given.seeds + 1):
        tuned = fine_tune(model, kind, settings, seed, torch.device("cpu"), clock)
        dev.append(tuned.curve[tuned.best_epoch - 1].dev)
        pad = int(source.tokenizer.pad_token_id or 0)
        test.append(kind.judge("test", predict(tuned.model, kind, kind.features("test"), settings, pad)).figures)
    run, documents = Run("bilstm", ("torch", "transformers")), kind.about()["documents"]["train"]
    spread = deviation(test).get("exact_f1", 0.0)
    figures = [f"{one:.4f}" for one in (mean(dev)["exact_f1"], mean(test)["exact_f1"], spread)]
    columns = ("documents", "seeds", "exact F1 on dev", "on test", "deviation", "CPU s")
    run.table(given.task, columns, [(documents, given.seeds, *figures, time.process_time() - began)])
    run.close(given.record)


if __name__ == "__main__":
    main()
