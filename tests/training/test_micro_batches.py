"""Rows through the model some at a time, with the losses of all at once; the time that a run still takes."""

import pytest
import torch
from training_room import packed, quick

from data.store import Store
from training.electra.masking import SpecialIds
from training.electra.model import Electra
from training.runs import checkpoint
from training.runs.distributed import Place
from training.runs.metrics import read_metrics
from training.runs.pretrain import pretrain
from training.runs.stepper import Stepper
from training.runs.time_left import TimeLeft, duration, work_of_step
from training.settings import PretrainSettings

SPECIAL = SpecialIds(pad=0, cls=2, sep=3, mask=4)


def ids() -> torch.Tensor:
    """Six rows of unlike lengths, so that shares of the parts differ."""
    ids_BL = torch.randint(5, 90, (6, 32), generator=torch.Generator().manual_seed(2))
    ids_BL[:, 0], ids_BL[:, -1], ids_BL[:, 12] = 2, 3, 3
    ids_BL[4, 20:], ids_BL[5, 6:] = 0, 0
    return ids_BL


def stepper(micro_batch: int | None, **changes: object) -> Stepper:
    plan = quick(**{"batch": 6, "warmup": 1, "learning_rate": 1e-3, **changes}).plan
    model = Electra(plan.shape(90), plan.dropout).initialise(1)
    place = Place(0, 1, torch.device("cpu"))
    return Stepper(plan, model, SPECIAL, place, compiled=False, micro_batch=micro_batch)


@pytest.mark.slow
@pytest.mark.parametrize("rows", [1, 4, 6, 9])
@pytest.mark.parametrize(
    "changes",
    [{}, {"gdes": True}, {"masking": "original"}, {"pairs": True, "dropout": 0.0}, {"sampling": "inverse"}],
)
def test_micro_batches_have_the_losses_and_updates_of_the_whole(rows, changes):
    whole, parts = stepper(None, **changes), stepper(rows, **changes)
    for one in (whole, parts):
        for _ in range(3):
            one.run(ids(), torch.arange(6))
    found = parts.figures()
    assert found == pytest.approx(whole.figures(), rel=1e-4)
    for count in ("tokens", "hidden_count", "shown_count", "replaced"):
        assert found[count] == whole.figures()[count]
    assert torch.allclose(parts.flat.values, whole.flat.values, atol=5e-5)


@pytest.mark.parametrize("objective", ["mlm", "rtd"])
def test_micro_batches_of_each_objective(objective):
    phases = [{"objective": objective, "share": 1.0}]
    made = []
    for rows in (None, 2):
        one = stepper(rows, phase=phases)
        assert one.stage.objective == objective
        for _ in range(3):
            one.run(ids(), torch.arange(6))
        made.append(one)
    assert made[1].figures() == pytest.approx(made[0].figures(), rel=1e-4)
    assert torch.allclose(made[0].flat.values, made[1].flat.values, atol=5e-5)


@pytest.mark.slow
def test_a_run_with_micro_batches_is_the_run_without(tmp_path):
    store = Store.open(tmp_path / "store")
    tokens = packed(store)
    runs = [pretrain(store, quick(micro_batch=rows), tokens=tokens, name=f"by-{rows}").path for rows in (None, 3)]
    whole, parts = (read_metrics(run)[-1]["loss"] for run in runs)
    assert parts == pytest.approx(whole, rel=1e-3)
    assert checkpoint.load_newest(runs[1]).step == 30


def test_base_does_not_go_through_the_model_at_once():
    assert PretrainSettings(preset="base").micro_rows == 64
    assert PretrainSettings(preset="base", micro_batch=16).micro_rows == 16
    assert PretrainSettings(preset="small").micro_rows is None


def test_the_time_left_is_that_of_the_work_left():
    plan = PretrainSettings(preset="tiny", steps=100, long_share=0.5).plan
    shape = plan.shape(1_000)
    short, long = (work_of_step(stage, shape) for stage in plan.stages)
    assert long > 1.1 * short  # as many tokens a step; attention reads more of them
    now = 0.0
    left = TimeLeft(plan.stages, shape, clock=lambda: now)
    assert left.read(0) is None
    now = 10.0
    assert left.read(25) == pytest.approx(10 + 20 * long / short)
    now = 20.0
    assert left.read(50) == pytest.approx(20 * long / short)
    now = 30.0
    assert left.read(10) is None  # rolled back: the speed is measured anew
    now = 34.0
    assert left.read(20) == pytest.approx(12 + 20 * long / short)
    now = 99.0
    assert left.read(100) == 0.0


@pytest.mark.parametrize(
    ("seconds", "says"), [(4.4, "4 s"), (65, "1 min 5 s"), (3_600, "1 h 0 min"), (100_000, "27 h 46 min")]
)
def test_a_duration_is_said_in_the_units_of_a_person(seconds, says):
    assert duration(seconds) == says


@pytest.mark.slow
def test_the_display_tells_the_time_left(tmp_path):
    store = Store.open(tmp_path / "store")
    told = []
    pretrain(store, quick(), tokens=packed(store), progress=lambda _, __, ___, counts: told.append(dict(counts)))
    ours = [counts for counts in told if "hidden_loss" in counts]
    assert "left" not in ours[0]
    assert ours[-1]["left"] == "0 s"
    assert all("left" in counts for counts in ours[1:])
