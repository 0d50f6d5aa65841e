"""A fine-tuned tagger on new texts: it cuts and decodes as scoring does."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from data.errors import InputError
from training.benchmark import flat
from training.benchmark.decoding import Decoding, Pooling
from training.benchmark.documents import Document, Mention
from training.benchmark.finetune import predict
from training.benchmark.heads import Heads
from training.benchmark.models import Source, load_source
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.tagging import Tagging, cut, found_in

_LABEL = re.compile(r"O|[OBI]-\S+")


class Tagger:
    """A model of ``cowese benchmark --keep``, or any folder of a token classifier whose labels are IOB2 tags."""

    def __init__(self, folder: Path, settings: BenchmarkSettings, device: torch.device) -> None:
        self._source: Source = load_source(folder)
        decoding = Decoding.read(folder)
        if decoding is not None and decoding.kind != "tagging":
            raise InputError(f"{folder}: a model for {decoding.kind}. `cowese tag` takes models that find mentions.")
        length = decoding.length if decoding else self._source.usual_length
        overlap = decoding.overlap if decoding else settings.overlap
        self._pooling: Pooling = decoding.pooling if decoding else "first"
        self._settings = settings.model_copy(update={"length": length, "overlap": overlap})
        self._outputs, self._heads = _heads(folder, self._source.config)
        self.labels = flat.tags_of(self._heads.types)
        """Tags, one a word, as IOB2 has them."""
        self._model: Any = self._source.load(Tagging.auto, ()).to(device)

    @property
    def types(self) -> tuple[str, ...]:
        """The types that it finds."""
        return tuple(sorted(self._heads.types))

    def logits(self, outputs: Any) -> Tensor:
        """(B, L, tags)."""
        logits: Tensor = outputs.logits
        return logits

    def mentions(self, documents: Sequence[Document]) -> dict[str, list[Mention]]:
        """The mentions of each document by its name; those that it brings are not looked at."""
        cuts = [cut(document, self._source.tokenizer, self._settings) for document in documents]
        features = [window.inputs for windows in cuts for window in windows]
        pad = int(self._source.tokenizer.pad_token_id or 0)
        logits = predict(self._model, self, features, self._settings, pad)
        return found_in(documents, cuts, logits, self._heads, self._outputs, self._pooling)


def _heads(folder: Path, config: Any) -> tuple[tuple[str, ...], Heads]:
    """The names of the outputs by their numbers, and what they mean.

    Raises:
        InputError: they are no IOB2 tags.
    """
    labels = tuple(str(config.id2label[number]) for number in range(len(config.id2label)))
    other = next((label for label in labels if not _LABEL.fullmatch(label)), None)
    heads = Heads.of_labels(labels) if other is None else None
    if heads is None and other is None and flat.OUTSIDE in labels:
        heads = Heads(tuple(dict.fromkeys(label[2:] for label in labels if label != flat.OUTSIDE)), by_type=False)
    if heads is None:
        raise InputError(
            f"{folder}: {other or 'its labels'} is no IOB2 tag. Fine-tune it with `cowese benchmark` first."
        )
    return labels, heads
