"""CoNLL files: a token a line, its tag in a column, a blank line between sentences.

Read are IOB2, IOB1 and IOBES (BILOU): an I that continues nothing begins a mention, S and U are mentions of one token.
The tag is the last column, or, where the first column numbers the tokens, the last one that holds a tag in every line
(Universal NER puts the annotator behind it). In CoNLL-U, of ten columns, it is a key of the last one: ``NER=B-ENF``;
lines of several words (1-2) and of none (1.1) are skipped. A sentence becomes a document whose text is its tokens
with a space between. Where the first column numbers the tokens of each sentence the second holds the token; lines
that begin with # are comments. Columns stand between tabs, or between blanks where a line has no tab; a no-break space
is part of a token.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from data.errors import InputError
from training.benchmark.brat import BOM, read_text
from training.benchmark.documents import Document, Fragment, Mention

TAG = re.compile(r"O|([BIELSU])-(\S+)")
ENDINGS = (".conll", ".iob", ".iob2", ".bio", ".conllu")
SPLIT_ENDINGS = {".train": "train", ".testa": "dev", ".testb": "test"}
"""How CoNLL-2002 and 2003 call their files: esp.train, esp.testa, esp.testb."""
_BEGINS = "BSU"
_DOCUMENT = "-DOCSTART-"
_UNIVERSAL = 10
"""Columns of CoNLL-U."""
_NUMBER = re.compile(r"\d+")
_BLANKS = re.compile(" +")

_Sentence = tuple[int, list[tuple[int, list[str]]]]
"""The number of the first line, and each line's number and fields."""


def read_file(path: Path, types: Sequence[str] = (), name: str | None = None) -> list[Document]:
    """The sentences of a file, named after it (or ``name``) and their first line.

    Raises:
        InputError: not UTF-8, or a line without a tag; names file and line.
    """
    sentences = list(_sentences(read_text(path, missing=f"{path}: no such file.").removeprefix(BOM)))
    return [
        sentence(f"{name or path.stem}-{first:06d}", rows, types, f"{path}:{first}")
        for first, rows in _tagged(path, sentences)
    ]


def read_tokens(path: Path, name: str) -> list[tuple[Document, tuple[Fragment, ...]]]:
    """The sentences of a file without their mentions, and their tokens; a file of tokens alone has no tags.

    Raises:
        InputError: not UTF-8, or a line of several columns without a tag; names file and line.
    """
    text = read_text(path, missing=f"{path}: no such file.").removeprefix(BOM)
    lines = [line.rstrip("\r ") for line in text.split("\n")]
    if not any(len(_fields(line)) > 1 for line in lines):
        text = "\n".join(f"{line}\tO" if line else "" for line in lines)
    found = []
    for first, rows in _tagged(path, list(_sentences(text))):
        document = sentence(f"{name}-{first:06d}", rows, (), f"{path}:{first}")
        ends = itertools.accumulate(len(token) + 1 for token, _ in rows)
        tokens = tuple((end - len(token) - 1, end - 1) for end, (token, _) in zip(ends, rows, strict=True))
        found.append((replace(document, mentions=()), tokens))
    return found


def is_conll(path: Path) -> bool:
    """Whether a column of each line is a tag."""
    sentences = list(_sentences(read_text(path, missing=f"{path}: no such file.").removeprefix(BOM)))
    return bool(sentences) and (_tag_column(sentences) is not None or _misc_key(sentences) is not None)


def sentence(name: str, rows: Sequence[tuple[str, str]], types: Sequence[str], place: str) -> Document:
    """Tokens and their tags as a document; of ``types`` only, where some are named."""
    mentions: list[Mention] = []
    open_label, begins, at = "", 0, 0
    for token, tag in [*rows, ("", "O")]:
        match = TAG.fullmatch(tag)
        prefix, label = (match[1] or "O", match[2] or "") if match else ("O", "")
        if open_label and (label != open_label or prefix in _BEGINS):
            mentions.append(Mention.over(open_label, (begins, at - 1)))
            open_label = ""
        if label and not open_label:
            open_label, begins = label, at
        at += len(token) + 1
    kept = tuple(mention for mention in mentions if not types or mention.label in types)
    return Document(name, " ".join(token for token, _ in rows), kept, place=place)


