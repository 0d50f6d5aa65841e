"""Several labels, scores, answers: fine-tuned, kept, used by `cowese predict`, by the card's snippet and as ONNX."""

import json
import random
import re
import subprocess
import sys

import pytest
from benchmark_room import DRUGS, tiny_model
from typer.testing import CliRunner

from data.errors import InputError
from data.store import Store
from flows.cli import app
from training.benchmark.compare import compare
from training.benchmark.decoding import Decoding
from training.benchmark.predict import predict
from training.benchmark.rescore import rescore
from training.benchmark.run import benchmark
from training.benchmark.settings import BenchmarkSettings

pytestmark = pytest.mark.slow
pytest.importorskip("transformers")
pytest.importorskip("seqeval")
QUICK = BenchmarkSettings(
    epochs=6, batch=8, seeds=1, learning_rate=0.01, mask_share=0.0, layer_decay=1.0, device="cpu", threads=1
)  # fmt: skip
SLOWLY = {"onnx": True, "learning_rate": 0.003, "epochs": 30}
PLAIN = [drug for drug in DRUGS if " " not in drug]


def lines(folder, split, rows):
    folder.mkdir(exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / f"{split}.jsonl").write_text(text, encoding="utf-8")


def corpora(folder):
    """Texts with labels by what drugs they name, pairs with a score by what they share, questions about drugs."""
    draw = random.Random(6)
    for split, count in (("train", 60), ("dev", 16), ("test", 16)):
        several, scores, asked = [], [], []
        for n in range(count):
            named = [drug for drug in PLAIN if draw.random() < 0.4]
            text = f"Caso {split}{n}.\nSe pauta {' '.join(named)}."
            several.append({"id": f"{split}{n}", "text": text, "labels": named})
            one, other = draw.choice(PLAIN), draw.choice(PLAIN)
            score = 5.0 if one == other else 0.5
            scores.append({"sentence1": f"Se pauta {one} {n}.", "sentence2": f"Tras {other} {n}.", "score": score})
            drug = draw.choice(PLAIN)
            context = f"Mujer de {n} años con fiebre en {split}. Se inició {drug} {n} mg/día."
            answers = [{"text": drug, "answer_start": context.index(drug)}] if n % 3 else []
            question = "Se inició" if n % 3 else "exploración"
            asked.append({"id": f"{split}{n}", "question": question, "context": context, "answers": answers})
        for name, rows in (("varias", several), ("notas", scores), ("preguntas", asked)):
            lines(folder / name, split, rows)
    return {"Varias": folder / "varias", "Puntos": folder / "notas", "Preguntas": folder / "preguntas"}


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """A model kept of each kind."""
    folder = tmp_path_factory.mktemp("rows")
    store = Store.open(folder / "store")
    tiny_model(folder / "salud")
    data = corpora(folder)
    made = {}
    for task, where in data.items():
        settings = QUICK.model_copy(update=SLOWLY) if task == "Varias" else QUICK
        made[task] = benchmark(store, settings, model=str(folder / "salud"), task=task, data=where)
    return folder, store, data, made


def test_each_kind_learns_and_has_its_figures(room):
    made = room[3]
    curve = json.loads((made["Varias"].path / "seed-1" / "result.json").read_text())["curve"]
    assert curve[-1]["loss"] < curve[0]["loss"]
    assert made["Varias"].mean["micro_f1"] > 0.3
    assert set(made["Varias"].mean) == {
        "micro_precision", "micro_recall", "micro_f1", "macro_f1", "subset_accuracy",
    }  # fmt: skip
    assert set(made["Puntos"].mean) == {"pearson", "spearman"}
    answers = made["Preguntas"].mean
    assert {"answerable_exact", "answerable_f1", "unanswerable_exact", "best_exact", "best_f1"} < set(answers)
    assert answers["best_f1"] >= answers["f1"]
    thresholds = {task: Decoding.read(one.models[0]).threshold for task, one in made.items()}
    assert 0 < thresholds["Varias"] < 1
    assert thresholds["Puntos"] is None
    assert thresholds["Preguntas"] is not None


