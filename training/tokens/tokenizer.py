"""Corpus → a WordPiece tokenizer, cased and with accents unless asked; the same corpus always gives the same one."""

import functools
import json
import re
import string
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from data.engines.engine import POOL, Board, EngineSettings, Report
from data.errors import InputError, StageError
from data.files import file_digest, write_json, write_text
from data.manifest import MANIFEST_NAME, Manifest, code_version
from data.progress import Progress, no_progress
from data.store import Store
from training.tokens.corpus import Corpus, Part, run_parts
from training.tokens.settings import TokenizerSettings
from training.tokens.stream import SPECIAL_TOKENS, Special
from training.tokens.wordpiece import MAX_WORD, fit_wordpiece

PLAIN = "0-9A-Za-zÀ-ÖØ-öø-ɏ"
UNUSUAL = re.compile(rf"[^!-~{PLAIN}]")
"""Whatever is neither printable ASCII nor a Latin letter: only that needs the normaliser."""
PLAIN_WORD = re.compile(rf"[{PLAIN}]+|[!-/:-@\[-`{{-~]")
FILES = ("tokenizer.json", "vocab.txt", "tokenizer_config.json")

TYPOGRAPHY = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "µ": "μ"}
"""What NFKC makes of forms that say nothing beside their letters: ligatures, and the micro sign, which becomes the
Greek letter. The rest of NFKC loses meaning (m² → m2, ½ → 1⁄2, 1º → 1o) and is left alone."""
_ACCENTED = "áéíóúüñàèòçïöäëâêôãõ"
DECOMPOSED = {unicodedata.normalize("NFD", letter): letter for letter in _ACCENTED + _ACCENTED.upper()}
"""Letters of two code points within a word: of Spanish, its neighbours, and names of diseases (Sjögren, Behçet). NFC
composes them too, but tokenizers then ends a token whose last letter it composed before the accent; replacing takes in
both. At a word's begin it is the other way round."""

WITHIN = r"(?<=[\p{L}\p{M}])"
"""Begin of an expression: right behind a letter or a mark."""
CAPITALS = string.ascii_uppercase + _ACCENTED.upper()
LONG = 6
"""Letters of a word that is hardly an abbreviation."""
IN_CAPITALS = 0.05
"""Share of a word's count that it has in capitals too. With 8,000 entries text in capitals then has 1.84 tokens a word
instead of 3.17, other text 1.387 instead of 1.396 (bench/fertility.py)."""
_SMALL = str.maketrans(CAPITALS, CAPITALS.lower())
_LETTERS = re.compile(rf"[^\W\d_]{{{LONG},}}")
CASED = TokenizerSettings()
"""The default: case and accents stay."""


def _after_the_first(letter: str) -> str:
    """An expression for a letter of a long word that is not its first; look-behind takes no variable length."""
    any_letter = r"[\p{L}\p{M}]"
    ways = (f"(?<={any_letter}{{{at}}}{letter})(?={any_letter}{{{LONG - 1 - at}}})" for at in range(1, LONG))
    return f"{letter}(?:{'|'.join(ways)})"


AFTER_THE_FIRST = {letter: _after_the_first(letter) for letter in CAPITALS}


@functools.cache
def normalizer_of(settings: TokenizerSettings) -> normalizers.Normalizer:
    """NFC; no control characters; ligatures, case and accents as the settings say."""
    typography = TYPOGRAPHY if settings.typography else {}
    capitals = AFTER_THE_FIRST if settings.capitals else {}
    return normalizers.Sequence(
        [
            *(normalizers.Replace(form, letters) for form, letters in typography.items()),
            *(normalizers.Replace(Regex(WITHIN + form), letter) for form, letter in DECOMPOSED.items()),
            normalizers.NFC(),
            *(normalizers.Replace(Regex(form), letter.lower()) for letter, form in capitals.items()),
            normalizers.BertNormalizer(
                clean_text=True,
                handle_chinese_chars=True,
                strip_accents=settings.strip_accents,
                lowercase=settings.lowercase,
            ),
        ]
    )


class TokenizerSummary(BaseModel):
    """A fitted tokenizer."""

    model_config = ConfigDict(frozen=True)

    path: Path
    reused: bool
    entries: int
    words: int
    distinct_words: int
    digest: str
    seconds: float = 0.0


