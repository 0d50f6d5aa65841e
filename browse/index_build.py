"""Builds the index of a version: ``store/browse/<version>/``. It follows from the version and the extracted texts.

``search.sqlite3`` holds the words (FTS5, accents folded), the texts and what is shown of a page; ``codes.npz`` the
facets and the orders. A version is immutable, so its index is built once; deleting it costs time only.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from browse import facets, folding, rights_facet, version_rows
from browse.extracted import Extracted
from browse.facets import CLUSTERS, HEALTH, LENGTHS, Facet, by_class, by_day, by_value
from browse.rights_facet import rights_folder, rights_of
from browse.version_rows import KEPT, texts_in_order
from cleaning.settings import CleaningSettings
from data.errors import StageError
from data.files import code_digest, storage_error, sync_file, sync_folder, write_json
from data.manifest import Manifest
from data.progress import Progress, no_progress
from data.sources import FILES
from data.store import Store

MANIFEST, CODES, SEARCH = "index.json", "codes.npz", "search.sqlite3"
UNFINISHED = ".unfinished"
TOKENIZER = "unicode61 remove_diacritics 2"
LEVEL = 3
"""Of zstd, for texts."""
BATCH = 2_000
SORTS = ("mixed", "longest", "shortest", "newest", "oldest", "published", "healthiest", "least_healthy", "url")
_TABLES = f"""
CREATE TABLE page (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, url TEXT NOT NULL, title TEXT, split TEXT, reason TEXT, figure REAL,
    detail TEXT, lost_to TEXT, mime TEXT, language TEXT, health REAL, fetched INTEGER, published TEXT, n_words INTEGER,
    cluster_id TEXT, cluster_size INTEGER, canonical TEXT, warc_file TEXT NOT NULL, warc_offset INTEGER NOT NULL);
CREATE TABLE body (number INTEGER PRIMARY KEY, digest TEXT NOT NULL, size INTEGER NOT NULL, text BLOB NOT NULL);
CREATE VIRTUAL TABLE words USING fts5(title, text, content='', tokenize='{TOKENIZER}');
"""
_INDEXES = """
CREATE INDEX page_id ON page (id);
CREATE INDEX page_cluster ON page (cluster_id) WHERE cluster_size > 1;
CREATE INDEX page_lost ON page (lost_to) WHERE lost_to IS NOT NULL;
INSERT INTO words (words) VALUES ('optimize');
"""
_PRAGMAS = (
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; PRAGMA locking_mode = EXCLUSIVE;"
)


def index_folder(store: Store, version: str) -> Path:
    """Where the index of a version lies."""
    return store.browse / version


def is_current(store: Store, version: str) -> bool:
    """Whether a version has an index of this code and of its files as they are."""
    try:
        found = (index_folder(store, version) / MANIFEST).read_text(encoding="utf-8")
    except OSError:
        return False
    return f'"{_key(store, version)}"' in found


def build_index(store: Store, settings: CleaningSettings, version: str, progress: Progress = no_progress) -> Path:
    """Build the index of a version where there is no current one, and give its folder.

    Raises:
        InputError: no such version, or a file is damaged.
        DiskFullError, StoreError: the folder cannot be written, or another process builds it.
    """
    folder = index_folder(store, version)
    if is_current(store, version):  # a store that can only be read needs no lock then
        return folder
    with store.exclusive("browse", patience=600.0):
        if is_current(store, version):
            return folder
        hidden = folder.with_name(f".{version}{UNFINISHED}")
        try:
            shutil.rmtree(hidden, ignore_errors=True)
            hidden.mkdir(parents=True)
            _fill(hidden, store, settings, version, progress)
            for name in (SEARCH, CODES):
                sync_file(hidden / name)
            sync_folder(hidden)
            shutil.rmtree(folder, ignore_errors=True)
            hidden.rename(folder)
            sync_folder(folder.parent)
        except OSError as error:
            raise storage_error(error, folder) from error
        except sqlite3.Error as error:
            raise StageError(
                f"{hidden}: the index could not be written ({error}). Is there room on the disk?"
            ) from error
    return folder


def _key(store: Store, version: str) -> str:
    """What an index was made of: the version's own digest and the code that makes it."""
    code = code_digest(*(Path(str(module.__file__)) for module in (facets, folding, rights_facet, version_rows)))
    return f"{Manifest.read(store.corpus_version(version)).digest}/{code}/{code_digest(Path(__file__))}"


def _fill(hidden: Path, store: Store, settings: CleaningSettings, version: str, progress: Progress) -> None:
    source, extracted = store.corpus_version(version), Extracted.find(store, settings)
    progress("index", 0, None, {"step": "reading"})
    rows = version_rows.version_rows(source, extracted)
    recipe = extracted.folder.name if extracted.folder else None
    with closing(sqlite3.connect(hidden / SEARCH, isolation_level=None)) as database:
        database.executescript(_PRAGMAS + _TABLES)
        database.execute("BEGIN")
        _insert_pages(database, rows)
        database.execute("COMMIT")
        _insert_words(database, source, rows, extracted, progress)
        progress("index", rows.num_rows, rows.num_rows, {"step": "merging"})
        database.executescript(_INDEXES)
    found = _facets(rows, rights_of(rows, rights_folder(store, recipe)))
    arrays: dict[str, Any] = {f"facet_{name}": facet.codes for name, facet in found.items()}
    arrays |= {f"sort_{name}": order for name, order in _orders(rows).items()}
    np.savez(hidden / CODES, **arrays)
    write_json(
        hidden / MANIFEST,
        {
            "made_from": _key(store, version),
            "pages": rows.num_rows,
            "values": {name: facet.values for name, facet in found.items()},
        },
    )


