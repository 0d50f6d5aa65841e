import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest
import torch
from training_room import files_end_at

from data.errors import StageError, StoreError
from training.runs import checkpoint
from training.runs.checkpoint import BackgroundWriter, Snapshot


def snapshot(step: int, value: float = 1.0) -> Snapshot:
    tensors = {"a.weight": torch.full((64, 8), value), "a.bias": torch.arange(8.0)}
    return Snapshot(step, tensors, {"mean.a.bias": torch.zeros(8)}, {"detours": 0, "tokens_seen": 5})


def test_what_is_saved_is_read(tmp_path):
    checkpoint.save(tmp_path, snapshot(20, 2.5))
    found = checkpoint.load_newest(tmp_path)
    assert found
    assert (found.step, found.state["tokens_seen"]) == (20, 5)
    assert torch.equal(found.model["a.weight"], torch.full((64, 8), 2.5))
    assert torch.equal(found.optimizer["mean.a.bias"], torch.zeros(8))


@pytest.mark.parametrize("name", [checkpoint.MODEL_NAME, checkpoint.OPTIMIZER_NAME, checkpoint.STATE_NAME])
def test_a_checkpoint_cut_short_is_passed_over(tmp_path, caplog, name):
    checkpoint.save(tmp_path, snapshot(10))
    path = checkpoint.save(tmp_path, snapshot(20)) / name
    path.write_bytes(path.read_bytes()[:-9])
    found = checkpoint.load_newest(tmp_path)
    assert found
    assert found.step == 10
    assert "step-000000020" in caplog.text


def test_a_changed_byte_is_found(tmp_path):
    folder = checkpoint.save(tmp_path, snapshot(10))
    content = bytearray((folder / checkpoint.MODEL_NAME).read_bytes())
    content[-1] ^= 1
    (folder / checkpoint.MODEL_NAME).write_bytes(content)
    with pytest.raises(StoreError, match="cut short or changed"):
        checkpoint.load(folder)
    with pytest.raises(StageError, match="none of step-000000010 is whole"):
        checkpoint.load_newest(tmp_path)


def test_nan_weights_are_refused_by_name(tmp_path):
    folder = checkpoint.save(tmp_path, snapshot(10, float("nan")))
    with pytest.raises(StoreError, match=r"a\.weight holds numbers that are not finite"):
        checkpoint.load(folder)


def test_nan_moments_are_refused_and_the_one_before_is_used(tmp_path, caplog):
    checkpoint.save(tmp_path, snapshot(10))
    broken = Snapshot(20, snapshot(20).model, {"mean.a.bias": torch.full((8,), float("inf"))}, {})
    checkpoint.save(tmp_path, broken)
    found = checkpoint.load_newest(tmp_path)
    assert found
    assert found.step == 10
    assert "mean.a.bias holds numbers that are not finite" in caplog.text


def test_the_newest_and_milestones_stay(tmp_path):
    writer = BackgroundWriter(tmp_path, keep=2, milestone=30)
    for step in range(10, 80, 10):
        writer.submit(snapshot(step))
    writer.wait()
    assert [checkpoint.step_of(folder) for folder in checkpoint.checkpoints(tmp_path)] == [30, 60, 70]


def test_no_room_leaves_the_one_before(tmp_path):
    checkpoint.save(tmp_path, snapshot(10))
    writer = BackgroundWriter(tmp_path, keep=2, milestone=1000)
    with files_end_at(1000):
        writer.submit(snapshot(20))
        with pytest.raises(StoreError, match="step-000000020"):
            writer.wait()
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step-000000010"]
    writer.submit(snapshot(20))
    writer.wait()
    assert checkpoint.load_newest(tmp_path).step == 20


@pytest.mark.slow
def test_kill_9_during_a_save_leaves_the_one_before(tmp_path):
    program = """
        import sys, torch
        from pathlib import Path
        from training.runs import checkpoint
        big = {"w": torch.zeros(6_000_000)}
        step = 0
        while True:
            step += 1
            print(step, flush=True)
            checkpoint.save(Path(sys.argv[1]), checkpoint.Snapshot(step, big, big, {}))
            print("saved", flush=True)
            checkpoint.prune(Path(sys.argv[1]), keep=1, milestone=10**9)
    """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout
    finished = 0
    for line in child.stdout:
        finished += line == "saved\n"
        if finished == 2 and line.strip() == "3":
            break
    folder = tmp_path / "checkpoints"
    while not any(path.name.endswith(".part") for path in folder.iterdir()):
        time.sleep(0.001)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    found = checkpoint.load_newest(tmp_path)
    assert found
    assert found.step >= 2
    checkpoint.prune(tmp_path, keep=1, milestone=10**9)
    assert [path.name for path in folder.iterdir()] == [f"step-{found.step:09d}"]


def test_state_names_the_files_with_their_digests(tmp_path):
    folder = checkpoint.save(tmp_path, snapshot(10))
    state = json.loads((folder / checkpoint.STATE_NAME).read_text())
    assert checkpoint.file_digests(folder) == state["files"]
    assert set(state["files"]) == {checkpoint.MODEL_NAME, checkpoint.OPTIMIZER_NAME}
