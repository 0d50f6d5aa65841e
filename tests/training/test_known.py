"""How much of a held-out text training has read."""

import numpy as np
import pytest
from training_room import packed, quick

from data.store import Store
from training.results.evaluate import evaluate
from training.results.export import export
from training.runs.pretrain import pretrain
from training.settings import EvaluationSettings
from training.tokens import known
from training.tokens.known import RUN, KnownRuns, chunks_of, runs_of, stretches
from training.tokens.stream import TokenStream


def by_sets(held: np.ndarray, read: np.ndarray) -> float:
    """The same share by runs as bytes in a set."""
    met = {read[at : at + RUN].tobytes() for at in range(len(read) - RUN + 1)}
    covered = np.zeros(len(held), bool)
    for at in range(len(held) - RUN + 1):
        if held[at : at + RUN].tobytes() in met:
            covered[at : at + RUN] = True
    return float(covered.mean())


def share_of(held: np.ndarray, read: np.ndarray) -> float:
    found = KnownRuns(held)
    for stretch in stretches(read, range(len(chunks_of(len(read))))):
        found.meet(stretch)
    return found.share


@pytest.mark.parametrize("entries", [3, 50, 60_000])
def test_the_share_is_that_of_runs_in_a_set(entries, monkeypatch):
    monkeypatch.setattr(known, "CHUNK", 97)  # a copied run lies across the borders of what is read at once
    draw = np.random.default_rng(entries)
    read = draw.integers(0, entries, 3_000).astype(np.uint16)
    held = draw.integers(0, entries, 900).astype(np.uint16)
    for at, start, length in ((0, 90, RUN), (100, 1_500, 150), (500, 40, RUN - 1), (870, 2_970, 30)):
        held[at : at + length] = read[start : start + length]
    expected = by_sets(held, read)
    assert share_of(held, read) == pytest.approx(expected)
    if entries > 3:
        assert expected == pytest.approx((RUN + 150 + 30) / 900)


@pytest.mark.parametrize("tokens", [0, 1, RUN - 1])
def test_a_text_shorter_than_a_run_is_not_known(tokens):
    text = np.arange(tokens, dtype=np.uint16)
    assert len(runs_of(text)) == 0
    assert share_of(text, np.arange(500, dtype=np.uint16)) == 0.0
    assert share_of(np.arange(500, dtype=np.uint16), text) == 0.0


def test_evaluation_report_and_card_tell_it(tmp_path):
    store = Store.open(tmp_path)
    tokens = packed(store)
    run = pretrain(store, quick(steps=4), tokens=tokens).path
    judged = evaluate(store, EvaluationSettings(length=32, max_tokens=1_600), run=run)
    rows = 1_600 // 32
    held = np.asarray(TokenStream.open(tokens, "validation").tokens)[: rows * 30]
    expected = by_sets(held, np.asarray(TokenStream.open(tokens).tokens))
    assert judged.known == pytest.approx(expected, abs=1e-6)
    assert 0 < expected < 1
    card = (export(store, run=run).discriminator / "README.md").read_text()
    assert f"{expected:.1%} of these tokens stand in runs of 16 tokens" in card
