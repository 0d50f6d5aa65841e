"""Reads the texts of a benchmark for decontamination: from a folder, a file or a tar archive.

| ending | read as |
|---|---|
| .txt | one text: brat's half of a document, or any other |
| .conll .conllu .iob .iob2 .bio | the first column of all lines, in a row |
| .tsv .csv | the same where every line ends in O, B-…, I-… (L, U, E, S too); else each field is a text |
| .json .jsonl | every string in it is a text: SQuAD's contexts, questions and answers among them |

Other files (brat's .ann, licences) hold no text of their own.
"""

import csv
import io
import json
import re
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from data.errors import InputError

_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".txz")
_TAG = re.compile(r"O|[BIELSU][-_]\S+")
_LARGEST_FIELD = 1 << 24


def benchmark_name(path: Path) -> str:
    """The benchmark's name in reasons and cards: the name of its folder or file without endings, in lower case."""
    name = path.resolve().name
    ending = next((one for one in sorted(_ARCHIVES, key=len, reverse=True) if name.endswith(one)), path.suffix)
    stem = name.removesuffix(ending) if path.is_file() else name
    return re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).strip("-") or "benchmark"


def benchmark_files(path: Path) -> Iterator[tuple[str, bytes]]:
    """The files with texts, by their sorted paths in the benchmark; a single top folder of a tar is removed.

    Raises:
        InputError: no such path, not an archive, or no file of a known form in it.
    """
    found = sorted(_files(path), key=lambda file: file[0])
    if not found:
        known = " ".join(_READERS)
        raise InputError(
            f"{path}: no benchmark's texts in it (looked for {known}). Name its folder or one of its files."
        )
    yield from found


def texts_of(name: str, content: bytes) -> list[str]:
    """The texts of one file.

    Raises:
        InputError: it is not UTF-8, or not what its ending says.
    """
    try:
        return _READERS[Path(name).suffix.lower()](content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: not UTF-8 (byte {error.start:,}). Convert it, as with `iconv -t utf-8`.") from error
    except ValueError as error:
        raise InputError(f"{name}: cannot be read as JSON ({error}).") from error
    except csv.Error as error:
        raise InputError(f"{name}: cannot be read as a table ({error}).") from error


def _files(path: Path) -> list[tuple[str, bytes]]:
    if path.is_dir():
        files = (one for one in path.rglob("*") if one.suffix.lower() in _READERS and one.is_file())
        return [(one.relative_to(path).as_posix(), one.read_bytes()) for one in files]
    if not path.is_file():
        raise InputError(f"{path}: no such benchmark. Name a folder, a file or a tar archive of its texts.")
    if path.name.endswith(_ARCHIVES):
        return _members(path)
    return [(path.name, path.read_bytes())] if path.suffix.lower() in _READERS else []


def _members(path: Path) -> list[tuple[str, bytes]]:
    found = []
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isfile() else None
                if file is not None and Path(member.name).suffix.lower() in _READERS:
                    found.append((member.name.removeprefix("./"), file.read()))
    except (tarfile.TarError, EOFError, OSError) as error:
        raise InputError(f"{path}: cannot be read as a tar archive ({error}).") from error
    tops = {name.partition("/")[0] for name, _ in found}
    if len(tops) == 1 and all("/" in name for name, _ in found):
        return [(name.partition("/")[2], content) for name, content in found]
    return found


def _whole(text: str) -> list[str]:
    return [text]


def _tokens(text: str) -> list[str]:
    return [" ".join(line.split(maxsplit=1)[0] for line in text.splitlines() if line.strip())]


def _tabs(text: str) -> list[str]:
    return _column_or_fields([line.split("\t") for line in text.splitlines() if line.strip()])


def _commas(text: str) -> list[str]:
    csv.field_size_limit(_LARGEST_FIELD)
    return _column_or_fields([row for row in csv.reader(io.StringIO(text, newline="")) if row])


def _column_or_fields(rows: list[list[str]]) -> list[str]:
    if all(_TAG.fullmatch(row[-1].strip()) for row in rows):
        return [" ".join(row[0] for row in rows)]
    return [field for row in rows for field in row]


def _json(text: str) -> list[str]:
    return list(_strings(json.loads(text)))


def _json_lines(text: str) -> list[str]:
    return [found for line in text.splitlines() if line.strip() for found in _strings(json.loads(line))]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings(one)


_READERS: dict[str, Callable[[str], list[str]]] = {
    ".txt": _whole,
    **dict.fromkeys((".conll", ".conllu", ".iob", ".iob2", ".bio"), _tokens),
    ".tsv": _tabs,
    ".csv": _commas,
    ".json": _json,
    ".jsonl": _json_lines,
}
