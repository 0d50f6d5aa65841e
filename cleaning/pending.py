"""The store's own WARC files, and what the files that are made of a WARC file are called."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from data.parquet import get_metadata
from data.sources import CRAWL, FILES
from data.store import Store

WARC_ENDINGS = (".warc.gz", ".warc")
_PLAIN = " !#$&'()+,;=@[]{}"
"""Signs that a file's name keeps beside letters, digits and ``_.-~``."""
DROPPED = ".dropped.parquet"
KEPT = ".parquet"
_AMBIGUOUS = ".dropped"
"""A stem never ends so: the documents of ``a.dropped`` would have the name of the dropped pages of ``a``."""
TORN_AT = "cowese.torn_at"
"""In the metadata of a WARC file's texts and of its dropped pages: the offset of a record that is cut short."""
CRAWLER = "cowese.crawler"
"""Likewise: who wrote the WARC file, as it says."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A WARC file and the names of what is made of it."""

    path: Path
    name: str
    """As documents call the file: relative to ``store/warc``, or the file's own name."""

    @property
    def stem(self) -> str:
        """What the files that are made of it are called, without their endings; two files never share it.

        A round's file is called 0001-a for 0001/a.warc.gz. In other folders the slash, and the ending of a file that is
        not compressed, stay readable as %2F and %2Ewarc. A name that ends in .dropped does so as %2Edropped.
        """
        folder, slash, file = self.name.rpartition("/")
        compressed = file.endswith(WARC_ENDINGS[0])
        base = quote(file.removesuffix(WARC_ENDINGS[0 if compressed else 1]), safe=_PLAIN)
        base += "" if compressed or not file.endswith(WARC_ENDINGS[1]) else "%2Ewarc"
        if base.endswith(_AMBIGUOUS):
            base = f"{base.removesuffix(_AMBIGUOUS)}%2E{_AMBIGUOUS[1:]}"
        if not slash:  # named to `cowese clean`: kept apart from a round's file of this name
            return f"%2F{base}" if base.partition("-")[0].isdecimal() else base
        return f"{folder}-{base}" if folder.isdecimal() else f"{quote(folder, safe=_PLAIN)}%2F{base}"

    def pair(self, folder: Path) -> tuple[Path, Path]:
        """Where its documents and its dropped pages go."""
        return pair_in(folder, self.stem)


def source_of_stem(stem: str) -> str:
    """The source of a WARC file (``data.sources``), by what the files that are made of it are called.

    >>> source_of_stem("0001-a"), source_of_stem("wayback%2Fa-00000"), source_of_stem("ajeno-12ab")
    ('crawl', 'wayback', 'files')
    """
    folder, slash, _ = stem.rpartition("%2F")
    if slash:
        return unquote(folder) or FILES
    return CRAWL if stem.partition("-")[0].isdecimal() else FILES


def pair_in(folder: Path, stem: str) -> tuple[Path, Path]:
    """The documents and the dropped pages of a WARC file in a recipe's folder."""
    return folder / f"{stem}{KEPT}", folder / f"{stem}{DROPPED}"


def texts_in(folder: Path, stem: str) -> Path:
    """The extracted texts of a WARC file in an extraction recipe's folder."""
    return folder / f"{stem}{KEPT}"


def pairs(folder: Path) -> list[tuple[Path, Path]]:
    """The complete pairs of a recipe's folder, sorted."""
    kept = (path for path in sorted(folder.glob(f"*{KEPT}")) if not path.name.endswith(DROPPED))
    both = ((path, path.with_name(path.name.removesuffix(KEPT) + DROPPED)) for path in kept)
    return [(documents, dropped) for documents, dropped in both if dropped.is_file()]


def is_judged(folder: Path, stem: str) -> bool:
    """Whether the pair of a WARC file is there."""
    return all(path.is_file() for path in pair_in(folder, stem))


def extracted_stems(folder: Path) -> list[str]:
    """The WARC files whose extracted texts lie in an extraction recipe's folder, whether they still exist or not."""
    return _stems(path.name.removesuffix(KEPT) for path in folder.glob(f"*{KEPT}"))


def judged_stems(folder: Path) -> list[str]:
    """The WARC files of which a file of a pair lies in a recipe's folder, whether they still exist or not."""
    return _stems(path.name.removesuffix(KEPT).removesuffix(_AMBIGUOUS) for path in folder.glob(f"*{KEPT}"))


def _stems(names: Iterable[str]) -> list[str]:
    """The stems among some names, without the ambiguous ones of earlier versions of the code."""
    return sorted({name for name in names if not name.endswith(_AMBIGUOUS)})


def cut_short(folder: Path) -> dict[str, int]:
    """Of the WARC files with a pair those whose end was missing, by the pair's name, and the byte at which it was.

    Raises:
        InputError: a file of a pair is damaged.
    """
    torn = {path.name.removesuffix(DROPPED): get_metadata(path, TORN_AT) for path in sorted(folder.glob(f"*{DROPPED}"))}
    return {name: int(at) for name, at in torn.items() if at is not None}


def warcs_of(store: Store) -> list[Pending]:
    """The closed WARC files of a store."""
    files = (path for path in sorted(store.warc.glob("*/*")) if path.name.endswith(WARC_ENDINGS))
    return [Pending(path, path.relative_to(store.warc).as_posix()) for path in files]
