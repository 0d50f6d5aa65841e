"""Rows of two segments, as google-research/electra makes them."""

from itertools import chain, pairwise

import numpy as np
import pytest
import torch
from training_room import packed, quick

from data.errors import InputError
from data.store import Store
from training.electra.masking import SpecialIds
from training.electra.model import Electra
from training.electra.objective import electra_loss, segments_of
from training.electra.presets import model_shape
from training.runs.pretrain import pretrain
from training.runs.run import open_tokens
from training.tokens.pairs import PairIndex

PAD, CLS, SEP, END = 0, 2, 3, 7
SPECIAL = SpecialIds(pad=PAD, cls=CLS, sep=SEP, mask=4)
SIZES = (1, 2, 30, 29, 0, 400, 58)


def documents() -> list[list[int]]:
    draw = np.random.default_rng(5)
    return [[END if draw.random() < 0.1 else int(draw.integers(10, 90)) for _ in range(size)] for size in SIZES]


def index(length: int = 32, ends: tuple[int, ...] = (END,)) -> PairIndex:
    tokens = np.array([number for ids in documents() for number in [*ids, SEP]], np.uint16)
    offsets = np.cumsum([0, *(size + 1 for size in SIZES)])
    return PairIndex(tokens, offsets, length, special=(PAD, CLS, SEP), sentence_ends=ends)


def segments(row: np.ndarray) -> list[list[int]]:
    """The tokens between the special ones."""
    assert row[0] == CLS
    ends = np.flatnonzero(row == SEP)
    assert len(ends) in {1, 2}
    assert (row[ends[-1] + 1 :] == PAD).all()
    return [row[start + 1 : end].tolist() for start, end in pairwise([0, *ends])]


def test_no_token_is_lost_and_no_row_crosses_a_document():
    rows = index()
    cut = [segments(row) for row in rows.batch(np.arange(len(rows)))]
    read = iter(cut)
    for ids in documents():
        seen: list[int] = []
        while len(seen) < len(ids):
            seen += chain.from_iterable(next(read))
        assert seen == ids
    assert next(read, None) is None


def test_segment_a_ends_with_a_sentence_near_the_middle_where_there_is_one():
    rows = index()
    pairs = [both for both in map(segments, rows.batch(np.arange(len(rows)))) if len(both) == 2]
    assert len(pairs) > 10
    for first, second in pairs:
        whole, half = [*first, *second], (len(first) + len(second)) // 2
        ends = [place for place, number in enumerate(whole, 1) if number == END and place < len(whole)]
        expected = min((abs(place - half) for place in ends), default=0)
        assert abs(len(first) - half) == expected


def test_one_row_in_ten_is_of_one_segment():
    tokens = np.full(400_001, 20, np.uint16)
    rows = PairIndex(tokens, np.array([0, 400_001]), 32, special=(PAD, CLS, SEP), sentence_ends=())
    single = sum(len(segments(row)) == 1 for row in rows.batch(np.arange(len(rows))))
    assert single / len(rows) == pytest.approx(0.1, abs=0.01)
    with pytest.raises(InputError, match="a pair needs at least 5"):
        index(length=4)


def test_segments_are_0_up_to_the_first_sep_then_1_and_0_at_pads():
    ids_BL = torch.tensor([[CLS, 9, 8, SEP, 9, SEP, PAD], [CLS, 9, 8, 9, 9, 9, SEP]])
    assert segments_of(ids_BL, SPECIAL).tolist() == [[0, 0, 0, 0, 1, 1, 0], [0] * 7]


def test_the_second_segment_reaches_both_losses():
    model = Electra(model_shape("tiny", 100)).initialise(1)
    ids_BL = torch.from_numpy(index().batch(np.arange(8)).astype(np.int64))
    outcome = electra_loss(model, ids_BL, SPECIAL, seed=1, step=0, rows_B=torch.arange(8), pairs=True)
    outcome.loss.backward()
    assert model.embeddings.segment.weight.grad is not None
    assert model.embeddings.segment.weight.grad[1].abs().sum() > 0
    assert outcome.figures["tokens"] == (ids_BL != PAD).sum()


def test_a_run_of_pairs_is_another_run(tmp_path):
    store = Store.open(tmp_path)
    tokens = packed(store)
    assert open_tokens(tokens, "train").sentence_ends
    runs = [pretrain(store, quick(steps=3, pairs=pairs), tokens=tokens) for pairs in (False, True)]
    assert runs[0].path != runs[1].path
    assert runs[0].loss != runs[1].loss
