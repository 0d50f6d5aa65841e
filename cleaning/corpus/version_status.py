"""The status of one page in each corpus version: its part file, or the reason why it was dropped."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urljoin

from pydantic import BaseModel, ConfigDict

from cleaning.corpus.parts import part_of
from cleaning.corpus.reservation_record import ReservationRecord
from cleaning.corpus.splits import SPLITS
from cleaning.corpus.versions import versions
from data.lookup import rows_where
from data.store import Store

_KEPT = ["id", "url", "warc_file", "warc_offset", "cluster_size", "first_seen_at"]
_DROPPED = ["id", "url", "warc_file", "warc_offset", "reason", "figure", "detail", "lost_to"]


class VersionStatus(BaseModel):
    """The status of a page in one version."""

    model_config = ConfigDict(frozen=True)

    version: str
    state: Literal["kept", "dropped", "absent"]
    """``absent``: the version has no row of it, because it is older than the page or was published after a takedown."""
    part: str | None = None
    """The file with its row, in the version's folder."""
    split: str | None = None
    warc_file: str | None = None
    warc_offset: int | None = None
    """The record that it was extracted from; for a dropped page, the first record of its latest drops."""
    first_seen_at: datetime | None = None
    cluster_size: int | None = None
    """Pages with this text or a near-duplicate, including itself."""
    reason: str | None = None
    figure: float | None = None
    detail: str | None = None
    said: ReservationRecord | None = None
    """For a reserved page, the record with the line that reserves it."""
    lost_to: str | None = None
    """The URL of a duplicate's canonical document, or of a redirect's target."""


def status_in_versions(store: Store, identity: str) -> list[VersionStatus]:
    """The status of a page in each version, oldest first.

    Raises:
        InputError: a file is damaged.
    """
    search = _Search()
    return [_status_in(search, store.corpus / version, identity) for version in versions(store)]


def _status_in(search: "_Search", folder: Path, identity: str) -> VersionStatus:
    version = folder.name
    for split in SPLITS:
        for part, row in search.row_of(folder / "data" / split, identity, _KEPT):
            return _of_row(row, version=version, state="kept", part=part, split=split)
    for side in sorted((folder / "side").glob("*")):
        for part, row in search.row_of(side, identity, _KEPT):
            return _of_row(row, version=version, state="kept", part=part, split=f"side/{side.name}")
    for part, row in search.row_of(folder / "dropped", identity, _DROPPED):
        if row["lost_to"] and row["reason"].startswith("duplicate/"):
            row["lost_to"] = search.url_of(folder, row["lost_to"])
        elif row["lost_to"]:
            row["lost_to"] = urljoin(row["url"], row["lost_to"])
        return _of_row(row, version=version, state="dropped", part=part)
    return VersionStatus(version=version, state="absent")


def _of_row(row: dict[str, Any], *, part: Path, **known: Any) -> VersionStatus:
    columns = {name: row[name] for name in VersionStatus.model_fields if name in row}
    return VersionStatus(**columns, part=part.as_posix(), **known)


class _Search:
    """Looks up rows by id in part files. Versions share unchanged files: each file is searched once."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, int, str], list[dict[str, Any]]] = {}

    def row_of(self, folder: Path, identity: str, columns: Sequence[str]) -> Iterator[tuple[Path, dict[str, Any]]]:
        """The row of an id in a folder, if any, with the path of its part."""
        part = _part(folder, identity)
        if part is None:
            return
        file = part.stat()
        key = (file.st_dev, file.st_ino, identity)
        if key not in self._found:
            self._found[key] = rows_where(part, "id", [identity], columns)
        version = folder.parent if folder.name == "dropped" else folder.parent.parent
        for row in self._found[key]:
            yield part.relative_to(version), dict(row)

    def url_of(self, folder: Path, identity: str) -> str:
        """The URL of a document of a version; its id if it is not found."""
        for split in SPLITS:
            for _, row in self.row_of(folder / "data" / split, identity, _KEPT):
                return str(row["url"])
        return identity


def _part(folder: Path, identity: str) -> Path | None:
    """The part file of a folder that may have an id, computed from the id and the number of parts."""
    first = next(folder.glob("part-00000-of-*.parquet"), None)
    if first is None:
        return None
    count = int(first.stem.rpartition("-")[2])
    return folder / f"part-{part_of(identity, count):05d}-of-{count:05d}.parquet"
