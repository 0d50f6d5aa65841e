"""The law: publishing after each round gives the bytes that publishing once, from nothing, gives."""

import contextlib
import os
import shutil
import signal
import tempfile
import time
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from corpus_rounds import START, Round, here, listed_files, parquet_bytes, prose, stem_of, urls
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cleaning.corpus.publish import publish
from cleaning.corpus.versions import versions
from cleaning.forgetting.versions import rewrite_version
from cleaning.pending import pair_in
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from data.engines.engine import EngineSettings
from data.errors import StageError
from data.files import read_json
from data.store import Store
from data.takedowns import Takedowns
from data.urls import document_id

URLS = urls(each=5)
PAGES = st.sampled_from(URLS)
TEXTS = st.tuples(st.integers(0, 5), st.integers(0, 6))
CATEGORIES = st.sampled_from(["portal", "ministry", "hospital"])
FATES = st.sampled_from(
    [
        "http/404",
        "http/410",
        "http/moved",
        "http/503",
        "revisit/not_modified",
        "revisit/same_digest",
        "language/gl",
        "quality/too_short",
    ]
)


SITE_LINE = "Consulte siempre con su médico antes de cambiar la dosis. Revisado el día"


def text_of(choice: tuple[int, int]) -> str:
    """One of a few texts, or one of its near copies; some with a line that others have too, some short without it."""
    number, changed = choice
    words = prose(number, 60 + 20 * number).split(" ")
    for place in range(changed):
        words[(7 * place * changed) % len(words)] = f"cambio{changed}"
    text = " ".join(words)
    if number % 2 and changed < 5:
        return f"{text}\n{SITE_LINE} {changed}."
    return f"{text[:250]}\n{SITE_LINE} {number}." if changed == 5 else text


