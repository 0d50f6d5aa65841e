"""CoNLL files: a token a line, its tag in the last column, a blank line between sentences.

Read are IOB2, IOB1 and IOBES (BILOU): an I that continues nothing begins a mention, S and U are mentions of one token.
A sentence becomes a document whose text is its tokens with a space between.
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


def read_file(path: Path, types: Sequence[str] = ()) -> list[Document]:
    """The sentences of a file, named after it and their first line.

    Raises:
        InputError: not UTF-8, or a line without a tag; names file and line.
    """
    text = read_text(path, missing=f"{path}: no such file.").removeprefix(BOM)
    return [
        replace(_sentence(f"{path.stem}-{first:06d}", rows, types), place=f"{path}:{first}")
        for first, rows in _sentences(path, text)
    ]


def is_conll(path: Path) -> bool:
    """Whether each line's last column is a tag."""
    rows = [line for line in read_text(path, missing=f"{path}: no such file.").splitlines() if line.strip()]
    return bool(rows) and all(TAG.fullmatch(line.split()[-1]) for line in rows if not line.startswith(_DOCUMENT))


def _sentences(path: Path, text: str) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    rows: list[tuple[str, str]] = []
    first = 1
    for number, line in enumerate(text.split("\n"), 1):
        fields = line.strip("\r\n ").split("\t") if "\t" in line else line.split()
        if not fields or not fields[0] or fields[0] == _DOCUMENT:
            if rows:
                yield first, rows
            rows, first = [], number + 1
            continue
        if len(fields) == 1 or not TAG.fullmatch(fields[-1]):
            raise InputError(f"{path}:{number}: {fields[-1]!r} is no tag. The last column is O, B-TYPE or I-TYPE.")
        rows.append((fields[0], fields[-1]))
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
