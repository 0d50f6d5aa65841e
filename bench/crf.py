"""A conditional random field on word shapes, on the splits and by the scorer of `cowese benchmark`: a small baseline.

    pip install python-crfsuite
    python bench/crf.py --data pharmaconer [--documents 250] [--iterations 60] [--record]

Features of a word and of the two on either side: itself in lower case, its shape, prefixes and suffixes of up to four
letters. No word vectors, no lists. A document is a sequence; L-BFGS with L1 0.05 and L2 0.01.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from harness import Run, record_option

from training.benchmark import iob_tags, spans
from training.benchmark.datasets import read_splits
from training.benchmark.documents import Document, types_of
from training.benchmark.split_assignment import at_most
from training.benchmark.tasks import find_task
from training.benchmark.word_split import split_words

AROUND = (-2, -1, 0, 1, 2)
AFFIXES = (2, 3, 4)


def shape(word: str) -> str:
    """Aa-1: upper, lower, digit, other; runs cut to one."""
    kinds = ["A" if c.isupper() else "a" if c.islower() else "1" if c.isdigit() else "-" for c in word]
    return "".join(kind for at, kind in enumerate(kinds) if at == 0 or kinds[at - 1] != kind)


def features(words: Sequence[str]) -> list[list[str]]:
    own = [
        [
            f"w={word.lower()}",
            f"s={shape(word)}",
            *(f"p={word[:n].lower()}" for n in AFFIXES if len(word) > n),
            *(f"e={word[-n:].lower()}" for n in AFFIXES if len(word) > n),
        ]
        for word in words
    ]
    return [
        ["bias", *(f"{off}:{one}" for off in AROUND if 0 <= at + off < len(words) for one in own[at + off])]
        for at in range(len(words))
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--task", default="PharmaCoNER")
    parser.add_argument("--documents", type=int, help="of the training split at most")
    parser.add_argument("--iterations", type=int, default=60)
    record_option(parser)
    given = parser.parse_args()
    _, splits = read_splits(find_task(given.task), given.data)
    train: list[Document] = at_most(splits["train"], given.documents)
    types = types_of(train)
    tags = iob_tags.tags_of(types)
    import pycrfsuite

    began = time.process_time()
    trainer = pycrfsuite.Trainer(verbose=False)
    for document in train:
        words = split_words(document.text)
        known = [mention for mention in document.mentions if mention.label in types]
        numbers = iob_tags.encode(words, known, tags)
        wanted = [tags[number] if number != iob_tags.IGNORED else iob_tags.OUTSIDE for number in numbers]
        trainer.append(features([document.text[start:end] for start, end in words]), wanted)
    trainer.set_params({"c1": 0.05, "c2": 0.01, "max_iterations": given.iterations})
    with tempfile.TemporaryDirectory() as folder:
        trainer.train(f"{folder}/model")
        tagger = pycrfsuite.Tagger()
        tagger.open(f"{folder}/model")
        figures = {}
        for split in ("dev", "test"):
            found = {}
            for document in splits[split]:
                words = split_words(document.text)
                tagged = tagger.tag(features([document.text[start:end] for start, end in words]))
                found[document.name] = iob_tags.decode(words, tagged)
            gold = {document.name: document.mentions for document in splits[split]}
            figures[split] = spans.exact(gold, found)["micro"]
    run, seconds = Run("crf", ("python-crfsuite",)), time.process_time() - began
    rows = [(split, *(f"{one[name]:.4f}" for name in ("precision", "recall", "f1"))) for split, one in figures.items()]
    title = f"{given.task}: a CRF on {len(train):,} documents, {seconds:.0f} CPU s"
    run.table(title, ("split", "exact precision", "recall", "F1"), rows)
    run.close(given.record)


if __name__ == "__main__":
    main()