def fit_tokenizer(
    store: Store,
    settings: TokenizerSettings,
    *,
    corpus: Path,
    name: str | None = None,
    engine: EngineSettings = POOL,
    progress: Progress = no_progress,
) -> TokenizerSummary:
    """Fit a tokenizer on the training split, or find the one that was fitted on the same before.

    ``engine`` counts the words of its parts.

    Raises:
        InputError: no such corpus, or another tokenizer has this name.
        StageError: the corpus is too small.
    """
    started = time.monotonic()
    source = Corpus.open(corpus)
    folder = store.tokenizers / (name or f"{source.name}-{settings.vocab_size}")
    made_from = {"corpus": source.digest()}
    if (folder / MANIFEST_NAME).is_file():
        known = Manifest.read(folder)
        if known.made_from != made_from or TokenizerSettings.model_validate(known.settings) != settings:
            raise InputError(
                f"{folder}: a tokenizer of other text or settings has this name. Choose another with --name."
            )
        return _summary(folder, known, reused=True, seconds=time.monotonic() - started)
    counts = count_corpus(source, settings, engine, progress)
    words = counts.total()
    if words < settings.min_words:
        raise StageError(
            f"{source.path}: {words:,} words are too few to fit a tokenizer; {settings.min_words:,} are needed. "
            "Crawl more pages, or lower tokenizer.min_words."
        )
    frequent = {word: count for word, count in counts.items() if count >= settings.min_count}
    vocabulary = fit_wordpiece(
        frequent,
        settings.vocab_size,
        SPECIAL_TOKENS,
        lambda done: progress("tokenizer", done, settings.vocab_size, {}) if done % 1_000 == 0 else None,
    )
    write_tokenizer(folder, vocabulary, settings)
    manifest = Manifest(
        kind="tokenizer",
        name=folder.name,
        made_from=made_from,
        settings=settings.model_dump(),
        figures={"entries": len(vocabulary), "words": words, "distinct_words": len(counts)},
        files={file: file_digest(folder / file) for file in FILES},
        code=code_version(),
    )
    manifest.write(folder)
    return _summary(folder, manifest, reused=False, seconds=time.monotonic() - started)


def found_tokenizer(folder: Path) -> TokenizerSummary:
    """A tokenizer that is there, fitted here or not.

    Raises:
        InputError: there is none.
    """
    if (folder / MANIFEST_NAME).is_file():
        return _summary(folder, Manifest.read(folder), reused=True, seconds=0.0)
    entries = len(load_tokenizer(folder).get_vocab())
    digest = file_digest(folder / "tokenizer.json")
    return TokenizerSummary(path=folder, reused=True, entries=entries, words=0, distinct_words=0, digest=digest)


def load_tokenizer(folder: Path) -> Tokenizer:
    """A fitted tokenizer, or any folder with a ``tokenizer.json``. Literal special tokens in a text stay text.

    Raises:
        InputError: there is none.
    """
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise InputError(f"{path}: no tokenizer there. `cowese tokenizer` fits one.")
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:
        raise InputError(f"{path}: cannot be read as a tokenizer ({error}).") from error
    tokenizer.encode_special_tokens = True
    tokenizer.no_truncation()  # a tokenizer from the hub may carry both; packing loses no token
    tokenizer.no_padding()
    return tokenizer


def special_of(tokenizer: Tokenizer, path: Path) -> Special:
    """The special tokens' ids in any BERT-like tokenizer: only ours has them from 0 on.

    Raises:
        InputError: one is missing.
    """
    ids = {name: number for name in SPECIAL_TOKENS if (number := tokenizer.token_to_id(name)) is not None}
    missing = [name for name in SPECIAL_TOKENS if name not in ids]
    if missing:
        raise InputError(f"{path}: the tokenizer has no {', '.join(missing)}. Choose a BERT-like tokenizer.")
    return Special(**{name.strip("[]").lower(): number for name, number in ids.items()})


def count_words(batches: Iterable[list[str]], settings: TokenizerSettings = CASED) -> Counter[str]:
    """Count words as the tokenizer will split them."""
    counts = _words_in(batches, settings)
    return with_capitals(counts) if settings.capitals else counts


def count_corpus(
    source: Corpus, settings: TokenizerSettings, engine: EngineSettings, progress: Progress
) -> Counter[str]:
    """As ``count_words``, of the training split: its parts are counted side by side, and their counts added."""
    parts = source.parts("train")
    tasks = [_Counting(part, settings) for part in parts]
    counts: Counter[str] = Counter()

    def watch(board: Board) -> None:
        progress("tokenizer", sum(done for (done,) in board), None, {})

    for found in run_parts(engine, _count_part, tasks, watch, rows=sum(map(len, parts)), columns=1):
        counts.update(found)
    return with_capitals(counts) if settings.capitals else counts


