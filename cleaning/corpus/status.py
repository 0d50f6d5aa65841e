"""How far a store's corpus is: rounds, pages, documents, versions, what is stale and the command that mends it."""

from pathlib import Path

import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from cleaning.corpus.living import pairs
from cleaning.corpus.publish import behind
from cleaning.corpus.versions import versions
from cleaning.pending import cut_short, warcs_of
from cleaning.publish_settings import PublishSettings
from cleaning.recipe import recipe_digest
from cleaning.settings import CleaningSettings
from data.manifest import Manifest
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
    """Something that is behind, and what brings it up to date."""

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
    cleaned: int
    """WARC files with documents of these settings."""
    cut_short: dict[str, int]
    """Those whose end is missing, and the byte at which it is; their whole records are cleaned."""
    pages_kept: int
    pages_dropped: int
    takedowns: int
    versions: list[Version]
    stale: list[Stale]


def corpus_status(store: Store, cleaning: CleaningSettings, publishing: PublishSettings) -> CorpusStatus:
    """Look at names, sizes and Parquet footers only; nothing is read through."""
    recipe = recipe_digest(cleaning)
    folder = store.documents / recipe
    warcs = warcs_of(store)
    cleaned = [warc for warc in warcs if warc.is_done(folder)]
    segments = pairs(folder)
    published = [Manifest.read(store.corpus / name) for name in versions(store)]
    return CorpusStatus(
        store=store.root,
        rounds=len({warc.path.parent for warc in warcs}),
        segments=len(warcs),
        open_segments=sum(1 for _ in store.warc.glob("*/*.open")),
        warc_bytes=sum(warc.path.stat().st_size for warc in warcs),
        cleaned=len(cleaned),
        cut_short=cut_short(folder),
        pages_kept=sum(pq.read_metadata(path).num_rows for path, _ in segments),
        pages_dropped=sum(pq.read_metadata(path).num_rows for _, path in segments),
        takedowns=len(Takedowns.load(store).targets),
        versions=[_version(manifest) for manifest in published],
        stale=_stale(store, cleaning, publishing, len(warcs), len(cleaned), documents=bool(segments)),
    )


def _version(manifest: Manifest) -> Version:
    figures = manifest.figures
    return Version(name=manifest.name, documents=figures["documents"], words=figures["words"], splits=figures["splits"])


def _stale(
    store: Store, cleaning: CleaningSettings, publishing: PublishSettings, warcs: int, cleaned: int, *, documents: bool
) -> list[Stale]:
    found = []
    if not warcs and not documents:
        found.append(Stale(what="there is no page yet", command="cowese crawl"))
    if cleaned < warcs:
        found.append(Stale(what=f"{warcs - cleaned} of {warcs} WARC files are not cleaned", command="cowese clean"))
    changed = behind(store, cleaning, publishing)
    if cleaned < warcs or (documents and changed != []):
        behind_what = ", ".join(changed or ["pages"])
        what = (
            "there is no corpus version yet"
            if changed is None
            else f"{versions(store)[-1]} is behind the {behind_what}"
        )
        found.append(Stale(what=what, command="cowese publish"))
    return found
