#!/usr/bin/env python
"""The whole road of `cowese benchmark` on part of PharmaCoNER, by its commands, with a tiny model of random weights.

    python bench/road.py --data pharmaconer --folder /tmp/road

Search, keep, the control, a verdict, tagging (is it `predictions/`, byte for byte?), ONNX (are the logits equal?), the
card's snippet in a fresh process (does it find the same mentions?). The figures say nothing of any model: its weights
are random, so a verdict other than "no difference shown" against the control would be chance.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path

sys.path.pop(0)  # this file's folder: it holds a training.py too

CONFIG = """store = "{store}"
[benchmark]
device = "cpu"
threads = 1
documents = {documents}
seeds = 2
epochs = {epochs}
onnx = true
licence = "cc-by-4.0"
[benchmark.grid]
learning_rates = [1e-3, 3e-3]
batches = [8]
epochs = [{epochs}]
"""
CHECK = """
import json, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.txt")):
    print("=" + json.dumps([path.stem, mentions(path.read_bytes().decode("utf-8"))]))
"""


def tiny_model(folder, texts):
    """ELECTRA of two layers with random weights, and a tokenizer of the training texts."""
    import torch
    from transformers import ElectraConfig, ElectraForPreTraining
    from transformers.utils import logging

    from training.tokens.stream import SPECIAL_TOKENS
    from training.tokens.tokenizer import count_words, write_tokenizer
    from training.tokens.wordpiece import fit_wordpiece

    vocabulary = fit_wordpiece(count_words([texts]), 2_000, SPECIAL_TOKENS)
    write_tokenizer(folder, vocabulary)
    torch.manual_seed(1)
    logging.disable_progress_bar()
    config = ElectraConfig(
        vocab_size=len(vocabulary),
        embedding_size=64,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=128,
        max_position_embeddings=128,
    )
    ElectraForPreTraining(config).save_pretrained(folder)


def cowese(*arguments):
    """Run a command of the checkout and print it with its outcome."""
    print(f"\n$ cowese {' '.join(map(str, arguments))}", flush=True)
    command = [str(Path(sys.executable).with_name("cowese")), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"exit {done.returncode}: {done.stderr[-2_000:]}")
    print(done.stdout.strip(), flush=True)
    return done.stdout


def files_of(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def snippet_agrees(model, texts, predicted):
    """Whether the card's snippet in a process of its own finds what was predicted."""
    from training.benchmark.brat import read_document

    code = re.search(r"```python\n(.*?)```", (model / "README.md").read_text(encoding="utf-8"), re.DOTALL)[1]
    done = subprocess.run(
        [sys.executable, "-c", code + CHECK, str(texts)], cwd=model, capture_output=True, text=True, check=True
    )
    told = dict(json.loads(line[1:]) for line in done.stdout.splitlines() if line.startswith("="))
    due = {
        path.stem: [[one.start, one.end, one.label] for one in sorted(read_document(path, path.stem).mentions)]
        for path in predicted.rglob("*.ann")
    }
    return {name: told[name] for name in due} == due, sum(map(len, due.values()))


def onnx_difference(model):
    """The largest difference of the logits of two sentences."""
    import numpy as np
    import onnxruntime
    import torch
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    from training.benchmark.readout import with_head

    tokenizer = AutoTokenizer.from_pretrained(model)
    session = onnxruntime.InferenceSession(str(model / "model.onnx"), providers=["CPUExecutionProvider"])
    inputs = dict(tokenizer(["Se pauta enalapril 5 mg.", "Sin fiebre."], return_tensors="np", padding=True))
    ours = session.run(["logits"], {one.name: inputs[one.name].astype(np.int64) for one in session.get_inputs()})[0]
    kept = with_head(AutoModelForTokenClassification.from_pretrained(model), model).eval()
    with torch.no_grad():
        theirs = kept(**{name: torch.tensor(value) for name, value in inputs.items()}).logits.numpy()
    is_token = inputs["attention_mask"].astype(bool)
    return float(np.abs(ours - theirs)[is_token].max()), [one.name for one in session.get_inputs()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="an empty folder")
    parser.add_argument("--documents", type=int, default=40)
    parser.add_argument("--epochs", type=int, default=6)
    given = parser.parse_args()
    folder, started = given.folder, time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    tiny_model(folder / "azar", [path.read_text(encoding="utf-8") for path in given.data.glob("train/*.txt")])
    config = CONFIG.format(store=folder / "store", documents=given.documents, epochs=given.epochs)
    (folder / "cowese.toml").write_text(config, encoding="utf-8")
    shared = ("--task", "PharmaCoNER", "--data", given.data, "--config", folder / "cowese.toml", "--search")
    cowese("benchmark", "--model", folder / "azar", *shared)
    cowese("benchmark", "--model", folder / "azar", "--fresh", *shared)
    cowese("benchmark", "--compare", "azar", "azar-fresh", "--config", folder / "cowese.toml")
    run = folder / "store" / "benchmarks" / "PharmaCoNER" / "azar"
    (model,) = run.glob("seed-*/model")
    texts = folder / "texts"
    texts.mkdir(exist_ok=True)
    predicted = model.parent / "predictions"
    for path in predicted.rglob("*.txt"):
        (texts / path.name).write_bytes(path.read_bytes())
    tagged = ("--form", "brat", "--out", folder / "tagged", "--config", folder / "cowese.toml")
    cowese("tag", "PharmaCoNER/azar", texts, *tagged)
    print("\ntagged equals predictions/, byte for byte:", files_of(folder / "tagged") == files_of(predicted))
    agrees, count = snippet_agrees(model, texts, predicted)
    print(f"the card's snippet, in a fresh process, finds the same {count:,} mentions: {agrees}")
    difference, names = onnx_difference(model)
    print(f"ONNX ({', '.join(names)}): largest difference of the logits {difference:.1e}")
    print(f"{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
