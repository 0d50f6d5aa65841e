"""The benches of the training step compare like with like: the joint step beside transformers', phases apart."""

import argparse
import importlib.util
import sys
from pathlib import Path

import pytest

from training.electra.presets import PRESETS

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture
def bench(monkeypatch):
    """Loads a script of bench/ as a module."""
    monkeypatch.syspath_prepend(str(BENCH))

    def load(name: str):
        spec = importlib.util.spec_from_file_location(f"bench_{name}", BENCH / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    yield load
    sys.modules.pop("harness", None)


@pytest.mark.slow
@pytest.mark.parametrize("small", [True, False])
def test_the_gpu_bench_times_the_joint_step_of_every_size_and_the_phases_apart(bench, small, monkeypatch):
    gpu = bench("gpu")
    monkeypatch.setattr(gpu.torch, "set_num_threads", lambda _: None)
    one = gpu.Bench(argparse.Namespace(device="cpu", small=small, rounds=1, minutes=1, tokens=None))
    for size in one.sizes:
        (stage,) = one.plan(size).stages
        assert (stage.objective, stage.vector_rate, stage.mask_share) == ("both", 1.0, 0.15)
    assert one.phased[0] == "mini"
    assert gpu.other_plan(one)[0].stages[0].objective == "both"
    timed = []
    monkeypatch.setattr(gpu, "time_ours", lambda bench, size, **changes: timed.append(bench.plan(size, **changes)))
    for arm in gpu.PHASE_ARMS:
        gpu.ARMS[arm](one, one.phased)
    found = [(plan.stages[0].objective, plan.stages[0].mask_share) for plan in timed]
    assert found == [("mlm", 0.3), ("rtd", 0.15)]
    planned = gpu.order_of_arms(one)
    assert len(planned) == len(set(planned)) == len(one.sizes) * (len(gpu.ARMS) - 2) + 2


@pytest.mark.parametrize("preset", PRESETS)
def test_the_cpu_bench_names_each_objective_that_it_times(bench, preset):
    step = bench("training_step")
    plans = step.plans_of(argparse.Namespace(preset=preset, batch=4))
    assert {name: plan.stages[0].objective for name, plan in plans.items()} == {
        "joint": "both",
        **({"mlm": "mlm", "rtd": "rtd"} if preset == "mini" else {}),
    }
    assert all(len(plan.stages) == 1 for plan in plans.values())
