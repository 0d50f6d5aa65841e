"""The best valid sequence of tags."""

import itertools

import numpy as np
import pytest

from training.benchmark.flat import repaired
from training.benchmark.transitions import best_sequences, valid_steps

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


def test_no_texts():
    assert best_sequences([], valid_steps(LABELS)) == []


@pytest.mark.parametrize(("inside", "found"), [(3.0, [1, 2]), (9.0, [3, 4])])
def test_an_inside_decides_over_the_type_before_it(inside, found):
    """B-FARMACO I-PROTEINA is no sequence: the type that is stronger over both words wins, not two mentions."""
    scores = np.array([[0, 5, 0, 4, 0], [0, 0, 3, 0, inside]], np.float32)
    assert best_sequences([scores], valid_steps(LABELS)) == [found]
