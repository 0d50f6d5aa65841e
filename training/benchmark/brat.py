"""brat's standoff: a .txt and, beside it, an .ann whose T lines name spans of it.

Offsets are code points of the .txt as its bytes decode, by brat's own practice: a line break of two characters counts
as two, and a byte order mark as one. Some tools count otherwise (without the mark, line breaks as one), so the text
that each line repeats decides: the count that fits most lines of a file is taken, brat's own among equals, and turned
into brat's. A line that still does not fit keeps its offsets, as the official scorers do, and is reported: one file of
PharmaCoNER has five such lines. A corpus in which more than one line in a hundred does not fit is refused.

brat cuts a mention at each line break, since a span may hold none: fragments with nothing but white space between them
are one mention. It is written with such cuts too, or brat would not show it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data.errors import InputError
from data.files import write_text
from training.benchmark.documents import Document, Fragment, Mention

BOM = "\N{BYTE ORDER MARK}"
_ANNOTATION = re.compile(r"(?:[TREAMN]\S*|#\S*|\*)\t")
"""How a line begins: a span, relation, event, attribute, modification, normalisation, note, or an equivalence."""
_WITHIN_LINE = re.compile(r"\S(?:[^\r\n]*\S)?")
"""From the first to the last character of a line that can be seen."""
_SPAN = re.compile(r"(\S+) (\d+ \d+(?:;\d+ \d+)*)")
_LONGEST_SHOWN = 60
TOLERATED = 0.01
"""Share of a corpus's lines that may repeat another text than stands there."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of annotations, as it says."""

    number: int
    label: str
    fragments: tuple[Fragment, ...]
    covered: str
    """The text that it repeats; empty where it repeats none."""


def read_document(ann: Path, name: str, types: Sequence[str] = ()) -> Document:
    """Read one pair of files; of ``types`` only, where some are named.

    Raises:
        InputError: a file is missing or not UTF-8, or a line is none of brat's; names file and line.
    """
    text = read_text(ann.with_suffix(".txt"), missing=f"{ann}: its text {ann.stem}.txt is not beside it.")
    annotations = read_text(ann, missing=f"{ann}: no such file.").removeprefix(BOM)
    lines = [line for line in _lines(ann, annotations) if not types or line.label in types]
    return placed(ann, lines, Document(name, text, place=str(ann.with_suffix(".txt"))))


def placed(annotations: Path, lines: Sequence[Line], document: Document) -> Document:
    """The document with the mentions that these lines of a file say, by the count of offsets that fits most of them.

    Raises:
        InputError: an offset is beyond the text; names file and line.
    """
    places, misfits = _places(annotations, document.text, lines)
    mentions = []
    for line in lines:
        fragments = [(int(places[start]), int(places[end - 1]) + 1) for start, end in line.fragments]
        mentions.append(Mention.over(line.label, *_across_blanks(document.text, fragments)))
    return replace(document, mentions=tuple(mentions), misfits=misfits)


def _across_blanks(text: str, fragments: Sequence[Fragment]) -> list[Fragment]:
    """The fragments, those with only white space between them as one."""
    joined: list[Fragment] = []
    for start, end in sorted(fragments):
        if joined and not text[joined[-1][1] : start].strip():
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _within_lines(text: str, mention: Mention) -> Mention:
    """The mention cut at its line breaks, as brat has it; as it is where nothing of it can be seen."""
    pieces = [
        (start + found.start(), start + found.end())
        for start, end in mention.fragments
        for found in _WITHIN_LINE.finditer(text[start:end])
    ]
    has_breaks = any("\n" in text[start:end] or "\r" in text[start:end] for start, end in mention.fragments)
    return Mention(tuple(pieces), mention.label) if pieces and has_breaks else mention


def refuse_misfits(documents: Sequence[Document]) -> None:
    """Refuse texts and annotations that do not belong together.

    Raises:
        InputError: too many lines do not fit; names the first.
    """
    misfits = [misfit for document in documents for misfit in document.misfits]
    mentions = sum(len(document.mentions) for document in documents)
    if len(misfits) > TOLERATED * mentions:
        raise InputError(
            f"{misfits[0]}. {len(misfits):,} of {mentions:,} lines do not fit their text: are the .txt and the .ann of "
            "one version?"
        )