@dataclass(frozen=True, slots=True)
class _Counting:
    part: Part
    settings: TokenizerSettings


def _count_part(task: _Counting, report: Report) -> Counter[str]:
    return _words_in(_reported(task.part.texts(), report), task.settings)


def _reported(batches: Iterable[list[str]], report: Report) -> Iterator[list[str]]:
    done = 0
    for batch in batches:
        yield batch
        done += len(batch)
        report([done])


def _words_in(batches: Iterable[list[str]], settings: TokenizerSettings) -> Counter[str]:
    """Whitespace chunks first, each distinct one split only once."""
    chunks: Counter[str] = Counter()
    for batch in batches:
        for text in batch:
            chunks.update(text.split())
    counts: Counter[str] = Counter()
    for chunk, count in chunks.items():
        for word in words_of(chunk, settings):
            counts[word] += count
    return counts


def with_capitals(counts: Counter[str]) -> Counter[str]:
    """The counts with each word in capitals too.

    >>> sorted(with_capitals(Counter({"asma": 100, "ASMA": 1, "bronquios": 40, "7": 50})).items())
    [('7', 50), ('ASMA', 6), ('Bronquios', 2), ('asma', 100), ('bronquios', 40)]
    """
    found = Counter(counts)
    for word, count in counts.items():
        capitals = folded(word.upper())
        if capitals != word and (more := int(count * IN_CAPITALS)):
            found[capitals] += more
    return found


def folded(text: str) -> str:
    """Long words with no capital after their first letter, as ``normalizer_of`` makes them of composed letters.

    >>> folded("VIH, IBUPROFENO y mRNA-MEDLINE")
    'VIH, Ibuprofeno y mRNA-Medline'
    """
    return _LETTERS.sub(lambda word: word[0][0] + word[0][1:].translate(_SMALL), text)


def words_of(chunk: str, settings: TokenizerSettings = CASED) -> list[str]:
    """The words and punctuation marks of a chunk without white space, as the tokenizer splits it."""
    if settings.lowercase or settings.strip_accents or UNUSUAL.search(chunk):
        chunk = normalizer_of(settings).normalize_str(chunk)
        if UNUSUAL.search(chunk):
            return [word for word, _ in split().pre_tokenize_str(chunk)]
    elif settings.capitals:
        chunk = folded(chunk)
    return PLAIN_WORD.findall(chunk)


def split() -> pre_tokenizers.PreTokenizer:
    """At whitespace and at punctuation, as BERT does."""
    return pre_tokenizers.BertPreTokenizer()


def write_tokenizer(folder: Path, vocabulary: list[str], settings: TokenizerSettings = CASED) -> None:
    """Write ``tokenizer.json``, ``vocab.txt`` and what transformers wants to know beside them."""
    ids = {piece: number for number, piece in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=MAX_WORD))  # noqa: S106 - no password
    tokenizer.normalizer = normalizer_of(settings)
    tokenizer.pre_tokenizer = split()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])],
    )
    write_text(folder / "tokenizer.json", tokenizer.to_str(pretty=True))
    write_text(folder / "vocab.txt", "".join(f"{piece}\n" for piece in vocabulary))
    write_json(folder / "tokenizer_config.json", hub_config(tokenizer))


def hub_config(tokenizer: Tokenizer) -> dict[str, Any]:
    """What transformers wants to know beside ``tokenizer.json``.

    ElectraTokenizerFast makes a normaliser of its own from the vocabulary and these settings; without them it would
    lower the case and strip accents.
    """
    plan = json.loads(tokenizer.to_str())["normalizer"] or {}
    steps = [step for step in (plan, *plan.get("normalizers", ())) if step.get("type") == "BertNormalizer"]
    lowercase = any(step["lowercase"] for step in steps)
    strips = any(step["lowercase"] if step["strip_accents"] is None else step["strip_accents"] for step in steps)
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": 512,
        "model_input_names": ["input_ids", "token_type_ids", "attention_mask"],
        "clean_up_tokenization_spaces": False,
        "do_lower_case": lowercase,
        "strip_accents": strips,
        "tokenize_chinese_chars": any(step["handle_chinese_chars"] for step in steps),
        **{f"{token.strip('[]').lower()}_token": token for token in SPECIAL_TOKENS},
    }


def _summary(folder: Path, manifest: Manifest, *, reused: bool, seconds: float) -> TokenizerSummary:
    return TokenizerSummary(
        path=folder, reused=reused, digest=manifest.digest, seconds=round(seconds, 1), **manifest.figures
    )
