"""Published versions without pages that are forgotten: the one change that a version ever sees.

Rows go, counts are taken again, card and report are written again; the manifest comes last. It says how many rows went
under which receipts, and which digests the version had before: a model records the digest of the day it was made. Parts
that hold nothing of the pages keep their bytes.
"""

from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cleaning.corpus.card import write_texts
from cleaning.corpus.figures import FigureCounts
from cleaning.corpus.report import write_report
from cleaning.corpus.site_lines import Taken
from cleaning.corpus.splits import SPLITS
from cleaning.corpus.summary import write_summary
from cleaning.corpus.versions import digests
from data.documents import DICTIONARY_COLUMNS, DROPPED_SCHEMA
from data.lineage import FORMER_DIGESTS
from data.manifest import MANIFEST_NAME, Manifest
from data.parquet import read_parquet, read_wide, write_parquet
from data.store import Store
from data.takedowns import TAKEDOWN, Takedowns

_GROUP_ROWS = 8_192
_BATCH_ROWS = 1_000
_CONFIRMED = ".confirmed.json"


def rewrite_version(store: Store, version: str, ids: Collection[str], takedowns: Takedowns, receipt: str) -> int:
    """Take pages out of a version, by their ids; how many rows went. To do it again changes nothing.

    ``takedowns`` says which addresses no column may name.

    Raises:
        InputError: a file of the version is damaged.
        DiskFullError, StoreError: a file cannot be written.
    """
    folder = store.corpus / version
    manifest = Manifest.read(folder)
    going = pa.array(ids, pa.string())
    for path in sorted(folder.rglob("*.parquet")):
        table = read_parquet(path)
        left = _without(table, going, takedowns)
        if left is not None:
            group_rows = _GROUP_ROWS if path.parent.name == "dropped" else None
            batches = left.to_batches(_BATCH_ROWS)
            write_parquet(path, batches, left.schema, dictionary_columns=DICTIONARY_COLUMNS, group_rows=group_rows)
    (store.corpus / _CONFIRMED).unlink(missing_ok=True)
    files = digests(folder)
    if files == manifest.files:
        return 0
    figures = _figures(folder, manifest.figures)
    gone = manifest.figures["urls"] - figures["urls"]
    before_it = manifest.figures.get("forgotten", {})
    figures["forgotten"] = {**before_it, receipt: before_it.get(receipt, 0) + gone}
    figures[FORMER_DIGESTS] = [*manifest.figures.get(FORMER_DIGESTS, []), manifest.digest]
    write_texts(folder, version, figures, manifest.settings)
    write_summary(folder, version, figures, manifest.settings)
    before = store.corpus / f"v{int(version[1:]) - 1:04d}"
    write_report(
        folder, version, figures, before if (before / MANIFEST_NAME).is_file() else None, Takedowns.load(store)
    )
    changed = manifest.model_copy(update={"files": dict(sorted(files.items())), "figures": figures})
    changed.write(folder)
    return int(gone)


def _without(table: pa.Table, going: pa.Array, takedowns: Takedowns) -> pa.Table | None:
    """The table without these pages and without their addresses; None where it has none."""
    stays = pc.invert(pc.is_in(table["id"], going))
    left = table.filter(stays)
    for name in ("site", "lost_to", "canonical", "license_url"):
        if name in left.schema.names:
            left = _without_addresses(left, name, going, takedowns)
    return None if left.equals(table) else left


def _without_addresses(table: pa.Table, name: str, going: pa.Array, takedowns: Takedowns) -> pa.Table:
    values = pc.unique(table[name]).drop_null()
    hidden = [one for one in values.to_pylist() if "://" in one and takedowns.covers(one)]
    is_hidden = pc.or_(pc.is_in(table[name], going), pc.is_in(table[name], pa.array(hidden, pa.string())))
    if not pc.any(is_hidden).as_py():
        return table
    at = table.schema.get_field_index(name)
    column = pc.if_else(is_hidden, pa.scalar(None, pa.string()), table[name])
    return table.set_column(at, table.schema.field(at), column)


def _columns(path: Path, names: Collection[str]) -> pa.Table:
    """Those of some columns that a file has: one of an earlier version of this code may lack some."""
    table = read_parquet(path)
    return table.select([name for name in names if name in table.schema.names])


def _figures(folder: Path, before: dict[str, Any]) -> dict[str, Any]:
    """The figures of what is left; what is no count of rows stays as it was."""
    columns = ["host", "country", "category", "language", "n_words", "fetched_at", "cluster_size", "masked"]
    columns += ["source", "license", "license_url"]
    counts, splits = FigureCounts(), Counter[str]()
    for split in SPLITS:
        for path in sorted((folder / "data" / split).glob("*.parquet")):
            table = _columns(path, columns)
            counts.add_kept(table)
            splits[split] += table.num_rows
    for path in sorted((folder / "side").rglob("*.parquet")):
        counts.add_side(read_wide(path, ["language"]))
    for path in sorted((folder / "dropped").glob("*.parquet")):
        counts.add_dropped(_columns(path, DROPPED_SCHEMA.names))
    unlisted = before["dropped"].get(TAKEDOWN, 0)
    urls = counts.documents + counts.side.total() + counts.dropped.total() + unlisted
    figures = counts.figures(splits, urls, Taken(**before["site_lines"]))
    figures["dropped"] |= {TAKEDOWN: unlisted} if unlisted else {}
    return {**before, **figures}
