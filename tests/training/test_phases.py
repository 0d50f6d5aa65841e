import os
import signal

import numpy as np
import pytest
import torch
from training_room import packed, quick

from data.errors import StageError
from data.store import Store
from training.electra.phases import Phase
from training.results.evaluate import evaluate
from training.results.export import export
from training.results.report import write_report
from training.runs import checkpoint
from training.runs.loader import row_numbers
from training.runs.loop import Loop
from training.runs.metrics import read_metrics
from training.runs.pretrain import pretrain
from training.runs.pretrain_settings import EvaluationSettings, PretrainSettings
from training.runs.run import Trained

pytestmark = pytest.mark.slow

THREE = (
    Phase(objective="mlm", share=2, mask_share=0.3, vector_rate=0.1, batch=4),
    Phase(objective="rtd", learning_rate=1e-3, temperature=1.3, sampling="inverse"),
    Phase(objective="both", length=64, vector_rate=0.0, generator_rate=0.5, discriminator_rate=0.25, floor=0.1),
)


def phased(*phases: Phase, **changes: object) -> PretrainSettings:
    """A short run of tiny, whose encoders are made alike: a generator of the discriminator's shape."""
    return quick(**{"preset": "mini", "steps": 16, "phase": phases or THREE, "warmup": 1, "beta2": 0.99, **changes})


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """A store with packed tokens."""
    store = Store.open(tmp_path_factory.mktemp("phases"))
    return store, packed(store)


@pytest.fixture(scope="module")
def whole(room):
    """A run of three phases that nothing interrupted."""
    store, tokens = room
    return pretrain(store, phased(save_every=1, keep=99), tokens=tokens, name="whole").path


def digests(run, step: int) -> dict[str, str]:
    return checkpoint.file_digests(checkpoint.checkpoint_folder(run, step))


def model_at(run, step: int) -> dict[str, torch.Tensor]:
    return checkpoint.load(checkpoint.checkpoint_folder(run, step)).model


def changed(run, before: int, after: int) -> set[str]:
    """Names of parameters that differ between two steps."""
    old, new = model_at(run, before), model_at(run, after)
    return {name for name in old if not torch.equal(old[name], new[name])}


@pytest.mark.parametrize("stop", [3, 8, 9, 12, 13])
def test_stopped_in_a_phase_or_between_two_it_ends_in_the_same_bits(room, whole, monkeypatch, stop):
    store, tokens = room
    one_step = Loop._one_step

    def signalled(loop: Loop) -> None:
        one_step(loop)
        if loop.step == stop:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Loop, "_one_step", signalled)
    with pytest.raises(StageError, match=f"stopped at step {stop} of 16"):
        pretrain(store, phased(save_every=16), tokens=tokens, name=f"cut-{stop}")
    monkeypatch.undo()
    resumed = pretrain(store, phased(save_every=16), tokens=tokens, name=f"cut-{stop}")
    assert resumed.resumed_at == stop
    assert digests(resumed.path, 16) == digests(whole, 16)


def test_phases_take_their_shares_of_the_steps(whole):
    stages = Trained(whole).plan.stages
    assert [(one.begin, one.steps, one.objective, one.batch, one.length) for one in stages] == [
        (0, 8, "mlm", 4, 32),
        (8, 4, "rtd", 4, 32),
        (12, 4, "both", 2, 64),
    ]


def test_an_encoder_that_fills_leaves_the_other_head_alone_and_is_copied(whole):
    learnt = changed(whole, 1, 8)
    assert "discriminator.layers.0.qkv.weight" in learnt
    assert "generator_head.dense.weight" in learnt
    assert not {name for name in learnt if name.startswith("discriminator_head")}
    for step in (5, 8):  # what is exported from the midst of the phase is the copy too
        saved = model_at(whole, step)
        for name, tensor in saved.items():
            if name.startswith("generator."):
                assert torch.equal(tensor, saved[name.replace("generator.", "discriminator.", 1)]), name


def test_a_frozen_generator_stays_while_the_discriminator_learns(whole):
    learnt = changed(whole, 8, 12)
    assert not {name for name in learnt if name.startswith("generator")}
    assert {"discriminator_head.out.weight", "discriminator.layers.3.down.weight"} <= learnt


def test_a_rate_of_zero_freezes_the_vectors(whole):
    learnt = changed(whole, 12, 16)
    assert not {name for name in learnt if name.startswith(("embeddings.word", "embeddings.position"))}
    assert {"generator.layers.0.qkv.weight", "discriminator.layers.0.qkv.weight"} <= learnt


def test_vectors_move_at_their_share_of_the_rate(room):
    store, tokens = room
    moved = []
    for share in (1.0, 0.1):
        settings = phased(Phase(objective="mlm", vector_rate=share), steps=3, save_every=1, keep=9, warmup=0)
        run = pretrain(store, settings, tokens=tokens, name=f"share-{share}").path
        before, after = (model_at(run, step)["embeddings.word.weight"] for step in (1, 2))
        moved.append((after - before).abs().sum().item())
    assert moved[1] < 0.2 * moved[0]


