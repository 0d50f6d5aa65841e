"""Signatures, shingles and the band index against datasketch, the reference."""

import numpy as np
import pytest
from corpus_rounds import prose, slightly_changed
from datasketch import MinHash, MinHashLSH
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaning.duplicates import crowds, shingles
from cleaning.duplicates.band_index import MOST_SEGMENTS, BandIndex
from cleaning.duplicates.candidates import LARGEST_BUCKET, candidates, packed, unpacked
from cleaning.duplicates.crowds import settle_crowds
from cleaning.duplicates.dedup import Edges, elect
from cleaning.duplicates.minhash import Signer, hash_of
from cleaning.duplicates.shingles import Shingler, jaccard, shingle_number, word_number, words_of
from data.engines.process_engine import ProcessEngine

SIGNER = Signer(permutations=256, bands=25, rows=10, shingle_words=5)


def reference(text: str) -> MinHash:
    """Shingle by shingle, as datasketch's own documentation does it."""
    signature = MinHash(num_perm=256, hashfunc=hash_of)
    signature.update_batch([shingle.encode("utf-8", "surrogatepass") for shingle in shingles_of(text)])
    return signature


def shingles_of(text: str) -> set[str]:
    words = words_of(text)
    return {" ".join(words[start : start + 5]) for start in range(max(1, len(words) - 4))}


