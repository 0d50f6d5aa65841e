import pytest
import torch

from training.electra.model import Electra
from training.electra.optimizer import Adam, AdamSettings, FlatParameters, decays, learning_rate
from training.electra.presets import model_shape
from training.runs.pretrain_settings import PretrainSettings


def model_and_gradients(steps: int) -> tuple[Electra, list[dict[str, torch.Tensor]]]:
    model = Electra(model_shape("tiny", 120)).initialise(1)
    torch.manual_seed(4)
    return model, [{name: torch.randn_like(p) * 0.01 for name, p in model.named_parameters()} for _ in range(steps)]


def run(settings: AdamSettings, rates: list[float]) -> tuple[Electra, list[float]]:
    model, gradients = model_and_gradients(len(rates))
    adam = Adam(FlatParameters(model), settings)
    norms = []
    for rate, drawn in zip(rates, gradients, strict=True):
        for name, gradient in adam.flat.named(adam.flat.gradients).items():
            gradient.copy_(drawn[name])
        norms.append(adam.step(torch.tensor(rate)).item())
    return model, norms


def test_a_step_is_the_originals_written_out():
    rates = [1e-3, 5e-4, 2e-3]
    ours, norms = run(AdamSettings(), rates)
    model, gradients = model_and_gradients(3)
    values = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    mean = {name: torch.zeros_like(value) for name, value in values.items()}
    square = {name: torch.zeros_like(value) for name, value in values.items()}
    for rate, drawn, norm in zip(rates, gradients, norms, strict=True):
        whole = torch.cat([gradient.flatten() for gradient in drawn.values()]).norm()
        assert norm == pytest.approx(whole.item(), rel=1e-5)
        scale = 1 / max(1.0, whole.item())
        for name, value in values.items():
            gradient = drawn[name] * scale
            mean[name] = 0.9 * mean[name] + 0.1 * gradient
            square[name] = 0.999 * square[name] + 0.001 * gradient**2
            update = mean[name] / (square[name].sqrt() + 1e-6)
            if "norm" not in name and not name.endswith("bias"):
                update = update + 0.01 * value
            value.sub_(rate * update)
    for name, parameter in ours.named_parameters():
        assert torch.allclose(parameter, values[name], atol=1e-6), name


def test_with_bias_correction_it_is_torchs_adamw():
    ours, _ = run(AdamSettings(bias_correction=True, clip=1e9, epsilon=1e-6), [1e-3] * 4)
    model, gradients = model_and_gradients(4)
    named = dict(model.named_parameters())
    groups = [
        {"params": [p for n, p in named.items() if decays(n)], "weight_decay": 0.01},
        {"params": [p for n, p in named.items() if not decays(n)], "weight_decay": 0.0},
    ]
    theirs = torch.optim.AdamW(groups, lr=1e-3, eps=1e-6)
    for drawn in gradients:
        for name, parameter in named.items():
            parameter.grad = drawn[name]
        theirs.step()
    assert all(torch.allclose(p, named[name], atol=2e-6) for name, p in ours.named_parameters())


def test_decay_spares_biases_and_norms():
    names = [name for name, _ in Electra(model_shape("tiny", 120)).named_parameters()]
    spared = {name for name in names if not decays(name)}
    assert "generator_head.bias" in spared
    assert "discriminator.layers.0.attention_norm.weight" in spared
    assert "embeddings.word.weight" not in spared


def test_the_discriminator_learns_at_its_share_of_the_rate():
    (start, _), (whole, norms), (part, same) = model_and_gradients(0), *(
        run(AdamSettings(rates=(("discriminator", share),)), [1e-3]) for share in (1.0, 0.125)
    )  # fmt: skip
    assert same == norms
    moved = {
        name: [(dict(model.named_parameters())[name] - before).abs().sum() for model in (whole, part)]
        for name, before in start.named_parameters()
    }
    for name, (at_whole, at_part) in moved.items():
        share = 0.125 if name.startswith("discriminator") else 1.0
        assert at_part.item() == pytest.approx(share * at_whole.item(), rel=1e-3), name


def step_as_on_a_gpu(adam: Adam, rate: torch.Tensor) -> torch.Tensor:
    norm = torch.linalg.vector_norm(adam.flat.gradients)
    with torch.no_grad():
        adam.step_unasked(norm, rate)
    return norm


@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
@pytest.mark.parametrize("step", [Adam.step, step_as_on_a_gpu])
def test_a_gradient_that_is_not_finite_changes_nothing(poison, step):
    adam = Adam(FlatParameters(model_and_gradients(0)[0]), AdamSettings())
    adam.flat.gradients.copy_(torch.full_like(adam.flat.gradients, 0.1))
    step(adam, torch.tensor(1e-3))
    before = [buffer.clone() for buffer in (adam.flat.values, adam.mean, adam.square, adam.updates)]
    assert adam.updates == 1
    adam.flat.gradients.fill_(0.1)[17] = poison
    assert not step(adam, torch.tensor(1e-3)).isfinite()
    after = (adam.flat.values, adam.mean, adam.square, adam.updates)
    assert all(torch.equal(old, new) for old, new in zip(before, after, strict=True))


@pytest.mark.parametrize("bias_correction", [False, True])
def test_the_step_of_a_gpu_is_that_of_a_cpu(bias_correction):
    made = []
    for step in (Adam.step, step_as_on_a_gpu):
        model, gradients = model_and_gradients(3)
        adam = Adam(FlatParameters(model), AdamSettings(bias_correction=bias_correction))
        for drawn in gradients:
            for name, gradient in adam.flat.named(adam.flat.gradients).items():
                gradient.copy_(drawn[name])
            step(adam, torch.tensor(1e-3))
        made.append(adam.flat.values)
    assert torch.allclose(*made, atol=1e-7)


def test_a_working_copy_holds_the_linear_layers_and_follows_the_values():
    model = Electra(model_shape("tiny", 120)).initialise(1)
    flat = FlatParameters(model, torch.bfloat16)
    kinds = {name: parameter.dtype for name, parameter in model.named_parameters()}
    assert kinds["discriminator.layers.0.qkv.weight"] == kinds["generator_head.dense.bias"] == torch.bfloat16
    kept = ("embeddings.word.weight", "generator_head.bias", "discriminator.layers.1.output_norm.weight")
    assert all(kinds[name] == torch.float32 for name in kept)
    assert flat.values.dtype == flat.gradients.dtype == torch.float32
    flat.values.mul_(2)
    flat.refresh()
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter, flat.view(flat.values, name).to(parameter.dtype)), name


def test_decay_and_warm_up_both_begin_at_step_0():
    rates = [learning_rate(torch.tensor(s), peak=1.0, warmup=10, steps=100).item() for s in (0, 5, 10, 50, 100)]
    assert rates == pytest.approx([0.0, 0.95 * 0.5, 0.9, 0.5, 0.0])
    plan = PretrainSettings(preset="tiny", steps=100, warmup=10, learning_rate=1.0).plan
    assert [plan.learning_rate_at(s) for s in (0, 5, 10, 50, 100)] == pytest.approx(rates)


def test_parameters_stay_views_of_one_buffer():
    model = Electra(model_shape("tiny", 120)).initialise(1)
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    flat = FlatParameters(model)
    assert all(torch.equal(parameter, before[name]) for name, parameter in model.named_parameters())
    flat.values.mul_(2)
    assert all(torch.equal(parameter, 2 * before[name]) for name, parameter in model.named_parameters())
