"""Publishing: documents → the next corpus version, with live pages, without duplicates, with held-out splits.

A version is a function of the cleaned segments, the takedown list, the benchmarks and corpora to exclude, and the
settings, and of nothing else. Everything cached between runs (signatures, verified pairs, part files of the version
before) is what that function would compute again. Therefore an incremental publish equals a cold one.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from cleaning.corpus.card import write_texts
from cleaning.corpus.cold_rebuild import ColdRebuild, rebuild_from_warcs
from cleaning.corpus.decisions import DecisionInputs, Decisions, decide
from cleaning.corpus.decontaminate import Benchmark, benchmarks
from cleaning.corpus.differences import Differences, differences
from cleaning.corpus.foreign_corpora import ForeignCorpus, foreign_corpora, known_digests, may_have_changed
from cleaning.corpus.part_writer import write_parts
from cleaning.corpus.parts import PARTS_NAME, linked, write_dropped
from cleaning.corpus.report import REPORT_NAME, write_report
from cleaning.corpus.shards import Rights
from cleaning.corpus.summary import write_summary
from cleaning.corpus.version_inputs import VersionInputs
from cleaning.corpus.versions import cut, newest, predecessor, previous_name, tidy
from cleaning.gone_warcs import check_members, gone_warcs, leave_out
from cleaning.pending import pairs
from cleaning.publish_settings import PublishSettings
from cleaning.recipe import extraction_digest, recipe_digest
from cleaning.settings import CleaningSettings
from cleaning.site_yields import note_yields
from cleaning.stored_texts import Segments
from data.engines.choice import opened
from data.engines.engine import POOL, Engine, EngineSettings
from data.engines.scratch import scratch
from data.errors import StageError
from data.files import write_json
from data.manifest import Manifest, code_version
from data.progress import Progress, no_progress
from data.rights.settings import RIGHTS, RightsSettings
from data.store import Store
from data.takedowns import Takedowns


class PublishSummary(BaseModel):
    """The result of a publish."""

    model_config = ConfigDict(frozen=True)

    version: str
    changed: bool
    """False: nothing has changed since ``version``, and there is no new version."""
    path: Path
    documents: int
    words: int
    splits: dict[str, int]
    side: dict[str, int]
    """Documents of the side corpora by language; not included in ``documents`` and ``words``."""
    funnel: dict[str, int]
    """``records`` = ``superseded`` + ``urls``; only ``urls`` if no segment was read. The number of visits is not part
    of a version's figures: a visit without news changes no byte of it."""
    dropped: dict[str, int]
    differences: list[str] = []
    """After a cold rebuild: differences from the version before, by column, file and figure; empty if it was right."""
    missing: list[str] = []
    """WARC files that are gone; their documents are in the version, and ``--without`` takes them out."""
    seconds: float = 0.0


def publish(
    store: Store,
    cleaning: CleaningSettings,
    publishing: PublishSettings,
    *,
    rights: RightsSettings = RIGHTS,
    cold: bool = False,
    without: Sequence[str] = (),
    engine: EngineSettings = POOL,
    progress: Progress = no_progress,
) -> PublishSummary:
    """Publish the next version of the corpus if anything has changed.

    ``without`` names WARC files, or folders of them, that are gone and no longer belong to the store.

    ``cold`` starts from the WARC files only: no part file is shared with the version before. Every file is written and
    compared with that version's; differences are reported, and give a new version.

    Raises:
        StageError: there is no document to publish, documents of a WARC file that is gone would be lost, or the
            accounts do not balance.
        InputError: ``without`` names no such file, or a benchmark or a corpus cannot be read.
        DiskFullError, StoreError: the version cannot be written; those before it are untouched.
    """
    started = time.monotonic()
    tidy(store)
    for warc in without:
        leave_out(store, warc)
    run = _Run.open(store, cleaning, publishing, rights, engine, progress, cold=cold)
    previous = newest(store)
    with _source(store, cleaning, engine, progress, cold=cold) as source:
        origin = run.origin(source.segments)
        made = _Made() if not cold and origin.produced(previous, store) else _cut(run, source, origin)
    manifest = newest(store)
    assert manifest is not None
    if not origin.produced(manifest, store):
        origin.confirm(manifest.name, store)
    note_yields(store, store.documents / recipe_digest(cleaning))
    funnel = made.funnel or {"urls": manifest.figures["urls"]}
    changed = made.version is not None
    summary = _summary(store, manifest, funnel, changed=changed, seconds=time.monotonic() - started)
    return summary.model_copy(update={"differences": made.differences.lines()}) if made.differences else summary


