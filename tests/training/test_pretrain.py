import contextlib
import os
import re
import signal
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from training_room import files_end_at, packed, quick

from data.errors import InputError, StageError, StoreError
from data.manifest import Manifest
from data.store import Store
from training.electra.phases import Phase
from training.electra.presets import PRESETS
from training.runs import checkpoint
from training.runs.distributed import Place
from training.runs.loader import Batches, epoch_order, row_numbers
from training.runs.loop import SKIPS_TO_ROLL_BACK, Loop
from training.runs.metrics import read_metrics
from training.runs.pretrain import pretrain
from training.runs.pretrain_settings import Plan, PretrainSettings
from training.runs.run import Trained, open_tokens
from training.runs.watch import SETTLING, SHORTEST, Watch, settled_step

TIMED = {"tokens_per_second", "tflops"}


@pytest.fixture(scope="module")
def room(tmp_path_factory) -> tuple[Store, Path]:
    """A store with packed tokens."""
    store = Store.open(tmp_path_factory.mktemp("room"))
    return store, packed(store)


def at_step(step: int, number: signal.Signals):
    """A progress that sends this process a signal when a step is done."""

    def progress(stage: str, done: int, total: int | None, counts: Mapping[str, float | str]) -> None:
        if done == step:
            os.kill(os.getpid(), number)

    return progress


def signalled_after(step: int, one_step):
    """A step that sends this process SIGTERM while the given one runs, between two lines of metrics."""

    def run(loop: Loop) -> None:
        one_step(loop)
        if loop.step == step:
            os.kill(os.getpid(), signal.SIGTERM)

    return run


def untimed(run: Path) -> list[dict[str, float]]:
    return [{name: value for name, value in line.items() if name not in TIMED} for line in read_metrics(run)]


@pytest.mark.slow
def test_13_and_17_steps_are_30(room, monkeypatch):
    store, tokens = room
    settings = quick(long_share=0.1, log_every=4)
    shown: list[Mapping[str, float | str]] = []
    whole = pretrain(
        store,
        settings,
        tokens=tokens,
        name="whole",
        progress=lambda _stage, _done, _total, counts: shown.append(counts),
    )
    assert {one["length"] for one in shown} == {32, 512}
    assert whole.length == 512
    monkeypatch.setattr(Loop, "_one_step", signalled_after(13, Loop._one_step))
    with pytest.raises(StageError, match="stopped at step 13 of 30 and saved"):
        pretrain(store, settings, tokens=tokens, name="halves")
    monkeypatch.undo()
    halves = pretrain(store, settings, tokens=tokens, name="halves")
    assert halves.resumed_at == 13
    folders = [checkpoint.checkpoint_folder(summary.path, 30) for summary in (whole, halves)]
    assert checkpoint.file_digests(folders[0]) == checkpoint.file_digests(folders[1])
    assert untimed(whole.path) == untimed(halves.path)
    assert [line["length"] for line in read_metrics(whole.path)][-4:] == [32, 32, 512, 512]


@pytest.mark.slow
def test_a_finished_run_is_found_again(room):
    store, tokens = room
    first = pretrain(store, quick(seed=8), tokens=tokens)
    again = pretrain(store, quick(seed=8), tokens=tokens)
    assert (first.reused, again.reused) == (False, True)
    assert first.path == again.path
    assert again.loss == first.loss
    assert pretrain(store, quick(seed=9), tokens=tokens).path != first.path


def test_the_loss_falls(room):
    store, tokens = room
    settings = quick(steps=60, learning_rate=5e-3, warmup=5, batch=8)
    lines = read_metrics(pretrain(store, settings, tokens=tokens).path)
    assert np.mean([line["mlm_loss"] for line in lines[-10:]]) < 0.75 * lines[0]["mlm_loss"]


@pytest.mark.slow
def test_sigusr1_saves_and_goes_on(room):
    store, tokens = room
    settings = quick(keep=9, save_every=30)
    run = pretrain(store, settings, tokens=tokens, name="usr1", progress=at_step(7, signal.SIGUSR1)).path
    assert [checkpoint.step_of(folder) for folder in checkpoint.checkpoints(run)] == [7, 30]


