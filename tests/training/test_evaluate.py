import shutil
from itertools import pairwise

import numpy as np
import pytest
from sklearn import metrics
from training_room import packed, quick

from data.errors import InputError, StageError
from data.files import file_digest
from data.store import Store
from training.results.evaluate import CARD, evaluate
from training.results.export import export
from training.results.scores import CardCounts, exact_scores, thresholds
from training.runs.feed import special_ids
from training.runs.pretrain import pretrain
from training.runs.run import open_tokens
from training.settings import EvaluationSettings

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    store = Store.open(tmp_path_factory.mktemp("room"))
    tokens = packed(store)
    return store, tokens, pretrain(store, quick(), tokens=tokens).path


def judged(n: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(1)
    labels = draw.random(n) < 0.1
    scores = np.round(draw.normal(size=n) + labels - 1, 2).astype(np.float32)  # rounded, so that there are ties
    return scores, labels


def test_exact_scores_are_sklearns():
    scores, labels = judged(5_000)
    ours = exact_scores(scores, labels)
    assert ours["auc"] == pytest.approx(metrics.roc_auc_score(labels, scores), abs=1e-9)
    assert ours["average_precision"] == pytest.approx(metrics.average_precision_score(labels, scores), abs=1e-9)
    assert ours["f1"] == pytest.approx(metrics.f1_score(labels, scores > 0), abs=1e-9)


def test_the_cards_figures_by_the_cards_definitions():
    scores, labels = (array.reshape(50, 100) for array in judged(5_000))
    real = np.ones_like(labels)
    real[:, 80:] = False
    card = CardCounts()
    for part in (slice(0, 20), slice(20, 50)):
        card.add(scores[part], labels[part] & real[part], real[part])
    figures = card.figures()
    flagged = scores > 0
    assert figures["accuracy"] == pytest.approx((flagged == labels)[real].mean())
    assert figures["precision"] == pytest.approx(metrics.precision_score(labels[real], flagged[real]))
    assert figures["recall"] == pytest.approx(metrics.recall_score(labels[real], flagged[real]))
    # AUC as tf.metrics.auc defines it: pads are negatives of probability 0, 200 thresholds, trapezoid
    probability = np.where(real, 1 / (1 + np.exp(-scores.astype(np.float64))), 0.0).ravel()
    positive = (labels & real).ravel()
    curve = [((probability > t)[~positive].mean(), (probability > t)[positive].mean()) for t in thresholds()]
    area = sum((a[0] - b[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(curve))
    assert figures["auc"] == pytest.approx(area, abs=1e-12)
    assert abs(figures["auc"] - metrics.roc_auc_score(positive, probability)) < 0.002
    assert card.baseline()["accuracy"] == pytest.approx(1 - labels[real].mean())


def test_a_run_is_measured_beside_the_card_and_the_trivial_judge(trained):
    store, tokens, run = trained
    found = evaluate(store, EvaluationSettings(), run=run)
    stream = open_tokens(tokens, "validation")
    rows = len(stream.rows(32))
    assert found.tokens == len(stream.tokens) + 2 * rows + (len(stream.tokens) % 30 != 0) - 1
    assert found.published == CARD
    assert found.all_original["accuracy"] == pytest.approx(1 - found.generator["replaced_rate"], abs=1e-5)
    assert 0 < found.generator["replaced_rate"] < 0.16
    assert all(0 <= value <= 1 for value in found.discriminator.values())
    assert not found.reused
    again = evaluate(store, EvaluationSettings(), run=run)
    assert again.reused
    assert again.discriminator == found.discriminator


def test_figures_do_not_depend_on_the_batch(trained):
    store, _, run = trained
    first, second = (evaluate(store, EvaluationSettings(batch=size), run=run) for size in (3, 50))
    assert first.discriminator == pytest.approx(second.discriminator, abs=1e-4)
    assert first.generator == pytest.approx(second.generator, abs=1e-4)


def test_the_frozen_corruption_is_the_same_for_every_run(trained):
    store, tokens, run = trained
    first = evaluate(store, EvaluationSettings(seed=5), run=run)
    digest = file_digest(store.root / first.frozen_file)
    other = pretrain(store, quick(seed=3, steps=4), tokens=tokens).path
    second = evaluate(store, EvaluationSettings(seed=5), run=other)
    assert first.frozen_file == second.frozen_file
    (store.root / first.frozen_file).unlink()
    third = evaluate(store, EvaluationSettings(seed=6), run=other)
    assert file_digest(store.root / third.frozen_file) == digest
    assert third.frozen == second.frozen != first.frozen
    assert third.discriminator != second.discriminator


def test_the_frozen_corruption_replaces_words_by_words(trained):
    import safetensors.numpy

    store, tokens, run = trained
    found = evaluate(store, EvaluationSettings(), run=run)
    tensors = safetensors.numpy.load_file(store.root / found.frozen_file)
    changed = tensors["original"] != tensors["corrupted"]
    assert 0.05 < changed.mean() < 0.16
    special = special_ids(open_tokens(tokens, "validation"))
    never = (special.pad, special.cls, special.sep)
    assert not np.isin(tensors["original"][changed], never).any()
    assert not np.isin(tensors["corrupted"][changed], never).any()


def test_clear_refusals(trained, tmp_path):
    store, _, run = trained
    with pytest.raises(InputError, match="packed with another tokenizer"):
        evaluate(store, EvaluationSettings(), run=run, tokens=packed(store, "otras", seed=4))
    with pytest.raises(InputError, match="no run there"):
        evaluate(store, EvaluationSettings(), run=tmp_path)
    with pytest.raises(InputError, match="no packed tokens"):
        evaluate(store, EvaluationSettings(), run=run, split="dev")
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"not one")
    with pytest.raises(InputError, match="not a corruption file"):
        evaluate(store, EvaluationSettings(corruption=broken), run=run)


def test_a_kept_checkpoint_is_measured_and_exported_by_its_step(tmp_path):
    store = Store.open(tmp_path)
    run = pretrain(store, quick(save_every=10, milestone_every=10, keep=1), tokens=packed(store)).path
    at_ten, at_end = (evaluate(store, EvaluationSettings(), run=run, step=step) for step in (10, None))
    assert (at_ten.step, at_end.step) == (10, 30)
    assert at_ten.discriminator != at_end.discriminator
    assert evaluate(store, EvaluationSettings(), run=run).discriminator == at_end.discriminator
    made = export(store, run=run, step=10)
    assert (made.step, made.path.name) == (10, f"{run.name}-10")
    assert f"{at_ten.discriminator['accuracy']:.4f}" in (made.discriminator / "README.md").read_text(encoding="utf-8")
    with pytest.raises(InputError, match="no checkpoint of step 12; there is: 10, 20, 30"):
        export(store, run=run, step=12)
    shutil.rmtree(run / "checkpoints")
    with pytest.raises(StageError, match="no checkpoint yet"):
        export(store, run=run)
    with pytest.raises(InputError, match="no checkpoint of step 12; there is: none"):
        export(store, run=run, step=12)
