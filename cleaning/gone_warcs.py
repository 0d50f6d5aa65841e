"""WARC files that are gone, of the store's own and of others: told, and their documents are never lost unsaid.

A file is gone if texts or pairs of any recipe were made of it, or the register names it, and it no longer exists.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from cleaning.foreign_warcs import ForeignWarcs, delete_made, members
from cleaning.pending import WARC_ENDINGS, Pending, extracted_stems, is_judged, judged_stems, pair_in, texts_in
from data.errors import InputError, StageError
from data.lookup import row_at
from data.parquet import row_count
from data.store import Store


@dataclass(frozen=True, slots=True)
class GoneWarc:
    """A WARC file that is gone."""

    name: str
    """As documents call it, and as ``--without`` takes it."""
    path: Path
    """Where it was."""
    stem: str
    """What the files that were made of it are called."""
    is_foreign: bool
    """Whether the register of WARC files of others names it."""


def gone_warcs(store: Store) -> list[GoneWarc]:
    """The WARC files that are gone, sorted by name. What was made of a file and has no row counts for nothing.

    Raises:
        InputError: the register is damaged.
    """
    there = members(store)
    names, stems = {one.name for one in there}, {one.stem for one in there}
    foreign = [one for one in ForeignWarcs.load(store).by_name.values() if not one.is_there]
    found = [GoneWarc(one.name, one.path, one.pending.stem, is_foreign=True) for one in foreign]
    stems.update(one.stem for one in found)
    for stem, files in _made(store).items():
        if stem in stems:
            continue
        name = _name(store, stem, files)
        if name is not None and name not in names:  # an earlier version of the code may have named its pair otherwise
            found.append(GoneWarc(name, store.warc / name, stem, is_foreign=False))
    return sorted(found, key=lambda one: (one.name, one.stem))


def leave_out(store: Store, name: str) -> None:
    """Let WARC files that are gone no longer belong to the store: what was made of them is deleted.

    ``name`` is the name of a file as documents call it, the path of a file of others, or a folder of the store's
    ``warc/``, whose files that are gone are all left out.

    Raises:
        InputError: no such file was ever cleaned, or it still lies in the store.
    """
    if ForeignWarcs.load(store).leave_out(name):
        return
    pending = Pending(store.warc / name, name)
    if pending.path.is_file():
        raise InputError(f"{name}: lies in {store.warc}. Move it away first, then leave it out.")
    folder = f"{name.rstrip('/')}/"
    of_name = [one.stem for one in gone_warcs(store) if one.name == name or one.name.startswith(folder)]
    deleted = [delete_made(store, stem) for stem in (*of_name, pending.stem, name)]
    if not any(deleted):
        raise InputError(f"{name}: nothing was made of such a WARC file. `cowese status` names those that are gone.")


def check_members(store: Store, documents: Path) -> None:
    """See that a recipe's folder has a pair of every WARC file that is gone, and of every registered one.

    Raises:
        StageError: one has none, so that a version would lose its documents.
    """
    lost = [one for one in gone_warcs(store) if not is_judged(documents, one.stem)]
    if lost:
        raise StageError(
            f"{lost[0].path}: gone{_more(lost)}, and its documents are not made under these settings yet: a version "
            f"would lose them. {_remedy(lost[0])}"
        )
    foreign = ForeignWarcs.load(store).by_name.values()
    without = [one for one in foreign if not is_judged(documents, one.pending.stem)]
    if without:
        raise StageError(
            f"{without[0].path}: not cleaned under these settings yet{_more(without)}. `cowese clean` does."
        )


def check_remade(store: Store) -> None:
    """See that everything that was made of WARC files can be made again.

    Raises:
        StageError: a WARC file is gone, so that a cold rebuild would lose its documents; or one of another is no longer
            what was registered.
    """
    other = [one for one in ForeignWarcs.load(store).by_name.values() if one.is_there and one.has_other_bytes()]
    if other:
        raise StageError(
            f"{other[0].path}: not the file that was cleaned{_more(other)}. "
            f"`cowese clean {other[0].path}` takes the new one in."
        )
    gone = gone_warcs(store)
    if gone:
        raise StageError(
            f"{gone[0].path}: the WARC file is gone{_more(gone)}; a cold rebuild would lose its documents. "
            f"{_remedy(gone[0])}"
        )


def _remedy(one: GoneWarc) -> str:
    back = "Bring it back with `cowese clean FILE`" if one.is_foreign else "Bring it back"
    return f"{back}, or give --without {one.name}."


def _made(store: Store) -> dict[str, list[Path]]:
    """Of each WARC file, by stem, the pairs and texts that were made of it under any recipe."""
    found: dict[str, list[Path]] = {}
    for stem, path in _pairs_and_texts(store):
        found.setdefault(stem, []).append(path)
    return found


def _pairs_and_texts(store: Store) -> Iterator[tuple[str, Path]]:
    for folder in sorted(store.documents.glob("*")):
        yield from ((stem, path) for stem in judged_stems(folder) for path in pair_in(folder, stem))
    for folder in sorted(store.texts.glob("*")):
        yield from ((stem, texts_in(folder, stem)) for stem in extracted_stems(folder))


def _name(store: Store, stem: str, files: Sequence[Path]) -> str | None:
    """The name of a WARC file, by the rows that were made of it; None where no file has a row."""
    damaged = False
    for path in files:
        try:
            if path.is_file() and row_count(path):
                return str(row_at(path, 0, ["warc_file"])["warc_file"])
        except InputError:  # the stage that needs the file names it
            damaged = True
    return _name_by_stem(store, stem) if damaged else None


def _name_by_stem(store: Store, stem: str) -> str:
    round_name, _, file = stem.partition("-")
    for name in (f"{round_name}/{file}", unquote(stem), unquote(stem).removesuffix(".warc")):
        for ending in WARC_ENDINGS:
            if Pending(store.warc, f"{name}{ending}").stem == stem:
                return f"{name}{ending}"
    return stem


def _more(files: Sequence[object]) -> str:
    return f" (and {len(files) - 1} more)" if len(files) > 1 else ""
