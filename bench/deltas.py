"""What one version adds to the one before, on the disk and over the wire, where one document in a hundred has changed.

python bench/deltas.py TEXTS.parquet [--documents 20000] [--changed 0.01]

TEXTS has a column ``text``. Of each way to lay documents out, two versions are written with our own Parquet settings.
``files``: bytes of the part files that differ, of all, which is what hard links do not save. ``chunks``: bytes of the
content-defined chunks (64 KB on average, 8 to 128 KB, as the hub's storage cuts them) that the first version does not
have, of all. Documents change at random, or all of some sites. What the hub itself sends was not measured.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path

sys.path.append(sys.path.pop(0))  # this folder last, since its names must not hide packages
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SITE = 40
"""Documents of a site."""
LEAST, MEAN_BITS, MOST = 8 << 10, 16, 128 << 10
SCHEMA = pa.schema([("id", pa.string()), ("host", pa.string()), ("text_digest", pa.string()), ("text", pa.string())])
Rows = list[tuple[str, str, str, str]]


def documents(texts: list[str], changed: set[int]) -> Rows:
    """Rows by id; those that changed have a sentence more."""
    rows = []
    for number, text in enumerate(texts):
        whole = f"{text}\nActualizado en la ronda siguiente." if number in changed else text
        identity = blake2b(f"id{number}".encode(), digest_size=12).hexdigest()
        rows.append((identity, f"h{number // SITE}.es", blake2b(whole.encode(), digest_size=16).hexdigest(), whole))
    return sorted(rows)


def by_id(rows: Rows, parts: int) -> list[Rows]:
    """As versions are laid out: parts by a hash of the id, in the order of ids."""
    return _parts(rows, [row[0] for row in rows], parts)


def by_site(rows: Rows, parts: int) -> list[Rows]:
    """Whole sites in a part, site after site."""
    ordered = sorted(rows, key=lambda row: row[1])
    return _parts(ordered, [row[1] for row in ordered], parts)


def _parts(rows: Rows, names: list[str], parts: int) -> list[Rows]:
    found: list[Rows] = [[] for _ in range(parts)]
    for row, name in zip(rows, names, strict=True):
        found[_place(name, parts)].append(row)
    return found


def _place(name: str, parts: int) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "big") % parts


def written(rows: list[Rows], folder: Path, pages: tuple[int, int] | None) -> list[bytes]:
    """The bytes of the part files; ``pages`` are the least and the largest size of a page in bytes."""
    found = []
    for number, part in enumerate(rows):
        chunking = True if pages is None else {"min_chunk_size": pages[0], "max_chunk_size": pages[1]}
        columns = [pa.array(column, pa.string()) for column in zip(*part, strict=True)]
        path = folder / f"{number}.parquet"
        pq.write_table(
            pa.table(columns, schema=SCHEMA),
            path,
            compression="zstd",
            compression_level=3,
            use_dictionary=["host"],
            use_content_defined_chunking=chunking,
            write_page_index=True,
        )
        found.append(path.read_bytes())
    return found


def chunks(content: bytes) -> Iterator[bytes]:
    """Cut where a hash of the last 48 bytes ends in zeros."""
    values = np.frombuffer(content, np.uint8).astype(np.uint64)
    hashes = np.zeros(len(values), np.uint64)
    for back in range(48):
        factor = np.uint64(pow(0x9E3779B97F4A7C15, back + 1, 1 << 64))
        hashes[back:] += values[: len(values) - back] * factor
    cuts = np.flatnonzero((hashes >> np.uint64(64 - MEAN_BITS)) == 0) + 1
    start = 0
    while start < len(content):
        at = np.searchsorted(cuts, start + LEAST)
        end = int(cuts[at]) if at < len(cuts) else len(content)
        end = min(end, start + MOST, len(content))
        yield content[start:end]
        start = end


def new_bytes(before: list[bytes], after: list[bytes]) -> tuple[float, float]:
    """Shares of the second version that are new: by files, by chunks."""
    files, held = set(before), {blake2b(chunk).digest() for content in before for chunk in chunks(content)}
    total = sum(map(len, after))
    by_file = sum(len(content) for content in after if content not in files)
    by_chunk = sum(len(chunk) for content in after for chunk in chunks(content) if blake2b(chunk).digest() not in held)
    return by_file / total, by_chunk / total


def main() -> None:
    """Read the arguments, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("texts", type=Path)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--changed", type=float, default=0.01)
    given = parser.parse_args()
    table = pq.ParquetFile(given.texts).iter_batches(given.documents, columns=["text"])
    texts = [text[:6_000] for text in next(table)["text"].to_pylist()]
    count = round(len(texts) * given.changed)
    chance = np.random.default_rng(1)
    sites = chance.choice(len(texts) // SITE, count // SITE, replace=False)
    changes = {
        "at random": set(chance.choice(len(texts), count, replace=False).tolist()),
        "whole sites": {int(site) * SITE + number for site in sites for number in range(SITE)},
    }
    layouts: dict[str, tuple[Callable[[Rows, int], list[Rows]], int, tuple[int, int] | None]] = {
        "by id, 4 parts": (by_id, 4, None),
        "by id, 4 parts, pages of 16 to 64 KB": (by_id, 4, (16 << 10, 64 << 10)),
        "by id, 64 parts": (by_id, 64, None),
        "by site, 4 parts": (by_site, 4, None),
        "by site, 4 parts, pages of 16 to 64 KB": (by_site, 4, (16 << 10, 64 << 10)),
        "by site, 64 parts": (by_site, 64, None),
    }
    print(f"{len(texts):,} documents, {sum(map(len, texts)) / 1e6:.1f} M characters, {count} changed")
    print("| laid out | MB | " + " | ".join(f"{name}: files, chunks" for name in changes) + " |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for label, (layout, parts, pages) in layouts.items():
            before = written(layout(documents(texts, set()), parts), Path(name), pages)
            cells = []
            for changed in changes.values():
                after = written(layout(documents(texts, changed), parts), Path(name), pages)
                cells.append("{:.1%}, {:.1%}".format(*new_bytes(before, after)))
            print(f"| {label} | {sum(map(len, before)) / 1e6:.1f} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
