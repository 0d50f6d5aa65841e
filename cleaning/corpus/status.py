"""The state of a store's corpus: rounds, pages, documents, versions; what is stale, and the command that updates it."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from cleaning.corpus.publish import behind, not_asked
from cleaning.corpus.versions import versions
from cleaning.foreign_warcs import ForeignWarcs, members
from cleaning.gone_warcs import GoneWarc, gone_warcs
from cleaning.pending import cut_short, extracted_stems, is_judged, pairs, warcs_of
from cleaning.publish_settings import PublishSettings
from cleaning.recipe import extraction_digest, recipe_digest
from cleaning.settings import CleaningSettings
from data.manifest import Manifest
from data.rights.settings import RIGHTS, RightsSettings
from data.store import Store
from data.takedowns import Takedowns


class Version(BaseModel):
    """One published version."""

    model_config = ConfigDict(frozen=True)

    name: str
    documents: int
    words: int
    splits: dict[str, int]


class Stale(BaseModel):
    """A stale artifact and the command that updates it."""

    model_config = ConfigDict(frozen=True)

    what: str
    command: str


class CorpusStatus(BaseModel):
    """A store at a glance."""

    model_config = ConfigDict(frozen=True)

    store: Path
    rounds: int
    segments: int
    """Closed WARC files."""
    open_segments: int
    """WARC files that a crawl is writing, or left when it was killed."""
    warc_bytes: int
    foreign: int
    """WARC files of others that belong to the store."""
    foreign_gone: list[str]
    """Those of them that are gone or were replaced."""
    own_gone: list[str]
    """WARC files of the store that are gone, of which texts or documents were made."""
    extracted: int
    """WARC files with extracted texts of these settings."""
    cleaned: int
    """WARC files with documents of these settings."""
    cut_short: dict[str, int]
    """WARC files that are cut short, with the byte at which they end; their complete records are cleaned."""
    pages_kept: int
    pages_dropped: int
    takedowns: int
    versions: list[Version]
    not_asked: list[str]
    """Data sets of the hub that may have changed since the newest version; `cowese publish` looks."""
    stale: list[Stale]


def corpus_status(
    store: Store, cleaning: CleaningSettings, publishing: PublishSettings, rights: RightsSettings = RIGHTS
) -> CorpusStatus:
    """Read names, sizes and Parquet footers only."""
    folder = store.documents / recipe_digest(cleaning)
    warcs = warcs_of(store)
    progress = _Cleaning.read(store, cleaning, [warc.stem for warc in members(store)])
    foreign, gone = ForeignWarcs.load(store).by_name.values(), gone_warcs(store)
    segments = pairs(folder)
    published = [Manifest.read(store.corpus / name) for name in versions(store)]
    return CorpusStatus(
        store=store.root,
        rounds=len({warc.path.parent for warc in warcs}),
        segments=len(warcs),
        open_segments=sum(1 for _ in store.warc.glob("*/*.open")),
        warc_bytes=sum(warc.path.stat().st_size for warc in warcs),
        foreign=len(foreign),
        foreign_gone=sorted(str(one.path) for one in foreign if not one.is_there or one.has_changed),
        own_gone=[one.name for one in gone if not one.is_foreign],
        extracted=progress.extracted,
        cleaned=progress.cleaned,
        cut_short=cut_short(folder),
        pages_kept=sum(pq.read_metadata(path).num_rows for path, _ in segments),
        pages_dropped=sum(pq.read_metadata(path).num_rows for _, path in segments),
        takedowns=len(Takedowns.load(store).targets),
        versions=[_version(manifest) for manifest in published],
        not_asked=not_asked(store, publishing),
        stale=_stale(store, cleaning, publishing, rights, progress, gone, documents=bool(segments)),
    )


def _version(manifest: Manifest) -> Version:
    figures = manifest.figures
    return Version(name=manifest.name, documents=figures["documents"], words=figures["words"], splits=figures["splits"])


@dataclass(frozen=True, slots=True)
class _Cleaning:
    """The state of cleaning, including WARC files that are gone and have texts."""

    warcs: int
    extracted: int
    cleaned: int
    to_extract: int
    to_judge: int

    @classmethod
    def read(cls, store: Store, cleaning: CleaningSettings, warcs: Sequence[str]) -> "_Cleaning":
        documents = store.documents / recipe_digest(cleaning)
        extracted = set(extracted_stems(store.texts / extraction_digest(cleaning)))
        left = {stem for stem in extracted.union(warcs) if not is_judged(documents, stem)}
        return cls(
            warcs=len(extracted.union(warcs)),
            extracted=len(extracted.intersection(warcs)),
            cleaned=len(set(warcs) - left),
            to_extract=len(left - extracted),
            to_judge=len(left & extracted),
        )

    def stale(self) -> Iterator[Stale]:
        """Extraction and judging are separate entries: extraction takes hours, judging minutes."""
        if self.to_extract:
            what = f"{self.to_extract} of {self.warcs} WARC files are to be extracted and judged"
            yield Stale(what=what, command="cowese clean")
        if self.to_judge:
            what = f"the extracted texts of {self.to_judge} of {self.warcs} WARC files are to be judged"
            yield Stale(what=what, command="cowese clean")


def _own(gone: Sequence[GoneWarc]) -> Iterator[Stale]:
    """WARC files of the store that are gone; their documents are kept."""
    own = [one for one in gone if not one.is_foreign]
    if own:
        more = f" and {len(own) - 1:,} more are" if len(own) > 1 else " is"
        what = f"{own[0].path}{more} gone: bring back what is gone, or publish --without {own[0].name}"
        yield Stale(what=what, command=f"cowese publish --without {shlex.quote(own[0].name)}")


def _foreign(store: Store) -> Iterator[Stale]:
    """WARC files of others that are gone or were replaced; their documents are kept."""
    for one in ForeignWarcs.load(store).by_name.values():
        if not one.is_there:
            what = f"{one.path} is gone: bring it back, or publish --without {one.name}"
            yield Stale(what=what, command="cowese clean FILE")
        elif one.has_changed:
            yield Stale(what=f"{one.path} is another file now", command=f"cowese clean {shlex.quote(str(one.path))}")


def _stale(
    store: Store,
    cleaning: CleaningSettings,
    publishing: PublishSettings,
    rights: RightsSettings,
    progress: _Cleaning,
    gone: Sequence[GoneWarc],
    *,
    documents: bool,
) -> list[Stale]:
    found = [*progress.stale(), *_own(gone), *_foreign(store)]
    is_behind = bool(progress.to_extract or progress.to_judge)
    if not progress.warcs and not documents:
        found.append(Stale(what="there is no page yet", command="cowese crawl"))
    changed = behind(store, cleaning, publishing, rights)
    if is_behind or (documents and changed != []):
        behind_what = ", ".join(changed or ["pages"])
        what = (
            "there is no corpus version yet"
            if changed is None
            else f"{versions(store)[-1]} is behind the {behind_what}"
        )
        found.append(Stale(what=what, command="cowese publish"))
    return found
