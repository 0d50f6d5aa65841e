"""Mentions in a TSV beside a folder of texts, as the shared tasks of the BSC have them.

A line is a mention: the text's name, its label, begin and end, its text. Columns are known by their names (filename,
label, off0 and off1 or start_span and end_span, span or text), those of DisTEMIST, SympTEMIST, MedProcNER, LivingNER.
Offsets are checked against the text that each line repeats, as brat's are.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from data.errors import InputError
from training.benchmark.brat import BOM, Line, placed, read_text
from training.benchmark.documents import Document

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "file": ("filename", "file", "document", "doc_id", "name"),
    "label": ("label", "type", "tag"),
    "start": ("off0", "start_span", "start", "begin"),
    "end": ("off1", "end_span", "end"),
    "span": ("span", "text", "mention"),
}
_OFFSETS = re.compile(r"\d+(?:;\d+)*")


def is_spans_table(path: Path) -> bool:
    """Whether a TSV's head names a text, a label and two offsets."""
    with path.open("rb") as file:
        head = file.readline(4096).decode("utf-8", "replace")
    return _columns(head) is not None


def read_file(path: Path, texts: Mapping[str, Path], folder: Path, types: Sequence[str]) -> list[Document]:
    """The texts that a table is about: those that it names, and all others in the same folders.

    ``texts`` are the .txt files of its split by their names without ending.

    Raises:
        InputError: a line is of another form, or names no text; names file and line.
    """
    by_text = _lines(path)
    lost = next((name for name in by_text if name not in texts), None)
    if lost is not None:
        raise InputError(
            f"{path}:{by_text[lost][0].number}: no text {lost}.txt in its split's folders. Put the folder of texts "
            "beside the table."
        )
    folders = {texts[name].parent for name in by_text}
    documents = []
    for name, file in texts.items():
        if file.parent in folders:
            text = read_text(file, missing=f"{file}: no such file.")
            own = file.relative_to(folder).with_suffix("").as_posix()
            lines = [line for line in by_text.get(name, ()) if not types or line.label in types]
            documents.append(placed(path, lines, Document(own, text, place=str(file))))
    return documents


def _lines(path: Path) -> dict[str, list[Line]]:
    """The lines of each text, by its name without ending."""
    head, *rows = read_text(path, missing=f"{path}: no such file.").removeprefix(BOM).split("\n")
    column = _columns(head)
    if column is None:
        raise InputError(f"{path}: its head does not name a text, a label and two offsets: {head[:80]!r}.")
    found: dict[str, list[Line]] = {}
    for number, row in enumerate(rows, 2):
        fields = row.rstrip("\r").split("\t")
        if not row.strip():
            continue
        if len(fields) <= max(column.values()):
            raise InputError(f"{path}:{number}: {len(fields)} columns; its head has more.")
        starts, ends = fields[column["start"]].strip(), fields[column["end"]].strip()
        if not _OFFSETS.fullmatch(starts) or not _OFFSETS.fullmatch(ends) or starts.count(";") != ends.count(";"):
            raise InputError(f"{path}:{number}: {starts!r} and {ends!r} are no offsets.")
        pairs = zip(map(int, starts.split(";")), map(int, ends.split(";")), strict=True)
        fragments = tuple(sorted(pairs))
        if any(start >= end for start, end in fragments):
            raise InputError(f"{path}:{number}: an empty or reversed span: {starts} {ends}.")
        covered = fields[column["span"]] if "span" in column else ""
        line = Line(number, fields[column["label"]].strip(), fragments, covered)
        found.setdefault(fields[column["file"]].strip().removesuffix(".txt"), []).append(line)
    return found


def _columns(head: str) -> dict[str, int] | None:
    """The place of each column; None where one that must be there is not."""
    names = [name.strip().lower() for name in head.removeprefix(BOM).rstrip("\r\n").split("\t")]
    found = {
        what: place
        for what, known in _COLUMNS.items()
        if (place := next((names.index(name) for name in known if name in names), -1)) >= 0
    }
    return found if found.keys() >= {"file", "label", "start", "end"} else None
