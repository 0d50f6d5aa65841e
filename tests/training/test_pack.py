"""Packing loses nothing, goes on after a kill, and takes tokenizers that are not ours."""

import json
import multiprocessing
import os
import shutil
import signal
import time
import unicodedata
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from demo_web.site import FILES, read_articles
from slow_packing import pack_slowly
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from data.engines.engine import EngineSettings
from data.errors import InputError
from data.store import Store
from training.tokens.corpus import SPLITS, Corpus
from training.tokens.encode import Encoder, keeps_plain, stops_at_spaces
from training.tokens.pack import pack
from training.tokens.settings import PackSettings, TokenizerSettings
from training.tokens.stream import SPECIAL_TOKENS, RowIndex, Special, TokenStream
from training.tokens.tokenizer import (
    CASED,
    count_words,
    fit_tokenizer,
    load_tokenizer,
    normalizer_of,
    split,
    words_of,
)
from training.tokens.wordpiece import fit_wordpiece

TEXTS = ["\n".join(article.paragraphs) for file in FILES.values() for article in read_articles(file)]
ODD = [
    "",
    "  dos  espacios \n\n y líneas\t",
    "un\x1fseparador y un\x00nulo, un\u2028corte, un\u00a0duro y un\u200bcero",
    "\u0301tilde suelta, e\u0301 compuesta, \u0301 tras espacio",
    unicodedata.normalize("NFD", "corazón niño pingüino"),
    "[MASK] literal, [SEP][CLS] pegados y un [ PAD ]",
    "漢字と 한국어 😀 37°C ±2 µg/ml ½ «cita» ¿qué? ªº €",
    "x" * 300,
]


@pytest.fixture
def corpus(tmp_path):
    pq.write_table(pa.table({"text": TEXTS}), tmp_path / "texts.parquet")
    return tmp_path / "texts.parquet"


@pytest.fixture
def fitted(store, corpus):
    return fit_tokenizer(store, TokenizerSettings(vocab_size=1500), corpus=corpus).path


def foreign(folder, names=("[MASK]", "[PAD]", "[EOS]", "[UNK]", "[CLS]", "[SEP]")):
    """A tokenizer with other ids for the special tokens, that truncates and pads, as some on the hub do."""
    vocabulary = [*names, *sorted({word for text in TEXTS for word in words_of(text)})]
    tokenizer = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(list(names))
    tokenizer.enable_truncation(8)
    tokenizer.enable_padding(length=8)
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def test_the_memory_of_chunks_gives_the_tokenizers_own_ids(fitted):
    tokenizer = load_tokenizer(fitted)
    encoder = Encoder(tokenizer)
    for _ in range(2):
        for text, ids in zip(ODD + TEXTS, encoder.encode(ODD + TEXTS), strict=True):
            assert ids.tolist() == tokenizer.encode(text, add_special_tokens=False).ids


@pytest.mark.parametrize("changed", [{"lowercase": True}, {"strip_accents": True}, {"lowercase": True, "model": 5}])
def test_the_memory_of_words_knows_what_a_normaliser_does_to_them(fitted, changed):
    tokenizer = load_tokenizer(fitted)
    longest = changed.pop("model", None)
    steps = {"lowercase": False, "strip_accents": False, **changed}
    tokenizer.normalizer = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, **steps)
    if longest:
        tokenizer.model.max_input_chars_per_word = longest
    assert not keeps_plain(tokenizer)
    encoder = Encoder(tokenizer)
    for text, ids in zip(ODD + TEXTS[:40], encoder.encode(ODD + TEXTS[:40]), strict=True):
        assert ids.tolist() == tokenizer.encode(text, add_special_tokens=False).ids


def test_capitals_of_long_words_are_small_in_memory_too(fitted):
    tokenizer = load_tokenizer(fitted)
    tokenizer.normalizer = normalizer_of(TokenizerSettings(capitals=True))
    assert stops_at_spaces(tokenizer)
    assert not keeps_plain(tokenizer)
    encoder, texts = Encoder(tokenizer), [*ODD, *(text.upper() for text in TEXTS[:20])]
    for text, ids in zip(texts, encoder.encode(texts), strict=True):
        assert ids.tolist() == tokenizer.encode(text, add_special_tokens=False).ids


def test_a_full_memory_begins_anew(fitted, monkeypatch):
    monkeypatch.setattr("training.tokens.encode.MAX_KNOWN", 50)
    tokenizer = load_tokenizer(fitted)
    encoder = Encoder(tokenizer)
    for text in TEXTS[:10]:
        assert encoder.encode([text])[0].tolist() == tokenizer.encode(text, add_special_tokens=False).ids