@pytest.mark.parametrize(("task", "said"), [("Varias", "labels"), ("Puntos", "score"), ("Preguntas", "answer")])
def test_predicting_the_test_rows_gives_the_predictions(room, tmp_path, task, said):
    folder, _, data, made = room
    arguments = ["predict", f"{task}/salud", data[task] / "test.jsonl", "--out", tmp_path / "out.jsonl"]
    arguments += ["--store", folder / "store", "--set=benchmark.device=cpu", "--json"]
    done = CliRunner().invoke(app, list(map(str, arguments)))
    assert done.exception is None, done.exception
    assert json.loads(done.stdout)["rows"] == 16
    told = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    kept = made[task].models[0].parent / "predictions"
    if task == "Preguntas":
        expected = json.loads((kept / "test.json").read_text(encoding="utf-8"))
        assert {row["id"]: row[said] for row in told} == expected
        return
    expected = [json.loads(line) for line in (kept / "test.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row[said] for row in told] == [row["predicted"] for row in expected]


def test_rescoring_gives_the_same_figures(room):
    _, store, data, made = room
    for task in made:
        assert rescore(store, task=task, data=data[task]).changed == []


def test_each_kind_can_be_compared(room):
    folder, store, data, _ = room
    again = QUICK.model_copy(update={"epochs": 1, "keep": "none"})
    for task in data:
        benchmark(store, again, model=str(folder / "salud"), task=task, data=data[task], name="corto")
        (table,) = compare(store, "salud", "corto", task).tasks
        assert {row.figure for row in table.rows} == set(room[3][task].mean)


@pytest.mark.parametrize("task", ["Varias", "Puntos", "Preguntas"])
def test_the_cards_snippet_says_what_predict_says(room, task):
    _, store, data, made = room
    model = made[task].models[0]
    code = re.search(r"```python\n(.*?)```", (model / "README.md").read_text(encoding="utf-8"), re.DOTALL)[1]
    ways = {
        "Varias": "labels(row['text'])",
        "Puntos": "nlp({'text': row['sentence1'], 'text_pair': row['sentence2']}, truncation=True)",
        "Preguntas": "answer(row['question'], row['context'])",
    }
    code += (
        "\nimport json, sys\nfor line in open(sys.argv[1], encoding='utf-8'):\n    row = json.loads(line)\n"
        f"    print('=' + json.dumps({ways[task]}))\n"
    )
    given = str(data[task] / "test.jsonl")
    done = subprocess.run(
        [sys.executable, "-c", code, given], cwd=model, capture_output=True, text=True, check=False, timeout=1_200
    )
    assert done.returncode == 0, done.stderr
    told = [json.loads(line[1:]) for line in done.stdout.splitlines() if line.startswith("=")]
    out = model.parent / "out.jsonl"
    predict(store, QUICK, model=str(model), files=[given], out=out)
    ours = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    if task == "Puntos":
        scores = [(one[0] if isinstance(one, list) else one)["score"] for one in told]
        assert scores == pytest.approx([row["score"] for row in ours], abs=1e-4)
    else:
        assert told == [row["labels" if task == "Varias" else "answer"] for row in ours]


def test_onnx_of_several_labels_has_the_same_logits(room):
    pytest.importorskip("onnxscript")
    onnxruntime = pytest.importorskip("onnxruntime")
    import numpy as np
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = room[3]["Varias"].models[0]
    session = onnxruntime.InferenceSession(model / "model.onnx", providers=["CPUExecutionProvider"])
    tokenizer = AutoTokenizer.from_pretrained(model)
    inputs = dict(tokenizer(["Se pauta enalapril.", "Nada."], return_tensors="np", padding=True))
    ours = session.run(["logits"], {one.name: inputs[one.name].astype(np.int64) for one in session.get_inputs()})[0]
    with torch.no_grad():
        kept = AutoModelForSequenceClassification.from_pretrained(model).eval()
        theirs = kept(**{name: torch.tensor(value) for name, value in inputs.items()}).logits.numpy()
    assert np.abs(ours - theirs).max() < 1e-4
    assert kept.config.problem_type == "multi_label_classification"


def test_what_cannot_be_predicted_is_refused(room, tmp_path):
    folder, store, data, _ = room

    def told(model, *files):
        with pytest.raises(InputError) as caught:
            predict(store, QUICK, model=model, files=[str(one) for one in files])
        return str(caught.value)

    assert "this model is asked of questions" in told("Preguntas/salud", data["Varias"] / "test.jsonl")
    assert "this model is asked of texts" in told("Varias/salud", data["Preguntas"] / "test.jsonl")
    assert "no such file" in told("Varias/salud", tmp_path / "nada.jsonl")
    (tmp_path / "a.jsonl").write_text('{"titulo": "x"}\n')
    assert "a.jsonl:1: no text in columns titulo" in told("Varias/salud", tmp_path / "a.jsonl")
    assert "has no head for a task" in told(str(folder / "salud"), data["Varias"] / "test.jsonl")
