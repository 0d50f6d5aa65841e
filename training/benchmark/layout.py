"""A folder of a task → the form of its files, which of them are read, and the split that each belongs to.

A file's split is told by the first folder below DIR whose name has one of the words train, dev (valid, val, eval) and
test, or those of Spanish, or where no folder has, by its own name: train-set, dev1, es_test, development. A name with
several of them says nothing.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from fnmatch import fnmatch
from pathlib import Path

from data.errors import InputError
from training.benchmark import bioc, columns, conll, spans_table, squad
from training.benchmark.tasks import Form, Task

SPLITS = ("train", "dev", "test")
_WORDS = {
    "train": "train", "entrenamiento": "train",
    "dev": "dev", "valid": "dev", "val": "dev", "eval": "dev", "desarrollo": "dev", "validaci": "dev",
    "test": "test", "prueba": "test",
}  # fmt: skip
_KNOWN = "|".join(sorted(_WORDS, key=len, reverse=True))
_SPLIT = re.compile(
    rf"(?<![^\W\d_])({_KNOWN})(?:ing|el|elopment|ation|[oó]n)?(?:set|data|s)?(?![^\W\d_])", re.IGNORECASE
)
"""A word of its own: the document NCT-testosterone is of no split."""
_ENDINGS: dict[Form, tuple[str, ...]] = {
    "brat": (".ann", ".txt"),
    "conll": (*conll.ENDINGS, *conll.SPLIT_ENDINGS, ".tsv", ".txt"),
    "xmi": (".xml", ".xmi"),
    "table": (".tsv",),
    "squad": (".json",),
    "spans": (".tsv",),
    "codes": (".tsv",),
    "records": columns.ENDINGS,
    "bioc": (".xml", ".json"),
}
_SPANS_TASKS = "DisTEMIST, SympTEMIST, MedProcNER, LivingNER"
_HEAD = 1 << 20
"""Bytes in which two rows of a JSON file begin."""
_COLUMNAR = (".parquet", ".arrow", ".jsonl", ".ndjson", ".csv")


def form_of(task: Task, folder: Path) -> Form:
    """How a task's files are read.

    Raises:
        InputError: the files are of no known form.
    """
    if task.form == "spans" and not _spans_tables(folder) and any(folder.rglob("*.ann")):
        return "brat"
    return task.form or _seen_form(folder)


def files_of(task: Task, form: Form, folder: Path) -> list[Path]:
    """The files of a form, of a task's own part of the folder where it has one, whose split is told."""
    found = _all_files(task, form, folder)
    if task.has_splits:
        in_folders = [path for path in found if any(map(named_split, path.relative_to(folder).parts[:-1]))]
        own = [path for path in found if is_test(task, path)]
        found = in_folders or [path for path in found if split_by_name(path)]
        found = sorted({*found, *own})
    return annotated(found, folder) if form == "brat" else found


def left_out(task: Task, form: Form, folder: Path) -> list[str]:
    """Files of the form that are not read, since no name tells their split; paths below the folder."""
    read = set(files_of(task, form, folder))
    endings = {".ann"} if form == "brat" else {path.suffix for path in read}
    others = (path for path in _all_files(task, form, folder) if path not in read and path.suffix in endings)
    return [path.relative_to(folder).as_posix() for path in others]


