"""A tokenizer that is the same on every run, keeps case and accents, and is read alike by transformers."""

import collections
import json
import random
import unicodedata

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from demo_web.site import FILES, read_articles
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models

from data.errors import InputError, StageError
from data.manifest import Manifest
from training.tokens.corpus import Corpus
from training.tokens.pack import pack
from training.tokens.settings import PackSettings, TokenizerSettings
from training.tokens.stream import SPECIAL_TOKENS, TokenStream
from training.tokens.tokenizer import count_words, fit_tokenizer, load_tokenizer, normalizer_of, split
from training.tokens.wordpiece import fit_wordpiece

TEXTS = ["\n".join(article.paragraphs) for file in FILES.values() for article in read_articles(file)]


def write_corpus(path, texts=TEXTS):
    pq.write_table(pa.table({"text": texts}), path)
    return path


@pytest.fixture
def fitted(store, tmp_path):
    return fit_tokenizer(store, TokenizerSettings(vocab_size=1500), corpus=write_corpus(tmp_path / "texts.parquet"))


def test_the_first_merges_are_the_commonest_pairs():
    vocabulary = fit_wordpiece({"caso": 10, "casa": 7, "cosa": 3}, 100, SPECIAL_TOKENS)
    characters = ["a", "c", "o", "s", "##a", "##o", "##s"]
    assert vocabulary[: 5 + len(characters)] == [*SPECIAL_TOKENS, *characters]
    # pairs: ##a+##s and c+##a 17 each, ##s+##a and ##s+##o 10; "##a" sorts before "c"
    assert vocabulary[12:14] == ["##as", "cas"]
    assert {"caso", "casa", "cosa"} <= set(vocabulary)


def test_any_order_of_words_gives_the_same_vocabulary():
    counts = count_words([TEXTS])
    words = list(counts.items())
    expected = fit_wordpiece(counts, 1200, SPECIAL_TOKENS)
    for seed in (1, 2):
        random.Random(seed).shuffle(words)
        assert fit_wordpiece(dict(words), 1200, SPECIAL_TOKENS) == expected
    assert len(expected) == len(set(expected)) == 1200


def test_counts_merge_over_shards():
    whole = count_words([TEXTS])
    parts = collections.Counter()
    for start in range(0, len(TEXTS), 7):
        parts += count_words([TEXTS[start : start + 7]])
    assert parts == whole


@pytest.mark.slow
def test_two_stores_get_the_same_files(fitted, tmp_path, store):
    from data.store import Store

    other = Store.open(tmp_path / "other")
    again = fit_tokenizer(other, TokenizerSettings(vocab_size=1500), corpus=tmp_path / "texts.parquet")
    assert again.digest == fitted.digest
    for name in ("tokenizer.json", "vocab.txt", "tokenizer_config.json", "manifest.json"):
        assert (again.path / name).read_bytes() == (fitted.path / name).read_bytes()
    assert fit_tokenizer(store, TokenizerSettings(vocab_size=1500), corpus=tmp_path / "texts.parquet").reused


def test_case_accents_and_forms_of_unicode(fitted):
    tokenizer = load_tokenizer(fitted.path)
    assert tokenizer.decode(tokenizer.encode("La compañera está en Urgencias").ids) == "La compañera está en Urgencias"
    composed, decomposed = "corazón niño", unicodedata.normalize("NFD", "corazón niño")
    assert tokenizer.encode(composed).ids == tokenizer.encode(decomposed).ids
    assert tokenizer.encode("El").ids != tokenizer.encode("el").ids


def test_places_of_decomposed_words_take_in_their_accents():
    normalizer, decomposed = (
        normalizer_of(TokenizerSettings()),
        unicodedata.normalize("NFD", "Así está: ÁREA, año, óleo, Sjö, Behç, Menè"),
    )
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, split()
    places = [decomposed[start:end] for start, end in tokenizer.encode(decomposed).offsets]
    assert [unicodedata.normalize("NFC", one) for one in places] == [
        "Así",
        "está",
        ":",
        "ÁREA",
        ",",
        "año",
        ",",
        "óleo",
        ",",
        "Sjö",
        ",",
        "Behç",
        ",",
        "Menè",
    ]
    assert normalizer.normalize_str(decomposed) == unicodedata.normalize("NFC", decomposed)


