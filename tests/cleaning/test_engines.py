"""Whatever runs the tasks, the corpus is the same to the byte; a killed Dask worker costs its task and no more."""

import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from bare_pages import PROSE, html, write_warc
from corpus_rounds import Round, parquet_bytes, prose, slightly_changed
from engine_tasks import double, end, end_the_first_time

from cleaning.clean import clean
from cleaning.corpus.live_pages import live_documents
from cleaning.corpus.publish import publish
from cleaning.duplicates import candidates, signing, verified
from cleaning.lines import line_digest
from cleaning.pending import pairs
from cleaning.publish_settings import PublishSettings
from cleaning.recipe import recipe_digest
from cleaning.settings import CleaningSettings
from cleaning.stored_texts import StoredTexts
from data.engines.choice import opened
from data.engines.engine import EngineSettings, run_all
from data.engines.process_engine import ProcessEngine
from data.errors import InputError, StageError
from data.store import Store
from data.takedowns import Takedowns
from flows.settings import load_settings

CLEANING, PUBLISHING = CleaningSettings(), PublishSettings()
TWO = EngineSettings(workers=2)
DASK = EngineSettings(dask="local:2")


@pytest.fixture
def small_tasks(monkeypatch):
    """So little work a task that a small corpus is spread over many."""
    monkeypatch.setattr(signing, "TEXTS_AT_ONCE", 1)
    monkeypatch.setattr(verified, "TEXTS_AT_ONCE", 1)
    monkeypatch.setattr(verified, "PAIRS_AT_ONCE", 10)
    monkeypatch.setattr(candidates, "KEYS_AT_ONCE", 500)


@pytest.fixture
def dask():
    pytest.importorskip("distributed")
    with opened(DASK) as engine:
        yield engine


def documents(store: Store) -> None:
    """Four segments with exact and near duplicates across them."""
    for number in range(4):
        pages = Round(number)
        for page in range(30):
            text = prose(f"{number}-{page}", 150) if page % 3 else prose(f"every-{page}", 150)
            text = slightly_changed(text, number) if page % 6 == 0 else text
            pages.page(f"https://h{number}.es/{page}", text, category=("portal", "ministry")[number % 2])
        pages.write(store)


def published(folder: Path, engine: EngineSettings) -> dict[str, bytes]:
    store = Store.open(folder)
    documents(store)
    done = publish(store, CLEANING, PUBLISHING, engine=engine)
    assert done.dropped["duplicate/exact"] == 15
    assert done.dropped["duplicate/near"] == 15
    assert not (store.signatures / "work").exists()
    return parquet_bytes(done.path)


def test_a_pool_gives_every_result_and_shows_the_board():
    seen = []
    engine = ProcessEngine(2)
    assert sorted(engine.map(double, range(5), watch=seen.append)) == [0, 2, 4, 6, 8]
    assert seen[-1] == [[0], [1], [2], [3], [4]]


def test_a_killed_process_of_a_pool_ends_the_stage_with_a_word():
    with pytest.raises(StageError, match=r"was killed \(out of memory\?\)"):
        list(ProcessEngine(1).map(end, [1, 2]))


def test_one_task_alone_runs_in_this_process():
    assert run_all(ProcessEngine(2), lambda item, _report: (item, os.getpid()), [7]) == [(7, os.getpid())]


def test_texts_for_a_task_take_along_no_more_than_it_needs(store):
    for number in range(3):
        Round(number).page(f"https://h{number}.es/1", f"Menú de {number}\n{prose(number)}").write(store)
    segments = pairs(store.documents / recipe_digest(CLEANING))
    living = live_documents(segments, Takedowns.load(store)).documents
    lines = [[] if number == 1 else [line_digest(f"Menú de {number}")] for number in living["segment"].to_pylist()]
    repeated = pa.array(lines, pa.large_list(pa.uint64()))
    texts = StoredTexts(segments, living.append_column("repeated", repeated))
    every = {int(position): text for found, batch in texts.every() for position, text in zip(found, batch, strict=True)}
    assert sum("Menú" in text for text in every.values()) == 1
    for positions in (np.array([2]), np.array([2, 0]), np.array([1])):
        some = texts.at(positions)
        read = {int(at): text for found, batch in some.every() for at, text in zip(found, batch, strict=True)}
        assert [read[at] for at in range(len(some))] == [every[int(position)] for position in positions]
        laid_out = some.lay_out(store.root / "texts.arrow", 1)
        assert [len(task.segments) for task in laid_out] == [1] * len(positions)
        for task in laid_out:
            for at, batch in task.every():
                assert batch == [read[int(position)] for position in task.positions[at]]


