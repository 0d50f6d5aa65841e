"""What each part of a site gave: requests and kept new words, from the cleaned segments and the newest version.

The crawler reads the file (``data.yields``) and asks for the best parts first; neither room knows the other.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cleaning.pending import DROPPED, KEPT
from data.parquet import read_parquet
from data.store import Store
from data.yields import SectionYield, folder_of, sections_of, write_yields

_NO_PAGES = "kind/"
"""Reasons of what is no page: robots.txt, sitemaps."""
Ints = npt.NDArray[np.int64]


def note_yields(store: Store, folder: Path) -> None:
    """Write what the pages of a recipe's folder gave; a page counts once, with its last visit.

    A document that the newest version dropped, as a duplicate or otherwise, gave nothing; one that is not published yet
    counts in full.

    Raises:
        InputError: a file of the store is damaged.
    """
    places: dict[tuple[str, str], int] = {}
    parts = list(_visits(folder, places))
    if not parts:
        return
    ids, folders, words = (np.concatenate([part[column] for part in parts]) for column in range(3))
    _, last = np.unique(ids[::-1], return_index=True)
    last = len(ids) - 1 - last
    ids, folders, words = ids[last], folders[last], words[last]
    words[np.isin(ids, _dropped_from_version(store))] = 0
    requests = np.bincount(folders, minlength=len(places))
    kept = np.bincount(folders, weights=words, minlength=len(places))
    sums: dict[tuple[str, str], list[int]] = {}
    for (host, path), number in places.items():
        for section in sections_of(path):
            of = sums.setdefault((host, section), [0, 0])
            of[0] += int(requests[number])
            of[1] += int(kept[number])
    write_yields(store.yields, {key: SectionYield(*of) for key, of in sums.items()})


def _visits(folder: Path, places: dict[tuple[str, str], int]) -> Iterator[tuple[Ints, Ints, Ints]]:
    """For each file, in the order of rounds: ids, numbers of folders, words; what was dropped before what was kept."""
    for dropped in sorted(folder.glob(f"*{DROPPED}")):
        table = read_parquet(dropped, ["id", "host", "url", "reason"])
        rows = [
            (_number(one), _place(places, host, url), 0)
            for one, host, url, reason in zip(*(table[name].to_pylist() for name in table.column_names), strict=True)
            if not reason.startswith(_NO_PAGES)
        ]
        kept = dropped.with_name(dropped.name.removesuffix(DROPPED) + KEPT)
        if kept.is_file():
            table = read_parquet(kept, ["id", "host", "url", "n_words"])
            rows += [
                (_number(one), _place(places, host, url), words)
                for one, host, url, words in zip(*(table[name].to_pylist() for name in table.column_names), strict=True)
            ]
        if rows:
            values = np.array(rows, np.int64)
            yield values[:, 0], values[:, 1], values[:, 2]


def _dropped_from_version(store: Store) -> Ints:
    ids = [
        _number(one)
        for path in sorted((store.latest_corpus / "dropped").glob("*.parquet"))
        for one in read_parquet(path, ["id"])["id"].to_pylist()
    ]
    return np.array(ids, np.int64)


def _place(places: dict[tuple[str, str], int], host: str, url: str) -> int:
    return places.setdefault((host, folder_of(url)), len(places))


def _number(identity: str) -> int:
    """60 bits of a document's id."""
    return int(identity[:15], 16)
