"""The step in its parts: gradients of two losses, a bfloat16 working copy, draws as a compiler makes them."""

import shutil

import pytest
import torch
from training_room import quick

from training.electra.draws import bits, cut_by_shifts, gumbel, keep, row_keys, words
from training.electra.masking import SpecialIds
from training.electra.model import Electra
from training.electra.objective import electra_loss
from training.electra.optimizer import FlatParameters
from training.runs.distributed import Place
from training.runs.stepper import Stepper

SPECIAL = SpecialIds(pad=0, cls=2, sep=3, mask=4)
ROWS = torch.arange(6)


def ids(vocabulary: int = 90) -> torch.Tensor:
    ids_BL = torch.randint(5, vocabulary, (6, 32), generator=torch.Generator().manual_seed(2))
    ids_BL[:, 0], ids_BL[:, -1], ids_BL[4, 20:] = 2, 3, 0
    return ids_BL


def stepper(*, low_precision: bool = False, compiled: bool = False, **changes: object) -> Stepper:
    plan = quick(**{"batch": 6, "warmup": 1, **changes}).plan
    model = Electra(plan.shape(90)).initialise(1)
    place = Place(0, 1, torch.device("cpu"))
    return Stepper(plan, model, SPECIAL, place, compiled=compiled, low_precision=low_precision)


@pytest.mark.parametrize("gdes", [False, True])
def test_the_gradients_of_both_losses_are_those_of_the_joint_one(gdes, monkeypatch):
    one = stepper(gdes=gdes)
    found: dict[str, torch.Tensor] = {}
    monkeypatch.setattr(
        one.adam, "step", lambda _: found.update(one.flat.named(one.flat.gradients.clone())) or torch.ones(())
    )
    one.run(ids(), ROWS)
    model = Electra(one.plan.shape(90)).initialise(1)
    electra_loss(model, ids(), SPECIAL, seed=one.plan.seed, step=0, rows_B=ROWS).loss.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert torch.allclose(found[name], parameter.grad, atol=1e-6), name


def test_the_working_copy_computes_what_autocast_does():
    made = []
    for working in (None, torch.bfloat16):
        model = Electra(quick().plan.shape(90)).initialise(1)
        flat = FlatParameters(model, working)
        with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
            outcome = electra_loss(model, ids(), SPECIAL, seed=1, step=0, rows_B=ROWS)
        gradients = torch.autograd.grad(outcome.loss, list(flat.parameters.values()))
        made.append((outcome.loss, dict(zip(flat.parameters, gradients, strict=True))))
    (plain, plain_gradients), (copied, gradients) = made
    assert plain == copied
    for name, gradient in gradients.items():
        assert torch.equal(gradient.float(), plain_gradients[name]), name


def test_master_weights_keep_what_bfloat16_would_lose():
    one = stepper(low_precision=True, learning_rate=1e-5, steps=100)
    before = one.flat.values.clone()
    for _ in range(4):
        one.run(ids(), ROWS)
    moved = (one.flat.values - before).abs()
    assert 0 < moved.max() < 1e-4
    assert torch.equal(one.flat.working, one.flat.values.bfloat16())
    resumed = stepper(low_precision=True, learning_rate=1e-5, steps=100)
    resumed.restore(4, 0, *one.state())
    for each in (one, resumed):
        each.run(ids(), ROWS)
    assert torch.equal(one.flat.values, resumed.flat.values)


@pytest.mark.parametrize("width", [16, 32])
def test_draws_cut_by_shifts_are_those_of_a_narrower_view(width):
    keys_B = row_keys(1, 2, 3, torch.arange(5))
    assert torch.equal(cut_by_shifts(bits(keys_B, 10), width)[:, :19], words(keys_B, 19, width).long())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own, when Inductor is imported
def test_compiled_draws_have_the_same_bits():
    if shutil.which("g++") is None:
        pytest.skip("no C++ compiler")

    def draw(keys_B: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return bits(keys_B, 300), cut_by_shifts(bits(keys_B, 300), 16), keep(keys_B, 300, 0.1), gumbel(keys_B, 300)

    keys_B = row_keys(1, 2, 3, torch.arange(5))
    plain, compiled = draw(keys_B), torch.compile(draw, dynamic=False)(keys_B)
    assert all(torch.equal(a, b) for a, b in zip(plain[:3], compiled[:3], strict=True))
    assert torch.allclose(plain[3], compiled[3], atol=1e-4)
