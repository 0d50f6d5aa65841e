"""Finding mentions: a tag for each word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

from data.errors import InputError
from training.benchmark import flat, spans
from training.benchmark.brat import write_document
from training.benchmark.datasets import Splits
from training.benchmark.documents import Document, Fragment, Mention, types_of
from training.benchmark.kind import Logits
from training.benchmark.models import Source
from training.benchmark.scores import Sample, Scores
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.windows import Feature, Window, best_windows, windows_of
from training.benchmark.words import words_of

CONTEXT = 60
"""Characters shown on either side of a mention."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    document: Document
    words: list[Fragment]
    tags: list[int]
    windows: list[Window]


class Tagging:
    """A corpus of mentions; see ``flat`` for what tags cannot express."""

    auto: ClassVar[str] = "AutoModelForTokenClassification"
    selects: ClassVar[str] = "exact_f1"

    def __init__(self, splits: Splits, source: Source, settings: BenchmarkSettings) -> None:
        assert settings.length is not None
        self.types = types_of(splits["train"])
        if not self.types:
            raise InputError(
                f"benchmark.documents={settings.documents}: the training documents that it leaves have no mention. "
                "Raise it."
            )
        self.labels = flat.tags_of(self.types)
        overlap = int(settings.length * settings.overlap)
        self._splits = {
            split: [self._prepared(document, source, settings.length, overlap) for document in documents]
            for split, documents in splits.items()
        }

    def features(self, split: str) -> list[Feature]:
        """All windows of a split."""
        return [window.labelled(one.tags) for one in self._splits[split] for window in one.windows]

    def loss(self, outputs: Any, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Cross entropy at the first token of each word."""
        labels_BL = batch["labels"]
        loss = F.cross_entropy(
            outputs.logits.float().flatten(0, 1), labels_BL.flatten(), ignore_index=flat.IGNORED, reduction="sum"
        )
        return loss, (labels_BL != flat.IGNORED).sum()

    def logits(self, outputs: Any) -> Tensor:
        """(B, L, tags)."""
        logits: Tensor = outputs.logits
        return logits

    def judge(self, split: str, logits: Logits) -> Scores:
        """Exact spans against the gold as annotated, seqeval against the gold as tags."""
        tagged = self._tags(split, logits)
        gold, predicted = self._gold(split), self._mentions(split, tagged)
        by_type = spans.exact(gold, predicted)
        micro, strict = by_type.pop("micro"), spans.strict(self._gold_tags(split), tagged)
        return Scores(
            figures={f"{name}_{figure}": round(one[figure], 6) for name, one in (("exact", micro), ("seqeval", strict))
                     for figure in ("precision", "recall", "f1")},
            by_type=by_type,
            confusion=spans.confusion(gold, predicted),
            errors=spans.error_kinds(gold, predicted),
        )  # fmt: skip

    def samples(self, split: str, logits: Logits, most: int) -> list[Sample]:
        """Mentions that are not right, evenly over the split."""
        texts = {one.document.name: one.document.text for one in self._splits[split]}
        found = spans.pairs(self._gold(split), self._mentions(split, self._tags(split, logits)))
        wrong = [pair for pair in found if spans.kind(*pair[1:]) != "right"]
        return [_sample(texts[name], name, due, marked) for name, due, marked in wrong[:: -(-len(wrong) // most) or 1]]

    def write(self, folder: Path, split: str, logits: Logits) -> None:
        """Write the texts and the predicted mentions for brat."""
        found = self._mentions(split, self._tags(split, logits))
        for one in self._splits[split]:
            write_document(folder, one.document, found[one.document.name])

    def about(self) -> dict[str, Any]:
        """Counts of the data, and what a perfect tagger would reach: the price of the rule for tags."""
        gold = self._gold("test")
        perfect = spans.exact(gold, self._mentions("test", self._gold_tags("test")))["micro"]
        everything = [mention for split in self._splits.values() for one in split for mention in one.document.mentions]
        return {
            "documents": {split: len(prepared) for split, prepared in self._splits.items()},
            "mentions": {
                split: sum(len(set(one.document.mentions)) for one in prepared)
                for split, prepared in self._splits.items()
            },
            "windows": {split: sum(len(one.windows) for one in prepared) for split, prepared in self._splits.items()},
            "types": list(self.types),
            "misfits": [misfit for split in self._splits.values() for one in split for misfit in one.document.misfits],
            "discontinuous": sum(not mention.continuous for mention in everything),
            "ceiling": {figure: round(perfect[figure], 6) for figure in ("precision", "recall", "f1")},
        }

    def _prepared(self, document: Document, source: Source, length: int, overlap: int) -> _Prepared:
        words = words_of(document.text)
        known = [mention for mention in document.mentions if mention.label in self.types]
        windows = windows_of(source.tokenizer, document.text, words, length=length, overlap=overlap)
        return _Prepared(document, words, flat.encode(words, known, self.labels), windows)

    def _tags(self, split: str, logits: Logits) -> list[list[str]]:
        """The tag of each word of each document; outside where the model's tokenizer has no token for a word."""
        tagged, begins = [], 0
        for one in self._splits[split]:
            here = logits[begins : begins + len(one.windows)]
            begins += len(one.windows)
            tags = [flat.OUTSIDE] * len(one.words)
            before: tuple[int, int] | None = None
            for word, place in sorted(best_windows(one.windows).items()):
                tag = self.labels[int(np.argmax(here[place[0]][place[1]]))]
                shares = before == place and tag.startswith("B-")
                tags[word] = f"I-{tag[2:]}" if shares else tag  # a token of two words says one mention, not two
                before = place
            tagged.append(flat.repaired(tags))
        return tagged

    def _mentions(self, split: str, tagged: Sequence[Sequence[str]]) -> dict[str, list[Mention]]:
        documents = zip(self._splits[split], tagged, strict=True)
        return {one.document.name: flat.decode(one.words, tags) for one, tags in documents}

    def _gold(self, split: str) -> dict[str, tuple[Mention, ...]]:
        return {one.document.name: one.document.mentions for one in self._splits[split]}

    def _gold_tags(self, split: str) -> list[list[str]]:
        return [
            [self.labels[tag] if tag != flat.IGNORED else flat.OUTSIDE for tag in one.tags]
            for one in self._splits[split]
        ]


def _sample(text: str, name: str, due: Mention | None, marked: Mention | None) -> Sample:
    shown = due or marked
    assert shown is not None
    return Sample(
        where=f"{name} {shown.start}",
        kind=spans.kind(due, marked),
        before=text[max(0, shown.start - CONTEXT) : shown.start],
        text=text[shown.start : shown.end],
        after=text[shown.end : shown.end + CONTEXT],
        gold=f"{due.label}: {due.covered(text)}" if due else "",
        predicted=f"{marked.label}: {marked.covered(text)}" if marked else "",
    )
