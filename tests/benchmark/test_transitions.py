"""The best valid sequence of tags."""

import itertools

import numpy as np
import pytest
import torch

from training.benchmark.iob_tags import IGNORED, repaired
from training.benchmark.transitions import _of_like_length, best_sequences, sequence_loss, valid_steps

LABELS = ("O", "B-FARMACO", "I-FARMACO", "B-PROTEINA", "I-PROTEINA")


def is_valid(path):
    tags = [LABELS[tag] for tag in path]
    return repaired(tags) == tags


def test_the_best_of_all_valid_sequences_is_found_for_texts_of_any_length():
    draw = np.random.default_rng(5)
    texts = [draw.normal(size=(length, len(LABELS))).astype(np.float32) * 3 for length in (4, 1, 0, 3, 4)]
    for text, found in zip(texts, best_sequences(texts, valid_steps(LABELS)), strict=True):
        every = itertools.product(range(len(LABELS)), repeat=len(text))
        valid = [path for path in every if is_valid(path)]
        best = max(valid, key=lambda path: sum(text[word, tag] for word, tag in enumerate(path)))
        assert found == list(best)


def test_a_long_text_among_many_short_ones_needs_no_more_memory_than_both(monkeypatch):
    draw = np.random.default_rng(6)
    texts = [draw.normal(size=(length, len(LABELS))).astype(np.float32) for length in (3, 60, 2, 5, 4, 61, 1)]
    steps = valid_steps(LABELS)
    together = best_sequences(texts, steps)
    monkeypatch.setattr("training.benchmark.transitions.MOST_CELLS", 60 * len(LABELS))
    alone = [len(some) for some in _of_like_length(texts, len(LABELS))]
    assert (sum(alone), alone[-2:]) == (len(texts), [1, 1])
    assert best_sequences(texts, steps) == together


def test_no_texts():
    assert best_sequences([], valid_steps(LABELS)) == []


@pytest.mark.parametrize(("inside", "found"), [(3.0, [1, 2]), (9.0, [3, 4])])
def test_an_inside_decides_over_the_type_before_it(inside, found):
    """B-FARMACO I-PROTEINA is no sequence: the type that is stronger over both words wins, not two mentions."""
    scores = np.array([[0, 5, 0, 4, 0], [0, 0, 3, 0, inside]], np.float32)
    assert best_sequences([scores], valid_steps(LABELS)) == [found]


def test_the_loss_is_that_of_all_sequences_and_an_ignored_word_may_be_anything():
    draw = torch.Generator().manual_seed(4)
    scores_BWT = torch.randn(2, 4, len(LABELS), generator=draw)
    steps = torch.randn(len(LABELS) + 1, len(LABELS), generator=draw) + torch.from_numpy(valid_steps(LABELS))
    tags_BW = torch.tensor([[1, 2, 0, IGNORED], [0, 3, IGNORED, IGNORED]])
    is_word_BW = torch.tensor([[True] * 4, [True, True, False, False]])
    said = 0.0
    for row, length in enumerate((4, 2)):
        every, due = [], []
        for path in itertools.product(range(len(LABELS)), repeat=length):
            total = sum(
                float(steps[path[word - 1] if word else -1, tag] + scores_BWT[row, word, tag])
                for word, tag in enumerate(path)
            )
            every.append(total)
            if all(asked in (tag, IGNORED) for tag, asked in zip(path, tags_BW[row].tolist(), strict=False)):
                due.append(total)
        said += float(np.logaddexp.reduce(every) - np.logaddexp.reduce(due))
    assert float(sequence_loss(scores_BWT, tags_BW, is_word_BW, steps)) == pytest.approx(said, rel=1e-4)