def behind(
    store: Store, cleaning: CleaningSettings, publishing: PublishSettings, rights: RightsSettings = RIGHTS
) -> list[str] | None:
    """What has changed since the newest version: documents, takedowns, code, settings; None if there is no version.

    The hub is not asked: a data set of it counts as what the version recorded (``not_asked``).
    """
    version = newest(store)
    if version is None:
        return None
    segments = pairs(store.documents / recipe_digest(cleaning))
    corpora = known_digests(publishing.deduplicate_against, store, _recorded(version))
    against, takedowns = benchmarks(publishing.decontaminate), Takedowns.load(store)
    inputs = VersionInputs.collect(cleaning, publishing, rights, against, corpora, segments, takedowns)
    return inputs.changes_since(version, store)


def not_asked(store: Store, publishing: PublishSettings) -> list[str]:
    """The data sets of the hub that may have changed since the newest version; only publishing asks the hub."""
    version = newest(store)
    if version is None:
        return []
    return may_have_changed(publishing.deduplicate_against, store, _recorded(version))


def _recorded(version: Manifest) -> dict[str, str]:
    return dict(version.settings.get("publish", {}).get("deduplicate_against", {}))


@dataclass(frozen=True, slots=True)
class _Run:
    """The inputs of a publish: settings, and the lists and corpora that they name."""

    store: Store
    cleaning: CleaningSettings
    publishing: PublishSettings
    rights: RightsSettings
    engine: EngineSettings
    progress: Progress
    cold: bool
    takedowns: Takedowns
    benchmarks: Sequence[Benchmark]
    corpora: Sequence[ForeignCorpus]

    @classmethod
    def open(
        cls,
        store: Store,
        cleaning: CleaningSettings,
        publishing: PublishSettings,
        rights: RightsSettings,
        engine: EngineSettings,
        progress: Progress,
        *,
        cold: bool,
    ) -> "_Run":
        """Read the takedown list, open benchmarks and corpora."""
        found = benchmarks(publishing.decontaminate)
        corpora = foreign_corpora(publishing.deduplicate_against, store)
        takedowns = Takedowns.load(store)
        return cls(store, cleaning, publishing, rights, engine, progress, cold, takedowns, found, corpora)

    def origin(self, segments: Segments) -> VersionInputs:
        """All inputs of the version."""
        settings = self.cleaning, self.publishing, self.rights
        corpora = {corpus.name: corpus.digest for corpus in self.corpora}
        return VersionInputs.collect(*settings, self.benchmarks, corpora, segments, self.takedowns)

    def settled(self, source: ColdRebuild) -> DecisionInputs:
        """The inputs of the decisions."""
        rights = Rights(source.rights, tuple(source.segments), self.publishing, self.rights)
        return DecisionInputs(
            self.cleaning,
            self.publishing,
            self.takedowns,
            rights,
            self.benchmarks,
            self.corpora,
            self.engine.shard_rows,
            self.progress,
        )


@dataclass(frozen=True, slots=True)
class _Made:
    """The outcome of a publish."""

    version: str | None = None
    """The new version, if any."""
    funnel: dict[str, int] | None = None
    differences: Differences | None = None
    """Differences found by a cold rebuild."""


