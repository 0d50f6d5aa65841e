"""Codes of documents in a TSV beside a folder of texts, as CodiEsp has them: a text and any number of codes."""

from collections.abc import Mapping
from pathlib import Path

from data.errors import InputError
from training.benchmark.brat import BOM, read_text
from training.benchmark.rows import MultiRow

_HEADS = ("articleid", "filename", "file", "document")


def read_file(path: Path, texts: Mapping[str, Path], folder: Path) -> list[MultiRow]:
    """The texts in the folders of those that the table names, each with its codes in lower case; some have none.

    Raises:
        InputError: a line is not a name, a tab and a code, or names no text; names file and line.
    """
    codes: dict[str, set[str]] = {}
    lines = read_text(path, missing=f"{path}: no such file.").removeprefix(BOM).split("\n")
    for number, line in enumerate(lines, 1):
        fields = [field.strip() for field in line.rstrip("\r").split("\t")]
        if not line.strip() or (number == 1 and fields[0].lower() in _HEADS):
            continue
        if len(fields) < 2 or not fields[1]:  # noqa: PLR2004 - name and code
            raise InputError(f"{path}:{number}: not a text's name, a tab and a code: {line[:60]!r}.")
        name = fields[0].removesuffix(".txt")
        if name not in texts:
            raise InputError(
                f"{path}:{number}: no text {name}.txt in its split's folders. Put the folder of texts beside the table."
            )
        codes.setdefault(name, set()).add(fields[1].lower())
    folders = {texts[name].parent for name in codes}
    rows = []
    for name, file in texts.items():
        if file.parent in folders:
            text = read_text(file, missing=f"{file}: no such file.")
            own = file.relative_to(folder).with_suffix("").as_posix()
            rows.append(MultiRow(own, tuple(sorted(codes.get(name, ()))), (text,), str(file)))
    return rows