def _insert_pages(database: sqlite3.Connection, rows: pa.Table) -> None:
    names = ["id", "url", "title", "split", "reason", "figure", "detail", "lost_to", "mime", "language", "health"]
    names += ["fetched_at", "published", "n_words", "cluster_id", "cluster_size", "canonical"]
    names += ["warc_file", "warc_offset"]
    shown = rows.select(names)
    for name, kind in (("fetched_at", pa.int64()), ("published", pa.large_string())):
        shown = shown.set_column(shown.schema.get_field_index(name), name, shown[name].cast(kind))
    statement = f"INSERT INTO page VALUES ({', '.join('?' * (len(names) + 1))})"  # noqa: S608 - question marks alone
    number = 0
    for batch in shown.to_batches(BATCH):
        columns = [batch.column(name).to_pylist() for name in names]
        database.executemany(statement, zip(range(number, number + batch.num_rows), *columns, strict=True))
        number += batch.num_rows


def _insert_words(
    database: sqlite3.Connection, source: Path, rows: pa.Table, extracted: Extracted, progress: Progress
) -> None:
    """Words of texts and titles; numbers must ascend, or FTS5 writes a segment for each page."""
    codec = pa.Codec("zstd", LEVEL)
    titles = rows["title"]
    texts = texts_in_order(source, rows, extracted)
    for batch in _batches(texts):
        encoded = [text.encode("utf-8", "replace") for _, text, _ in batch]
        bodies = [
            (number, digest, len(data), codec.compress(data, asbytes=True))
            for (number, _, digest), data in zip(batch, encoded, strict=True)
        ]
        words = [(number, titles[number].as_py() or "", text) for number, text, _ in batch]
        database.execute("BEGIN")
        database.executemany("INSERT INTO body VALUES (?, ?, ?, ?)", bodies)
        database.executemany("INSERT INTO words (rowid, title, text) VALUES (?, ?, ?)", words)
        database.execute("COMMIT")
        progress("index", batch[-1][0] + 1, rows.num_rows, {"step": "words"})


def _batches(texts: Iterator[tuple[int, str, str]]) -> Iterator[list[tuple[int, str, str]]]:
    batch: list[tuple[int, str, str]] = []
    for one in texts:
        batch.append(one)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _facets(rows: pa.Table, rights: list[str]) -> dict[str, Facet]:
    family = pc.fill_null(pc.replace_substring_regex(rows["reason"], "/.*", ""), KEPT)
    published = rows["published"].cast(pa.timestamp("s"))
    return {
        "outcome": by_value(family),
        "reason": by_value(rows["reason"]),
        "host": by_value(rows["host"]),
        "category": by_value(rows["category"]),
        "country": by_value(rows["country"]),
        "language": by_value(rows["language"]),
        "day": by_day(rows["fetched_at"]),
        "published": by_day(published, "%Y"),
        "length": by_class(rows["n_words"], LENGTHS),
        "health": by_class(rows["health"], HEALTH),
        "cluster": by_class(rows["cluster_size"], CLUSTERS),
        "split": by_value(rows["split"]),
        "source": by_value(_sources(rows["warc_file"])),
        "rights": by_value(pa.array(rights, pa.large_string())),
    }


def _sources(warc_files: pa.ChunkedArray) -> pa.Array:
    """The round or the source of each page: the folder of its WARC file; ``files`` where it was named to clean."""
    names = {name: name.rpartition("/")[0] or FILES for name in pc.unique(warc_files).to_pylist()}
    files, sources = (pa.array(list(values), pa.large_string()) for values in (names, names.values()))
    return sources.take(pc.index_in(warc_files, files).combine_chunks())


def _orders(rows: pa.Table) -> dict[str, npt.NDArray[np.int32]]:
    """The numbers of all pages in each order; what has no value comes last."""
    mixed = np.argsort(np.array([int(one[:12], 16) for one in rows["id"].to_pylist()], np.int64), kind="stable")
    kept_first = pc.is_valid(rows["reason"]).to_numpy()[mixed]
    mixed = mixed[np.argsort(kept_first, kind="stable")]

    def ordered(name: str, direction: str) -> npt.NDArray[np.int32]:
        indices: Any = pc.sort_indices(rows.select([name]), [(name, direction, "at_end")])
        return np.asarray(indices).astype(np.int32)

    return {
        "mixed": mixed.astype(np.int32),
        "longest": ordered("n_words", "descending"),
        "shortest": ordered("n_words", "ascending"),
        "newest": ordered("fetched_at", "descending"),
        "oldest": ordered("fetched_at", "ascending"),
        "published": ordered("published", "descending"),
        "healthiest": ordered("health", "descending"),
        "least_healthy": ordered("health", "ascending"),
        "url": ordered("url", "ascending"),
    }