def read_text(path: Path, *, missing: str) -> str:
    """A file's text, its line breaks and its byte order mark as they are.

    Raises:
        InputError: there is none (with the words given), or it is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError as error:
        raise InputError(missing) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(f"{path}:{line}: not UTF-8 (byte {error.start:,}). Convert it to UTF-8.") from error


def write_document(folder: Path, document: Document, mentions: Sequence[Mention]) -> None:
    """Write the text as it was and these mentions, so that brat shows them."""
    write_text(folder / f"{document.name}.txt", document.text)
    lines = []
    for number, mention in enumerate(sorted(mentions), 1):
        shown = _within_lines(document.text, mention)
        spans = ";".join(f"{start} {end}" for start, end in shown.fragments)
        lines.append(f"T{number}\t{mention.label} {spans}\t{shown.covered(document.text)}\n")
    write_text(folder / f"{document.name}.ann", "".join(lines))


def _lines(ann: Path, annotations: str) -> Iterator[Line]:
    """The T lines; relations, events, attributes and notes say nothing of spans."""
    for number, line in enumerate(annotations.split("\n"), 1):
        if line.strip() and not _ANNOTATION.match(line):
            raise InputError(
                f"{ann}:{number}: not a line of brat's: {_short(line)!r}. It is 'T1<tab>TYPE 0 5<tab>text', or "
                "one of brat's other kinds (R, E, A, M, N, #, *)."
            )
        if not line.startswith("T"):
            continue
        fields = line.removesuffix("\r").split("\t")
        span = _SPAN.fullmatch(fields[1]) if len(fields) > 1 else None
        if span is None:
            raise InputError(
                f"{ann}:{number}: not a line of brat's: {_short(line)!r}. It is 'T1<tab>TYPE 0 5<tab>text'."
            )
        pairs = (pair.split(" ") for pair in span[2].split(";"))
        fragments = tuple((int(start), int(end)) for start, end in pairs)
        if any(start >= end for start, end in fragments):
            raise InputError(f"{ann}:{number}: an empty or reversed span: {span[2]}.")
        yield Line(number, span[1], fragments, fields[2] if len(fields) > 2 else "")  # noqa: PLR2004 - the third field


def _places(ann: Path, text: str, lines: Sequence[Line]) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """For each offset that the file counts with, the offset in the text as it is; and the lines that do not fit."""
    counts = (_counted(text, bom=bom, crlf=crlf) for bom in (True, False) for crlf in (True, False))
    fewest: tuple[npt.NDArray[np.int64], list[str]] | None = None
    for places in counts:
        found = [f"{ann}:{line.number}: {misfit}" for line in lines if (misfit := _misfit(text, places, line))]
        if fewest is None or len(found) < len(fewest[1]):
            fewest = places, found
        if not found:
            break
    assert fewest is not None
    for line in lines:
        if max(end for _, end in line.fragments) > len(fewest[0]):
            raise InputError(f"{ann}:{line.number}: {_misfit(text, fewest[0], line)}.")
    return fewest[0], tuple(fewest[1])


def _counted(text: str, *, bom: bool, crlf: bool) -> npt.NDArray[np.int64]:
    """The offsets that count, where a byte order mark or the first half of a line break may not."""
    places = np.arange(len(text))
    if not bom and text.startswith(BOM):
        places = places[1:]
    if not crlf and "\r\n" in text:
        breaks = {match.start() for match in re.finditer("\r\n", text)}
        places = np.array([place for place in places if int(place) not in breaks], np.int64)
    return places


def _misfit(text: str, places: npt.NDArray[np.int64], line: Line) -> str | None:
    """What is wrong with a line under a way of counting; None where its text is the one that it repeats."""
    end = max(end for _, end in line.fragments)
    if end > len(places):
        return f"offset {end:,} is beyond the text's end ({len(places):,})"
    there = " ".join(text[places[start] : places[end - 1] + 1] for start, end in line.fragments)
    if not line.covered or _plain(there) == _plain(line.covered):
        return None
    return f"the text there is {_short(there)!r}, the line says {_short(line.covered)!r}"


def _plain(text: str) -> str:
    return " ".join(text.split())


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
