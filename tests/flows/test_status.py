"""What a store holds is held against what it was made from, through the whole chain."""

import os

from data.manifest import Manifest
from data.store import Store
from flows.settings import Settings
from flows.status import status


def make(store: Store, kind: str, name: str, at: int, *sources: Manifest, finished: bool = True) -> Manifest:
    """A finished thing's manifest, of the second ``at``, as the stages write it."""
    folder = {
        "corpus": store.corpus,
        "tokenizer": store.tokenizers,
        "tokens": store.tokens,
        "run": store.runs,
        "model": store.models,
    }[kind] / name
    manifest = Manifest(
        kind=kind,
        name=name,
        made_from={source.kind: source.digest for source in sources},
        settings={"name": name},
        figures={"documents": 1, "words": 1, "splits": {}} if kind == "corpus" else {},
        files={"x": "0"} if finished else {},
    )
    manifest.write(folder)
    os.utime(folder / "manifest.json", (at, at))
    return manifest


def states(store: Store) -> dict[str, tuple[str, str | None]]:
    return {part.name: (part.state, part.mend) for part in status(store, Settings()).model}


def test_an_empty_store_names_the_commands_in_their_order(store):
    assert states(store) == {
        "tokenizer": ("missing", "cowese tokenizer"),
        "tokens": ("missing", "cowese pack"),
        "run": ("missing", "cowese pretrain"),
        "model": ("missing", "cowese export"),
    }


def test_a_new_version_makes_stale_what_was_made_from_the_one_before(store):
    first = make(store, "corpus", "v0001", 1)
    tokenizer = make(store, "tokenizer", "v0001-31002", 2, first)
    tokens = make(store, "tokens", "v0001+v0001-31002", 3, first, tokenizer)
    run = make(store, "run", "small-1", 4, tokens, first, tokenizer)
    make(store, "model", "small-1", 5, run)
    assert set(states(store).values()) == {("up to date", None)}
    second = make(store, "corpus", "v0002", 6)
    assert states(store)["tokenizer"] == ("made from an earlier corpus", "cowese tokenizer")
    assert states(store)["tokens"] == ("made from an earlier corpus", "cowese pack")
    assert states(store)["run"] == ("made from an earlier corpus", "cowese pretrain")
    again = make(store, "tokens", "v0002+v0001-31002", 7, second, tokenizer)
    assert states(store)["tokens"] == ("to be made again after the tokenizer", "cowese pack")
    tokenizer = make(store, "tokenizer", "v0002-31002", 7, second)
    again = make(store, "tokens", "v0002+v0002-31002", 7, second, tokenizer)
    assert states(store)["tokens"] == ("up to date", None)
    assert states(store)["run"] == ("made from an earlier corpus, tokenizer, tokens", "cowese pretrain")
    make(store, "run", "small-2", 8, again, second, tokenizer, finished=False)
    assert states(store)["run"] == ("not finished; the same command goes on", "cowese pretrain")
    make(store, "run", "small-2", 9, again, second, tokenizer)
    assert states(store)["run"] == ("up to date", None)
    assert states(store)["model"] == ("made from an earlier run", "cowese export")


def test_pages_that_are_not_cleaned_make_all_that_follows_stale(store):
    corpus = make(store, "corpus", "v0001", 1)
    tokenizer = make(store, "tokenizer", "v0001-31002", 2, corpus)
    make(store, "tokens", "v0001+v0001-31002", 3, corpus, tokenizer)
    (store.warc / "0002").mkdir(parents=True)
    (store.warc / "0002" / "a.warc.gz").write_bytes(b"")
    found = status(store, Settings())
    assert [one.command for one in found.corpus.stale] == ["cowese clean", "cowese publish"]
    assert states(store) == {
        "tokenizer": ("to be made again after the corpus", "cowese tokenizer"),
        "tokens": ("to be made again after the tokenizer", "cowese pack"),
        "run": ("missing", "cowese pretrain"),
        "model": ("missing", "cowese export"),
    }


def test_what_came_from_elsewhere_makes_nothing_stale(store):
    corpus = make(store, "corpus", "v0001", 1)
    make(store, "tokens", "v0001+beto", 2, corpus, Manifest(kind="tokenizer", name="beto", made_from={}, settings={}))
    assert states(store)["tokenizer"] == ("missing", "cowese tokenizer")
    assert states(store)["tokens"] == ("up to date", None)