def test_ligatures_come_apart_and_what_says_more_stays():
    told = normalizer_of(TokenizerSettings(typography=True)).normalize_str("inﬂamación ﬁn 5 \u00b5g m² ½ 1º 2ª")
    assert told == "inflamación fin 5 \u03bcg m² ½ 1º 2ª"
    assert normalizer_of(TokenizerSettings()).normalize_str("ﬂujo") == "ﬂujo"
    counts = count_words([["ﬂujo flujo"]], TokenizerSettings(typography=True))
    assert counts == {"flujo": 2}


CAPITALS = TokenizerSettings(capitals=True)


def test_capitals_of_long_words_are_read_as_one_capital():
    normalizer, text = normalizer_of(CAPITALS), "PACIENTE CON VIH: IBUPROFENO, PUBLICÓ CORAZÓN mRNA HbA1c aBCDEF"
    assert normalizer.normalize_str(text) == "Paciente CON VIH: Ibuprofeno, Publicó Corazón mRNA HbA1c abcdef"
    decomposed = unicodedata.normalize("NFD", text)
    assert normalizer.normalize_str(decomposed) == normalizer.normalize_str(text)
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, split()
    for form in (text, decomposed):
        words = [unicodedata.normalize("NFC", form[slice(*place)]) for place in tokenizer.encode(form).offsets]
        assert words == [word for word, _ in split().pre_tokenize_str(text)]


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet="abcÁéñABÑÇ1-ß²ªŠαΑ\N{COMBINING ACUTE ACCENT}", max_size=24))
def test_words_in_capitals_are_counted_as_they_are_split(text):
    normalized = normalizer_of(CAPITALS).normalize_str(text)
    due = collections.Counter(word for word, _ in split().pre_tokenize_str(normalized))
    assert count_words([[text]], CAPITALS) == due


def test_capitals_count_beside_words_as_they_stand():
    text = "asma " * 40 + "Asma " * 20 + "7 " * 40
    assert count_words([[text]], CAPITALS) == {"asma": 40, "Asma": 20, "ASMA": 3, "7": 40}
    assert "ASMA" not in count_words([[text]])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"lowercase": True}, "la compañera está en urgencias"),
        ({"strip_accents": True}, "La companera esta en Urgencias"),
        ({"lowercase": True, "strip_accents": True}, "la companera esta en urgencias"),
    ],
)
def test_case_and_accents_go_where_asked_in_fitting_and_encoding_alike(store, tmp_path, changes, expected):
    settings = TokenizerSettings(vocab_size=1500, **changes)
    corpus = write_corpus(tmp_path / "texts.parquet")
    folder = fit_tokenizer(store, settings, corpus=corpus, name="changed").path
    tokenizer = load_tokenizer(folder)
    assert tokenizer.decode(tokenizer.encode("La compañera está en Urgencias").ids) == expected
    counted = collections.Counter()
    for text in TEXTS:
        counted.update(word for word, _ in split().pre_tokenize_str(tokenizer.normalizer.normalize_str(text)))
    assert count_words([TEXTS], settings) == counted
    transformers = pytest.importorskip("transformers")
    for kind in ("AutoTokenizer", "ElectraTokenizerFast"):
        theirs = getattr(transformers, kind).from_pretrained(folder)
        assert all(theirs(text)["input_ids"] == tokenizer.encode(text).ids for text in TEXTS[:20]), kind
    with pytest.raises(InputError, match="other text or settings has this name"):
        fit_tokenizer(store, TokenizerSettings(vocab_size=1500), corpus=corpus, name="changed")


def test_a_tokenizer_fitted_before_a_setting_was_born_is_found_again(store, fitted, tmp_path):
    manifest = Manifest.read(fitted.path)
    settings = {name: manifest.settings[name] for name in ("vocab_size", "min_words", "min_count")}
    manifest.model_copy(update={"settings": settings}).write(fitted.path)
    assert fit_tokenizer(store, TokenizerSettings(vocab_size=1500), corpus=tmp_path / "texts.parquet").reused


