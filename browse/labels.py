"""What readers said of pages: ``store/labels.tsv``, a line for each time; of two of one page the later counts."""

import csv
import io
from collections.abc import Container, Iterable
from dataclasses import dataclass, fields
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field, field_validator

from data.errors import InputError
from data.files import write_text
from data.store import Store

GOOD, BAD, DOUBTFUL = "good", "bad", "doubtful"
LABELS = (GOOD, BAD, DOUBTFUL)
PATIENCE = 60.0
"""Seconds to wait for another reader's label to be written."""
_CONTROL = dict.fromkeys([*range(0x20), 0x7F], " ")


class Given(BaseModel):
    """A label as a page sends it."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    id: str = Field(pattern=r"^[0-9a-f]{24}$")
    digest: str = Field(pattern=r"^[0-9a-f]{32}$")
    label: str = Field(pattern="^(good|bad|doubtful)$")
    reason: str = Field(default="", max_length=200)
    rule: str = Field(default="kept", max_length=80, pattern=r"^[\w/.-]+$")
    reader: str = Field(default="", max_length=60)

    @field_validator("reason", "reader")
    @classmethod
    def _on_one_line(cls, text: str) -> str:
        """No tab and no line break: the file is a table. No formula either, for those who open it as a sheet."""
        return text.translate(_CONTROL).lstrip("=+-@ ")


@dataclass(frozen=True, slots=True)
class Label:
    """A line of the file."""

    id: str
    digest: str
    """Of the text that was read, as ``text_digest``."""
    label: str
    """``good``: it belongs into the corpus. ``bad``: it does not. ``doubtful``: it decides nothing."""
    reason: str
    rule: str
    """Why the page was dropped when it was read, or ``kept``."""
    reader: str
    time: str


_COLUMNS = tuple(field.name for field in fields(Label))


def read_labels(store: Store) -> dict[tuple[str, str], Label]:
    """The last label of each page and text.

    Raises:
        InputError: a line is not a label.
    """
    path = store.labels
    if not path.is_file():
        return {}
    found: dict[tuple[str, str], Label] = {}
    for label in _lines(path.read_text(encoding="utf-8-sig"), str(path)):
        found[label.id, label.digest] = label
    return found


def add_label(store: Store, given: Given, now: datetime | None = None) -> Label:
    """Write a label behind the others, whole or not at all.

    Raises:
        InputError: the file has a line that is no label: nothing is written past it.
        DiskFullError, StoreError: it cannot be written.
    """
    moment = (now or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
    label = Label(given.id, given.digest, given.label, given.reason, given.rule, given.reader, moment)
    with store.exclusive("labels", PATIENCE):
        before = store.labels.read_text(encoding="utf-8-sig") if store.labels.is_file() else ""
        kept = list(_lines(before, str(store.labels)))
        write_text(store.labels, table_of([*kept, label]))
    return label


def drop_labels(store: Store, ids: Container[str]) -> None:
    """Delete what was said of some pages.

    Raises:
        InputError, DiskFullError, StoreError: as ``add_label``.
    """
    if not store.labels.is_file():
        return
    with store.exclusive("labels", PATIENCE):
        lines = _lines(store.labels.read_text(encoding="utf-8-sig"), str(store.labels))
        write_text(store.labels, table_of(one for one in lines if one.id not in ids))


def table_of(labels: Iterable[Label]) -> str:
    """Labels as the file has them."""
    rows = [_COLUMNS, *(tuple(getattr(label, name) for name in _COLUMNS) for label in labels)]
    return "".join("\t".join(row) + "\n" for row in rows)


def _lines(text: str, path: str) -> list[Label]:
    rows = list(csv.reader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE))
    found = []
    for number, row in enumerate(rows, 1):
        if not row or tuple(row) == _COLUMNS:
            continue
        if len(row) != len(_COLUMNS) or row[2] not in LABELS:
            columns = ", ".join(_COLUMNS)
            raise InputError(f"{path}:{number}: no label. A line has {columns}, with tabs between; mend or delete it.")
        found.append(Label(*row))
    return found
