"""A folder → its training, development and test split.

A file's split is told by the first folder below DIR, or else by its own name, that begins with train, dev (valid), or
test. Without a development split a tenth of the training documents, chosen by a hash of their name, is set aside.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from data.errors import InputError
from training.benchmark import brat, conll, squad, tables, xmi
from training.benchmark.documents import Document
from training.benchmark.tasks import Form, Task

Splits = dict[str, list[Any]]
"""train, dev and test: lists of documents, of rows or of questions."""
SPLITS = ("train", "dev", "test")
_WORDS = {"train": "train", "dev": "dev", "valid": "dev", "test": "test"}
_BEGINS = re.compile(r"(?:.*[-_.])?(train|dev|valid|test)", re.IGNORECASE)
_CONLL = (".conll", ".iob", ".iob2", ".bio")
_SHARES = {"dev": (0, 100), "test": (100, 200)}
"""Thousandths of the documents of a task without splits, by the hash of their name."""
_SET_ASIDE = 100
"""Thousandths of the training documents that stand in for a missing development split."""


def read_splits(task: Task, folder: Path, most: int | None = None) -> tuple[Form, Splits]:
    """The form of a task's files, and its splits, each of ``most`` documents at most.

    Raises:
        InputError: no such folder, no files of a known form, no training or test split, or a file that cannot be read.
    """
    if not folder.is_dir():
        raise InputError(
            f"{folder}: no such folder. --data names the folder that holds train, dev and test.{_origin(task)}"
        )
    form = task.form or _form_of(folder)
    files = _files(task, form, folder)
    if not files:
        raise InputError(f"{folder}: no {form} files of {task.name} in it. Check --data and --task.{_origin(task)}")
    splits: Splits = {split: [] for split in SPLITS}
    for path in files:
        split = None if not task.has_splits else _split_of(path.relative_to(folder))
        for item in _read(task, form, path, folder):
            splits[split or _dealt(item.name)].append(item)
    if form == "brat":
        brat.refuse_misfits([document for split in SPLITS for document in splits[split]])
    _complete(splits, folder)
    _refuse_twice(splits, folder)
    return form, {split: _some(items, most) for split, items in splits.items()}


def _origin(task: Task) -> str:
    return f" {task.name} is at {task.source}." if task.source else ""


def _form_of(folder: Path) -> Form:
    """The form of files of no known task."""
    endings = Counter(path.suffix.lower() for path in folder.rglob("*") if path.is_file())
    if endings[".ann"]:
        return "brat"
    if any(endings[ending] for ending in _CONLL):
        return "conll"
    if endings[".json"]:
        return "squad"
    if endings[".tsv"]:
        return "conll" if conll.is_conll(min(folder.rglob("*.tsv"))) else "table"
    if endings[".txt"] and conll.is_conll(min(folder.rglob("*.txt"))):
        return "conll"
    raise InputError(f"{folder}: neither brat (.ann), CoNLL (.conll, .iob2 …), TSV nor SQuAD's JSON in it.")


def _files(task: Task, form: Form, folder: Path) -> list[Path]:
    """The files of a form, of a task's own part of the folder where it has one."""
    endings = {"brat": (".ann", ".txt"), "conll": (*_CONLL, ".tsv", ".txt"), "xmi": (".xml", ".xmi")}
    wanted = endings.get(form, (".tsv",) if form == "table" else (".json",))
    found = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in wanted and path.is_file()]
    if form == "conll":
        marked = [path for path in found if path.suffix.lower() in _CONLL]
        found = marked or found
    inside = [path for path in found if set(path.relative_to(folder).parts[:-1]) & set(task.within)]
    found = inside or found
    if task.has_splits:
        found = [path for path in found if _split_of(path.relative_to(folder))]
    return _annotated(found, folder) if form == "brat" else found


def _annotated(files: Sequence[Path], folder: Path) -> list[Path]:
    """The .ann of each pair; a text without one has no gold, which is not the same as no mention."""
    known = set(files)
    has_pairs = any(path.suffix == ".ann" and path.parent == folder for path in files)
    for path in files:
        if path.parent == folder and not has_pairs:
            continue  # a list or a licence beside the folders of documents
        if path.suffix == ".txt" and path.with_suffix(".ann") not in known:
            raise InputError(f"{path}: no {path.stem}.ann beside it. Where nothing is to be found it is an empty file.")
    return [path for path in files if path.suffix == ".ann"]


def _split_of(path: Path) -> str | None:
    for part in (*path.parts[:-1], path.stem):
        match = _BEGINS.match(part)
        if match:
            return _WORDS[match[1].lower()]
    return None


def _read(task: Task, form: Form, path: Path, folder: Path) -> Iterable[Any]:
    name = path.relative_to(folder).with_suffix("").as_posix()
    if form == "brat":
        return [brat.read_document(path, name, task.types)]
    if form == "xmi":
        return [xmi.read_document(path, name, task.types)]
    if form == "conll":
        return conll.read_file(path, task.types)
    return tables.read_file(path) if form == "table" else squad.read_file(path)


def _complete(splits: Splits, folder: Path) -> None:
    if not splits["dev"]:
        splits["dev"] = [item for item in splits["train"] if _thousandth(item.name) < _SET_ASIDE]
        splits["train"] = [item for item in splits["train"] if _thousandth(item.name) >= _SET_ASIDE]
    for split in SPLITS:
        if not splits[split]:
            raise InputError(
                f"{folder}: no {split} split in it. Folders or files are told by their names: train, dev, test."
            )


def _refuse_twice(splits: Splits, folder: Path) -> None:
    """A document that is trained on and tested on makes every figure worthless."""
    if not isinstance(splits["train"][0], Document):
        return
    trained = {document.name.rpartition("/")[2]: document for document in splits["train"] if "/" in document.name}
    for split in ("dev", "test"):
        for document in splits[split]:
            other = trained.get(document.name.rpartition("/")[2])
            if other is not None and other.text == document.text and document.text.strip():
                raise InputError(f"{folder}: {other.name} and {document.name} are one text. Take it out of one split.")


def _some(items: list[Any], most: int | None) -> list[Any]:
    if most is None or len(items) <= most:
        return items
    chosen = sorted(items, key=lambda item: (_hash(item.name), item.name))[:most]
    kept = {id(item) for item in chosen}
    return [item for item in items if id(item) in kept]


def _dealt(name: str) -> str:
    here = _thousandth(name)
    return next((split for split, (low, high) in _SHARES.items() if low <= here < high), "train")


def _thousandth(name: str) -> int:
    return _hash(name) % 1_000


def _hash(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
