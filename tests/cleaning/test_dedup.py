"""Clusters: what is alike is found, exactly; who stays follows from the stated key and from nothing else."""

import random

import numpy as np
import psutil
import pytest
from corpus_rounds import Round, prose, slightly_changed
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaning.corpus.live_pages import live_documents
from cleaning.duplicates import verified
from cleaning.duplicates.dedup import Clusters, Edges, deduplicate, elect
from cleaning.duplicates.minhash import Signer
from cleaning.duplicates.shingles import Shingler, jaccard
from cleaning.publish_settings import PublishSettings
from cleaning.stored_texts import StoredTexts
from data.engines.process_engine import ProcessEngine
from data.takedowns import Takedowns

SETTINGS = PublishSettings()
ENGINE = ProcessEngine(1)


def found(store, pages: Round) -> tuple[list[str], Clusters]:
    """The URLs by position and where each stands."""
    segments = [pages.write(store)]
    living = live_documents(segments, Takedowns.load(store)).documents
    texts = StoredTexts(segments, living)
    return living["url"].to_pylist(), deduplicate(living, texts, store.signatures, SETTINGS, ENGINE)


def both_ways(one, other, share) -> Edges:
    ends = np.concatenate([one, other]), np.concatenate([other, one]), np.concatenate([share, share])
    return Edges(*ends, np.zeros(len(ends[0]), np.bool_))


def losers(addresses: list[str], clusters: Clusters) -> dict[str, str]:
    return {
        addresses[one].rpartition("/")[2]: addresses[keeper].rpartition("/")[2]
        for one, keeper in enumerate(clusters.keeper)
        if one != keeper
    }


def test_equal_texts_are_one_and_the_better_category_stays(store):
    pages = Round(1).page("https://a.es/portal", prose(1), category="portal")
    pages.page("https://b.es/ministerio", prose(1), category="ministry").page("https://c.es/otra", prose(2))
    addresses, clusters = found(store, pages)
    assert losers(addresses, clusters) == {"portal": "ministerio"}
    assert not clusters.near.any()
    assert sorted(clusters.size.tolist()) == [1, 2, 2]


def test_near_texts_are_one_and_the_longer_stays(store):
    text = prose(1, 200)
    pages = Round(1).page("https://a.es/corta", slightly_changed(text, 1))
    pages.page("https://b.es/larga", text + " Consulte siempre a su médico.")
    addresses, clusters = found(store, pages)
    assert losers(addresses, clusters) == {"corta": "larga"}
    lost = addresses.index("https://a.es/corta")
    assert clusters.near[lost]
    one, other = Shingler(5).sets([slightly_changed(text, 1), text + " Consulte siempre a su médico."])
    assert clusters.share[lost] == jaccard(one, other) >= SETTINGS.jaccard


