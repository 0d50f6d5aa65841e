"""The yield of each section of a site: cleaning writes it, and the crawler fetches the best sections first.

``store/crawl/yields.parquet`` has one row for each host and section: how many URLs were fetched, and how many new words
the corpus kept of them. A section is a folder of the path with everything below it; digits are written as ``#``
(``/2024/05/x`` is in ``/#/`` and ``/#/#/``), and ``/`` is the whole host. A section as ``*/unidades/`` is every last
folder of that name, since sites repeat their structure.
"""

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from data.errors import InputError
from data.files import atomic_file

WHOLE_HOST = "/"
MAX_FOLDERS = 4
"""Folders of a path that make sections."""
MAX_SECTIONS = 200
"""Sections of a host that are written: those with the most URLs."""

COLUMNS = ("host", "section", "requests", "words")

_DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class SectionYield:
    """The yield of a section of a host."""

    requests: int
    """URLs that were fetched."""
    words: int
    """Words of documents that were new to the corpus and kept."""


@functools.lru_cache(maxsize=16_384)
def sections_of(folder: str) -> tuple[str, ...]:
    """The sections of a folder (from ``folder_of``): the whole host, each folder, the last folder's name.

    >>> sections_of("/temas/2024/")
    ('/', '/temas/', '/temas/#/', '*/#/')
    """
    names = _DIGITS.sub("#", folder).split("/")[1:-1]
    folders = [f"/{'/'.join(names[:depth])}/" for depth in range(1, min(len(names), MAX_FOLDERS) + 1)]
    return (WHOLE_HOST, *folders, f"*/{names[-1]}/" if names else "*/")


def folder_of(url: str) -> str:
    """The folder of a canonical URL's path; for a URL that ends with a slash, the folder above.

    >>> folder_of("https://clinica.es/temas/asma/?v=1")
    '/temas/'
    """
    path = url.partition("://")[2].partition("?")[0].partition("/")[2]
    return "/" + path.removesuffix("/").rpartition("/")[0] + "/" if "/" in path.removesuffix("/") else "/"


def write_yields(path: Path, yields: Mapping[tuple[str, str], SectionYield]) -> None:
    """Write the file atomically, with the largest sections of each host."""
    import pyarrow as pa  # noqa: PLC0415 - a crawl without such a file loads no pyarrow
    import pyarrow.parquet as pq  # noqa: PLC0415 - the same

    numbers = dict.fromkeys(COLUMNS[2:], pa.int64())
    schema = pa.schema([pa.field(name, numbers.get(name, pa.string()), nullable=False) for name in COLUMNS])
    by_host: dict[str, list[tuple[int, str, SectionYield]]] = {}
    for (host, section), one in yields.items():
        by_host.setdefault(host, []).append((-one.requests, section, one))
    rows = [
        {"host": host, "section": section, "requests": one.requests, "words": one.words}
        for host in sorted(by_host)
        for _, section, one in sorted(by_host[host])[:MAX_SECTIONS]
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as temporary:
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), temporary)


def read_yields(path: Path) -> dict[tuple[str, str], SectionYield]:
    """Read the file; empty if cleaning has not written one.

    Raises:
        InputError: it is damaged.
    """
    if not path.is_file():
        return {}
    import pyarrow as pa  # noqa: PLC0415 - the same
    import pyarrow.parquet as pq  # noqa: PLC0415 - the same

    try:
        table = pq.read_table(path, columns=list(COLUMNS))
        columns = [table[name].to_pylist() for name in COLUMNS]
    except (OSError, KeyError, pa.ArrowException) as error:
        raise InputError(f"{path}: cannot be read ({error}). Delete it; the next `cowese clean` writes it.") from error
    rows = zip(*columns, strict=True)
    return {(host, section): SectionYield(requests, words) for host, section, requests, words in rows}


def count_yields(pages: Iterable[tuple[str, str, int]]) -> dict[tuple[str, str], SectionYield]:
    """Add up pages given as (host, URL, kept words)."""
    sums: dict[tuple[str, str], list[int]] = {}
    for host, url, words in pages:
        for section in sections_of(folder_of(url)):
            of = sums.setdefault((host, section), [0, 0])
            of[0] += 1
            of[1] += words
    return {key: SectionYield(*of) for key, of in sums.items()}
