"""A folder → its training, development and test split.

``layout`` says which files are read and of which split each is. Without a development split a tenth of the training
documents is set aside (``split_assignment``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from data.errors import InputError
from training.benchmark import bioc, brat, codes_table, conll, records, spans_table, squad, tables, xmi
from training.benchmark.documents import Document, types_of
from training.benchmark.layout import SPLITS, files_of, form_of, split_of, texts_of
from training.benchmark.leaks import refuse_leaks
from training.benchmark.rows import MultiRow, Row, ScoreRow
from training.benchmark.split_assignment import assign_splits, at_most, hold_out_dev
from training.benchmark.squad import Question
from training.benchmark.tasks import Form, Task

Splits = dict[str, list[Any]]
"""train, dev and test: lists of documents, of rows or of questions."""
_SHOWN = 10
"""Types, labels or models that an error names."""


def read_splits(task: Task, folder: Path, most: int | None = None) -> tuple[Form, Splits]:
    """The form of a task's files, and its splits, each of ``most`` documents at most.

    Raises:
        InputError: no such folder, no files of a known form, no training or test split, or a file that cannot be read.
    """
    if not folder.is_dir():
        raise InputError(
            f"{folder}: no such folder. --data names the folder that holds train, dev and test.{_origin(task)}"
        )
    form = form_of(task, folder)
    files = files_of(task, form, folder)
    if not files:
        raise InputError(f"{folder}: no {form} files of {task.name} in it. Check --data and --task.{_origin(task)}")
    read = {path: list(_read(task, form, path, folder)) for path in files}
    splits = _splits(task, form, folder, read)
    _refuse_mixed(folder, splits)
    if isinstance(splits["train"][0], Document):
        brat.refuse_misfits([document for split in SPLITS for document in splits[split]])
        if not types_of(splits["train"]):
            raise InputError(_without_mentions(task, form, folder, files))
    return form, {split: at_most(items, most) for split, items in splits.items()}


def listed(names: Sequence[str]) -> str:
    """The first names of a list, as an error names them."""
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"


def _origin(task: Task) -> str:
    return f" {task.name} is at {task.source}." if task.source else ""


def _read(task: Task, form: Form, path: Path, folder: Path) -> Iterable[Any]:
    name = path.relative_to(folder).with_suffix("").as_posix()
    match form:
        case "brat":
            return [brat.read_document(path, name, task.types)]
        case "xmi":
            return [xmi.read_document(path, name, task.types)]
        case "conll":
            return conll.read_file(path, task.types, path.relative_to(folder).as_posix() if _is_split(path) else name)
        case "spans":
            return spans_table.read_file(path, texts_of(task, path, folder), folder, task.types)
        case "codes":
            return codes_table.read_file(path, texts_of(task, path, folder), folder)
        case "records":
            return records.read_file(path, name, task)
        case "bioc":
            return bioc.read_file(path, name, task.types)
        case "table":
            return tables.read_file(path, name)
        case "squad":
            return squad.read_file(path)


def _is_split(path: Path) -> bool:
    """Whether a file's ending tells its split, so that names without it would be equal."""
    return path.suffix.lower() in conll.SPLIT_ENDINGS


def _refuse_mixed(folder: Path, splits: Splits) -> None:
    """Refuse splits of several kinds.

    Raises:
        InputError: names two places of different kinds.
    """
    first = splits["train"][0]
    kind = _kind(first)
    other = next((item for items in splits.values() for item in items if _kind(item) is not kind), None)
    if other is not None:
        raise InputError(f"{folder}: {first.place} and {other.place} are not of one kind. Take one of them away.")


def _kind(item: Any) -> type[Any]:
    kinds: tuple[type[Any], ...] = (Document, Question, Row, MultiRow, ScoreRow)
    return next(kind for kind in kinds if isinstance(item, kind))


def _splits(task: Task, form: Form, folder: Path, read: dict[Path, list[Any]]) -> Splits:
    """What was read, by split; each has something in it.

    Raises:
        InputError: a split is missing or empty, or what is tested on is trained on too.
    """
    if any(items and isinstance(items[0], Question) for items in read.values()):
        read = _with_own_names(task, folder, read)
    if not task.has_splits:
        splits = assign_splits([item for items in read.values() for item in items])
    else:
        splits = {split: [] for split in SPLITS}
        for path, items in read.items():
            split = split_of(task, path.relative_to(folder))
            if split and not items:
                raise InputError(f"{path}: nothing in it. Fill it, or take the file away.")
            splits[split or "train"] += items
    if task.dev_is_test and not splits["test"]:
        splits["test"], splits["dev"] = splits["dev"], []
    missing = [split for split in ("train", "test") if not splits[split]]
    if missing:
        raise InputError(_without_split(task, folder, missing[0], splits))
    if form == "table":
        splits = tables.as_meant(splits)
    refuse_leaks(form, splits)
    if not splits["dev"]:
        splits["train"], splits["dev"] = hold_out_dev(splits["train"])
    if not splits["dev"]:
        raise InputError(f"{folder}: no dev split in it, and of the only training text none can be set aside. Add one.")
    return splits


def _with_own_names(task: Task, folder: Path, read: dict[Path, list[Any]]) -> dict[Path, list[Any]]:
    """Questions whose names are their own within a split."""
    found = dict(read)
    by_split: dict[str | None, list[Path]] = {}
    for path in read:
        by_split.setdefault(split_of(task, path.relative_to(folder)), []).append(path)
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