def test_a_tokenizer_that_sees_across_spaces_is_asked_for_whole_texts(fitted):
    assert stops_at_spaces(load_tokenizer(fitted))
    phrases = load_tokenizer(fitted)
    phrases.add_tokens(["presión arterial"])
    assert not stops_at_spaces(phrases)
    ids = Encoder(phrases).encode(["la presión arterial alta"])[0]
    assert phrases.token_to_id("presión arterial") in ids


def test_plain_words_are_split_as_the_tokenizer_splits():
    every = [chr(code) for code in range(0x21, 0x250) if not chr(code).isspace()]
    for character in every:
        chunk = f"a{character}1"
        expected = [word for word, _ in split().pre_tokenize_str(normalizer_of(CASED).normalize_str(chunk))]
        assert words_of(chunk) == expected, repr(character)
    assert words_of("(hipertensión_arterial),¿x?") == ["(", "hipertensión", "_", "arterial", ")", ",", "¿", "x", "?"]


def test_merges_agree_with_counting_all_pairs_again():
    counts = {"aaaa": 3, "aaab": 5, "abab": 4, "baab": 2, "casa": 6, "cacasa": 3}
    vocabulary = fit_wordpiece(counts, 60, SPECIAL_TOKENS)
    pieces = {word: [word[0], *("##" + c for c in word[1:])] for word in counts}
    expected = [piece for piece in vocabulary if len(piece.removeprefix("##")) == 1 or piece in SPECIAL_TOKENS]
    while True:
        tally = {}
        for word, parts in pieces.items():
            for pair in pairwise(parts):
                tally[pair] = tally.get(pair, 0) + counts[word]
        pair = min(tally, key=lambda one: (-tally[one], one), default=None)
        if pair is None or tally[pair] < 2:
            break
        joined = pair[0] + pair[1].removeprefix("##")
        if joined not in expected:
            expected.append(joined)
        for parts in pieces.values():
            at = 0
            while at + 1 < len(parts):
                if (parts[at], parts[at + 1]) == pair:
                    parts[at : at + 2] = [joined]
                at += 1
    assert vocabulary == expected


def test_a_small_vocabulary_is_not_all_characters():
    counts = count_words([TEXTS])
    vocabulary = fit_wordpiece(counts, 100, SPECIAL_TOKENS)
    assert len(vocabulary) == 100
    assert sum(len(piece.removeprefix("##")) > 1 for piece in vocabulary[5:]) >= 47


@pytest.mark.slow
def test_a_killed_packing_goes_on(store, corpus, fitted, tmp_path, monkeypatch):
    child = multiprocessing.get_context("spawn").Process(target=pack_slowly, args=(store.root, corpus, fitted))
    child.start()
    until = time.monotonic() + 60
    while not (done := sorted(store.tokens.glob("*/.parts-*/train-*.npz"))) and time.monotonic() < until:
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert done
    assert not list(store.tokens.glob("*/manifest.json"))

    monkeypatch.setattr("training.tokens.corpus.PART_ROWS", 10)
    monkeypatch.setattr("training.tokens.corpus.BATCH", 10)
    written = []
    monkeypatch.setattr(
        "training.tokens.pack.np.savez",
        lambda file, _save=np.savez, **arrays: (written.append(file.name), _save(file, **arrays)),
    )
    summary = pack(store, PackSettings(), corpus=corpus, tokenizer=fitted)
    assert not any(path.name in name for path in done for name in written)
    assert written
    other = Store.open(tmp_path / "other")
    again = pack(other, PackSettings(), corpus=corpus, tokenizer=fitted)
    for name in ("train.tokens", "train.offsets.npy", "validation.tokens", "test.tokens"):
        assert (summary.path / name).read_bytes() == (again.path / name).read_bytes()
    assert not list(summary.path.glob(".parts-*"))


@pytest.mark.parametrize("own_splits", [True, False])
def test_parts_are_every_text_once_in_order_however_rows_lie_in_files_and_groups(tmp_path, monkeypatch, own_splits):
    texts = [f"Nota {number} de la consulta." if number % 7 else "" for number in range(250)]
    folder = tmp_path / "notas"
    for number, (some, group) in enumerate(
        [(texts[:120], 50), (texts[120:121], 9), (texts[121:121], 9), (texts[121:], 7)]
    ):
        path = folder / "data" / "train" if own_splits else folder
        path.mkdir(parents=True, exist_ok=True)
        pq.write_table(
            pa.table({"text": pa.array(some, pa.string())}), path / f"{number}.parquet", row_group_size=group
        )
    found = {}
    for rows in (1, 13, 50, 1_000):
        monkeypatch.setattr("training.tokens.corpus.PART_ROWS", rows)
        monkeypatch.setattr("training.tokens.corpus.BATCH", 11)
        source = Corpus.open(folder)
        assert all(0 < len(part) <= rows for split in SPLITS for part in source.parts(split))
        found[rows] = {split: [text for batch in source.texts(split) for text in batch] for split in SPLITS}
    assert found[1] == found[13] == found[50] == found[1_000]
    if own_splits:
        assert found[1]["train"] == [text for text in texts if text]
    else:
        assert sorted(text for some in found[1].values() for text in some) == sorted(text for text in texts if text)


