"""``cowese tag``: mentions in new texts by a fine-tuned model, as brat's files, JSON lines or IOB2."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal, TextIO

import torch
from pydantic import BaseModel, ConfigDict

from data.errors import InputError
from data.files import write_text
from data.progress import Progress, no_progress
from data.store import Store
from training.benchmark import iob_tags
from training.benchmark.brat import write_document
from training.benchmark.documents import Mention
from training.benchmark.keeping import find_kept
from training.benchmark.new_texts import NewText, read_new_texts
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.tagger import Tagger
from training.runs.distributed import choose_device
from training.runs.threads import choose_threads

OutForm = Literal["brat", "jsonl", "iob2"]
BLOCK = 1_000
"""Texts that are tagged and held in memory at once."""


class TagSummary(BaseModel):
    """What was found."""

    model_config = ConfigDict(frozen=True)

    model: Path
    texts: int
    mentions: int
    by_type: dict[str, int]
    out: Path | None


def tag(
    store: Store,
    settings: BenchmarkSettings,
    *,
    model: str,
    files: Sequence[str],
    form: OutForm,
    out: Path | None = None,
    stdin: BinaryIO | None = None,
    stdout: TextIO | None = None,
    progress: Progress = no_progress,
) -> TagSummary:
    """Tag texts and write the mentions to ``out``: a folder for brat, else a file, or standard output where it is None.

    Offsets are code points of the texts as they were given.

    Raises:
        InputError: no such model or text, or no folder for brat's files.
    """
    if form == "brat" and out is None:
        raise InputError("cowese tag --form brat writes files: name their folder with --out.")
    texts = read_new_texts(files, stdin or sys.stdin.buffer)
    if form == "brat":
        _refuse_outside(texts)
    device = choose_device(settings.device)
    torch.set_num_threads(choose_threads(settings.threads))
    folder = find_kept(store, model)
    tagger = Tagger(folder, settings, device)
    counted, tags = dict.fromkeys(tagger.types, 0), iob_tags.tags_of(tagger.types)
    lines: list[str] = []
    for start in range(0, len(texts), BLOCK):
        progress("tag", start, len(texts), {})
        block = texts[start : start + BLOCK]
        found = tagger.mentions([text.document for text in block])
        for text in block:
            mentions = found[text.document.name]
            for mention in mentions:
                counted[mention.label] += 1
            if form == "brat":
                assert out is not None
                write_document(out, text.document, mentions)
            else:
                lines.append(_json_line(text, mentions) if form == "jsonl" else _rows(text, mentions, tags))
    if out is not None and form != "brat":
        write_text(out, "".join(lines))
    elif form != "brat":
        (stdout or sys.stdout).write("".join(lines))
    return TagSummary(model=folder, texts=len(texts), mentions=sum(counted.values()), by_type=counted, out=out)


def _refuse_outside(texts: Sequence[NewText]) -> None:
    """A name that a JSON line gives becomes a path of brat's: it must stay below the folder."""
    for text in texts:
        name = PurePosixPath(text.document.name)
        if name.is_absolute() or ".." in name.parts or not name.name:
            raise InputError(f"{text.document.place}: {text.document.name!r} is no name of a file below --out.")


def _json_line(text: NewText, mentions: Sequence[Mention]) -> str:
    document = text.document
    marked = [
        {"start": one.start, "end": one.end, "type": one.label, "text": document.text[one.start : one.end]}
        for one in mentions
    ]
    return json.dumps({"id": document.name, "text": document.text, "mentions": marked}, ensure_ascii=False) + "\n"


def _rows(text: NewText, mentions: Sequence[Mention], tags: Sequence[str]) -> str:
    """A token and its tag a line, of nested mentions the longest's; an empty line after each text."""
    rows = zip(text.tokens, iob_tags.encode(text.tokens, mentions, tags), strict=True)
    return "".join(f"{text.document.text[start:end]}\t{tags[tag]}\n" for (start, end), tag in rows) + "\n"
