"""A folder → its training, development and test split.

A file's split is told by the first folder below DIR whose name has one of the words train, dev (valid) and test, or
where no folder has, by its own name: train-set, dev1, es_test, development. A name with several of them says nothing.
Without a development split a tenth of the training documents is set aside (``dealing``).
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from data.errors import InputError
from training.benchmark import brat, conll, squad, tables, xmi
from training.benchmark.dealing import deal, set_aside, some
from training.benchmark.documents import types_of
from training.benchmark.leaks import refuse_leaks
from training.benchmark.tasks import Form, Task

Splits = dict[str, list[Any]]
"""train, dev and test: lists of documents, of rows or of questions."""
SPLITS = ("train", "dev", "test")
_WORDS = {"train": "train", "dev": "dev", "valid": "dev", "test": "test"}
_SPLIT = re.compile(
    r"(?<![^\W\d_])(train|dev|valid|test)(?:ing|el|elopment|ation)?(?:set|data|s)?(?![^\W\d_])", re.IGNORECASE
)
"""A word of its own: the document NCT-testosterone is of no split."""
_SHOWN = 10
"""Types, labels or models that an error names."""
CONLL_ENDINGS = (".conll", ".iob", ".iob2", ".bio")


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
    read = {path: list(_read(task, form, path, folder)) for path in files}
    splits = _splits(task, form, folder, read)
    if form == "brat":
        brat.refuse_misfits([document for split in SPLITS for document in splits[split]])
    if form not in ("table", "squad") and not types_of(splits["train"]):
        raise InputError(_without_mentions(task, form, folder, files))
    return form, {split: some(items, most) for split, items in splits.items()}


def listed(names: Sequence[str]) -> str:
    """The first names of a list, as an error names them."""
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"


def _origin(task: Task) -> str:
    return f" {task.name} is at {task.source}." if task.source else ""


def _form_of(folder: Path) -> Form:
    """The form of files of no known task."""
    endings = Counter(path.suffix.lower() for path in folder.rglob("*") if path.is_file())
    if endings[".ann"]:
        return "brat"
    if any(endings[ending] for ending in CONLL_ENDINGS):
        return "conll"
    if any(squad.is_squad(path) for path in sorted(folder.rglob("*.json"))):
        return "squad"
    if endings[".tsv"]:
        return "conll" if conll.is_conll(_first(folder, ".tsv")) else "table"
    if endings[".txt"] and conll.is_conll(_first(folder, ".txt")):
        return "conll"
    raise InputError(f"{folder}: neither brat (.ann), CoNLL (.conll, .iob2 …), TSV nor SQuAD's JSON in it.")


def _first(folder: Path, ending: str) -> Path:
    """The first file by name; one that has something in it before those that have not."""
    return min(folder.rglob(f"*{ending}"), key=lambda path: (not path.stat().st_size, path))


def _files(task: Task, form: Form, folder: Path) -> list[Path]:
    """The files of a form, of a task's own part of the folder where it has one."""
    endings = {"brat": (".ann", ".txt"), "conll": (*CONLL_ENDINGS, ".tsv", ".txt"), "xmi": (".xml", ".xmi")}
    wanted = endings.get(form, (".tsv",) if form == "table" else (".json",))
    found = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in wanted and path.is_file()]
    if form == "conll":
        marked = [path for path in found if path.suffix.lower() in CONLL_ENDINGS]
        found = marked or found
    inside = [path for path in found if set(path.relative_to(folder).parts[:-1]) & set(task.within)]
    found = inside or found
    if form == "squad":
        found = [path for path in found if squad.is_squad(path)]
    if task.has_splits:
        in_folders = [path for path in found if any(map(_named_split, path.relative_to(folder).parts[:-1]))]
        found = in_folders or [path for path in found if _named_split(path.stem)]
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
    """The split of a file by its path below the folder."""
    return next((split for part in (*path.parts[:-1], path.stem) if (split := _named_split(part))), None)


def _named_split(part: str) -> str | None:
    named = {_WORDS[match[1].lower()] for match in _SPLIT.finditer(part)}
    return named.pop() if len(named) == 1 else None


def _read(task: Task, form: Form, path: Path, folder: Path) -> Iterable[Any]:
    name = path.relative_to(folder).with_suffix("").as_posix()
    if form == "brat":
        return [brat.read_document(path, name, task.types)]
    if form == "xmi":
        return [xmi.read_document(path, name, task.types)]
    if form == "conll":
        return conll.read_file(path, task.types, name)
    return tables.read_file(path, name) if form == "table" else squad.read_file(path)


def _splits(task: Task, form: Form, folder: Path, read: dict[Path, list[Any]]) -> Splits:
    """What was read, by split; each has something in it.

    Raises:
        InputError: a split is missing or empty, or what is tested on is trained on too.
    """
    if form == "squad":
        read = _with_own_names(folder, read)
    if not task.has_splits:
        splits = deal([item for items in read.values() for item in items])
    else:
        splits = {split: [] for split in SPLITS}
        for path, items in read.items():
            split = _split_of(path.relative_to(folder))
            if split and not items:
                raise InputError(f"{path}: nothing in it. Fill it, or take the file away.")
            splits[split or "train"] += items
    missing = [split for split in ("train", "test") if not splits[split]]
    if missing:
        raise InputError(_without_split(task, folder, missing[0], splits))
    if form == "table":
        tables.refuse_other_tables(splits["train"])
    refuse_leaks(form, splits)
    if not splits["dev"]:
        splits["train"], splits["dev"] = set_aside(splits["train"])
    if not splits["dev"]:
        raise InputError(f"{folder}: no dev split in it, and of the only training text none can be set aside. Add one.")
    return splits


def _with_own_names(folder: Path, read: dict[Path, list[Any]]) -> dict[Path, list[Any]]:
    """Questions whose names are their own within a split."""
    found = dict(read)
    by_split: dict[str | None, list[Path]] = {}
    for path in read:
        by_split.setdefault(_split_of(path.relative_to(folder)), []).append(path)
    for paths in by_split.values():
        named = squad.with_own_names({str(path.relative_to(folder).with_suffix("")): read[path] for path in paths})
        found |= dict(zip(paths, named.values(), strict=True))
    return found


def _without_split(task: Task, folder: Path, missing: str, splits: Splits) -> str:
    if not task.has_splits:
        return (
            f"{folder}: {task.name} comes without splits, and a hash of their names puts none of the "
            f"{sum(map(len, splits.values())):,} documents here into {missing}. Is it the whole corpus?{_origin(task)}"
        )
    there = " and ".join(split for split in SPLITS if splits[split])
    return (
        f"{folder}: no {missing} split in it{f', only {there}' if there else ''}. "
        "Folders or files are told by their names: train, dev, test."
    )


def _without_mentions(task: Task, form: Form, folder: Path, files: Sequence[Path]) -> str:
    everything = replace(task, types=())
    found = types_of(document for path in files for document in _read(everything, form, path, folder))
    if not found or not task.types:
        return f"{folder}: no mention in its training split. Are the annotations beside the texts?"
    return (
        f"{folder}: no mention of {task.name}'s types ({', '.join(task.types)}) in its training split; the files have "
        f"{listed(found)}. Check --data, or give --task a name of your own, which takes all types."
    )
