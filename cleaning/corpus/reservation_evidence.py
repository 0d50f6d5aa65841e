"""Finds the WARC record with the line that reserves a page, in the ledger."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cleaning.corpus.reservation_record import ReservationRecord
from data.lookup import rows_where
from data.rights.ledger import LICENCE_FILE, PAGE_FILE, RIGHTS_SCHEMA, Place, host_key, licence_address


class ReservationRecords:
    """The rows of the ledger that can reserve one page."""

    def __init__(self, folder: Path, url: str) -> None:
        """``folder`` is the folder of an extraction recipe, ``url`` is canonical.

        Raises:
            InputError: a file is damaged.
        """
        paths = sorted(folder.glob("*.parquet"))
        said = _rows(paths, "host", [host_key(url)])
        targets = {licence_address(row["target"] or "", url) for row in said if row["verdict"] == "licence"}
        licences = _rows(paths, "licence_url", sorted(targets - {""}))
        self._rows = [row for row in said if row["file"] != LICENCE_FILE] + licences

    def find(self, detail: str, at: datetime | None, place: Place | None) -> ReservationRecord | None:
        """The record with the line of a dropped page's ``detail`` (``data.rights.ledger.Refusal.detail``).

        ``place`` is the page's record. If several records have the line, the one that was current at ``at`` is
        returned; None asks for the latest.
        """
        found = [row for row in self._rows if f"{row['carrier']}: {row['line']}" == detail]
        found = [row for row in found if row["file"] != PAGE_FILE or place in (None, _place(row))]
        found.sort(key=lambda row: (row["seen_at"], _place(row)))
        if not found:
            return None
        before = [row for row in found if at is None or row["seen_at"] <= at]
        return ReservationRecord(
            **{name: (before[-1] if before else found[0])[name] for name in ReservationRecord.model_fields}
        )


def _place(row: dict[str, Any]) -> Place:
    return row["warc_file"], row["warc_offset"]


def _rows(paths: Sequence[Path], column: str, values: Sequence[str]) -> list[dict[str, Any]]:
    return [row for path in paths for row in rows_where(path, column, values, RIGHTS_SCHEMA.names)] if values else []
