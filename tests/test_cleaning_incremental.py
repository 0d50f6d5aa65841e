"""The law: publishing after each round gives the bytes that publishing once, from nothing, gives."""

import os
import shutil
import signal
import tempfile
import time
from datetime import date
from pathlib import Path

import pytest
from corpus_rounds import Round, parquet_bytes, prose, slightly_changed, urls
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cleaning.publish import publish
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from data.files import read_json
from data.store import Store
from data.takedowns import Takedowns

URLS = urls(each=9)
PAGES = st.sampled_from(URLS)
TEXTS = st.tuples(st.integers(0, 14), st.integers(0, 3))
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


def text_of(choice: tuple[int, int]) -> str:
    """One of a few texts, or one of its near copies."""
    number, changed = choice
    text = prose(number, 60 + 20 * number)
    return slightly_changed(text, changed) if changed else text


class Rounds(RuleBasedStateMachine):
    """Pages come, change, move, go and come back; lists and settings change; processes are killed."""

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp(prefix="rounds-"))
        self.store = Store.open(self.folder / "store")
        self.rounds: list[list[tuple[str, str, str, str]]] = []
        self.pending: list[tuple[str, str, str, str]] = []
        self.cleaning, self.publishing = CleaningSettings(), PublishSettings()
        self.published = False
        self.pending = [(url, "page", prose(url), "portal") for url in URLS[:4]]

    @rule(url=PAGES, text=TEXTS, category=CATEGORIES)
    def page_is_there(self, url, text, category):
        self.pending.append((url, "page", text_of(text), category))

    @rule(url=PAGES, text=TEXTS, others=st.lists(PAGES, min_size=1, max_size=4))
    def page_has_copies(self, url, text, others):
        self.pending.append((url, "page", text_of(text), "ministry"))
        self.pending += [(other, "page", text_of((text[0], 1 + at)), "portal") for at, other in enumerate(others)]

    @rule(url=PAGES, fate=FATES)
    def page_fares(self, url, fate):
        self.pending.append((url, fate, "", ""))

    @rule(url=PAGES)
    def page_is_taken_down(self, url):
        Takedowns.load(self.store).add(url, date(2026, 1, 1))

    @rule(jaccard=st.sampled_from([0.5, 0.8, 0.95]), parts=st.sampled_from([None, 3]))
    def publish_settings_change(self, jaccard, parts):
        self.publishing = PublishSettings(jaccard=jaccard, parts=parts, part_words=3000)

    @rule(least=st.sampled_from([100, 300]))
    def cleaning_settings_change(self, least):
        self.cleaning = CleaningSettings(min_chars=least)
        for number in range(len(self.rounds)):
            self.write(number)

    @rule()
    def round_ends(self):
        if self.pending:
            self.rounds.append(self.pending)
            self.pending = []
            self.write(len(self.rounds) - 1)

    @rule(after=st.floats(0, 0.15))
    def publish_is_killed(self, after):
        self.round_ends()
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
        self.round_ends()
        done = publish(self.store, self.cleaning, self.publishing)
        self.published = True
        cold = Store.open(self.folder / "cold")
        cold.documents.symlink_to(self.store.documents)
        if self.store.takedowns.exists():
            shutil.copy(self.store.takedowns, cold.takedowns)
        fresh = publish(cold, self.cleaning, self.publishing)
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
            assert set(manifest["files"]) == set(parquet_bytes(version))
        if self.store.latest_corpus.is_symlink():
            assert (self.store.latest_corpus / "manifest.json").is_file()

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
        if hasattr(self, "folder"):
            if self.rounds:
                self.publish_equals_cold()
            shutil.rmtree(self.folder)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
class TestIncrementalEqualsCold(Rounds.TestCase):
    """Random sequences of rounds."""

    settings = settings(
        max_examples=12,
        stateful_step_count=14,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
