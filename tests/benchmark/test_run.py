"""The whole of `cowese benchmark` on a tiny model: mentions, labels, answers; stopped, gone on with, tabled."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import ClassVar

import pytest
import torch
from benchmark_room import DRUGS, brat_corpus, scored_by_hand, tiny_model, tiny_roberta
from typer.testing import CliRunner

from data.errors import InputError
from data.files import file_digest
from data.manifest import Manifest
from flows.cli import app
from flows.console import show_summary
from training.benchmark.brat import read_document
from training.benchmark.models import find_model, freshened
from training.benchmark.run import benchmark
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.table import write_table

pytest.importorskip("transformers")
pytest.importorskip("seqeval")
QUICK = {"epochs": 8, "batch": 4, "seeds": 2, "learning_rate": 0.01, "layer_decay": 1.0, "head_rate": 1}
QUICK |= {"device": "cpu", "threads": 1}


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """A model and 20 documents, benchmarked once through the command."""
    folder = tmp_path_factory.mktemp("benchmark")
    tiny_model(folder / "store" / "models" / "salud" / "discriminator")
    Manifest(kind="model", name="salud", made_from={}, settings={}).write(folder / "store" / "models" / "salud")
    (folder / "store" / "models" / "salud" / "discriminator" / "README.md").write_text(
        "# salud\n\n## How it was made\n"
    )
    brat_corpus(folder / "notas")
    assigned = [f"--set=benchmark.{name}={value}" for name, value in QUICK.items()]
    arguments = ["--model", "salud", "--task", "Notas", "--data", folder / "notas", "--store", folder / "store"]
    done = CliRunner().invoke(app, ["benchmark", *map(str, arguments), *assigned, "--json"])
    assert done.exception is None, done.exception
    return folder, json.loads(done.stdout)


def again(folder, store, **changes):
    data = changes.pop("data", folder / "notas")
    task, name = changes.pop("task", "Notas"), changes.pop("name", None)
    return benchmark(store, BenchmarkSettings(**{**QUICK, **changes}), model="salud", task=task, data=data, name=name)


@pytest.fixture
def opened(room):
    from data.store import Store

    return Store.open(room[0] / "store")


def test_mentions_are_learnt_scored_and_written(room):
    folder, summary = room
    assert summary["form"] == "brat"
    assert (summary["seeds"], summary["made"]) == (2, 2)
    assert summary["mean"]["exact_f1"] > 0.5
    assert summary["ceiling"]["f1"] == 1.0
    made = folder / "store" / "benchmarks" / "Notas" / "salud"
    results = [json.loads((made / f"seed-{seed}" / "result.json").read_text()) for seed in (1, 2)]
    for seed, result in enumerate(results, 1):
        by_hand = scored_by_hand(folder / "notas" / "test", made / f"seed-{seed}" / "predictions" / "test")
        figures = result["test"]["figures"]
        ours = [figures[f"exact_{figure}"] for figure in ("precision", "recall", "f1")]
        assert ours == pytest.approx(by_hand, abs=1e-6)
        assert [epoch["epoch"] for epoch in result["curve"]] == list(range(1, 9))
        best = max(result["curve"], key=lambda epoch: (epoch["dev"]["exact_f1"], -epoch["epoch"]))
        assert result["best_epoch"] == best["epoch"]
        assert result["dev"]["figures"]["exact_f1"] == pytest.approx(best["dev"]["exact_f1"])
    assert results[0]["curve"] != results[1]["curve"]
    f1 = [result["test"]["figures"]["exact_f1"] for result in results]
    assert summary["mean"]["exact_f1"] == pytest.approx(sum(f1) / 2, abs=1e-6)
    assert summary["deviation"]["exact_f1"] == pytest.approx(abs(f1[0] - f1[1]) / 2**0.5, abs=1e-6)
    assert results[0]["test"]["by_type"]["FARMACO"]["support"] > 0


def test_predictions_can_be_opened_beside_their_text(room):
    folder, _ = room
    predicted = folder / "store" / "benchmarks" / "Notas" / "salud" / "seed-1" / "predictions" / "test"
    for ann in predicted.glob("*.ann"):
        assert read_document(ann, ann.stem).misfits == ()
        assert ann.with_suffix(".txt").read_bytes() == (folder / "notas" / "test" / f"{ann.stem}.txt").read_bytes()


def test_the_page_needs_nothing_else(room):
    page = (room[0] / "store" / "benchmarks" / "Notas" / "salud" / "report.html").read_text()
    assert not re.search(r"<(script|link|img)|url\(|@import", page)
    assert page.count("<path") == 2 * 3
    for said in ("seed 2", "FARMACO", "prefers-color-scheme", "Confusion", "What went wrong"):
        assert said in page


@pytest.mark.slow
def test_finished_seeds_are_kept(room, opened):
    folder, summary = room
    made = opened.benchmarks / "Notas" / "salud"
    first = (made / "seed-1" / "result.json").stat().st_mtime_ns
    second = json.loads((made / "seed-2" / "result.json").read_text())
    shutil.rmtree(made / "seed-2")  # as if it had been killed before its rename
    (made / ".seed-2.tmp" / "predictions").mkdir(parents=True)
    gone_on = again(folder, opened)
    assert gone_on.made == 1
    assert (made / "seed-1" / "result.json").stat().st_mtime_ns == first
    redone = json.loads((made / "seed-2" / "result.json").read_text())
    assert redone["test"] == second["test"]
    assert gone_on.mean == summary["mean"]
    assert again(folder, opened, seeds=1).made == 0
    assert again(folder, opened, seeds=2).mean == summary["mean"]


@pytest.mark.slow
def test_a_kill_loses_only_the_seed_in_hand(room, opened):
    folder, _ = room
    assigned = [f"--set=benchmark.{name}={value}" for name, value in {**QUICK, "seeds": 500}.items()]
    command = [sys.executable, "-c", "from flows.cli import main; main()", "benchmark", "--model", "salud"]
    command += ["--task", "Muerto", "--data", str(folder / "notas"), "--store", str(opened.root), *assigned]
    made = opened.benchmarks / "Muerto" / "salud"
    child = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        while not (made / "seed-2" / "result.json").is_file():
            assert child.poll() is None
            time.sleep(0.05)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    whole = {path.parent.name: path.stat().st_mtime_ns for path in made.glob("seed-*/result.json")}
    done = again(folder, opened, task="Muerto", seeds=len(whole) + 1)
    assert done.made == 1
    assert {name: (made / name / "result.json").stat().st_mtime_ns for name in whole} == whole
    assert again(folder, opened, seeds=2).mean == benchmark_mean(made, 2)


def benchmark_mean(made, seeds):
    """The mean of the first seeds of a folder."""
    from training.benchmark.run import read_result
    from training.benchmark.scores import mean

    return mean([read_result(made / f"seed-{seed}").test.figures for seed in range(1, seeds + 1)])


def test_another_plan_needs_another_name(room, opened):
    folder, _ = room
    with pytest.raises(InputError, match=r"results of another plan .*epochs: 8 → 3.*--name"):
        again(folder, opened, epochs=3)


def test_the_table_goes_into_the_card(room, opened):
    done = write_table(opened)
    assert done.runs == len(list(opened.benchmarks.glob("*/*/manifest.json")))
    card = opened.models / "salud" / "discriminator" / "README.md"
    assert done.cards == [card]
    assert "### Notas" in card.read_text()
    assert card.read_text().index("## Benchmarks") < card.read_text().index("## How it was made")
    assert Manifest.read(opened.models / "salud").files == {"discriminator/README.md": file_digest(card)}
    assert write_table(opened).cards == []
    assert card.read_text().count("## Benchmarks") == 1
    assert "**salud**" in done.markdown.read_text()
    (card.parent / "config.json").write_text((card.parent / "config.json").read_text() + " ")
    card.write_text("# other weights\n")
    assert write_table(opened).cards == []
    (card.parent / "config.json").write_text((card.parent / "config.json").read_text()[:-1])


@pytest.mark.slow
def test_the_control_has_new_weights_and_a_name_of_its_own(room, opened):
    folder, _ = room
    arguments = ["--model", "salud", "--task", "Notas", "--data", folder / "notas", "--store", opened.root, "--fresh"]
    assigned = [f"--set=benchmark.{name}={value}" for name, value in {**QUICK, "epochs": 1}.items()]
    done = CliRunner().invoke(app, ["benchmark", *map(str, arguments), *assigned, "--json"])
    assert done.exception is None, done.exception
    control = json.loads(done.stdout)
    assert control["model"] == "salud-fresh"
    plans = [
        json.loads((opened.benchmarks / "Notas" / name / "plan.json").read_text()) for name in ("salud", "salud-fresh")
    ]
    assert "fresh" not in plans[0]["settings"]
    assert plans[1]["settings"]["fresh"] is True
    assert plans[0]["made_from"]["model"] != plans[1]["made_from"]["model"]
    table = write_table(opened).markdown.read_text()
    assert re.search(r"\*\*salud-fresh\*\* .* measured here, fresh weights, 2 seeds", table)
    assert "salud-fresh" not in (opened.models / "salud" / "discriminator" / "README.md").read_text()


def test_new_weights_follow_the_seed_and_the_config(room, opened):
    source = find_model(opened, "salud")
    drawn = []
    for seed in (2, 3, 2):
        torch.manual_seed(seed)
        drawn.append(freshened(source).load("AutoModelForTokenClassification", ("O", "B-X", "I-X")))
    words = [model.get_input_embeddings().weight for model in drawn]
    assert torch.equal(words[0], words[2])
    assert not torch.equal(words[0], words[1])
    assert not torch.equal(
        words[0], source.load("AutoModelForTokenClassification", ("O",)).get_input_embeddings().weight
    )
    assert drawn[0].config.id2label == {0: "O", 1: "B-X", 2: "I-X"}
    assert not hasattr(source.config, "id2label") or source.config.id2label != drawn[0].config.id2label


def test_published_figures_stand_beside_ours(room, opened):
    manifest = Manifest.read(opened.benchmarks / "Notas" / "salud")
    from training.benchmark.table import as_markdown, task_tables

    ours = manifest.model_copy(update={"figures": {**manifest.figures, "task": "PharmaCoNER"}})
    (table,) = task_tables([ours])
    assert next(line.system for line in table.lines if not line.ours) == "bsc-bio-ehr-es (base, 125M)"
    assert "| 0.8913 |" in as_markdown([table])
    assert all(line.source.startswith("https://") for line in table.lines if not line.ours)


@pytest.mark.slow
def test_a_model_of_another_make(room, opened, tmp_path):
    folder, _ = room
    texts = [path.read_text() for path in (folder / "notas" / "train").glob("*.txt")]
    settings = BenchmarkSettings(**{**QUICK, "seeds": 1})
    model = str(tiny_roberta(tmp_path / "roberta", texts))
    done = benchmark(opened, settings, model=model, task="Notas", data=folder / "notas")
    assert done.model == "roberta"
    assert done.mean["exact_f1"] > 0.5
    assert json.loads((done.path / "plan.json").read_text())["settings"]["length"] == 64


def test_labels_of_texts(room, opened, tmp_path):
    folder, _ = room
    for split in ("train", "dev", "test"):
        rows = [(("farmaco", f"Toma {drug} {number}, {split}.") if number % 2 else
                 ("nada", f"La exploración {number} {drug[0]} fue normal, {split}."))
                for number in range(8) for drug in DRUGS]  # fmt: skip
        lines = "".join(f"{label}\t{text}\r\n" for label, text in rows)
        (tmp_path / f"{split}.tsv").write_text(f"label\ttext\r\n{lines}", encoding="utf-8", newline="")
    done = again(folder, opened, data=tmp_path, task="clase", seeds=1, epochs=2)
    assert done.form == "table"
    assert done.mean["macro_f1"] > 0.9
    written = (opened.benchmarks / "clase" / "salud" / "seed-1" / "predictions" / "test.tsv").read_text()
    assert written.startswith("predicted\tlabel\ttext\n")
    assert len(written.splitlines()) == 1 + len(rows)


def test_answers_to_questions(room, opened, tmp_path):
    folder, _ = room
    context = "Varón de 63 años. Se pauta furosemida 40 mg/día. " + "La exploración fue normal. " * 20
    asked = [
        {"id": f"q{number}", "question": "¿Qué se pauta?", "answers": [{"text": "furosemida", "answer_start": 27}]}
        for number in range(6)
    ]
    silent = {"id": "s", "question": "¿Qué toma?", "is_impossible": True, "answers": []}
    for split in ("train", "dev", "test"):
        paragraph = {"context": f"{context}{split}", "qas": [*asked, silent]}
        data = {"data": [{"title": "x", "paragraphs": [paragraph]}]}
        (tmp_path / f"{split}.json").write_text(json.dumps(data), encoding="utf-8")
    done = again(folder, opened, data=tmp_path, task="preguntas", seeds=1, epochs=6)
    assert done.form == "squad"
    assert done.mean["f1"] > 0.8
    told = json.loads((opened.benchmarks / "preguntas/salud/seed-1/predictions/test.json").read_text())
    assert set(told) == {"s", *(one["id"] for one in asked)}


def test_one_seed_has_no_spread(room, opened):
    folder, _ = room
    done = again(folder, opened, seeds=1, epochs=1, name="solo")
    pages = [path.read_text() for path in (done.report, done.path.parent / "salud" / "report.html")]
    by_type = [page[page.index("<h2>By type") : page.index("<h2>Confusion")] for page in pages]
    assert [part.count('<td class="n"></td>') for part in by_type] == [2, 0]


def test_a_label_that_cannot_be_learnt_is_named_with_its_line(room, opened, tmp_path):
    folder, _ = room
    (tmp_path / "train.tsv").write_text("si\tToma algo.\nno\tNada de nada.\n")
    (tmp_path / "dev.tsv").write_text("si\tToma poco.\nquizas\tNo se sabe.\n")
    (tmp_path / "test.tsv").write_text("quizas\tTal vez.\nacaso\tPuede ser.\n")
    said = r"dev\.tsv:2: no training row has the label quizas \(nor 1 other\); they have no, si\. Mend it"
    with pytest.raises(InputError, match=said):
        again(folder, opened, data=tmp_path, task="clase")
    (tmp_path / "train.tsv").write_text("si\tToma algo.\nsi\tNada de nada.\n")
    with pytest.raises(InputError, match=r"train\.tsv: only one label, si, in the training split: .* first column"):
        again(folder, opened, data=tmp_path, task="clase")
    with pytest.raises(InputError, match=r"train\.tsv: only one label, si, .* Raise benchmark\.documents\."):
        again(folder, opened, data=tmp_path, task="clase", documents=1)
    with pytest.raises(InputError, match=r"Raise benchmark\.train_documents\."):
        again(folder, opened, data=tmp_path, task="clase", documents=9, train_documents=1)


def test_fewer_training_documents_leave_the_other_splits_whole(room, opened):
    folder, _ = room
    done = again(folder, opened, task="Pocas", seeds=1, epochs=1, train_documents=3)
    about = json.loads((done.path / "manifest.json").read_text())["figures"]["about"]
    assert about["documents"] == {"train": 3, "dev": 4, "test": 4}


def test_the_terminal_tells_figures_in_their_order_and_lines_that_do_not_fit(room, opened, tmp_path, capsys):
    folder, _ = room
    corpus = tmp_path / "notas"
    shutil.copytree(folder / "notas", corpus)
    many = "\n".join(f"T{number}\tX 0 5\tDolor" for number in range(300))
    (corpus / "train" / "otra.txt").write_text("Dolor leve.")
    (corpus / "train" / "otra.ann").write_text(f"{many}\nT301\tX 1 5\tDolor\n")
    done = again(folder, opened, data=corpus, task="Desajuste", seeds=1, epochs=1)
    again(folder, opened, data=corpus, task="Desajuste", seeds=1, epochs=1)  # figures read from files
    show_summary(done, "benchmark")
    lines = capsys.readouterr().out.splitlines()
    figures = [line.split(":")[1].split()[:2] for line in lines if line.startswith("mean: ")]
    assert figures == [[how, one] for how in ("exact", "seqeval") for one in ("precision", "recall", "f1")]
    assert "misfit lines             1" in lines
    assert not any(line.startswith(("also in training", "deviation")) for line in lines)


def test_a_task_that_makes_no_folder_is_named_as_the_task(room, opened):
    arguments = ["--model", "salud", "--task", "mi tarea/x", "--data", room[0] / "notas", "--store", opened.root]
    done = CliRunner().invoke(app, ["benchmark", *map(str, arguments)])
    assert str(done.exception).startswith("--task 'mi tarea/x': use letters, digits")


def test_a_model_that_is_nowhere(room, opened, monkeypatch, capfd):
    import huggingface_hub.constants

    monkeypatch.setattr(
        huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", "http://127.0.0.1:1/{repo_id}/{revision}/{filename}"
    )
    with pytest.raises(
        InputError, match=r"^nada: no folder, and the Hugging Face hub cannot be .* this store: .*salud"
    ):
        find_model(opened, "nada")
    assert capfd.readouterr() == ("", "")
    with pytest.raises(
        InputError, match=r"^ña da: no folder, and no name that the hub could have\. Models of this store"
    ):
        find_model(opened, "ña da")


class OutOfOrder(BaseHTTPRequestHandler):
    """A hub that answers 503 to everything."""

    asked: ClassVar[list[str]] = []

    def do_HEAD(self):
        self.asked.append(self.path)
        self.send_error(503)

    def log_message(self, *_):
        pass


@pytest.mark.slow
def test_a_hub_that_is_out_of_order_is_asked_once(room, opened, monkeypatch):
    import huggingface_hub.constants

    with HTTPServer(("127.0.0.1", 0), OutOfOrder) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        form = f"http://127.0.0.1:{server.server_port}/{{repo_id}}/{{revision}}/{{filename}}"
        monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", form)
        with pytest.raises(InputError, match=r"^nada: no folder, and the Hugging Face hub cannot be asked .*503"):
            find_model(opened, "nada")
        server.shutdown()
    assert len(OutOfOrder.asked) == 1


def test_a_model_that_was_loaded_before_needs_no_hub(room, opened, tmp_path, monkeypatch):
    import huggingface_hub.constants

    cached = tmp_path / "models--casa--salud"
    shutil.copytree(opened.models / "salud" / "discriminator", cached / "snapshots" / ("a" * 40))
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("a" * 40)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(
        huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", "http://127.0.0.1:1/{repo_id}/{revision}/{filename}"
    )
    started = time.monotonic()  # huggingface_hub would try again for minutes
    found = find_model(opened, "casa/salud")
    assert found.offline
    assert found.load("AutoModelForTokenClassification", ("O",)).config.hidden_size == 32
    assert time.monotonic() - started < 60


def test_what_is_missing_is_named(room, opened, tmp_path, monkeypatch):
    folder, _ = room
    with pytest.raises(InputError, match=r"no config\.json in it"):
        benchmark(opened, BenchmarkSettings(), model=str(tmp_path), task="x", data=folder / "notas")
    with pytest.raises(InputError, match="no such folder"):
        again(folder, opened, data=tmp_path / "none")
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(InputError, match=r"needs transformers: install it with pip install 'cowese\[benchmark\]'"):
        again(folder, opened)
