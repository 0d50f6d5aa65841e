"""Drops pages that the ledger of rights reserves: signals of hosts in all WARC files count.

Cleaning drops pages that they themselves, or files in the same WARC file, reserve. This step uses the signals of all
WARC files together: a robots.txt in another file, a licence, a new opt-out.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cleaning.corpus.figures import ranked
from cleaning.corpus.live_pages import LivePages, dropped_rows, without_addresses
from cleaning.pages.page import OPTED_OUT
from cleaning.pending import CRAWLER, KEPT, source_of_stem
from cleaning.publish_settings import PublishSettings
from cleaning.stored_texts import Segments
from data.parquet import get_metadata, read_parquet
from data.rights.files import ROBOTS_PATH
from data.rights.ledger import Ledger
from data.rights.licences import Licence
from data.rights.settings import RIGHTS, RightsSettings
from data.takedowns import Takedowns

_PLACE = ["url", "fetched_at", "warc_file", "warc_offset"]
_LICENCE = ["license", "license_url"]


def ledger_of(folder: Path, segments: Segments) -> Ledger:
    """The ledger of some segments; segments without a file have no signals.

    Raises:
        InputError: a file is damaged.
    """
    return Ledger(_tables(folder, segments))


def _tables(folder: Path, segments: Segments) -> Iterator[pa.Table]:
    for documents, _ in segments:
        path = folder / documents.name
        if path.is_file():
            yield read_parquet(path)


def drop_reserved(
    living: LivePages, ledger: Ledger, settings: PublishSettings, rights: RightsSettings = RIGHTS
) -> LivePages:
    """Drop the documents that the ledger reserves, with carrier and line as detail."""
    details = []
    for row in living.documents.select(_PLACE).to_pylist():
        refused = ledger.refusal(row["url"], _when(row, settings), (row["warc_file"], row["warc_offset"]), rights)
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
    return LivePages(
        living.documents.filter(pc.invert(reserved)), pa.concat_tables([living.dropped, rows]), living.funnel
    )


def with_licences(living: LivePages, ledger: Ledger, settings: PublishSettings, takedowns: Takedowns) -> LivePages:
    """Give documents without a licence of their own the licence that their host grants by RSL.

    Licence addresses that were taken down are left out.
    """
    if not ledger.grants:
        return living
    documents = living.documents
    found = [_licence(row, ledger, settings) for row in documents.select([*_PLACE, *_LICENCE]).to_pylist()]
    columns = {"license": [one.name for one in found], "license_url": [one.url for one in found]}
    for name in _LICENCE:
        at = documents.schema.get_field_index(name)
        field = documents.schema.field(at)
        documents = documents.set_column(at, field, pa.chunked_array([pa.array(columns[name], field.type)]))
    if takedowns.targets:
        documents = without_addresses(documents, "license_url", takedowns)
    return LivePages(documents, living.dropped, living.funnel)


def _licence(row: Mapping[str, Any], ledger: Ledger, settings: PublishSettings) -> Licence:
    own = Licence(row["license"], row["license_url"])
    if own.name is not None or own.url is not None:
        return own
    granted = ledger.licence(row["url"], _when(row, settings), (row["warc_file"], row["warc_offset"]))
    return granted or own


def _when(row: Mapping[str, Any], settings: PublishSettings) -> datetime | None:
    """The moment whose signals apply; None for the latest."""
    moment: datetime = row["fetched_at"]
    return None if settings.rights == "as_of_today" else moment


def evidence(ledger: Ledger, kept: pa.Table) -> dict[str, int]:
    """The number of hosts of a version, and of those with a robots.txt in the ledger."""
    hosts = {host.removeprefix("www.") for host in pc.unique(kept["host"]).to_pylist()}
    return {"hosts": len(hosts), "with_robots": sum(ledger.knows(host, ROBOTS_PATH) for host in hosts)}


def crawlers(segments: Segments) -> dict[str, dict[str, int]]:
    """Source → crawler (as the WARC files state) → number of files."""
    found: dict[str, Counter[str]] = {}
    for documents, dropped in segments:
        said = get_metadata(dropped, CRAWLER)
        if said is not None:
            found.setdefault(source_of_stem(documents.name.removesuffix(KEPT)), Counter())[said] += 1
    return {source: ranked(counts) for source, counts in sorted(found.items())}
