import subprocess
import sys
import textwrap

import pytest
import torch
from training_room import packed, quick

from data.store import Store
from training import checkpoint
from training.metrics import read_metrics
from training.pretrain import pretrain

PROGRAM = """
    import sys
    from pathlib import Path
    from data.store import Store
    from training.pretrain import pretrain
    from training.settings import PretrainSettings
    store, tokens, settings = sys.argv[1:]
    pretrain(
        Store.open(store), PretrainSettings.model_validate_json(settings), tokens=Path(tokens), name="two"
    )
"""


@pytest.mark.slow
def test_two_processes_have_the_losses_of_one(tmp_path):
    store = Store.open(tmp_path / "store")
    tokens = packed(store)
    # 17 rows split unevenly; 2 long steps of 2 rows; a save in between
    settings = quick(steps=12, batch=17, length=64, long_share=0.17, save_every=5, device="cpu")
    one = pretrain(store, settings, tokens=tokens, name="one")
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM))
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--standalone",
            "--nproc-per-node=2",
            str(program),
            str(store.root),
            str(tokens),
            settings.model_dump_json(),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    alone, together = read_metrics(one.path), read_metrics(store.runs / "two")
    assert [line["step"] for line in together] == list(range(1, 13))
    for name in ("loss", "mlm_loss", "disc_loss", "grad_norm"):
        assert [line[name] for line in together] == pytest.approx([line[name] for line in alone], rel=2e-4), name
    for name in ("tokens", "tokens_seen", "replaced_rate"):
        assert [line[name] for line in together] == [line[name] for line in alone], name
    first, second = (checkpoint.load_newest(store.runs / name) for name in ("one", "two"))
    assert first
    assert second
    assert all(torch.allclose(first.model[name], second.model[name], atol=2e-4) for name in first.model)