class Rounds(RuleBasedStateMachine):
    """Pages come, change, move, go, come back and are forgotten; lists and settings change; processes are killed.

    WARC files come from others, go and are renamed; libraries get other versions; the work is cut into other shares.
    """

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp(prefix="rounds-"))
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr("cleaning.corpus.publish.opened", here)
        self.engine = EngineSettings(workers=1)
        self.warcs: list[tuple[str, datetime | None]] = []
        self.store = Store.open(self.folder / "store")
        self.rounds: list[list[tuple[str, str, str, str]]] = []
        self.pending: list[tuple[str, str, str, str]] = []
        self.cleaning, self.publishing = CleaningSettings(), PublishSettings(site_line_documents=2, site_line_share=0.3)
        self.pending = [(url, "page", prose(url), "portal") for url in URLS[:4]]

    @rule(pages=st.lists(st.tuples(PAGES, TEXTS, CATEGORIES), min_size=1, max_size=8), ends=st.booleans())
    def pages_are_there(self, pages, ends):
        self.pending += [(url, "page", text_of(text), category) for url, text, category in pages]
        self.round_ends(ends=ends)

    @rule(urls=st.lists(PAGES, min_size=1, max_size=4), fate=FATES, ends=st.booleans())
    def pages_fare(self, urls, fate, ends):
        self.pending += [(url, fate, "", "") for url in urls]
        self.round_ends(ends=ends)

    @rule(back=st.integers(1, 3), ends=st.booleans())
    def pages_are_fetched_again(self, back, ends):
        for events in self.rounds[-back:][:1]:
            self.pending += events
        self.round_ends(ends=ends)

    @rule(url=PAGES)
    def page_is_taken_down(self, url):
        Takedowns.load(self.store).add([url], date(2026, 1, 1))

    @rule(
        jaccard=st.sampled_from([0.5, 0.8, 0.95]),
        parts=st.sampled_from([None, 3]),
        benchmark=st.sampled_from([None, 0, 3]),
        least=st.sampled_from([2, 3, 10]),
    )
    def publish_settings_change(self, jaccard, parts, benchmark, least):
        against = () if benchmark is None else (self.folder / "benchmark",)
        for path in against:
            path.mkdir(exist_ok=True)
            (path / "caso.txt").write_text(" ".join(text_of((benchmark, 0)).split(" ")[20:40]))
        self.publishing = PublishSettings(
            jaccard=jaccard,
            parts=parts,
            part_words=3000,
            decontaminate=against,
            site_line_documents=least,
            site_line_share=0.3,
        )

    @rule(least=st.sampled_from([100, 300]))
    def cleaning_settings_change(self, least):
        self.settle()
        self.cleaning = CleaningSettings(min_chars=least)
        for number in range(len(self.rounds)):
            self.write(number)

    @rule(version=st.sampled_from(["1.0", "1.1"]))
    def libraries_get_another_version(self, version):
        self.settle()
        self.patch.setattr("cleaning.recipe._version", lambda _name: version)
        for number in range(len(self.rounds)):
            self.write(number)

    @rule(shard_rows=st.sampled_from([1, 5, 1_000_000]))
    def work_is_cut_otherwise(self, shard_rows):
        self.engine = EngineSettings(workers=1, shard_rows=shard_rows)

    @rule(which=st.integers(0, 9), name=st.sampled_from(["0000/a", "a-b/c", "a/b-c", "zz/z"]))
    def warc_file_is_renamed(self, which, name):
        self.settle()
        if self.rounds:
            number = which % len(self.rounds)
            self.remove(number)
            self.warcs[number] = f"{name}{number}", self.warcs[number][1]
            self.write(number)

    @rule(pages=st.lists(st.tuples(PAGES, TEXTS, CATEGORIES), min_size=1, max_size=5), days=st.integers(-5, 5))
    def warc_file_of_others_comes(self, pages, days):
        self.settle()
        self.rounds.append([(url, "page", text_of(text), category) for url, text, category in pages])
        self.warcs.append((f"ajenos/{len(self.rounds)}", START + timedelta(days=days, hours=1)))
        self.write(len(self.rounds) - 1)

    @rule(which=st.integers(0, 9))
    def warc_file_goes(self, which):
        """It was left out: nothing of it is left but its place in the history."""
        self.settle()
        if self.rounds:
            number = which % len(self.rounds)
            self.remove(number)
            self.rounds[number] = []

    @rule(url=PAGES)
    def page_is_forgotten(self, url):
        """As ``cowese forget`` leaves a store: a takedown, blanked records, rewritten versions, no memories."""
        self.settle()
        Takedowns.load(self.store).add([url], date(2026, 1, 1))
        for number, events in enumerate(self.rounds):
            if any(event[0] == url for event in events):
                self.rounds[number] = [
                    (one, "forgotten", "", "") if one == url else (one, *rest) for one, *rest in events
                ]
                self.write(number)
        shutil.rmtree(self.store.signatures, ignore_errors=True)
        for version in versions(self.store):
            rewrite_version(self.store, version, [document_id(url)], Takedowns.load(self.store), "receipt")

    @rule(after=st.floats(0, 0.1))
    def publish_is_killed(self, after):
        self.settle()
        child = os.fork()
        if child == 0:
            try:
                self.publish(self.store)
            finally:
                os._exit(0)
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    @rule()
    def publish_equals_cold(self):
        self.settle()
        shutil.rmtree(self.folder / "cold", ignore_errors=True)
        cold = Store.open(self.folder / "cold")
        cold.documents.symlink_to(self.store.documents)
        if self.store.takedowns.exists():
            shutil.copy(self.store.takedowns, cold.takedowns)
        try:
            fresh = publish(cold, self.cleaning, self.publishing)
        except StageError:
            with pytest.raises(StageError):
                self.publish(self.store)
            shutil.rmtree(cold.root)
            return
        done = self.publish(self.store)
        assert parquet_bytes(done.path) == parquet_bytes(fresh.path)
        ours, theirs = (read_json(path / "manifest.json") for path in (done.path, fresh.path))
        assert ours["files"] == theirs["files"]
        assert ours["figures"] == theirs["figures"]
        assert done.funnel["urls"] == done.documents + sum(done.dropped.values())
        shutil.rmtree(cold.root)
        again = self.publish(self.store)
        assert not again.changed
        assert again.version == done.version

    @invariant()
    def readers_see_whole_versions(self):
        for version in self.store.corpus.glob("v*"):
            manifest = read_json(version / "manifest.json")
            assert set(manifest["files"]) == listed_files(version)
        if self.store.latest_corpus.is_symlink():
            assert (self.store.latest_corpus / "manifest.json").is_file()

    def round_ends(self, *, ends: bool) -> None:
        """Publish what there is, or let the round go on."""
        if ends and self.pending:
            self.settle()
            with contextlib.suppress(StageError):  # every page may be gone
                self.publish(self.store)

    def publish(self, store: Store):
        """As the settings are now."""
        return publish(store, self.cleaning, self.publishing, engine=self.engine)

    def settle(self) -> None:
        """Write the round that is under way, without publishing it."""
        if self.pending:
            self.rounds.append(self.pending)
            self.warcs.append((f"{len(self.rounds) - 1:04d}/segment", None))
            self.pending = []
            self.write(len(self.rounds) - 1)

    def write(self, number: int) -> None:
        """What cleaning would make of a round: a page too short for the settings is dropped."""
        if not self.rounds[number]:
            return
        warc, at = self.warcs[number]
        made = Round(number, settings=self.cleaning, warc=warc, at=at)
        for url, fate, text, category in self.rounds[number]:
            if fate != "page":
                made.drop(url, fate)
            elif len(text) < self.cleaning.min_chars:
                made.drop(url, "quality/too_short")
            else:
                made.page(url, text, category=category)
        made.write(self.store)

    def remove(self, number: int) -> None:
        """Take away what was made of a WARC file."""
        stem = stem_of(self.warcs[number][0])
        for folder in self.store.documents.glob("*"):
            for path in pair_in(folder, stem):
                path.unlink(missing_ok=True)

    def teardown(self):
        try:
            self.publish_equals_cold()
        finally:
            self.patch.undo()
            shutil.rmtree(self.folder)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
class TestIncrementalEqualsCold(Rounds.TestCase):
    """Random sequences of rounds."""

    settings = settings(
        max_examples=25,
        stateful_step_count=12,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
