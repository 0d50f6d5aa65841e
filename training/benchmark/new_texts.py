"""Texts to be tagged: plain text and brat's .txt, CoNLL, JSON lines, standard input."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from data.errors import InputError
from training.benchmark import conll
from training.benchmark.brat import BOM, read_text
from training.benchmark.documents import Document, Fragment
from training.benchmark.word_split import split_words

STDIN = "-"
_ENDINGS = (".txt", ".jsonl", ".tsv", *conll.ENDINGS)


@dataclass(frozen=True, slots=True)
class NewText:
    """A document and what carries a tag in IOB2: the file's own tokens, or our words."""

    document: Document
    tokens: tuple[Fragment, ...]


def read_new_texts(paths: Sequence[str], stdin: BinaryIO) -> list[NewText]:
    """Read files, folders (every text below them, by name) and ``-``; each has a name of its own.

    Raises:
        InputError: nothing to read, an unknown form, a damaged line, or two texts of one name.
    """
    found: list[NewText] = []
    for given in paths:
        if given == STDIN:
            found.append(_plain(Document("stdin", decoded(stdin.read()), place="standard input")))
            continue
        path = Path(given)
        if path.is_dir():
            files = [file for file in sorted(path.rglob("*")) if file.suffix.lower() in _ENDINGS and file.is_file()]
            found += [text for file in files for text in _read(file, _name(file, path))]
        else:
            found += _read(path, path.stem)
    if not found:
        raise InputError(
            f"{', '.join(paths)}: no text in it. `cowese tag` reads .txt, CoNLL, .jsonl and - (standard input)."
        )
    seen: dict[str, str] = {}
    for text in found:
        other = seen.setdefault(text.document.name, text.document.place)
        if other != text.document.place:
            raise InputError(
                f"{other} and {text.document.place} have one name. Name the folder that holds both instead."
            )
    return found


def decoded(content: bytes) -> str:
    """The text of standard input; read as bytes, since Python would make one character of a line break of two."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"standard input: not UTF-8 (byte {error.start:,}). Convert it to UTF-8.") from error


def _name(file: Path, folder: Path) -> str:
    return file.relative_to(folder).with_suffix("").as_posix()


def _read(path: Path, name: str) -> Iterator[NewText]:
    ending = path.suffix.lower()
    if ending == ".ann":
        raise InputError(f"{path}: annotations, no text. Name {path.stem}.txt.")
    if ending == ".jsonl":
        yield from _json_lines(path, name)
    elif ending in conll.ENDINGS or (ending in (".txt", ".tsv") and path.is_file() and conll.is_conll(path)):
        for document, tokens in conll.read_tokens(path, name):
            yield NewText(document, tokens)
    elif ending == ".tsv":
        raise InputError(
            f"{path}: its last column is no tag. `cowese tag` reads .txt, CoNLL, .jsonl and - (standard input)."
        )
    else:
        text = read_text(path, missing=f"{path}: no such file.")
        yield _plain(Document(name, text, place=str(path)))


def _plain(document: Document) -> NewText:
    return NewText(document, tuple(split_words(document.text)))


def _json_lines(path: Path, name: str) -> Iterator[NewText]:
    """One object a line with its text under ``text``, and its name under ``id`` or ``name`` if it has one."""
    for number, line in enumerate(read_text(path, missing=f"{path}: no such file.").removeprefix(BOM).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            text = row["text"]
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(f'{path}:{number}: not an object with a text, as {{"id": "1", "text": "…"}}.') from error
        if not isinstance(text, str):
            raise InputError(f"{path}:{number}: its text is no string.")
        own = row.get("id", row.get("name"))
        yield _plain(Document(f"{name}-{number:06d}" if own is None else str(own), text, place=f"{path}:{number}"))
