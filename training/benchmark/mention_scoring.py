"""Mentions scored: exact spans against the gold as annotated, seqeval against the gold as one tag a word."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from data.errors import InputError
from training.benchmark import iob_tags, spans
from training.benchmark.brat import read_document, write_document
from training.benchmark.counts import COUNTED, Counts
from training.benchmark.datasets import Splits
from training.benchmark.documents import Document, Mention, types_of
from training.benchmark.heads import Heads
from training.benchmark.scores import Sample, Scores
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.word_split import split_words

CONTEXT = 60
"""Characters shown on either side of a mention."""
Answers = Mapping[str, Sequence[Mention]]
"""Mentions by document."""


class MentionScoring:
    """A corpus of mentions; see ``flat`` for what tags cannot express."""

    selects: ClassVar[str] = "exact_f1"

    def __init__(self, splits: Splits, settings: BenchmarkSettings) -> None:
        self.types = types_of(splits["train"])
        if not self.types:
            raise InputError(f"{settings.fewer}: the training documents that are left have no mention. Raise it.")
        self.heads = Heads.of_types(self.types, settings.heads or "one")
        self.labels = self.heads.labels
        self.splits: dict[str, list[Document]] = splits
        self._flat = iob_tags.tags_of(self.types)

    def gold_tags(self, document: Document) -> list[list[int]]:
        """For each word the number of its tag in each head, ``IGNORED`` where it is not trained on."""
        return self.heads.encode(split_words(document.text), document.mentions)

    def judge(self, split: str, answers: Answers) -> Scores:
        """Precision, recall and F1 by both scorers."""
        gold = self._gold(split)
        by_type = spans.exact(gold, answers)
        micro, strict = by_type.pop("micro"), spans.strict(self._due_tags(split), self._tags(split, answers))
        return Scores(
            figures={f"{name}_{figure}": round(one[figure], 6) for name, one in (("exact", micro), ("seqeval", strict))
                     for figure in ("precision", "recall", "f1")},
            by_type=by_type,
            confusion=spans.confusion(gold, answers),
            errors=spans.error_kinds(gold, answers),
        )  # fmt: skip

    def counts(self, split: str, answers: Answers) -> Counts:
        """Right, marked and due mentions of each document, by both scorers."""
        documents = self.splits[split]
        columns = tuple(f"{scorer}/{name}" for scorer in ("exact", "seqeval") for name in COUNTED)
        tagged = zip(documents, self._due_tags(split), self._tags(split, answers), strict=True)
        rows = []
        for document, due, marked in tagged:
            words = split_words(document.text)
            sides = (
                (set(document.mentions), set(answers.get(document.name, ()))),
                (set(iob_tags.decode(words, due)), set(iob_tags.decode(words, marked))),
            )
            rows.append([count for gold, ours in sides for count in (len(gold & ours), len(ours), len(gold))])
        return Counts(tuple(one.name for one in documents), columns, np.array(rows, np.float64))

    def samples(self, split: str, answers: Answers, most: int) -> list[Sample]:
        """Mentions that are not right."""
        texts = {one.name: one.text for one in self.splits[split]}
        found = spans.pairs(self._gold(split), answers)
        wrong = [pair for pair in found if spans.kind(*pair[1:]) != "right"]
        return [_sample(texts[name], name, due, marked) for name, due, marked in wrong[:: -(-len(wrong) // most) or 1]]

    def write(self, folder: Path, split: str, answers: Answers) -> None:
        """Write the texts and the predicted mentions for brat."""
        for document in self.splits[split]:
            write_document(folder, document, answers[document.name])

    def read(self, folder: Path, split: str) -> dict[str, tuple[Mention, ...]]:
        """The mentions of each document.

        Raises:
            InputError: a document is missing or has another text.
        """
        found = {}
        for document in self.splits[split]:
            read = read_document(folder / f"{document.name}.ann", document.name)
            if read.text != document.text:
                raise InputError(f"{read.place}: not the text of {document.place}. Is --data what was predicted on?")
            found[document.name] = read.mentions
        return found

    def about(self) -> dict[str, Any]:
        """Counts of the data, and what a perfect tagger would reach: the price of the rule for tags."""
        perfect_answers = {
            document.name: self.heads.possible(split_words(document.text), document.mentions)
            for document in self.splits["test"]
        }
        perfect = spans.exact(self._gold("test"), perfect_answers)["micro"]
        everything = [document for split in self.splits.values() for document in split]
        return {
            "documents": {split: len(documents) for split, documents in self.splits.items()},
            "mentions": {
                split: sum(len(set(document.mentions)) for document in documents)
                for split, documents in self.splits.items()
            },
            "types": list(self.types),
            "misfits": [misfit for document in everything for misfit in document.misfits],
            "discontinuous": sum(not mention.continuous for one in everything for mention in one.mentions),
            "ceiling": {figure: round(perfect[figure], 6) for figure in ("precision", "recall", "f1")},
        }

    def _gold(self, split: str) -> dict[str, tuple[Mention, ...]]:
        return {document.name: document.mentions for document in self.splits[split]}

    def _due_tags(self, split: str) -> list[list[str]]:
        return self._tags(split, self._gold(split))

    def _tags(self, split: str, answers: Answers) -> list[list[str]]:
        """One tag a word, as seqeval has it, whatever the heads: of nested mentions the longest."""
        found = []
        for document in self.splits[split]:
            known = [one for one in answers.get(document.name, ()) if one.label in self.types]
            numbers = iob_tags.encode(split_words(document.text), known, self._flat)
            found.append([self._flat[tag] if tag != iob_tags.IGNORED else iob_tags.OUTSIDE for tag in numbers])
        return found


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
