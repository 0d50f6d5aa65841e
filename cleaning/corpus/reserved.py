"""Pages that the ledger of rights keeps out of a version: what hosts said in any WARC file decides.

Cleaning has dropped what a page, or the WARC file that holds it, reserves. Here the words of all files together are
heard: a robots.txt that lies in another file, a licence, a new opt-out.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cleaning.corpus.living import Living, dropped_rows
from cleaning.pages.triage import OPTED_OUT
from cleaning.publish_settings import PublishSettings
from cleaning.stored_texts import Segments
from data.parquet import read_parquet
from data.rights.ledger import Ledger

_PLACE = ["url", "fetched_at", "warc_file", "warc_offset"]


def ledger_of(folder: Path, segments: Segments) -> Ledger:
    """The ledger of some segments; one that has no file in it says nothing.

    Raises:
        InputError: a file is damaged.
    """
    return Ledger(_tables(folder, segments))


def _tables(folder: Path, segments: Segments) -> Iterator[pa.Table]:
    for documents, _ in segments:
        path = folder / documents.name
        if path.is_file():
            yield read_parquet(path)


def without_reserved(living: Living, ledger: Ledger, settings: PublishSettings) -> Living:
    """Move the documents that the ledger reserves to the dropped, each with the carrier and the line."""
    today = settings.rights == "as_of_today"
    details = []
    for row in living.documents.select(_PLACE).to_pylist():
        at = None if today else row["fetched_at"]
        refused = ledger.refusal(row["url"], at, (row["warc_file"], row["warc_offset"]), settings)
        details.append(refused.detail if refused is not None else None)
    reserved = pa.array([detail is not None for detail in details], pa.bool_())
    gone = living.documents.filter(reserved)
    if not gone.num_rows:
        return living
    rows = dropped_rows(
        gone,
        pa.repeat(OPTED_OUT, gone.num_rows),
        pa.nulls(gone.num_rows, pa.float32()),
        pa.nulls(gone.num_rows, pa.string()),
        pa.array([detail for detail in details if detail is not None], pa.large_string()),
    )
    return Living(living.documents.filter(pc.invert(reserved)), pa.concat_tables([living.dropped, rows]), living.funnel)
