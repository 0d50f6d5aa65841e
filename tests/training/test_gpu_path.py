"""The GPU's operations where there is none: on meta tensors, which refuse to be waited for, and with real numbers."""

import functools
import itertools
import shutil

import pytest
import torch

from training.electra import device
from training.electra.draws import Purpose, row_keys, seed_table
from training.electra.masking import SpecialIds, choose_masked
from training.electra.model import Electra
from training.electra.phases import Phase
from training.electra.presets import PRESETS
from training.runs.distributed import Place
from training.runs.pretrain_settings import PretrainSettings
from training.runs.stepper import SEED_STRIDE, Stepper

SPECIAL = SpecialIds(pad=0, cls=2, sep=3, mask=4)
ROWS = torch.arange(6)
OBJECTIVES = (
    Phase(objective="mlm", mask_share=0.3, shown_share=0.0, vector_rate=0.1),
    Phase(objective="rtd", temperature=1.3, sampling="inverse", discriminator_rate=0.5),
    Phase(objective="both", temperature=0.7, discriminator_weight=25.0, vector_rate=0.0),
)
"""Where the generator is smaller than the encoder, a phase of mlm gives the encoder a head of its own."""
SWITCHES = list(
    itertools.product(("without_replacement", "original"), ("gumbel", "inverse"), (False, True), (0.0, 0.1))
)


