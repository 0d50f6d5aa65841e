"""The law: publishing after each round gives the bytes that publishing once, from nothing, gives."""

import contextlib
import os
import shutil
import signal
import tempfile
import time
from datetime import date
from pathlib import Path

import pytest
from corpus_rounds import Round, listed_files, parquet_bytes, prose, urls
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cleaning.corpus.publish import publish
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from data.errors import StageError
from data.files import read_json
from data.store import Store
from data.takedowns import Takedowns

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
    """Pages come, change, move, go and come back; lists and settings change; processes are killed."""

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp(prefix="rounds-"))
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

    @rule(after=st.floats(0, 0.1))
    def publish_is_killed(self, after):
        self.settle()
        child = os.fork()
        if child == 0:
            try:
                publish(self.store, self.cleaning, self.publishing)
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
                publish(self.store, self.cleaning, self.publishing)
            shutil.rmtree(cold.root)
            return
        done = publish(self.store, self.cleaning, self.publishing)
        assert parquet_bytes(done.path) == parquet_bytes(fresh.path)
        ours, theirs = (read_json(path / "manifest.json") for path in (done.path, fresh.path))
        assert ours["files"] == theirs["files"]
        assert ours["figures"] == theirs["figures"]
        assert done.funnel["urls"] == done.documents + sum(done.dropped.values())
        shutil.rmtree(cold.root)
        again = publish(self.store, self.cleaning, self.publishing)
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
                publish(self.store, self.cleaning, self.publishing)

    def settle(self) -> None:
        """Write the round that is under way, without publishing it."""
        if self.pending:
            self.rounds.append(self.pending)
            self.pending = []
            self.write(len(self.rounds) - 1)

    def write(self, number: int) -> None:
        """What cleaning would make of a round: a page too short for the settings is dropped."""
        made = Round(number, settings=self.cleaning)
        for url, fate, text, category in self.rounds[number]:
            if fate != "page":
                made.drop(url, fate)
            elif len(text) < self.cleaning.min_chars:
                made.drop(url, "quality/too_short")
            else:
                made.page(url, text, category=category)
        made.write(self.store)

    def teardown(self):
        try:
            self.publish_equals_cold()
        finally:
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
