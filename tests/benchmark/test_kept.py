"""Fine-tuned models that stay: tagged texts equal the predictions byte for byte; card, snippet, ONNX."""

import io
import json
import os
import random
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import torch
from benchmark_room import DRUGS, brat_corpus, note, tiny_model, tiny_roberta
from typer.testing import CliRunner

from data.errors import InputError
from data.store import Store
from flows.cli import app
from training.benchmark.brat import read_document, write_document
from training.benchmark.decoding import DECODING
from training.benchmark.documents import Document, Mention
from training.benchmark.keeping import find_kept
from training.benchmark.readout import with_head
from training.benchmark.run import benchmark
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.tag import tag

pytestmark = pytest.mark.slow

pytest.importorskip("transformers")
pytest.importorskip("seqeval")
QUICK = BenchmarkSettings(
    epochs=4,
    batch=4,
    seeds=2,
    learning_rate=0.01,
    head_rate=1.0,
    mask_share=0.0,
    layer_decay=1.0,
    device="cpu",
    threads=1,
    keep="all",
    licence="cc-by-4.0",
)


def files_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def odd_corpus(folder):
    """Windows' line breaks, a byte order mark, decomposed accents, long texts of several windows."""
    draw = random.Random(3)
    for split, count in (("train", 12), ("dev", 3), ("test", 5)):
        for number in range(count):
            made = note(f"{split}/nota-{number}", draw, sentences=14)
            bom = "\N{BYTE ORDER MARK}" if number % 2 else ""
            text = bom + unicodedata.normalize("NFD", made.text.replace("\n", "\r\n"))
            places = [
                len(bom) + len(unicodedata.normalize("NFD", made.text[:end].replace("\n", "\r\n")))
                for end in range(len(made.text) + 1)
            ]
            mentions = [type(one).over(one.label, (places[one.start], places[one.end])) for one in made.mentions]
            write_document(folder, Document(made.name, text, ()), mentions)
    return folder


def conll_corpus(folder):
    """Sentences, a token a line."""
    draw = random.Random(4)
    folder.mkdir()
    for split, count in (("train", 40), ("dev", 10), ("test", 12)):
        rows = []
        for number in range(count):
            drug = draw.choice(DRUGS).split()
            said = [f"Caso{split}{number}", *(["Se", "pauta"] if number % 2 else ["No", "toma"])]
            tags = ["B-FARMACO"] + ["I-FARMACO"] * (len(drug) - 1)
            rows += [f"{word}\tO" for word in said] + [f"{word}\t{tag}" for word, tag in zip(drug, tags, strict=True)]
            rows += [f"{number}\tO", ".\tO", ""]
        (folder / f"{split}.conll").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def nested_corpus(folder):
    """Drugs within orders: mentions of one type within those of another, long enough for several windows."""
    brat_corpus(folder)
    for ann in folder.rglob("*.ann"):
        document = read_document(ann, ann.stem)
        orders = [Mention.over("PAUTA", found.span()) for found in re.finditer(r"Se pauta [^.]*", document.text)]
        write_document(ann.parent, document, [*document.mentions, *orders])
    return folder


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """Small corpora, a model kept of each seed."""
    folder = tmp_path_factory.mktemp("kept")
    store = Store.open(folder / "store")
    tiny_model(folder / "salud")
    corpora = {
        "Notas": brat_corpus(folder / "notas"),
        "Raras": odd_corpus(folder / "raras"),
        "Frases": conll_corpus(folder / "frases"),
        "Anidadas": nested_corpus(folder / "anidadas"),
    }
    one = QUICK.model_copy(update={"onnx": True, "seeds": 1})
    settings = {"Notas": one, "Anidadas": one.model_copy(update={"epochs": 6})}
    made = {
        task: benchmark(store, settings.get(task, QUICK), model=str(folder / "salud"), task=task, data=data)
        for task, data in corpora.items()
    }
    return folder, store, corpora, made