@contextmanager
def _source(
    store: Store, cleaning: CleaningSettings, engine: EngineSettings, progress: Progress, *, cold: bool
) -> Iterator[ColdRebuild]:
    if cold:
        with rebuild_from_warcs(store, cleaning, engine, progress) as source:
            yield source
        return
    folder = store.documents / recipe_digest(cleaning)
    check_members(store, folder)
    segments = pairs(folder)
    if not segments:
        raise StageError(f"{folder}: no documents of these settings. `cowese clean` makes them.")
    yield ColdRebuild(segments, store.signatures, store.rights / extraction_digest(cleaning))


def _cut(run: _Run, source: ColdRebuild, origin: VersionInputs) -> _Made:
    """Decide on every page, and write a version if it differs from the one before."""
    with scratch(source.signatures / "shards") as work, opened(run.engine) as engine:
        decided = decide(run.settled(source), source.segments, source.signatures, engine, work)
        return _written(run, source, origin, decided, engine, work)


def _written(
    run: _Run, source: ColdRebuild, origin: VersionInputs, decided: Decisions, engine: Engine, work: Path
) -> _Made:
    previous = newest(run.store)
    otherwise: Differences | None = None

    def fill(hidden: Path, name: str) -> Manifest | None:
        nonlocal otherwise
        before = run.store.corpus / previous.name if previous else None
        made_of = decided.made_of()
        files = linked(made_of, None if run.cold else before, hidden)
        missing = {number: path for number, path in enumerate(decided.paths) if path not in files}
        files |= write_parts(hidden, missing, decided.finished, decided.kept, source.segments, engine, work)
        write_json(hidden / PARTS_NAME, made_of)
        files |= write_dropped(hidden, decided.finished.dropped)
        made = Manifest(
            kind="corpus",
            name=name,
            made_from=origin.made_from,
            settings=origin.settings,
            figures=decided.figures,
            files=dict(sorted(files.items())),
            code=code_version(),
        )
        if run.cold and previous is not None:
            otherwise = _compared(run, previous, hidden, made)
        if previous is not None and not (otherwise and otherwise.lines()) and _is_same(previous, made):
            return None
        _write_pages(run, hidden, name, made)
        return made

    return _Made(cut(run.store, previous, fill), dict(decided.funnel), otherwise)


def _write_pages(run: _Run, folder: Path, name: str, made: Manifest) -> None:
    """Write the pages beside the part files, as those of the version with this name."""
    write_texts(folder, name, made.figures, made.settings)
    write_summary(folder, name, made.figures, made.settings)
    write_report(folder, name, made.figures, predecessor(run.store, name), run.takedowns)


def _compared(run: _Run, previous: Manifest, hidden: Path, made: Manifest) -> Differences:
    """Compare a version with what would be written now under its name; ``hidden`` holds the part files.

    The report compares with the version before. If that one was deleted, the report cannot be made again.
    """
    _write_pages(run, hidden, previous.name, made)
    is_first = not previous_name(previous.name)
    apart = () if is_first or predecessor(run.store, previous.name) else (REPORT_NAME,)
    return differences(run.store.corpus / previous.name, previous, hidden, made, apart)


def _is_same(previous: Manifest, made: Manifest) -> bool:
    """Whether a new version would equal the one before."""
    counted_alike = all(previous.figures.get(name) == made.figures[name] for name in ("urls", "dropped"))
    return made.files == previous.files and made.settings == previous.settings and counted_alike


def _summary(
    store: Store, manifest: Manifest, funnel: dict[str, int], *, changed: bool, seconds: float
) -> PublishSummary:
    figures = manifest.figures
    return PublishSummary(
        version=manifest.name,
        changed=changed,
        path=store.corpus / manifest.name,
        documents=figures["documents"],
        words=figures["words"],
        splits=figures["splits"],
        side=figures["side"],
        funnel=funnel,
        dropped=figures["dropped"],
        missing=[one.name for one in gone_warcs(store)],
        seconds=round(seconds, 1),
    )