@given(st.lists(st.text(max_size=300), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_signatures_are_the_bits_of_datasketch(texts):
    expected = np.array([reference(text).hashvalues for text in texts])
    assert SIGNER.signatures(texts).dtype == expected.dtype
    assert np.array_equal(SIGNER.signatures(texts), expected)


def test_signatures_of_long_and_short_texts_in_one_batch():
    texts = [prose(1, 900), "", "Uno dos", prose(2, 5), prose(3, 4), "año ñandú cigüeña", prose(4, 60)]
    expected = np.array([reference(text).hashvalues for text in texts])
    assert np.array_equal(SIGNER.signatures(texts), expected)
    one_by_one = np.concatenate([SIGNER.signatures([text]) for text in texts])
    assert np.array_equal(one_by_one, expected)


def test_signatures_do_not_depend_on_how_many_letters_are_held_at_once(monkeypatch):
    texts = [prose(number, 10 * number) for number in range(30)]
    texts += [
        "PACIENTE de İzmir, ΣΊΣΥΦΟΣ y otros",
        "健康 な 生活 を 送る ため に",
        "𝒶𝒷 𝒸𝒹 uno dos 😀 tres cuatro",
        "_ a_b 3º ½",
    ]
    expected = np.array([reference(text).hashvalues for text in texts])
    for letters in (1, 40, 1 << 20):
        monkeypatch.setattr(shingles, "LETTERS_AT_ONCE", letters)
        assert np.array_equal(SIGNER.signatures(texts), expected)
    assert SIGNER.signatures([]).shape == (0, 256)


def test_words_are_runs_of_letters_digits_and_underscores():
    assert words_of("El 3º AÑO: «co_morbilidad», 😀 y/o İ") == ["el", "3º", "año", "co_morbilidad", "y", "o", "i"]
    assert word_number("salud") != word_number("dulas")
    assert len({word_number(word) for word in ("", "a", "aa", "aaa", "ab", "ba", "á")}) == 7


def test_jaccard_of_numbers_is_that_of_the_words():
    shingler = Shingler(5)
    texts = [prose(number, 200) for number in range(20)]
    texts += [slightly_changed(text, number) for number, text in enumerate(texts)]
    sets = shingler.sets(texts)
    plain = [shingles_of(text) for text in texts]
    for one in range(0, 40, 3):
        for other in range(40):
            exact = len(plain[one] & plain[other]) / len(plain[one] | plain[other])
            assert jaccard(sets[one], sets[other]) == exact


def test_a_shingle_has_the_same_number_in_a_batch_and_alone():
    numbers, starts = Shingler(3)(["A B C D", "x y", "e f g"])
    assert starts.tolist() == [0, 2, 3]
    alone = [("a", "b", "c"), ("b", "c", "d"), ("x", "y"), ("e", "f", "g")]
    assert numbers.tolist() == [shingle_number(shingle) for shingle in alone]


def corpus(documents: int) -> list[str]:
    """Texts of which every third is a near copy, changed more and more."""
    texts = [prose(number, 150) for number in range(documents)]
    for number in range(2, documents, 3):
        words = texts[number - 1].split(" ")
        for changed in range(number % 12):
            words[7 * changed] = f"otra{number}x{changed}"
        texts[number] = " ".join(words)
    return texts


def digests_of(texts: list[str]) -> np.ndarray:
    return np.arange(len(texts), dtype=np.uint64) * np.uint64(2654435761) % np.uint64(1 << 32)


@pytest.mark.slow
def test_candidate_pairs_are_those_of_datasketch_lsh(tmp_path):
    texts = corpus(240)
    lsh = MinHashLSH(num_perm=256, params=(25, 10))
    expected = set()
    for number, text in enumerate(texts):
        signature = reference(text)
        expected |= {(other, number) for other in lsh.query(signature)}
        lsh.insert(number, signature)
    digests = digests_of(texts)
    index = BandIndex(tmp_path / "index", 25)
    for start in range(0, 240, 60):
        some = slice(start, start + 60)
        index.add(digests[some], SIGNER.band_keys(texts[some]), digests)
    order = np.argsort(digests)
    first, second = unpacked(candidates(index, digests[order], ProcessEngine(2), tmp_path).pairs)
    found = {tuple(sorted((int(order[a]), int(order[b])))) for a, b in zip(first, second, strict=True)}
    assert len(expected) > 30
    assert found == expected


@pytest.mark.slow
def test_the_dead_are_passed_over_and_left_out_by_a_merge(tmp_path):
    texts = corpus(100)
    digests = digests_of(texts)
    keys = SIGNER.band_keys(texts)
    living = np.sort(digests[::2])
    index = BandIndex(tmp_path / "merged", 25)
    for number in range(100):
        index.add(digests[[number]], keys[:, [number]], living)
    assert len(list((tmp_path / "merged").glob("0*"))) <= MOST_SEGMENTS
    assert len(index) <= 50 + MOST_SEGMENTS
    fresh = BandIndex(tmp_path / "fresh", 25)
    fresh.add(digests[::2], keys[:, ::2], living)
    for one, other in zip(index.buckets(living, range(25)), fresh.buckets(living, range(25)), strict=True):
        assert np.array_equal(one[0], other[0])
        assert np.array_equal(one[1], other[1])


def test_what_a_crash_left_is_not_read(tmp_path):
    texts = corpus(30)
    digests = digests_of(texts)
    index = BandIndex(tmp_path, 25)
    index.add(digests[:20], SIGNER.band_keys(texts[:20]), digests)
    (tmp_path / "000007").mkdir()
    (tmp_path / "000007" / "digests.npy").write_bytes(b"torn")
    again = BandIndex(tmp_path, 25)
    assert len(again) == 20
    assert again.missing(np.sort(digests)).tolist() == np.sort(digests[20:]).tolist()
    again.add(digests[20:], SIGNER.band_keys(texts[20:]), digests)
    assert not (tmp_path / "000007").exists()
    assert len(BandIndex(tmp_path, 25)) == 30


def test_a_damaged_list_of_segments_is_an_empty_index(tmp_path):
    texts = corpus(30)
    digests = digests_of(texts)
    BandIndex(tmp_path, 25).add(digests, SIGNER.band_keys(texts), digests)
    (tmp_path / "index.json").write_text("[")
    assert len(BandIndex(tmp_path, 25)) == 0


@pytest.mark.parametrize("size", [LARGEST_BUCKET, LARGEST_BUCKET + 1])
def test_more_texts_than_a_bucket_may_have_are_a_crowd(tmp_path, size):
    digests = np.arange(size, dtype=np.uint64)
    index = BandIndex(tmp_path / "index", 25)
    index.add(digests, np.repeat(SIGNER.band_keys([prose(1)]), size, axis=1), digests)
    found = candidates(index, digests, ProcessEngine(2), tmp_path)
    if size <= LARGEST_BUCKET:
        assert (len(found.pairs), found.crowds) == (size * (size - 1) // 2, [])
    else:
        assert len(found.pairs) == 0
        assert [crowd.tolist() for crowd in found.crowds] == [list(range(size))]  # 25 bands, one crowd


def settled(places, rank, crowd):
    """Texts at places on a line, alike where they are no more than 1 apart; the election and what was left over."""
    asked = []

    def elected(pairs):
        first, second = unpacked(pairs)
        asked.append(len(pairs))
        near = np.abs(places[first] - places[second]) <= 1
        ends = [np.concatenate(pair) for pair in ((first[near], second[near]), (second[near], first[near]))]
        return elect(rank, Edges(*ends, np.full(len(ends[0]), 0.9), np.zeros(len(ends[0]), np.bool_)))

    _, found, uncompared = settle_crowds(np.zeros(0, np.uint64), [crowd], rank, elected)
    return found.lost_to, uncompared, asked


@pytest.mark.parametrize("together", [1, 7, 256])
def test_no_two_keepers_of_a_crowd_are_alike(monkeypatch, together):
    monkeypatch.setattr(crowds, "TOGETHER", together)
    draw = np.random.default_rng(1)
    places, rank = draw.uniform(0, 60, 400), draw.permutation(400)
    lost_to, uncompared, asked = settled(places, rank, np.arange(400))
    keepers = np.sort(places[lost_to == np.arange(400)])
    assert uncompared == 0
    assert (np.diff(keepers) > 1).all()
    losers = np.flatnonzero(lost_to != np.arange(400))
    assert (np.abs(places[losers] - places[lost_to[losers]]) <= 1).all()
    assert len(set(asked)) == len(asked)
    if together < 256:
        assert asked[-1] < 400 * 399 / 2 / 2  # far from all pairs


def test_pairs_that_are_too_many_are_left_and_counted(monkeypatch):
    monkeypatch.setattr(crowds, "MOST_PAIRS", 3_000)
    monkeypatch.setattr(crowds, "TOGETHER", 10)
    lost_to, uncompared, asked = settled(np.arange(300) * 2.0, np.arange(300), np.arange(300))
    assert (lost_to == np.arange(300)).all()
    assert uncompared == 300
    assert asked[-1] <= 3_000


def test_a_pair_is_one_number_whatever_its_order():
    one, other = np.array([3, 70_000]), np.array([5_000_000_000 % 2**32, 2])
    assert (packed(one, other) == packed(other, one)).all()
    first, second = unpacked(packed(one, other))
    assert (first <= second).all()