@pytest.mark.slow
def test_many_processes_fit_and_pack_the_same_bytes(corpus, tmp_path, monkeypatch):
    made = []
    for rows_here, part in ((50_000, 50_000), (0, 60)):
        monkeypatch.setattr("training.tokens.corpus.ROWS_HERE", rows_here)
        monkeypatch.setattr("training.tokens.corpus.PART_ROWS", part)
        store, engine = Store.open(tmp_path / str(part)), EngineSettings(workers=2)
        told = []
        fitted = fit_tokenizer(store, TokenizerSettings(vocab_size=900), corpus=corpus, engine=engine).path
        packed = pack(
            store,
            PackSettings(),
            corpus=corpus,
            tokenizer=fitted,
            engine=engine,
            progress=lambda *line, told=told: told.append(line),
        )
        made.append({path.name: path.read_bytes() for path in packed.path.iterdir() if path.name != "manifest.json"})
        assert told[-1][:2] == ("pack", sum(packed.documents.values()))
        assert told[-1][3] == {"tokens": sum(packed.tokens.values())}
    assert made[0] == made[1]
    assert len(made[0]) > 6


def test_a_tokenizer_of_others_keeps_its_ids_and_all_tokens(store, corpus, tmp_path):
    folder = foreign(tmp_path / "hub")
    summary = pack(store, PackSettings(), corpus=corpus, tokenizer=folder)
    stream = TokenStream.open(summary.path, "train")
    assert stream.special == Special(pad=1, unk=3, cls=4, sep=5, mask=0)
    texts = [text for batch in Corpus.open(corpus).texts("train") for text in batch]
    assert len(stream.offsets) == len(texts) + 1
    tokenizer = load_tokenizer(folder)
    first = tokenizer.encode(texts[0], add_special_tokens=False).ids
    assert len(first) > 8
    assert stream.tokens[: stream.offsets[1]].tolist() == [*first, 5]
    row = stream.rows(32).batch(np.array([0]))[0]
    assert (row[0], row[-1]) == (4, 5)


def test_a_tokenizer_without_mask_is_refused(store, corpus, tmp_path):
    folder = foreign(tmp_path / "hub", ("[PAD]", "[UNK]", "[CLS]", "[SEP]"))
    with pytest.raises(InputError, match=r"has no \[MASK\]"):
        pack(store, PackSettings(), corpus=corpus, tokenizer=folder)


@pytest.mark.slow
def test_the_digest_is_of_the_content_not_of_places(corpus, fitted, tmp_path):
    elsewhere = tmp_path / "a" / "b" / "moved"
    shutil.copytree(fitted, elsewhere)
    shutil.copy(corpus, tmp_path / "a" / "otros.parquet")
    digests = {
        pack(Store.open(tmp_path / root), PackSettings(), corpus=source, tokenizer=tokenizer).digest
        for root, source, tokenizer in (
            ("one", corpus, fitted),
            ("two/deep", corpus, elsewhere),
            ("three", tmp_path / "a" / "otros.parquet", fitted),
        )
    }
    assert len(digests) == 1


@pytest.mark.slow
def test_tokens_packed_before_special_ids_were_noted_open_still(store, corpus, fitted):
    folder = pack(store, PackSettings(), corpus=corpus, tokenizer=fitted).path
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    digest = TokenStream.open(folder).digest
    del manifest["figures"]["special"]
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert TokenStream.open(folder).special == Special()
    assert TokenStream.open(folder).digest == digest


@pytest.mark.parametrize("tokens", [0, 1, 61, 62, 63, 62 * 5 + 7])
def test_rows_hold_every_token_once_in_any_order(tokens):
    ids = np.arange(5, 5 + tokens, dtype=np.uint16)
    rows = RowIndex(ids, 64, Special())
    assert len(rows) == -(-tokens // 62)
    order = np.random.default_rng(3).permutation(len(rows))
    got = rows.batch(order)
    assert got.shape == (len(rows), 64)
    back = np.concatenate([*(got[np.argsort(order)][:, 1:]), np.empty(0, np.uint16)])
    assert back[back >= 5].tolist() == ids.tolist()
    if tokens % 62:
        last = rows.batch(np.array([len(rows) - 1]))[0]
        assert last[tokens % 62 + 1] == Special().sep
        assert (last[tokens % 62 + 2 :] == Special().pad).all()
