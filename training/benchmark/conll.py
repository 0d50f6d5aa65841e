"""CoNLL files: a token a line, its tag in the last column, a blank line between sentences.

Read are IOB2, IOB1 and IOBES (BILOU): an I that continues nothing begins a mention, S and U are mentions of one token.
A sentence becomes a document whose text is its tokens with a space between. Where the first column numbers the tokens
of each sentence, as in CoNLL-U, the second holds the token; lines of one field that begin with # are comments.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from data.errors import InputError
from training.benchmark.brat import BOM, read_text
from training.benchmark.documents import Document, Mention

TAG = re.compile(r"O|([BIELSU])-(\S+)")
_BEGINS = "BSU"
_DOCUMENT = "-DOCSTART-"


def read_file(path: Path, types: Sequence[str] = (), name: str | None = None) -> list[Document]:
    """The sentences of a file, named after it (or ``name``) and their first line.

    Raises:
        InputError: not UTF-8, or a line without a tag; names file and line.
    """
    return _documents(path, read_text(path, missing=f"{path}: no such file.").removeprefix(BOM), types, name)


def read_tokens(path: Path, name: str) -> list[Document]:
    """The sentences of a file without their mentions; a file of tokens alone, one a line, has no tags.

    Raises:
        InputError: not UTF-8, or a line of several columns without a tag; names file and line.
    """
    text = read_text(path, missing=f"{path}: no such file.").removeprefix(BOM)
    lines = [line.rstrip("\r ") for line in text.split("\n")]
    if not any(len(line.split()) > 1 for line in lines):
        text = "\n".join(f"{line}\tO" if line else "" for line in lines)
    return [replace(document, mentions=()) for document in _documents(path, text, (), name)]


def _documents(path: Path, text: str, types: Sequence[str], name: str | None) -> list[Document]:
    sentences = list(_sentences(path, text))
    column = 1 if _numbered([rows for _, rows in sentences]) else 0
    return [
        replace(
            _sentence(f"{name or path.stem}-{first:06d}", [(row[column], row[-1]) for row in rows], types),
            place=f"{path}:{first}",
        )
        for first, rows in sentences
    ]


def is_conll(path: Path) -> bool:
    """Whether each line's last column is a tag."""
    rows = [line for line in read_text(path, missing=f"{path}: no such file.").splitlines() if line.strip()]
    return bool(rows) and all(
        TAG.fullmatch(line.split()[-1]) for line in rows if not line.startswith((_DOCUMENT, "# "))
    )


def _numbered(sentences: Sequence[Sequence[Sequence[str]]]) -> bool:
    """Whether the first of three columns or more counts the tokens of each sentence from 1."""
    return bool(sentences) and all(
        len(row) > 2 and row[0] == str(number)  # noqa: PLR2004 - number, token, tag
        for rows in sentences
        for number, row in enumerate(rows, 1)
    )


def _sentences(path: Path, text: str) -> Iterator[tuple[int, list[list[str]]]]:
    """The rows of each sentence with the number of its first line."""
    rows: list[list[str]] = []
    first = 1
    for number, line in enumerate(text.split("\n"), 1):
        fields = line.strip("\r\n ").split("\t") if "\t" in line else line.split()
        if not fields or not fields[0] or fields[0] == _DOCUMENT:
            if rows:
                yield first, rows
            rows, first = [], number + 1
            continue
        if line.startswith("#") and "\t" not in line and not TAG.fullmatch(fields[-1]):
            continue
        if len(fields) == 1 or not TAG.fullmatch(fields[-1]):
            raise InputError(f"{path}:{number}: {fields[-1]!r} is no tag. The last column is O, B-TYPE or I-TYPE.")
        rows.append(fields)
    if rows:
        yield first, rows


def _sentence(name: str, rows: Sequence[tuple[str, str]], types: Sequence[str]) -> Document:
    mentions: list[Mention] = []
    open_label, begins, place = "", 0, 0
    for token, tag in [*rows, ("", "O")]:
        match = TAG.fullmatch(tag)
        prefix, label = (match[1] or "O", match[2] or "") if match else ("O", "")
        if open_label and (label != open_label or prefix in _BEGINS):
            mentions.append(Mention.over(open_label, (begins, place - 1)))
            open_label = ""
        if label and not open_label:
            open_label, begins = label, place
        place += len(token) + 1
    kept = tuple(mention for mention in mentions if not types or mention.label in types)
    return Document(name, " ".join(token for token, _ in rows), kept)