@pytest.mark.parametrize("task", ["Notas", "Raras", "Frases", "Anidadas"])
def test_tagging_the_test_texts_gives_the_predictions(room, tmp_path, task):
    folder, _, corpora, _ = room
    run = folder / "store" / "benchmarks" / task / "salud"
    given = corpora[task] / ("test.conll" if task == "Frases" else "test")
    for seed in sorted(run.glob("seed-*")):
        arguments = ["tag", seed / "model", given, "--out", tmp_path / seed.name, "--store", folder / "store"]
        done = CliRunner().invoke(app, [*map(str, arguments), "--form", "brat", "--set=benchmark.device=cpu", "--json"])
        assert done.exception is None, done.exception
        expected = files_of(seed / "predictions")
        if task != "Frases":
            expected = {name.removeprefix("test/"): content for name, content in expected.items()}
        assert files_of(tmp_path / seed.name) == expected
        assert json.loads(done.stdout)["mentions"] == sum(
            content.count(b"\n") for name, content in expected.items() if name.endswith(".ann")
        )
        assert any(content for name, content in expected.items() if name.endswith(".ann"))


def test_nested_mentions_are_learnt_by_a_head_a_type(room, tmp_path):
    folder, store, corpora, made = room
    assert (made["Anidadas"].heads, made["Notas"].heads) == ("a head a type", "one head for all types")
    assert made["Anidadas"].ceiling["f1"] == 1.0
    run = store.benchmarks / "Anidadas" / "salud"
    predicted = [read_document(path, path.stem).mentions for path in run.rglob("predictions/**/*.ann")]
    nested = [
        (inner, outer)
        for mentions in predicted
        for inner in mentions
        for outer in mentions
        if inner != outer and outer.start <= inner.start and inner.end <= outer.end
    ]
    assert {(inner.label, outer.label) for inner, outer in nested} == {("FARMACO", "PAUTA")}
    assert "Each type has a head of its own" in (run / "seed-1" / "model" / "README.md").read_text(encoding="utf-8")
    assert made["Anidadas"].mean["exact_f1"] > 0.8
    flat = QUICK.model_copy(update={"heads": "one", "epochs": 1, "seeds": 1})
    one = benchmark(store, flat, model=str(folder / "salud"), task="Anidadas", data=corpora["Anidadas"], name="una")
    assert one.ceiling["recall"] < 0.9
    out = io.StringIO()
    tag(store, QUICK, model="Anidadas/salud", files=[str(corpora["Anidadas"] / "test")], form="iob2", stdout=out)
    tags = {line.split("\t")[1] for line in out.getvalue().splitlines() if line}
    assert "I-PAUTA" in tags
    assert tags <= {"O", *(f"{prefix}-{label}" for label in ("FARMACO", "PAUTA", "PROTEINA") for prefix in "BI")}


def test_json_lines_and_tokens_have_the_same_mentions(room, tmp_path):
    folder, store, corpora, _ = room
    run = folder / "store" / "benchmarks" / "Raras" / "salud" / "seed-1"
    out = io.StringIO()
    test = str(corpora["Raras"] / "test")
    tag(store, QUICK, model=str(run / "model"), files=[test], form="jsonl", stdout=out)
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    predicted = {path.stem: read_document(path, path.stem) for path in (run / "predictions" / "test").glob("*.ann")}
    assert {row["id"] for row in rows} == predicted.keys()
    for row in rows:
        document = predicted[row["id"]]
        assert row["text"] == document.text
        assert "\r\n" in row["text"]
        assert [(one["start"], one["end"], one["type"]) for one in row["mentions"]] == [
            (one.start, one.end, one.label) for one in sorted(document.mentions)
        ]
        assert all(row["text"][one["start"] : one["end"]] == one["text"] for one in row["mentions"])
    again = tmp_path / "otra.jsonl"
    again.write_text("".join(json.dumps({"id": row["id"], "text": row["text"]}) + "\n" for row in rows))
    tag(store, QUICK, model=str(run / "model"), files=[str(again)], form="jsonl", out=tmp_path / "out.jsonl")
    assert (tmp_path / "out.jsonl").read_text(encoding="utf-8") == out.getvalue()