def _all_files(task: Task, form: Form, folder: Path) -> list[Path]:
    found = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _ENDINGS[form] and path.is_file()]
    found = [path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    if form == "conll":
        marked = [path for path in found if path.suffix.lower() in (*conll.ENDINGS, *conll.SPLIT_ENDINGS)]
        found = marked or found
    inside = [path for path in found if set(path.relative_to(folder).parts[:-1]) & set(task.within)]
    found = _of_form(form, inside or found)
    if task.files and form in ("spans", "codes", "records"):
        found = [path for path in found if any(fnmatch(path.name, pattern) for pattern in task.files)] or found
    return found


def texts_of(task: Task, table: Path, folder: Path) -> dict[str, Path]:
    """The .txt files of a table's split, by their names without ending."""
    split = split_of(task, table.relative_to(folder))
    texts = (path for path in sorted(folder.rglob("*.txt")) if path.is_file())
    return {path.stem: path for path in texts if split_of(task, path.relative_to(folder).parent / "x") == split}


def split_of(task: Task, path: Path) -> str | None:
    """The split of a file by its path below the folder."""
    if is_test(task, path):
        return "test"
    return next((split for part in path.parts[:-1] if (split := named_split(part))), None) or split_by_name(path)


def is_test(task: Task, path: Path) -> bool:
    """Whether a task says that a file is its test split."""
    return any(fnmatch(path.name.lower(), pattern) for pattern in task.test)


def split_by_name(path: Path) -> str | None:
    """The split that a file's own name tells; esp.testa tells it by its ending."""
    return conll.SPLIT_ENDINGS.get(path.suffix.lower()) or named_split(path.stem)


def named_split(part: str) -> str | None:
    """The split that a name has a word of."""
    named = {_WORDS[match[1].lower()] for match in _SPLIT.finditer(part)}
    return named.pop() if len(named) == 1 else None


def annotated(files: Sequence[Path], folder: Path) -> list[Path]:
    """The .ann of each pair; a text without one has no gold, which is not the same as no mention."""
    known = set(files)
    has_pairs = any(path.suffix == ".ann" and path.parent == folder for path in files)
    with_pairs = {path.parent for path in files if path.suffix == ".ann"}
    paired = {path.stem for path in files if path.suffix == ".ann"}
    for path in files:
        if path.parent == folder and not has_pairs:
            continue  # a list or a licence beside the folders of documents
        if path.parent not in with_pairs and path.stem in paired:
            continue  # the same texts again, alone, as the shared tasks of the BSC have them
        if path.suffix == ".txt" and path.with_suffix(".ann") not in known:
            raise InputError(f"{path}: no {path.stem}.ann beside it. Where nothing is to be found it is an empty file.")
    return [path for path in files if path.suffix == ".ann"]


def _of_form(form: Form, files: Iterable[Path]) -> list[Path]:
    """Those that are what their ending says: other JSON, XML and TSV lies beside them."""
    if form == "squad":
        return [path for path in files if not _has_rows(path) and squad.is_squad(path)]
    if form == "spans":
        return [path for path in files if spans_table.is_spans_table(path)]
    if form == "bioc":
        return [path for path in files if bioc.is_bioc(path)]
    if form == "records":
        return [path for path in files if path.suffix.lower() != ".json" or _has_rows(path)]
    return list(files)


def _seen_form(folder: Path) -> Form:
    """The form of files of no known task."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(".")]
    endings = Counter(path.suffix.lower() for path in paths)
    if endings[".ann"]:
        return "brat"
    if any(endings[ending] for ending in (*conll.ENDINGS, *conll.SPLIT_ENDINGS)):
        return "conll"
    json_files = [path for path in paths if path.suffix.lower() == ".json"]
    if any(not _has_rows(path) and squad.is_squad(path) for path in json_files):
        return "squad"
    if any(bioc.is_bioc(path) for path in [*json_files, *(path for path in paths if path.suffix.lower() == ".xml")]):
        return "bioc"
    if any(endings[ending] for ending in _COLUMNAR) or any(_has_rows(path) for path in json_files):
        return "records"
    if endings[".tsv"]:
        return _tsv_form(folder)
    if endings[".txt"] and conll.is_conll(_first(folder, ".txt")):
        return "conll"
    if endings[".xmi"] or endings[".xml"]:
        return "xmi"
    raise InputError(
        f"{folder}: none of the forms that are read in it: brat (.ann), CoNLL (.conll, .iob2 …), TSV, SQuAD's or "
        "BioC's JSON, Parquet, JSON lines, CSV, XMI."
    )


def _tsv_form(folder: Path) -> Form:
    tables = _spans_tables(folder)
    if tables and any(folder.rglob("*.txt")):
        raise InputError(
            f"{tables[0]}: mentions in a table, one of several that such tasks have. Name the task ({_SPANS_TASKS}), "
            "or say --set benchmark.form=spans."
        )
    first = _first(folder, ".tsv")
    if columns.has_named_columns(first):
        return "records"
    return "conll" if conll.is_conll(first) else "table"


def _spans_tables(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*.tsv")) if spans_table.is_spans_table(path)]


def _has_rows(path: Path) -> bool:
    """Whether a JSON file is a list of objects, or two lines of them or more: settings and infos lie beside data."""
    with path.open("rb") as file:
        head = file.read(_HEAD).removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"["):
        return head[1:].lstrip().startswith(b"{")
    first, _, second = head.partition(b"\n")
    return first.rstrip().endswith(b"}") and first.startswith(b"{") and second.lstrip().startswith(b"{")


def _first(folder: Path, ending: str) -> Path:
    """The first file by name; one that has something in it before those that have not."""
    return min(folder.rglob(f"*{ending}"), key=lambda path: (not path.stat().st_size, path))