@pytest.mark.slow
def test_literal_special_tokens_stay_text(fitted):
    tokenizer = load_tokenizer(fitted.path)
    ids = tokenizer.encode("una [MASK] y un [SEP]", add_special_tokens=False).ids
    assert not {2, 3, 4} & set(ids)


def test_transformers_reads_the_same(fitted):
    transformers = pytest.importorskip("transformers")
    theirs = transformers.AutoTokenizer.from_pretrained(str(fitted.path))
    ours = load_tokenizer(fitted.path)
    for text in TEXTS[:20]:
        assert theirs(text, truncation=False)["input_ids"] == ours.encode(text).ids
    assert (theirs.mask_token_id, theirs.pad_token_id, theirs.cls_token_id) == (4, 0, 2)


def test_packed_tokens_lose_nothing(store, fitted, tmp_path):
    summary = pack(store, PackSettings(), corpus=tmp_path / "texts.parquet", tokenizer=fitted.path)
    source, tokenizer = Corpus.open(tmp_path / "texts.parquet"), load_tokenizer(fitted.path)
    stream = TokenStream.open(summary.path, "train")
    texts = [text for batch in source.texts("train") for text in batch]
    assert len(stream.offsets) == len(texts) + 1
    for number in (0, len(texts) // 2, len(texts) - 1):
        ids = stream.tokens[stream.offsets[number] : stream.offsets[number + 1]]
        assert [*tokenizer.encode(texts[number], add_special_tokens=False).ids, stream.special.sep] == ids.tolist()
    rows = stream.rows(64)
    every = rows.batch(np.arange(len(rows)))
    assert every.dtype == np.uint16
    assert (every[:, 0] == stream.special.cls).all()
    inner = every[:, 1:-1].ravel()[: len(stream.tokens)]
    assert (inner == stream.tokens).all()
    assert len(stream.tokens) / (len(rows) * 62) >= 0.98
    assert pack(store, PackSettings(), corpus=tmp_path / "texts.parquet", tokenizer=fitted.path).reused


def test_what_cannot_be_fitted_or_packed(store, fitted, tmp_path):
    with pytest.raises(InputError, match="no such corpus"):
        fit_tokenizer(store, TokenizerSettings(), corpus=tmp_path / "absent")
    with pytest.raises(StageError, match=r"4 words are too few .* 2,000 are needed"):
        fit_tokenizer(store, TokenizerSettings(), corpus=write_corpus(tmp_path / "small.parquet", ["La tos es breve"]))
    pq.write_table(pa.table({"texto": ["x"]}), tmp_path / "other.parquet")
    with pytest.raises(InputError, match="no column named text"):
        fit_tokenizer(store, TokenizerSettings(), corpus=tmp_path / "other.parquet")
    with pytest.raises(InputError, match="other text or settings has this name"):
        fit_tokenizer(
            store, TokenizerSettings(vocab_size=900), corpus=tmp_path / "texts.parquet", name=fitted.path.name
        )
    with pytest.raises(InputError, match="no tokenizer there"):
        pack(store, PackSettings(), corpus=tmp_path / "texts.parquet", tokenizer=tmp_path / "absent")
    with pytest.raises(StageError, match="tokens are too few to train on"):
        pack(store, PackSettings(min_tokens=10**9), corpus=tmp_path / "texts.parquet", tokenizer=fitted.path)
    with pytest.raises(InputError, match="no packed tokens there"):
        TokenStream.open(tmp_path / "absent")


def test_a_shortened_stream_is_noticed(store, fitted, tmp_path):
    summary = pack(store, PackSettings(), corpus=tmp_path / "texts.parquet", tokenizer=fitted.path)
    ids = summary.path / "train.tokens"
    ids.write_bytes(ids.read_bytes()[:-2])
    with pytest.raises(InputError, match="bytes where"):
        TokenStream.open(summary.path)


def test_the_vocabulary_stands_in_both_files(fitted):
    listed = (fitted.path / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1]
    ids = json.loads((fitted.path / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    assert [ids[piece] for piece in listed] == list(range(fitted.entries))
