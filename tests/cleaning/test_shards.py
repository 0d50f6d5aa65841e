"""Shards of cleaning in processes of their own, as the tasks of an array job run them."""

import shutil
import subprocess
import sys

import pytest
from corpus_rounds import prose
from warc_files import html, write_warc

from cleaning.clean import clean
from cleaning.recipe import recipe_digest
from cleaning.settings import CleaningSettings
from cleaning.shard import Shard
from data.engines.engine import EngineSettings
from data.errors import InputError, StoreError
from data.store import Store

COWESE = f"{sys.prefix}/bin/cowese"
SETTINGS, ONE = CleaningSettings(), EngineSettings(workers=1)


def web(store, files=6):
    for number in range(files):
        pages = [(f"https://h{number}.es/{page}", "200 OK", html(prose((number, page)))) for page in range(2)]
        write_warc(store.warc / "0001" / f"{number}.warc.gz", pages)


def pairs(store):
    folder = store.documents / recipe_digest(SETTINGS)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.name[0] != "."}


def test_every_name_falls_into_one_shard():
    names = [f"0001-{number}" for number in range(500)]
    for of in (1, 2, 7):
        counts = [sum(Shard(number, of).has(name) for name in names) for number in range(1, of + 1)]
        assert sum(counts) == 500
        assert min(counts) > 300 / of


@pytest.mark.parametrize("text", ["", "1", "0/2", "3/2", "1/0", "a/b", "1/2/3", "-1/2"])
def test_what_is_no_shard_is_refused(text):
    with pytest.raises(InputError, match="write K/N"):
        Shard.read(text)


@pytest.mark.slow
def test_two_processes_make_what_one_makes(store, tmp_path):
    web(store)
    whole = Store.open(tmp_path / "whole")
    shutil.copytree(store.warc, whole.warc)
    clean(whole, SETTINGS, engine=ONE)
    command = [COWESE, "clean", "--store", store.root, "--workers", "1", "--json"]
    running = [
        subprocess.Popen(
            [*command, "--shard", f"{number}/2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for number in (1, 2)
    ]
    for process in running:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
    assert pairs(store) == pairs(whole)
    assert clean(store, SETTINGS, engine=ONE).segments == 0


def test_a_shard_keeps_a_whole_run_out_and_lets_other_shards_in(store):
    with store.exclusive("clean", shared=True):
        with store.exclusive("clean", shared=True):
            pass
        with pytest.raises(StoreError, match="runs clean on this store"), store.exclusive("clean"):
            pass
    with store.exclusive("clean"), pytest.raises(StoreError), store.exclusive("clean", shared=True):
        pass


@pytest.mark.slow
def test_each_shard_cleans_its_own_files(store):
    web(store)
    counts = [clean(store, SETTINGS, shard=Shard(number, 3), engine=ONE).segments for number in (1, 2, 3)]
    assert sum(counts) == 6
    assert max(counts) < 6
    assert clean(store, SETTINGS, engine=ONE).segments == 0