def test_tokens_come_back_with_tags(room, tmp_path):
    _, store, corpora, _ = room
    out = io.StringIO()
    tag(store, QUICK, model="Frases/salud", files=[str(corpora["Frases"] / "test.conll")], form="iob2", stdout=out)
    given = (corpora["Frases"] / "test.conll").read_text(encoding="utf-8")
    assert [line.split("\t")[0] for line in out.getvalue().splitlines()] == [
        line.split("\t")[0] for line in given.splitlines()
    ]
    right = sum(one == other for one, other in zip(out.getvalue().splitlines(), given.splitlines(), strict=True))
    assert right / len(given.splitlines()) > 0.8
    bare = tmp_path / "bare.conll"
    bare.write_text(re.sub(r"\t\S+", "", given), encoding="utf-8")
    untagged = io.StringIO()
    tag(store, QUICK, model="Frases/salud", files=[str(bare)], form="iob2", stdout=untagged)
    assert untagged.getvalue() == out.getvalue()


def test_standard_input_is_a_text(room):
    folder, _, _, _ = room
    arguments = ["tag", "Notas/salud", "-", "--store", str(folder / "store"), "--set=benchmark.device=cpu"]
    done = CliRunner().invoke(app, arguments, input="Hoy:\r\nSe pauta furosemida 40 mg/día.\r\n")
    assert done.exception is None, done.exception
    row = json.loads(done.stdout)
    assert row["text"] == "Hoy:\r\nSe pauta furosemida 40 mg/día.\r\n"
    assert {"start": 15, "end": 25, "type": "FARMACO", "text": "furosemida"} in row["mentions"]


