"""A fine-tuned tagger on new texts: it cuts and decodes as scoring does."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from data.errors import InputError
from training.benchmark.conll import TAG
from training.benchmark.decoding import Decoding
from training.benchmark.documents import Document, Mention
from training.benchmark.finetune import predict
from training.benchmark.heads import Heads
from training.benchmark.models import Source, load_source
from training.benchmark.readout import with_head
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.tagging import Tagging, cut
from training.benchmark.transitions import valid_steps
from training.benchmark.word_tags import TagDecoding, found_in


class Tagger:
    """A model of ``cowese benchmark --keep``, or any folder of a token classifier whose labels are IOB2 tags."""

    def __init__(self, folder: Path, settings: BenchmarkSettings, device: torch.device) -> None:
        self._source: Source = load_source(folder)
        decoding = Decoding.read(folder)
        if decoding is not None and decoding.kind != "tagging":
            raise InputError(f"{folder}: a model for {decoding.kind}. `cowese tag` takes models that find mentions.")
        length = decoding.length if decoding else self._source.usual_length
        overlap = decoding.overlap if decoding else settings.overlap
        self._settings = settings.model_copy(update={"length": length, "overlap": overlap})
        self._heads = _heads(folder, self._source.config)
        if decoding is not None:
            steps = None if decoding.steps is None else np.array(decoding.steps, np.float32)
            self._decoding = TagDecoding(self._heads, decoding.pooling, steps)
        else:
            self._decoding = TagDecoding(self._heads, "first", np.stack([valid_steps(one) for one in self._heads.tags]))
        self._model: Any = with_head(self._source.load(Tagging.auto, ()), folder).to(device)

    @property
    def types(self) -> tuple[str, ...]:
        """The types that it finds."""
        return self._heads.types

    def logits(self, outputs: Any) -> Tensor:
        """(B, L, tags of all heads)."""
        logits: Tensor = outputs.logits
        return logits

    def mentions(self, documents: Sequence[Document]) -> dict[str, list[Mention]]:
        """The mentions of each document by its name; those that it brings are not looked at."""
        cuts = [cut(document, self._source.tokenizer, self._settings) for document in documents]
        features = [window.inputs for windows in cuts for window in windows]
        pad = int(self._source.tokenizer.pad_token_id or 0)
        logits = predict(self._model, self, features, self._settings, pad)
        return found_in(documents, cuts, logits, self._decoding)


def _heads(folder: Path, config: Any) -> Heads:
    """What the outputs mean, by their labels.

    Raises:
        InputError: they are no IOB2 tags.
    """
    labels = tuple(str(config.id2label[number]) for number in range(len(config.id2label)))
    heads = Heads.of_labels(labels)
    if heads is None:
        other = next((label for label in labels if not TAG.fullmatch(label) or label[0] not in "BIO"), labels[0])
        raise InputError(f"{folder}: {other} is no IOB2 tag. Fine-tune it with `cowese benchmark` first.")
    return heads
