import itertools
from collections import Counter

import numpy as np
import pytest
from training_room import corpus

from data.store import Store
from training.settings import PackSettings, TokenizerSettings
from training.tokens import counts as counting
from training.tokens import vectors as reducing
from training.tokens.count_loss import CountModels, mean_losses, transposed
from training.tokens.counts import Counts, count, count_stream, merge_counts, read_counts, write_counts
from training.tokens.pack import pack
from training.tokens.stream import TokenStream
from training.tokens.tokenizer import fit_tokenizer
from training.tokens.vectors import ppmi, vectors_of

SEP = 3


def stream(vocabulary: int = 50, size: int = 4_000, seed: int = 1) -> np.ndarray:
    """Ids in which each token has a few usual successors, cut into documents by [SEP]."""
    draw = np.random.default_rng(seed)
    ids, usual = draw.integers(5, vocabulary, size), draw.random(size) < 0.5
    for at in range(1, size):
        ids[at] = 5 + ids[at - 1] * 7 % (vocabulary - 5) if usual[at] else ids[at]
    ids[draw.random(size) < 0.02] = SEP
    ids[-1] = SEP
    return ids.astype(np.uint16)


def listed(counted: Counts) -> dict[tuple[int, int], int]:
    size = counted.vocabulary
    return {
        (int(key) // size, int(key) % size): int(number)
        for key, number in zip(counted.keys_P, counted.counts_P, strict=True)
    }


def test_counts_are_those_of_a_plain_loop():
    ids = stream()
    counted = count_stream(ids, 50, SEP)
    before = [SEP, *ids[:-1].tolist()]
    assert listed(counted) == Counter(zip(before, ids.tolist(), strict=True))
    assert counted.single_V.tolist() == [Counter(ids.tolist())[one] for one in range(50)]


@pytest.mark.parametrize("parts", [1, 2, 5, 40])
def test_parts_of_any_number_add_up_to_the_same_bytes(tmp_path, parts):
    ids = stream()
    ends = np.flatnonzero(ids == SEP) + 1
    cuts = [0, *ends[:: max(1, len(ends) // parts)][1:parts].tolist(), len(ids)]
    counted = [count(ids[start:end], 50, before=SEP) for start, end in itertools.pairwise(cuts)]
    merge_counts(tmp_path, "train", counted, 50)
    write_counts(tmp_path, "whole", count_stream(ids, 50, SEP))
    for kind in ("single", "pairs.keys", "pairs.counts"):
        assert (tmp_path / f"train.{kind}.npy").read_bytes() == (tmp_path / f"whole.{kind}.npy").read_bytes()
    assert not list(tmp_path.glob(".*"))


def test_small_blocks_and_chunks_change_nothing(monkeypatch):
    ids = stream()
    whole = count_stream(ids, 50, SEP)
    monkeypatch.setattr(counting, "BLOCK", 64)
    monkeypatch.setattr(counting, "CHUNK", 97)
    monkeypatch.setattr(counting, "MOST_HELD", 300)
    small = count_stream(ids, 50, SEP)
    assert small.keys_P.tolist() == whole.keys_P.tolist()
    assert small.counts_P.tolist() == whole.counts_P.tolist()
    assert small.single_V.tolist() == whole.single_V.tolist()


def test_the_last_pair_of_the_largest_vocabulary_is_kept():
    ids = np.array([65_535, 65_535, 0, 65_535], np.uint16)
    counted = count(ids, 65_536, before=65_535)
    assert listed(counted) == {(65_535, 65_535): 2, (65_535, 0): 1, (0, 65_535): 1}


def test_an_empty_stream_has_no_counts(tmp_path):
    counted = count_stream(np.empty(0, np.uint16), 50, SEP)
    assert len(counted.keys_P) == 0
    merge_counts(tmp_path, "train", [counted], 50)
    assert len(read_counts(tmp_path, "train").counts_P) == 0
    assert not vectors_of(counted, 4).left_VK.any()


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A corpus and its tokenizer."""
    folder = tmp_path_factory.mktemp("counted")
    notes = corpus(folder / "notes")
    return notes, fit_tokenizer(Store.open(folder / "store"), TokenizerSettings(vocab_size=400), corpus=notes).path


def test_pack_counts_the_same_for_any_number_of_parts(source, tmp_path, monkeypatch):
    notes, tokenizer = source
    one = pack(Store.open(tmp_path / "one"), PackSettings(), corpus=notes, tokenizer=tokenizer)
    monkeypatch.setattr("training.tokens.corpus.PART_ROWS", 17)
    monkeypatch.setattr("training.tokens.corpus.BATCH", 17)
    many = pack(Store.open(tmp_path / "many"), PackSettings(), corpus=notes, tokenizer=tokenizer)
    assert one.digest == many.digest
    names = sorted(path.name for path in one.path.glob("train.*.npy"))
    assert names == ["train.offsets.npy", "train.pairs.counts.npy", "train.pairs.keys.npy", "train.single.npy"]
    for name in names:
        assert (one.path / name).read_bytes() == (many.path / name).read_bytes(), name
    opened = TokenStream.open(one.path)
    assert listed(opened.counts()) == listed(count_stream(opened.tokens, opened.vocab_size, opened.special.sep))


def test_tokens_packed_before_are_counted_when_asked(source, tmp_path):
    notes, tokenizer = source
    packed = pack(Store.open(tmp_path), PackSettings(), corpus=notes, tokenizer=tokenizer)
    before = listed(TokenStream.open(packed.path).counts())
    for path in packed.path.glob("train.pairs.*"):
        path.unlink()
    opened = TokenStream.open(packed.path)
    assert opened.counted is None
    assert listed(opened.counts()) == before
    merge_counts(packed.path, "train", [count_stream(opened.tokens[:100], opened.vocab_size, SEP)], opened.vocab_size)
    assert listed(TokenStream.open(packed.path).counts()) == before  # those of other tokens are not believed


def test_vectors_of_full_rank_give_the_matrix_back():
    counted = count_stream(stream(vocabulary=30, size=20_000), 30, SEP)
    found = vectors_of(counted, 30)
    assert np.abs(found.left_VK @ found.right_VK.T - ppmi(counted).toarray()).max() < 1e-3


def test_ppmi_is_what_its_formula_says():
    counted = count_stream(stream(vocabulary=30, size=20_000), 30, SEP)
    table = np.zeros((30, 30))
    for (left, right), number in listed(counted).items():
        table[left, right] = number
    smoothed = table.sum(0) ** 0.75
    smoothed /= smoothed.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.nan_to_num(np.maximum(np.log(table / (table.sum(1)[:, None] * smoothed)), 0), neginf=0)
    assert ppmi(counted).toarray() == pytest.approx(expected, abs=1e-4)


def test_fewer_singular_vectors_are_the_best_ones_and_always_the_same():
    counted = count_stream(stream(vocabulary=60, size=30_000), 60, SEP)
    exact = ppmi(counted).toarray()
    values = np.linalg.svd(exact)[1]
    found = vectors_of(counted, 8)
    lost = np.linalg.norm(exact - found.left_VK @ found.right_VK.T)
    assert lost < 1.02 * np.sqrt((values[8:] ** 2).sum())
    again = vectors_of(count_stream(stream(vocabulary=60, size=30_000), 60, SEP), 8)
    assert found.left_VK.tobytes() == again.left_VK.tobytes()


def test_where_pairs_are_too_many_the_rarest_are_left_out(monkeypatch):
    counted = count_stream(stream(size=3_000), 50, SEP)
    monkeypatch.setattr(reducing, "MOST_PAIRS", 300)
    kept = ppmi(counted)
    assert 0 < kept.nnz <= 300
    least = min(listed(counted)[pair] for pair in zip(*(one.tolist() for one in kept.nonzero()), strict=True))
    assert sum(number >= least for number in listed(counted).values()) <= 300


def test_models_of_counts_are_distributions_and_know_more_the_more_they_see():
    ids = stream(size=60_000).astype(np.int64)
    counted = count_stream(ids[:50_000].astype(np.uint16), 50, SEP)
    models = CountModels(counted, mask=4)
    total = [np.exp(-models._both_sides(9, 12, token)) for token in range(50)]
    assert sum(total) == pytest.approx(1.0)
    before = np.full(50, 9)
    assert models._given(before, np.arange(50), models._single_V).sum() == pytest.approx(1.0)
    rows = ids[50_000:].reshape(-1, 100)
    hidden = np.zeros(rows.shape, bool)
    hidden[:, 10:90:7] = True
    models.add(np.where(hidden, 4, rows), rows, hidden)
    losses = mean_losses(models.sums)
    assert losses["pairs"] < losses["single"] - 0.05


def test_transposed_counts_hold_the_same_pairs_turned():
    counted = count_stream(stream(), 50, SEP)
    assert listed(transposed(counted)) == {(right, left): n for (left, right), n in listed(counted).items()}