def test_half_alike_is_not_alike(store):
    text = prose(1, 200)
    pages = Round(1).page("https://a.es/una", text).page("https://b.es/dos", text[: len(text) // 2] + prose(2, 100))
    addresses, clusters = found(store, pages)
    assert losers(addresses, clusters) == {}
    assert np.isnan(clusters.share).all()


def test_nobody_loses_to_a_text_that_it_is_not_alike_to():
    """A chain a–b–c where a is like b and b like c, but a is not like c: b loses to a, c stays."""
    rank = np.array([0, 1, 2])
    found = elect(rank, both_ways(np.array([0, 1]), np.array([1, 2]), np.array([0.9, 0.85])))
    assert found.lost_to.tolist() == [0, 0, 2]
    assert found.share[1] == 0.9
    assert np.isnan(found.share[2])


def test_what_holds_a_better_page_stays_beside_it():
    """A contained page of a better rank loses to nobody, and what holds it is not contained in it."""
    edge = np.array([1]), np.array([0]), np.array([0.95]), np.array([True])
    assert elect(np.array([0, 1]), Edges(*edge)).lost_to.tolist() == [0, 0]
    assert elect(np.array([1, 0]), Edges(*edge)).lost_to.tolist() == [0, 1]


@given(st.integers(2, 12), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_edges_decides_nothing(size, chance):
    edges = [(a, b, chance.random()) for a in range(size) for b in range(a + 1, size) if chance.random() < 0.4]
    rank = np.array(chance.sample(range(size), size))
    outcomes = set()
    for _ in range(3):
        chance.shuffle(edges)
        turned = [(b, a, j) if chance.random() < 0.5 else (a, b, j) for a, b, j in edges]
        columns = [np.array(column) for column in zip(*turned, strict=True)] or [np.zeros(0, np.int64)] * 3
        outcomes.add(tuple(elect(rank, both_ways(*columns)).lost_to.tolist()))
    assert len(outcomes) == 1
    lost_to = outcomes.pop()
    linked = {frozenset(edge[:2]) for edge in edges}
    for one, keeper in enumerate(lost_to):
        assert lost_to[keeper] == keeper
        assert one == keeper or frozenset((one, keeper)) in linked
    keepers = [one for one, keeper in enumerate(lost_to) if one == keeper]
    assert not any(frozenset((a, b)) in linked for a in keepers for b in keepers if a != b)


@pytest.mark.slow
def test_a_page_that_stands_whole_in_a_longer_one_loses_to_it(store):
    pages = Round(1)
    for number in range(40):
        inner = prose(("dentro", number), 60)
        pages.page(
            f"https://a.es/{number}", f"{prose(('antes', number), 200)} {inner} {prose(('detrás', number), 200)}"
        )
        pages.page(f"https://b.es/{number}-dentro", inner)
        half = f"{' '.join(inner.split()[:30])} {prose(('otra', number), 40)}"
        pages.page(f"https://c.es/{number}-media", half)
    addresses, clusters = found(store, pages)
    assert losers(addresses, clusters) == {f"{number}-dentro": f"{number}" for number in range(40)}
    lost = [addresses.index(f"https://b.es/{number}-dentro") for number in range(40)]
    assert clusters.contained[lost].all()
    assert clusters.contained.sum() == 40
    one, other = Shingler(5).sets([prose(("dentro", 0), 60), prose(("antes", 0), 200) + " " + prose(("dentro", 0), 60)])
    assert clusters.share[addresses.index("https://b.es/0-dentro")] == len(np.intersect1d(one, other)) / len(one) == 1
    without = SETTINGS.model_copy(update={"containment": None})
    segments = [pages.write(store)]
    living = live_documents(segments, Takedowns.load(store)).documents
    whole = deduplicate(living, StoredTexts(segments, living), store.signatures, without, ENGINE)
    assert (whole.keeper == np.arange(len(addresses))).all()


def test_copies_of_a_page_that_loses_are_compared_with_what_holds_it(store):
    """The keeper of a cluster goes into a longer page; its near copy, a keeper then, is looked at too."""
    inner = prose("dentro", 80)
    pages = Round(1).page("https://a.es/larga", f"{prose('antes', 200)} {inner} {prose('detrás', 200)}")
    pages.page("https://b.es/una", f"{inner} fin de todo").page("https://c.es/otra", inner)
    addresses, clusters = found(store, pages)
    assert losers(addresses, clusters) == {"una": "larga", "otra": "larga"}


@pytest.mark.slow
def test_recall_of_contained_pages_by_their_length(store):
    """Of pages of 50 words at least 97 in 100 are found, of 120 words all."""
    chance = random.Random(3)
    pages, planted = Round(1), {50: 150, 120: 150}
    for words, count in planted.items():
        for number in range(count):
            inner = prose((words, number), words)
            before, after = (prose((words, number, side), chance.randrange(100, 400)) for side in (1, 2))
            pages.page(f"https://a.es/{words}-{number}", f"{before} {inner} {after}")
            pages.page(f"https://b.es/{words}-{number}-dentro", inner)
    lost = losers(*found(store, pages))
    assert all(one == f"{other}-dentro" for one, other in lost.items())
    found_of = {words: sum(one.startswith(f"{words}-") for one in lost) for words in planted}
    assert found_of[50] >= 0.97 * planted[50]
    assert found_of[120] == planted[120]


@pytest.mark.slow
def test_precision_and_recall_on_planted_pairs(store):
    """Pairs from far below the threshold to far above: none is taken wrongly, 99 of 100 are found."""
    chance = random.Random(5)
    shingler = Shingler(5)
    pages, expected, planted = Round(1), set(), 500
    for number in range(planted):
        words = prose(number, 180).split(" ")
        changed = [*words]
        for _ in range(chance.randrange(9)):
            changed[chance.randrange(180)] = f"otra{chance.randrange(10**6)}"
        if changed == words:
            changed[0] = "Distinta"
        one, other = " ".join([*words, "fin"]), " ".join(changed)
        pages.page(f"https://a.es/{number}", one).page(f"https://b.es/{number}-copia", other)
        if jaccard(*shingler.sets([one, other])) >= SETTINGS.jaccard:
            expected.add((f"{number}-copia", f"{number}"))
    addresses, clusters = found(store, pages)
    taken = set(losers(addresses, clusters).items())
    assert 200 < len(expected) < 480
    assert taken <= expected
    assert len(taken) >= 0.99 * len(expected)


def test_a_removal_works_out_nothing_anew(store, monkeypatch):
    """Signatures and figures of what stays are remembered; those who lost to what went stand again."""
    text = prose(1, 200)
    pages = Round(1).page("https://a.es/mejor", text, category="ministry")
    for number in range(3):
        pages.page(f"https://b.es/copia-{number}", slightly_changed(text, number))
    for number in range(20):
        pages.page(f"https://c.es/{number}", prose(f"c{number}"))
    addresses, clusters = found(store, pages)
    assert set(losers(addresses, clusters).values()) == {"mejor"}

    def never(*_):
        raise AssertionError("worked out again")

    monkeypatch.setattr(Signer, "band_keys", never)
    monkeypatch.setattr(Shingler, "sets", never)
    segments = [pages.write(store), Round(2).drop("https://a.es/mejor", "http/410").write(store)]
    living = live_documents(segments, Takedowns.load(store)).documents
    again = deduplicate(living, StoredTexts(segments, living), store.signatures, SETTINGS, ENGINE)
    addresses = living["url"].to_pylist()
    assert len(addresses) == 23
    assert len(set(losers(addresses, again).values())) == 1
    assert len(losers(addresses, again)) == 2


def test_new_texts_alone_are_worked_out(store, monkeypatch):
    """Each has its signature and its sketch made once, in whichever round it came."""
    pages = Round(1)
    for number in range(20):
        pages.page(f"https://c.es/{number}", prose(f"c{number}"))
    found(store, pages)
    first = [pages.write(store)]
    seen = []
    made = Shingler.sets

    def noted(self, texts):
        seen.extend(texts)
        return made(self, texts)

    monkeypatch.setattr(Shingler, "sets", noted)
    segments = [*first, Round(2).page("https://d.es/nueva", prose("d")).write(store)]
    living = live_documents(segments, Takedowns.load(store)).documents
    deduplicate(living, StoredTexts(segments, living), store.signatures, SETTINGS, ENGINE)
    assert set(seen) == {prose("d")}


def test_more_bands_than_permutations_is_refused():
    with pytest.raises(ValueError, match="more than permutations"):
        PublishSettings(permutations=100)


def test_ranges_of_many_files_are_read_with_few_of_them_open(tmp_path, monkeypatch):
    monkeypatch.setattr(verified, "MOST_OPEN", 3)
    numbers = [np.arange(100 * file, 100 * file + 50, dtype=np.uint64) for file in range(9)]
    for file, values in enumerate(numbers):
        values.tofile(tmp_path / f"{file}.bin")
    before = psutil.Process().num_fds()
    files = verified._NumberFiles([tmp_path / f"{file}.bin" for file in range(9)])
    ranges = [(file, begin, length) for file in range(9) for begin in (0, 7) for length in (0, 5, 43)]
    for file, begin, length in random.Random(1).choices(ranges, k=200):
        assert files.read(file, begin, length).tolist() == numbers[file][begin : begin + length].tolist()
        assert psutil.Process().num_fds() <= before + 3
    files.close()
    assert psutil.Process().num_fds() == before