def _sentences(text: str) -> Iterator[_Sentence]:
    """The lines of each sentence, cut into fields."""
    rows: list[tuple[int, list[str]]] = []
    first = 1
    for number, line in enumerate(text.split("\n"), 1):
        fields = _fields(line)
        if not any(field.strip() for field in fields) or fields[0] == _DOCUMENT:
            if rows:
                yield first, rows
            rows, first = [], number + 1
            continue
        if line.startswith("#") and (line.startswith("# ") or "\t" not in line) and not TAG.fullmatch(fields[-1]):
            continue
        rows.append((number, fields))
    if rows:
        yield first, rows


def _fields(line: str) -> list[str]:
    """The columns of a line; of tabbed ones the first may be white space, which some tokenisers take for a token."""
    line = line.rstrip("\r\t ")
    if "\t" not in line:
        return _BLANKS.split(line.strip(" "))
    token, *others = line.split("\t")
    return [token.strip(" ") or token, *others]


def _tagged(path: Path, sentences: Sequence[_Sentence]) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """Token and tag of each line.

    Raises:
        InputError: no column holds a tag in every line; names the first line whose last column does not.
    """
    key = _misc_key(sentences)
    if key is not None:
        for first, rows in sentences:
            words = [fields for _, fields in rows if _NUMBER.fullmatch(fields[0])]
            yield first, [(fields[1], _misc(fields).get(key, "O")) for fields in words]
        return
    column = _tag_column(sentences)
    if column is None:
        number, tag = next(
            (number, fields[-1])
            for _, rows in sentences
            for number, fields in rows
            if len(fields) == 1 or not TAG.fullmatch(fields[-1])
        )
        raise InputError(f"{path}:{number}: {tag!r} is no tag. The last column is O, B-TYPE or I-TYPE.")
    token = 1 if _numbered(sentences) else 0
    for first, rows in sentences:
        yield first, [(fields[token], fields[column]) for _, fields in rows]


def _tag_column(sentences: Sequence[_Sentence]) -> int | None:
    """The last column if it holds a tag in every line; else, where the first counts the tokens, the last that does.

    Prose is not to be taken for columns: a text of one line may well have the word O in it.
    """
    lines = [fields for _, rows in sentences for _, fields in rows]
    if all(len(fields) > 1 and TAG.fullmatch(fields[-1]) for fields in lines):
        return -1
    if not _numbered(sentences):
        return None
    columns = min((len(fields) for fields in lines), default=0)
    return next(
        (place for place in range(columns - 1, 0, -1) if all(TAG.fullmatch(fields[place]) for fields in lines)), None
    )


def _misc_key(sentences: Sequence[_Sentence]) -> str | None:
    """The key of CoNLL-U's last column whose values are tags; None where the file is none of CoNLL-U."""
    lines = [fields for _, rows in sentences for _, fields in rows]
    if not lines or any(len(fields) != _UNIVERSAL for fields in lines):
        return None
    values: dict[str, list[str]] = {}
    for fields in lines:
        for key, value in _misc(fields).items():
            values.setdefault(key, []).append(value)
    keys = [key for key, found in values.items() if all(map(TAG.fullmatch, found))]
    return min(keys, key=lambda key: (key.upper() != "NER", key), default=None)


def _misc(fields: Sequence[str]) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in fields[-1].split("|"))
    return {key: value for key, sign, value in pairs if sign}


def _numbered(sentences: Sequence[_Sentence]) -> bool:
    """Whether the first of three columns or more counts the tokens of each sentence from 1."""
    return bool(sentences) and all(
        len(fields) > 2 and fields[0] == str(number)  # noqa: PLR2004 - number, token, tag
        for _, rows in sentences
        for number, (_, fields) in enumerate(rows, 1)
    )