def test_metrics_say_what_each_phase_knows(whole):
    lines = read_metrics(whole)
    assert len(lines) == 16
    for line in lines[:8]:
        assert "disc_loss" not in line
        assert line["hidden_loss"] > 0
    for line in lines[8:]:
        rate = line["replaced_rate"]
        prior = -rate * np.log(rate) - (1 - rate) * np.log(1 - rate)
        assert line["disc_gain"] == pytest.approx(prior - line["disc_loss"], abs=1e-6)
    assert lines[-1]["length"] == 64
    page = write_report(whole).read_text(encoding="utf-8")
    assert "nats a token gained over the prior" in page
    assert "counts: pairs" in page


def test_rows_of_one_length_are_read_on_across_phases():
    plan = quick(steps=6, phase=(Phase(objective="mlm"), Phase(objective="rtd", batch=2))).plan
    seen = [row_numbers(plan, 1_000, step, np.arange(plan.batch_at(step))).tolist() for step in range(6)]
    flat = [row for rows in seen for row in rows]
    assert len(flat) == len(set(flat)) == 3 * 4 + 3 * 2


def test_a_generator_of_another_shape_is_left_alone_and_the_encoder_has_a_head(room):
    store, tokens = room
    settings = quick(steps=4, phase=(Phase(objective="mlm"), Phase(objective="both")), save_every=1, keep=9)
    run = pretrain(store, settings, tokens=tokens, name="own-head").path
    learnt = changed(run, 1, 2)
    assert "encoder_head.dense.weight" in learnt
    assert not {name for name in learnt if name.startswith("generator")}
    figures = evaluate(store, EvaluationSettings(), run=run)
    assert figures.generator["hidden_loss"] > 0
    assert set(figures.counts) == {"single", "pairs", "both_sides"}
    assert figures.replaced_tokens["gain"] == pytest.approx(
        figures.replaced_tokens["prior"] - figures.replaced_tokens["loss"], abs=2e-6
    )
    card = (export(store, run=run).discriminator / "README.md").read_text(encoding="utf-8")
    assert "| phase 1 | masked tokens by the encoder itself: 2 steps" in card
    assert "pairs on both sides" in card


@pytest.mark.parametrize("gdes", [False, True])
def test_the_encoder_that_learnt_to_fill_is_what_is_evaluated_and_exported(room, gdes):
    transformers = pytest.importorskip("transformers")
    store, tokens = room
    settings = quick(
        steps=30, phase=(Phase(objective="mlm"),), initial_weights="counts", gdes=gdes, save_every=10, keep=9
    )
    run = pretrain(store, settings, tokens=tokens, name=f"filler-{gdes}").path
    own = Trained(run).model
    early, late = (evaluate(store, EvaluationSettings(), run=run, step=step) for step in (10, 30))
    assert late.generator["hidden_loss"] < early.generator["hidden_loss"]
    made = export(store, run=run)
    ids_BL = torch.randint(5, own.shape.vocabulary, (4, 40))
    with torch.no_grad():
        theirs_BLV = transformers.ElectraForMaskedLM.from_pretrained(made.generator).eval()(ids_BL).logits
        assert (theirs_BLV - own.fill_by_encoder(ids_BL, torch.arange(40).expand(4, -1))).abs().max() <= 1e-5
        assert (theirs_BLV - own.generate(ids_BL, torch.arange(40).expand(4, -1))).abs().max() > 0.1
    card = (made.discriminator / "README.md").read_text(encoding="utf-8")
    assert "not yet to tell replaced ones" in card
    assert "Replaced-token detection" not in card
    assert "model-index" not in card
    assert f"| tokens seen | {Trained(run).tokens_seen:,.0f} |" in card
    early = (export(store, run=run, step=10).discriminator / "README.md").read_text(encoding="utf-8")
    assert f"| tokens seen | {Trained(run, 10).tokens_seen:,.0f} |" in early
    assert Trained(run, 10).tokens_seen < Trained(run).tokens_seen


def test_what_the_user_sets_holds_in_every_phase_of_a_preset():
    plan = PretrainSettings(preset="mini", steps=100, learning_rate=7e-4, mask_share=0.2, shown_share=0.1).plan
    assert [(one.learning_rate, one.mask_share, one.shown_share) for one in plan.stages] == [(7e-4, 0.2, 0.1)] * 2
    usual = PretrainSettings(preset="mini", steps=100).plan
    assert [(one.learning_rate, one.mask_share, one.shown_share) for one in usual.stages] == [
        (2e-3, 0.3, 0.0),
        (1e-3, 0.15, 0.0),
    ]
    own = PretrainSettings(preset="mini", steps=100, learning_rate=7e-4, phase=(Phase(learning_rate=1e-4),)).plan
    assert [one.learning_rate for one in own.stages] == [1e-4]


def test_more_phases_than_steps_are_refused():
    with pytest.raises(ValueError, match="3 phases want as many steps"):
        phased(steps=2)


def test_without_phases_the_plan_is_as_before():
    plan = PretrainSettings(preset="small", steps=100).plan
    assert [(one.begin, one.steps, one.length, one.curve) for one in plan.stages] == [
        (0, 95, 128, (0, 100)),
        (95, 5, 512, (0, 100)),
    ]
    assert plan.learning_rate_at(97) == pytest.approx(5e-4 * 0.03)
    assert "phases" not in plan.recorded