def test_the_cards_snippet_decodes_in_a_fresh_process_as_scoring_does(room):
    folder, _, corpora, _ = room
    for task in ("Notas", "Raras", "Anidadas"):
        model = folder / "store" / "benchmarks" / task / "salud" / "seed-1" / "model"
        code = re.search(r"```python\n(.*?)```", (model / "README.md").read_text(encoding="utf-8"), re.DOTALL)[1]
        code += """
import json, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.txt")):
    print(json.dumps([path.stem, mentions(path.read_bytes().decode("utf-8"))]))
"""
        given = str(corpora[task] / "test")
        one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}  # on a busy machine threads wait for one another
        done = subprocess.run(
            [sys.executable, "-c", code, given],
            cwd=model,
            env=one_thread,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr
        told = dict(json.loads(line) for line in done.stdout.splitlines() if line.startswith("["))
        predicted = model.parent / "predictions" / "test"
        assert told == {
            path.stem: [[one.start, one.end, one.label] for one in sorted(read_document(path, path.stem).mentions)]
            for path in predicted.glob("*.ann")
        }


def test_the_card_is_the_hubs(room):
    from huggingface_hub import ModelCard

    folder = room[0]
    seed = folder / "store" / "benchmarks" / "Notas" / "salud" / "seed-1"
    card = ModelCard.load(seed / "model" / "README.md")
    assert (card.data.pipeline_tag, card.data.license, card.data.library_name) == (
        "token-classification", "cc-by-4.0", "transformers",
    )  # fmt: skip
    figures = json.loads((seed / "result.json").read_text())["test"]["figures"]
    assert {one.metric_name.replace(" ", "_"): one.metric_value for one in card.data.eval_results} == figures
    assert {one.dataset_name for one in card.data.eval_results} == {"Notas"}
    assert {path.name for path in (seed / "model").iterdir()} >= {"config.json", "model.safetensors", "tokenizer.json"}
    config = json.loads((seed / "model" / "config.json").read_text())
    assert set(config["id2label"].values()) == {"O", "B-FARMACO", "I-FARMACO", "B-PROTEINA", "I-PROTEINA"}


def inputs_of(tokenizer):
    return dict(tokenizer(["Se pauta furosemida.", "La ferritina era de 3 mg/dl."], return_tensors="np", padding=True))


def parity(model, path, tokenizer):
    """The largest difference of the logits where there is a token, and the names of ONNX's inputs."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    inputs = inputs_of(tokenizer)
    ours = session.run(["logits"], {name: inputs[name].astype(np.int64) for name in names})[0]
    with torch.no_grad():
        theirs = model(**{name: torch.tensor(inputs[name]) for name in names}).logits.numpy()
    there = inputs["attention_mask"].astype(bool) if ours.ndim == 3 else slice(None)
    return float(np.abs(ours - theirs)[there].max()), names


def test_onnx_gives_the_same_logits(room, tmp_path):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification, AutoTokenizer

    from training.benchmark.onnx_file import export_onnx

    folder, _, corpora, _ = room
    for task in ("Notas", "Anidadas"):
        kept = folder / "store" / "benchmarks" / task / "salud" / "seed-1" / "model"
        tokenizer = AutoTokenizer.from_pretrained(kept)
        tagger = with_head(AutoModelForTokenClassification.from_pretrained(kept), kept).eval()
        difference, names = parity(tagger, kept / "model.onnx", tokenizer)
        assert difference < 1e-4
    assert names == ["input_ids", "attention_mask", "token_type_ids"]
    texts = [path.read_text() for path in (corpora["Notas"] / "train").glob("*.txt")]
    for made in (tiny_roberta(tmp_path / "roberta", texts), folder / "salud"):
        tokenizer = AutoTokenizer.from_pretrained(made)
        model = AutoModelForSequenceClassification.from_pretrained(made, num_labels=3).eval()
        export_onnx(model, tokenizer, tmp_path / "classifier.onnx")
        difference, names = parity(model, tmp_path / "classifier.onnx", tokenizer)
        assert difference < 1e-4
        assert ("token_type_ids" in names) == (made.name == "salud")


def test_best_keeps_one_model_none_keeps_none(room):
    folder, store, corpora, _ = room
    best = QUICK.model_copy(update={"keep": "best", "seeds": 3, "epochs": 1})
    done = benchmark(store, best, model=str(folder / "salud"), task="Uno", data=corpora["Notas"])
    figures = {
        path.parent.name: json.loads(path.read_text())["dev"]["figures"]["exact_f1"]
        for path in (store.benchmarks / "Uno" / "salud").glob("seed-*/result.json")
    }
    chosen = min(figures, key=lambda name: (-figures[name], name))
    assert [path.parent.name for path in done.models] == [chosen]
    assert [path.parent.name for path in (store.benchmarks / "Uno" / "salud").glob("seed-*/model")] == [chosen]
    assert find_kept(store, "Uno/salud") == done.models[0]
    none = QUICK.model_copy(update={"keep": "none", "seeds": 1, "epochs": 1})
    assert benchmark(store, none, model=str(folder / "salud"), task="Cero", data=corpora["Notas"]).models == []
    with pytest.raises(InputError, match=r"Cero/salud: no fine-tuned model.*Kept in this store: .*Uno/salud"):
        find_kept(store, "Cero/salud")


def test_what_cannot_be_tagged_is_refused(room, tmp_path):
    folder, store, _, _ = room

    def told(*files, model="Notas/salud", form="jsonl", **others):
        with pytest.raises(InputError) as caught:
            tag(store, QUICK, model=model, files=[str(one) for one in files], form=form, stdout=io.StringIO(), **others)
        return str(caught.value)

    text = tmp_path / "uno.txt"
    text.write_text("Nada.")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "uno.txt").write_text("Otro.")
    assert "have one name" in told(text, tmp_path / "b" / "uno.txt")
    assert "no such file" in told(tmp_path / "dos.txt")
    assert "no IOB2 tag" in told(text, model=str(folder / "salud"))
    assert "name their folder with --out" in told(text, form="brat")
    lines = tmp_path / "filas.jsonl"
    lines.write_text('{"id": "../fuera", "text": "x"}\n')
    assert "no name of a file below --out" in told(lines, form="brat", out=tmp_path / "out")
    lines.write_text('{"id": "1"}\n')
    assert "filas.jsonl:1: not an object with a text" in told(lines)
    model = Path(folder / "store" / "benchmarks" / "Frases" / "salud" / "seed-2" / "model")
    said = json.loads((model / DECODING).read_text())
    (model / DECODING).write_text(json.dumps({**said, "kind": "answering"}))
    assert "takes models that find mentions" in told(text, model=str(model))
    (model / DECODING).write_text(json.dumps(said))