@pytest.mark.parametrize("wrong", ["local", "local:0", "http://host:1", "host:8786"])
def test_a_wrong_address_is_refused(wrong):
    with pytest.raises(InputError, match=r"engine\.dask"):
        load_settings(None, {"engine.dask": wrong})


@pytest.mark.slow
@pytest.mark.parametrize("engine", [TWO, pytest.param(DASK, marks=pytest.mark.slow)], ids=["pool", "dask"])
def test_many_tasks_anywhere_make_the_corpus_of_one_here(tmp_path, small_tasks, monkeypatch, engine):
    if engine is DASK:
        pytest.importorskip("distributed")
    spread = published(tmp_path / "spread", engine)
    monkeypatch.undo()
    assert published(tmp_path / "here", TWO) == spread


@pytest.mark.slow
def test_dask_gives_every_result_and_a_killed_worker_costs_its_task(dask, tmp_path):
    seen = []
    assert sorted(dask.map(double, range(5), watch=seen.append)) == [0, 2, 4, 6, 8]
    marks = [tmp_path / f"{number}" for number in range(3)]
    assert len(list(dask.map(end_the_first_time, marks))) == 3
    assert all(mark.exists() for mark in marks)


def without_workers(engine):
    deadline = time.monotonic() + 300
    while engine.has_workers() and time.monotonic() < deadline:
        time.sleep(0.1)
    return not engine.has_workers()


@pytest.mark.slow
def test_a_stage_on_dask_without_workers_ends_with_a_word(monkeypatch):
    dask_engine = pytest.importorskip("data.engines.dask_engine")
    monkeypatch.setattr(dask_engine, "CHECK_EVERY", 0.2)
    monkeypatch.setattr(dask_engine.DaskEngine, "start_again", lambda _self: None)
    with opened(EngineSettings(dask="local:1", patience=2)) as engine:
        engine.client.cluster.scale(0)
        assert without_workers(engine)
        with pytest.raises(StageError, match=r"local:1: no worker for \d+ s.*engine\.patience"):
            list(engine.map(double, [1, 2]))


@pytest.mark.slow
def test_local_workers_that_are_gone_are_started_again(monkeypatch):
    dask_engine = pytest.importorskip("data.engines.dask_engine")
    monkeypatch.setattr(dask_engine, "CHECK_EVERY", 0.2)
    with opened(EngineSettings(dask="local:1")) as engine:
        engine.client.cluster.scale(0)
        assert without_workers(engine)
        assert sorted(engine.map(double, [1, 2])) == [2, 4]


@pytest.mark.slow
def test_a_task_that_ends_every_worker_ends_the_stage_with_a_word(dask):
    with pytest.raises(StageError, match="one Dask worker after another"):
        list(dask.map(end, [1, 2]))


@pytest.mark.slow
def test_no_scheduler_is_an_error_with_its_address(monkeypatch):
    engine = pytest.importorskip("data.engines.dask_engine")
    monkeypatch.setattr(engine, "PATIENCE", 0.5)
    with (
        opened(EngineSettings(dask="tcp://127.0.0.1:9")) as running,
        pytest.raises(StageError, match=r"tcp://127\.0\.0\.1:9: no Dask scheduler"),
    ):
        list(running.map(double, [1]))


@pytest.mark.slow
def test_dask_cleans_the_same_bytes_though_a_worker_is_killed_on_the_way(tmp_path):
    pytest.importorskip("distributed")
    warcs = []
    for number in range(3):
        bodies = [html(f"{PROSE} Consulta {number} {page}. {prose(page)}") for page in range(12)]
        warcs.append(write_warc(tmp_path / f"{number}.warc.gz", [*bodies, html("Breve."), b""]))
    stores = {engine: Store.open(tmp_path / str(engine.workers)) for engine in (TWO, DASK)}
    killed = []

    def kill_one() -> None:
        while not list(stores[DASK].documents.rglob(".*.part")):
            time.sleep(0.01)
        workers = [child for child in multiprocessing.active_children() if "Dask" in child.name]
        os.kill(workers[0].pid, signal.SIGKILL)
        killed.append(workers[0].name)

    threading.Thread(target=kill_one, daemon=True).start()
    told = []
    for engine, store in stores.items():
        done = clean(store, CLEANING, warcs=warcs, engine=engine, progress=lambda *values: told.append(values))
        assert (done.segments, done.records, done.kept) == (3, 42, 36)
    assert killed
    assert told[-1][1] == 42
    assert parquet_bytes(stores[DASK].documents) == parquet_bytes(stores[TWO].documents)
