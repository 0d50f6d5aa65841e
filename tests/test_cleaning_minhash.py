"""Signatures, shingles and the band index against datasketch, the reference."""

import numpy as np
import pytest
from corpus_rounds import prose, slightly_changed
from datasketch import MinHash, MinHashLSH
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaning.duplicates import shingles
from cleaning.duplicates.band_index import MOST_SEGMENTS, BandIndex
from cleaning.duplicates.candidates import LARGEST_BUCKET, PIVOTS, candidates
from cleaning.duplicates.minhash import Signer, hash_of
from cleaning.duplicates.shingles import Shingler, jaccard, shingle_number, word_number, words_of
from cleaning.engines.process_engine import ProcessEngine

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
    first, second = candidates(index, digests[order], np.arange(240), ProcessEngine(2), tmp_path)
    found = {tuple(sorted((int(order[a]), int(order[b])))) for a, b in zip(first, second, strict=True)}
    assert len(expected) > 30
    assert found == expected


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
def test_a_large_bucket_is_compared_with_its_best_only(tmp_path, size):
    digests = np.arange(size, dtype=np.uint64)
    index = BandIndex(tmp_path / "index", 25)
    index.add(digests, np.repeat(SIGNER.band_keys([prose(1)]), size, axis=1), digests)
    rank = np.arange(size)[::-1]
    first, second = candidates(index, digests, rank, ProcessEngine(2), tmp_path)
    every = size * (size - 1) // 2
    if size <= LARGEST_BUCKET:
        assert len(first) == every
    else:
        assert len(first) < every
        best = np.flatnonzero(rank < PIVOTS)
        assert (np.isin(first, best) | np.isin(second, best)).all()
        assert set(range(size)) == set(first) | set(second)
