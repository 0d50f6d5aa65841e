import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import torch
from training_room import packed, quick

from data.files import file_digest
from data.store import Store
from training.electra.phases import Phase
from training.results.evaluate import evaluate
from training.runs import checkpoint
from training.runs.metrics import read_metrics
from training.runs.pretrain import pretrain
from training.settings import EvaluationSettings, PretrainSettings

COWESE = "import sys; from flows.cli import main; sys.exit(main())"
STOPPED = """
import os, signal
import torch.distributed as dist
from training.runs.loop import Loop

def signalled(loop, one_step=Loop._one_step):
    one_step(loop)
    if loop.step == 7 and dist.get_rank() == 1:
        os.kill(os.getpid(), signal.SIGTERM)

Loop._one_step = signalled
"""
PROCESSES = 2


def torchrun(folder: Path, *arguments: str, before: str = "") -> subprocess.Popen[str]:
    """The command in two processes, as `torchrun --nproc-per-node 2 cowese …` starts them."""
    program = folder / "cowese.py"
    program.write_text(before + COWESE)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={PROCESSES}"]
    command = [*launcher, "--", str(program), *arguments]  # or torchrun takes our --run for an option of its own
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=paths,
        start_new_session=True,
    )


def finished(child: subprocess.Popen[str]) -> str:
    """What a command printed, once it has ended well."""
    out, told = child.communicate(timeout=180)
    assert child.returncode == 0, told[-3000:]
    return out


def assigned(settings: PretrainSettings) -> list[str]:
    """The settings as a user gives them."""
    given = settings.model_dump(mode="json", exclude_unset=True)
    return [part for name, value in given.items() for part in ("--set", f"pretrain.{name}={value}")]


@pytest.mark.slow
def test_two_processes_have_the_losses_of_one_also_when_stopped_between(tmp_path):
    store = Store.open(tmp_path / "store")
    tokens = packed(store)
    # 17 rows split unevenly; 2 long steps of 2 rows; a save in between
    settings = quick(steps=24, batch=17, length=64, long_share=0.1, save_every=5, device="cpu")
    one = pretrain(store, settings, tokens=tokens, name="one")
    command = ("pretrain", "--tokens", str(tokens), "--name", "two", "--store", str(store.root), *assigned(settings))
    stopped = torchrun(tmp_path, *command, before=STOPPED)  # one of the two hears the signal, between two looks
    _, told = stopped.communicate(timeout=180)
    assert stopped.returncode != 0
    assert "two: stopped at step 10 of 24 and saved" in told
    assert checkpoint.load_newest(store.runs / "two").step == 10

    printed = json.loads(finished(torchrun(tmp_path, *command, "--json")))
    assert printed["resumed_at"] == 10
    alone, together = read_metrics(one.path), read_metrics(store.runs / "two")
    assert [line["step"] for line in together] == list(range(1, 25))
    for name in ("loss", "mlm_loss", "disc_loss", "grad_norm"):
        assert [line[name] for line in together] == pytest.approx([line[name] for line in alone], rel=2e-4), name
    for name in ("tokens", "tokens_seen", "replaced_rate"):
        assert [line[name] for line in together] == [line[name] for line in alone], name
    first, second = (checkpoint.load_newest(store.runs / name) for name in ("one", "two"))
    assert first
    assert second
    assert all(torch.allclose(first.model[name], second.model[name], atol=2e-4) for name in first.model)


PHASED = """
[[pretrain.phase]]
objective = "mlm"
vector_rate = 0.1
[[pretrain.phase]]
objective = "rtd"
[[pretrain.phase]]
objective = "both"
length = 64
"""


@pytest.mark.slow
def test_two_processes_begin_from_counts_and_change_phases_as_one_does(tmp_path):
    store = Store.open(tmp_path / "store")
    tokens = packed(store)
    given = {"steps": 9, "batch": 5, "initial_weights": "counts", "device": "cpu", "warmup": 1, "dropout": 0.0}
    phases = [Phase.model_validate(one) for one in tomllib.loads(PHASED)["pretrain"]["phase"]]
    one = pretrain(store, quick(phase=phases, **given), tokens=tokens, name="one")
    (tmp_path / "phases.toml").write_text(PHASED, encoding="utf-8")
    command = ("pretrain", "--tokens", str(tokens), "--name", "two", "--store", str(store.root))
    finished(torchrun(tmp_path, *command, "--config", str(tmp_path / "phases.toml"), *assigned(quick(**given))))
    alone, together = read_metrics(one.path), read_metrics(store.runs / "two")
    for name in ("loss", "hidden_loss", "hidden_accuracy", "grad_norm"):
        assert [line[name] for line in together] == pytest.approx([line[name] for line in alone], rel=2e-4), name
    assert [line.get("disc_loss") is None for line in together] == [True] * 3 + [False] * 6
    first, second = (checkpoint.load_newest(store.runs / name) for name in ("one", "two"))
    assert first
    assert second
    assert all(torch.allclose(first.model[name], second.model[name], atol=2e-4) for name in first.model)


@pytest.mark.slow
def test_two_processes_measure_what_one_does(tmp_path):
    store = Store.open(tmp_path / "store")
    run = pretrain(store, quick(steps=20), tokens=packed(store)).path
    command = ("evaluate", "--run", str(run), "--store", str(store.root), "--json")
    together = json.loads(finished(torchrun(tmp_path, *command, "--set", "evaluate.batch=7")))
    assert not together["reused"]
    frozen = file_digest(store.root / together["frozen_file"])
    (store.root / together["frozen_file"]).unlink()
    alone = evaluate(store, EvaluationSettings(batch=9), run=run)
    assert file_digest(store.root / alone.frozen_file) == frozen
    assert (together["tokens"], together["documents"]) == (alone.tokens, alone.documents)
    assert together["known"] == alone.known
    for part in ("discriminator", "content", "generator", "frozen"):
        assert together[part] == pytest.approx(getattr(alone, part), abs=2e-4), part