@pytest.fixture
def interruptible():
    """Ctrl-C as a terminal has it; a shell's background job ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_saves_and_stops(room, interruptible):
    store, tokens = room
    with pytest.raises(KeyboardInterrupt, match="saved"):
        pretrain(store, quick(), tokens=tokens, name="interrupted", progress=at_step(4, signal.SIGINT))
    assert checkpoint.load_newest(store.runs / "interrupted").step == 4
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.slow
def test_another_setting_or_corpus_is_refused_by_name_unless_forced(room, tmp_path):
    store, tokens = room
    pretrain(store, quick(steps=3), tokens=tokens, name="own")
    with pytest.raises(InputError, match=r"seed: 1 → 2; steps: 3 → 4"):
        pretrain(store, quick(steps=4, seed=2), tokens=tokens, name="own")
    other = packed(store, "otras", seed=4)
    with pytest.raises(InputError, match=r"corpus: .* tokenizer: .* tokens: "):
        pretrain(store, quick(steps=3), tokens=other, name="own")
    assert pretrain(store, quick(steps=4, force=True), tokens=tokens, name="own").resumed_at == 3


@pytest.fixture
def smaller_tiny(monkeypatch):
    """Makes the tiny preset smaller, as a later version of ours might."""

    def change() -> None:
        encoder = PRESETS["tiny"].discriminator.model_copy(update={"hidden": 64, "layers": 1})
        monkeypatch.setitem(PRESETS, "tiny", PRESETS["tiny"].model_copy(update={"discriminator": encoder}))

    return change


def test_a_run_is_read_after_its_preset_changed(room, smaller_tiny):
    store, tokens = room
    run = pretrain(store, quick(steps=3), tokens=tokens, name="older").path
    before = Trained(run).model.state_dict()
    smaller_tiny()
    after = Trained(run).model
    assert after.shape.discriminator.hidden == 128
    assert all(torch.equal(before[name], tensor) for name, tensor in after.state_dict().items())
    for force in (False, True):
        with pytest.raises(InputError, match=r"another shape: discriminator\.hidden: 128 → 64; .*layers: 2 → 1"):
            pretrain(store, quick(steps=5, force=force), tokens=tokens, name="older")
    assert Trained(run).step == 3


def test_a_run_without_a_recorded_shape_has_its_presets_or_is_refused_by_name(room, smaller_tiny):
    store, tokens = room
    run = pretrain(store, quick(steps=3), tokens=tokens, name="oldest").path
    manifest = Manifest.read(run)
    figures = {name: value for name, value in manifest.figures.items() if name != "shape"}
    manifest.model_copy(update={"figures": figures}).write(run)
    assert Trained(run).model.shape.discriminator.layers == 2
    smaller_tiny()
    with pytest.raises(
        InputError, match=r"step-000000003: does not fit the model: .* and \d+ more\. The run's manifest"
    ):
        Trained(run)


def test_a_checkpoint_of_another_model_is_refused_by_name(room):
    store, tokens = room
    run = pretrain(store, quick(steps=3), tokens=tokens, name="swapped").path
    saved = checkpoint.load_newest(run)
    del saved.model["generator_head.bias"]
    checkpoint.save(run, saved)
    with pytest.raises(InputError, match=r"does not fit the model: generator_head\.bias is missing, not \(\d+,\)"):
        pretrain(store, quick(steps=5, force=True), tokens=tokens, name="swapped")
    with pytest.raises(InputError, match=r"generator_head\.bias is missing"):
        Trained(run)


def test_no_gpu_where_one_was_asked_for(room):
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    store, tokens = room
    with pytest.raises(InputError, match="no GPU"):
        pretrain(store, quick(device="cuda"), tokens=tokens, name="gpu")
    assert not (store.runs / "gpu").exists()


@pytest.mark.slow
def test_no_room_for_metrics_is_a_clear_error_and_loses_nothing(room):
    store, tokens = room
    settings = quick(steps=12, save_every=4)
    with contextlib.ExitStack() as full:

        def fill(stage: str, done: int, total: int | None, counts: Mapping[str, float | str]) -> None:
            if done == 6:
                full.enter_context(files_end_at(1000))

        with pytest.raises(StoreError, match=r"metrics\.jsonl"):
            pretrain(store, settings, tokens=tokens, name="full", progress=fill)
    assert checkpoint.load_newest(store.runs / "full").step == 4
    assert pretrain(store, settings, tokens=tokens, name="full").resumed_at == 4


def test_missing_tokens(room, tmp_path):
    with pytest.raises(InputError, match="cowese pack"):
        pretrain(room[0], quick(), tokens=tmp_path)


@pytest.mark.slow
def test_a_damaged_checkpoint_costs_the_steps_since_the_one_before(room, caplog):
    store, tokens = room
    settings = quick(steps=12, save_every=4, keep=3)
    run = pretrain(store, settings, tokens=tokens, name="damaged").path
    digests = checkpoint.file_digests(checkpoint.checkpoint_folder(run, 12))
    for step in (8, 12):
        path = checkpoint.checkpoint_folder(run, step) / checkpoint.MODEL_NAME
        path.write_bytes(path.read_bytes()[:1000])
    again = pretrain(store, settings, tokens=tokens, name="damaged")
    assert again.resumed_at == 4
    assert checkpoint.file_digests(checkpoint.checkpoint_folder(run, 12)) == digests
    assert "step-000000012" in caplog.text


def test_a_rate_that_blows_up_is_a_clear_error(room):
    store, tokens = room
    with pytest.raises(StageError, match=r"not finite .* Lower pretrain\.learning_rate"):
        pretrain(store, quick(learning_rate=1e30, warmup=1), tokens=tokens, name="blown")


@pytest.mark.slow
def test_after_skips_in_a_row_it_goes_back_and_on_with_other_masks(room, caplog):
    store, tokens = room
    settings = quick(steps=24, save_every=6)
    stream = open_tokens(tokens, "train")
    told = []
    loop = Loop(
        store.runs / "poisoned",
        settings,
        stream,
        Place(0, 1, torch.device("cpu")),
        lambda *told: poison(told[1]),
    )

    def poison(done: int) -> None:
        told.append(done)
        if done == 8 and loop.stepper.detours == 0:
            loop.stepper.flat.values[0] = float("nan")

    loop.train()
    assert told[:8] == list(range(1, 9))
    assert told[8 : 8 + SKIPS_TO_ROLL_BACK] == list(range(9, 9 + SKIPS_TO_ROLL_BACK))
    assert told[8 + SKIPS_TO_ROLL_BACK :] == list(range(7, 25))
    assert loop.stepper.detours == 1
    assert "back to step 6" in caplog.text
    assert checkpoint.load_newest(store.runs / "poisoned").state["detours"] == 1
    assert [line["step"] for line in read_metrics(store.runs / "poisoned")] == list(range(1, 25))


def test_an_epoch_reads_every_row_once_in_an_order_of_its_own():
    assert sorted(epoch_order(1_000, 1, 0)) == list(range(1_000))
    assert not np.array_equal(epoch_order(1_000, 1, 0), epoch_order(1_000, 1, 1))
    plan = quick(batch=7, steps=100).plan
    read = np.concatenate([row_numbers(plan, 50, step, np.arange(7)) for step in range(100)])
    assert all(sorted(read[at : at + 50]) == list(range(50)) for at in range(0, 700, 50))


def test_processes_share_a_batch_without_overlap(room):
    stream = open_tokens(room[1], "train")
    plan = quick(batch=10).plan
    rows = {32: stream.rows(32)}
    whole = Batches(plan, rows).ids(3)
    parts = [Batches(plan, rows, rank, 3).ids(3) for rank in range(3)]
    assert np.array_equal(np.concatenate(parts), whole)


def test_settings_are_checked_at_birth():
    assert PretrainSettings(preset="small").plan.batch == 128
    assert PretrainSettings(preset="small").plan.long_batch == 32
    with pytest.raises(ValueError, match=r"warmup .* must be below steps"):
        PretrainSettings(preset="tiny", steps=10, warmup=10)
    with pytest.raises(ValueError, match="preset"):
        PretrainSettings(preset="huge")


def test_dropout_is_the_presets_and_plans_without_it_had_the_originals():
    assert {preset: PretrainSettings(preset=preset).plan.dropout for preset in PRESETS} == {
        "tiny": 0.0, "mini": 0.0, "small": 0.1, "small++": 0.1, "base": 0.1,
    }  # fmt: skip
    assert PretrainSettings(preset="tiny", dropout=0.1).plan.dropout == 0.1
    recorded = PretrainSettings(preset="tiny", discriminator_rate=0.25).plan.recorded
    assert (recorded.pop("dropout"), recorded.pop("discriminator_rate")) == (0.0, 0.25)
    before = Plan.model_validate(recorded)
    assert (before.dropout, before.discriminator_rate) == (0.1, 1.0)
    assert not {"dropout", "discriminator_rate"} & PretrainSettings(preset="small").plan.recorded.keys()


def test_without_dropout_it_is_another_run(room):
    store, tokens = room
    dropped = pretrain(store, quick(steps=4), tokens=tokens)
    kept = pretrain(store, quick(steps=4, dropout=0.0), tokens=tokens)
    assert kept.path != dropped.path
    assert kept.loss != dropped.loss
    with pytest.raises(InputError, match=r"dropout: None → 0\.0"):
        pretrain(store, quick(steps=4, dropout=0.0), tokens=tokens, name=dropped.path.name)


STAGE = PretrainSettings(preset="small", steps=100_000).plan.stages[0]
SOUND = {"hidden_loss": 4.0, "disc_gain": 0.02, "replaced_rate": 0.09}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"hidden_loss": 5.3}, r"5\.30 nats at hidden tokens, no fewer than counts of pairs \(5\.22\)"),
        ({"disc_gain": 1e-5}, "says the same of every token. Lower pretrain.discriminator_rate"),
        ({"disc_gain": -0.001}, "says the same of every token"),
        ({"replaced_rate": 0.01}, "1.0% of the tokens are replaced, less than 2%"),
    ],
)
def test_what_learns_nothing_is_told_once_and_again_after_it_was_sound(caplog, wrong, words):
    watch, settled = Watch(5.22), STAGE.warmup + SETTLING
    watch(settled - 1, STAGE, SOUND | wrong)
    watch(settled, STAGE, SOUND)
    assert not caplog.text
    for step in (1, 2):
        watch(settled + step, STAGE, SOUND | wrong)
    assert len(re.findall(words, caplog.text)) == 1
    watch(settled + 3, STAGE, SOUND)
    watch(settled + 4, STAGE, SOUND | wrong)
    assert len(re.findall(words, caplog.text)) == 2


@pytest.mark.parametrize(("steps", "first"), [(10_000, 1_100), (2_000, 1_100), (1_000, 600), (SHORTEST, 350)])
def test_a_short_phase_settles_sooner(caplog, steps, first):
    stage = STAGE.model_copy(update={"begin": 7_000, "steps": steps, "warmup": 100})
    assert settled_step(stage) - stage.begin == first
    watch = Watch(None)
    watch(7_000 + first - 1, stage, SOUND | {"disc_gain": 0.0})
    assert not caplog.text
    watch(7_000 + first, stage, SOUND | {"disc_gain": 0.0})
    assert "says the same of every token" in caplog.text


def test_a_phase_that_is_too_short_to_learn_is_not_blamed(caplog):
    stage = STAGE.model_copy(update={"steps": SHORTEST - 1, "warmup": 0})
    Watch(None)(stage.end, stage, SOUND | {"disc_gain": 0.0})
    assert not caplog.text


@pytest.mark.slow
def test_a_run_whose_discriminator_is_frozen_warns_of_it_once_in_its_log(room, caplog):
    store, tokens = room
    phase = Phase(objective="rtd", discriminator_rate=0.0)
    settings = quick(
        steps=SHORTEST, batch=2, length=16, warmup=1, dropout=0.0, log_every=50, save_every=SHORTEST, phase=(phase,)
    )
    pretrain(store, settings, tokens=tokens, name="constant")
    assert re.findall(r"step (\d+): the discriminator gains", caplog.text) == ["300"]


def test_a_frozen_generator_is_not_blamed_and_without_counts_there_is_no_bar(caplog):
    frozen = STAGE.model_copy(update={"objective": "rtd"})
    Watch(5.22)(90_000, frozen, SOUND | {"hidden_loss": 9.0})
    Watch(None)(90_000, STAGE, SOUND | {"hidden_loss": 9.0})
    assert not caplog.text


@pytest.mark.slow
def test_positions_settle_when_the_rates_of_their_steps_sum_to_the_spread_of_fresh_weights():
    small, mini = PretrainSettings(preset="small").plan, PretrainSettings(preset="mini").plan
    assert small.settled_length(small.steps) == 512
    assert small.settled_length(small.steps - small.long_steps) == 128
    assert mini.settled_length(mini.steps) == 128
    tiny = PretrainSettings(preset="tiny", steps=8_000, phase=[])
    assert tiny.plan.settled_length(8_000) == 128
    assert tiny.model_copy(update={"long_share": 0.5}).plan.settled_length(8_000) == 512
    assert PretrainSettings(preset="mini", phase=[]).plan.settled_length(8_000) == 512  # sinusoids need no time
    assert PretrainSettings(preset="base").plan.settled_length(10) == 512