def ids(length: int = 64) -> torch.Tensor:
    ids_BL = torch.randint(5, 90, (6, length), generator=torch.Generator().manual_seed(2))
    ids_BL[:, 0], ids_BL[:, -1], ids_BL[:, length // 2], ids_BL[4, 20:] = 2, 3, 3, 0
    return ids_BL


def stepper(on: str = "cpu", *, preset: str = "tiny", vocabulary: int = 90, compiled: bool = False, **given: object):
    settings = PretrainSettings(**{"preset": preset, "steps": 40, "batch": 6, "length": 64, "warmup": 1, **given})
    plan, place = settings.plan, Place(0, 1, torch.device(on))
    with place.device:
        model = Electra(plan.shape(vocabulary), plan.dropout)
    if on != "meta":
        model.initialise(1)
    return Stepper(plan, model, SPECIAL, place, compiled=compiled, micro_batch=settings.micro_rows)


def go_through(one: Stepper, ids_BL: torch.Tensor, rows_B: torch.Tensor, steps: int = 1) -> Stepper:
    """Some steps of each phase."""
    for stage in one.plan.stages:
        if stage != one.stage:
            one.enter(stage)
        for _ in range(steps):
            one.run(ids_BL, rows_B)
    return one


@pytest.fixture(autouse=True)
def one_thread():
    """On a busy machine threads that wait for one another would take twenty times the CPU time of such small steps."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def as_on_a_gpu(monkeypatch):
    """No device is the host: tensors of the CPU take the GPU's operations."""
    monkeypatch.setattr(device, "HOST", ())


def steps_of_meta(length: int, **given: object) -> None:
    one = stepper("meta", length=length, **given)
    one.run(torch.ones(6, length, dtype=torch.int64, device="meta"), torch.arange(6, device="meta"))
    assert one.sums.is_meta


@pytest.mark.slow
@pytest.mark.parametrize("preset", PRESETS)
def test_a_step_of_each_preset_never_waits_for_the_device(preset):
    for length in (128, 512):
        steps_of_meta(length, preset=preset, vocabulary=31_002, dropout=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("preset", PRESETS)
def test_a_step_of_each_objective_never_waits_for_the_device(preset):
    given = {"preset": preset, "vocabulary": 31_002, "dropout": 0.1}
    one = stepper("meta", phase=OBJECTIVES, micro_batch=4, **given)
    shape = one.model.shape
    assert shape.encoder_head is (shape.generator != shape.discriminator)
    ids_BL, rows_B = torch.ones(6, 128, dtype=torch.int64, device="meta"), torch.arange(6, device="meta")
    assert go_through(one, ids_BL, rows_B).sums.is_meta
    if PRESETS[preset].phases:
        assert go_through(stepper("meta", **given), ids_BL, rows_B).sums.is_meta


@pytest.mark.slow
@pytest.mark.parametrize(("masking", "sampling", "pairs", "dropout"), SWITCHES)
@pytest.mark.parametrize("gdes", [False, True])
def test_a_step_with_each_switch_never_waits_for_the_device(masking, sampling, pairs, dropout, gdes):
    steps_of_meta(64, masking=masking, sampling=sampling, pairs=pairs, dropout=dropout, gdes=gdes)


def test_meta_tensors_refuse_to_be_waited_for():
    with pytest.raises(RuntimeError, match="meta"):
        bool(torch.ones((), device="meta") > 0)


@pytest.mark.slow
@pytest.mark.parametrize(("masking", "sampling", "pairs", "dropout"), SWITCHES)
def test_the_gpus_operations_give_the_same_numbers(masking, sampling, pairs, dropout, monkeypatch):
    made = []
    for host in (("cpu",), ()):
        monkeypatch.setattr(device, "HOST", host)
        one = stepper(masking=masking, sampling=sampling, pairs=pairs, dropout=dropout)
        for _ in range(3):
            one.run(ids(), ROWS)
        made.append(one)
    here, there = made
    assert here.figures() == pytest.approx(there.figures(), rel=1e-5)
    for count in ("hidden_count", "tokens", "replaced"):
        assert here.figures()[count] == there.figures()[count]
    assert torch.allclose(here.flat.values, there.flat.values, atol=1e-5)


@pytest.mark.slow
def test_the_gpus_operations_give_the_same_numbers_in_each_objective(monkeypatch):
    figures, values = [], []
    for host in (("cpu",), ()):
        monkeypatch.setattr(device, "HOST", host)
        one = stepper(phase=OBJECTIVES, masking="original", micro_batch=4, dropout=0.1)
        assert one.model.shape.encoder_head
        figures.append(go_through(one, ids(), ROWS, steps=2).figures())
        values.append(one.flat.values)
    assert figures[0] == pytest.approx(figures[1], rel=1e-5)
    assert torch.allclose(*values, atol=1e-5)


@pytest.mark.parametrize("masking", ["without_replacement", "original"])
def test_the_same_tokens_are_masked(masking, monkeypatch):
    made = []
    for host in (("cpu",), ()):
        monkeypatch.setattr(device, "HOST", host)
        made.append(choose_masked(ids(), SPECIAL, 7, 3, ROWS, masking))
    here, there = made
    assert torch.equal(here.shown_BL, there.shown_BL)
    assert torch.equal(here.positions_BK, there.positions_BK)
    assert torch.equal(here.weights_BK, there.weights_BK)
    assert (here.shown_BL == SPECIAL.mask).any()


def test_rows_picked_by_a_product_have_the_gradient_of_gather(as_on_a_gpu):
    hidden_BLH = torch.randn(3, 16, 8, requires_grad=True)
    positions_BK = torch.tensor([[1, 1, 1, 7], [0, 2, 2, 15], [5, 6, 7, 8]])
    index_BKH = positions_BK[..., None].expand(-1, -1, 8)
    weights_BKH = torch.randn(3, 4, 8)
    picked_BKH = device.pick_rows(hidden_BLH, positions_BK)
    assert torch.equal(picked_BKH, hidden_BLH.gather(1, index_BKH))
    (gradient,) = torch.autograd.grad((picked_BKH * weights_BKH).sum(), hidden_BLH)
    (due,) = torch.autograd.grad((hidden_BLH.gather(1, index_BKH) * weights_BKH).sum(), hidden_BLH)
    assert torch.allclose(gradient, due, atol=1e-6)


def test_a_table_looked_up_has_the_gradient_of_an_embedding(as_on_a_gpu):
    ids_BL, table_VE = ids() % 30, torch.randn(30, 8, requires_grad=True)
    weights_BLE = torch.randn(*ids_BL.shape, 8)
    (gradient,) = torch.autograd.grad((device.look_up(ids_BL, table_VE) * weights_BLE).sum(), table_VE)
    (due,) = torch.autograd.grad((torch.nn.functional.embedding(ids_BL, table_VE) * weights_BLE).sum(), table_VE)
    assert torch.equal(gradient, due)


def test_a_seed_on_the_device_draws_as_the_number_does():
    table = seed_table(5 + SEED_STRIDE)
    for purpose in Purpose:
        due_B = row_keys(5 + SEED_STRIDE, purpose, 3, ROWS)
        assert torch.equal(row_keys(table, purpose, torch.tensor(3), ROWS), due_B)


@pytest.mark.slow
def test_a_detour_changes_the_draws_and_compiles_nothing(monkeypatch):
    compiled = []
    monkeypatch.setattr(torch, "compile", lambda f, **_: compiled.append(f.__name__) or f)
    one = stepper(compiled=True)
    found = []
    for detours in (0, 1, 0):
        one.restore(1, detours, *one.state())
        one.clear_figures()
        one.adam.step = lambda _: torch.ones(())  # the weights stay, so that only the draws tell the steps apart
        one.run(ids(), ROWS)
        found.append(one.figures()["hidden_nats"])
    assert found[0] == found[2] != found[1]
    assert len(compiled) == 3


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own, when Inductor is imported
def test_the_gpus_operations_compile_without_a_break(as_on_a_gpu):
    if shutil.which("g++") is None:
        pytest.skip("no C++ compiler")
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()  # which a reset leaves as they are
    plain, one = (stepper(compiled=compiled, masking="original", dropout=0.1) for compiled in (False, True))
    for detours in (0, 1, 2, 3):
        for each in (plain, one):
            each.restore(1, detours, *each.state())
            each.run(ids(), ROWS)
    assert one.figures() == pytest.approx(plain.figures(), rel=1e-4)
    assert not torch._dynamo.utils.counters["graph_break"]
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 3


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own, when it traces a function with a gradient
@pytest.mark.parametrize(("objective", "graphs"), [("mlm", 2), ("rtd", 3)])
def test_the_gpus_operations_of_a_phase_compile_without_a_break(objective, graphs, as_on_a_gpu, monkeypatch):
    # traced and differentiated as for Inductor, whose compiler of C++ would take half a minute of CPU more
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend="aot_eager"))
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()  # which a reset leaves as they are
    phase = next(phase for phase in OBJECTIVES if phase.objective == objective)
    plain, one = (stepper(compiled=compiled, phase=(phase,), dropout=0.1) for compiled in (False, True))
    for each in (plain, one):
        go_through(each, ids(), ROWS, steps=3)
    assert one.figures() == pytest.approx(plain.figures(), rel=1e-4)
    assert not torch._dynamo.utils.counters["graph_break"]
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == graphs
