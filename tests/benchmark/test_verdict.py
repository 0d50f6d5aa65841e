"""Counts of items, figures from them, the test of a difference, and `--compare` and `--rescore` on made-up runs."""

import json

import numpy as np
import pytest
from benchmark_room import brat_corpus
from scipy import stats
from typer.testing import CliRunner

from data.errors import InputError
from data.store import Store
from flows.cli import app
from training.benchmark.answer_scoring import Answers, AnswerScoring
from training.benchmark.compare import NO_DIFFERENCE, as_markdown, compare
from training.benchmark.counts import Counts, figures_of
from training.benchmark.datasets import read_splits
from training.benchmark.documents import Mention
from training.benchmark.label_scoring import LabelScoring
from training.benchmark.mention_scoring import MentionScoring
from training.benchmark.multilabel_scoring import MultiLabelScoring
from training.benchmark.rescore import rescore
from training.benchmark.rows import MultiRow, Pair, Row, ScoreRow
from training.benchmark.score_scoring import ScoreScoring
from training.benchmark.scores import SeedResult
from training.benchmark.seeds import (
    COUNTS,
    PREDICTIONS,
    RESULT,
    adopt,
    data_digest,
    read_result,
    seed_name,
    write_json,
    write_manifest,
)
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.significance import differences
from training.benchmark.squad import Question
from training.benchmark.tasks import find_task

pytest.importorskip("seqeval")
SETTINGS = BenchmarkSettings()
MENTION_COLUMNS = ("exact/right", "exact/marked", "exact/due")


@pytest.fixture
def notes(tmp_path):
    folder = brat_corpus(tmp_path / "notas", counts=(12, 4, 40))
    return folder, read_splits(find_task("Notas"), folder)[1]


def spoilt(document, share, random):
    """The document's own mentions, of which a share is lost, cut short or called by the other name."""
    found = []
    for mention in document.mentions:
        fate = random.random() / share
        start, end = mention.fragments[0]
        other = "PROTEINA" if mention.label == "FARMACO" else "FARMACO"
        if fate > 1:
            found.append(mention)
        elif fate > 0.66:
            found.append(Mention.over(other, (start, end)))
    return found


def made_run(store, notes, name, share, seeds=5, seed=0):
    """A run as `benchmark` leaves it, of predictions that are wrong in about this share."""
    splits = notes[1]
    scoring, random = MentionScoring(splits, SETTINGS), np.random.default_rng(seed)
    folder = store.benchmarks / "Notas" / name
    made_from = {"model": name, "data": data_digest(splits)}
    adopt(folder, {"made_from": made_from, "settings": SETTINGS.shaping()})
    results = []
    for number in range(1, seeds + 1):
        answers = {one.name: spoilt(one, share, random) for one in splits["test"]}
        scores = scoring.judge("test", answers)
        results.append(
            SeedResult(seed=number, best_epoch=1, dev=scores, test=scores, samples=[], device="cpu", seconds=0.0,
                       curve=[{"epoch": 1, "loss": 0.1, "dev": scores.figures, "seconds": 0.0}])
        )  # fmt: skip
        scoring.write(folder / seed_name(number) / PREDICTIONS, "test", answers)
        scoring.counts("test", answers).write(folder / seed_name(number) / COUNTS)
        write_json(folder / seed_name(number) / RESULT, results[-1].model_dump(mode="json"))
    write_manifest(folder, "Notas", results, scoring.about(), made_from, SETTINGS)
    return folder


@pytest.fixture
def store(tmp_path, notes):
    opened = Store.open(tmp_path / "store")
    made_run(opened, notes, "good", 0.1, seed=1)
    made_run(opened, notes, "alike", 0.1, seed=2)
    made_run(opened, notes, "bad", 0.4, seed=3)
    return opened


def test_mentions_counted_by_document_give_the_scorers_figures(notes):
    splits, random = notes[1], np.random.default_rng(4)
    scoring = MentionScoring(splits, SETTINGS)
    answers = {one.name: spoilt(one, 0.5, random) for one in splits["test"]}
    counts = scoring.counts("test", answers)
    assert counts.items == tuple(one.name for one in splits["test"])
    figures = figures_of(counts.columns, counts.values.sum(0))
    judged = scoring.judge("test", answers).figures
    assert {name: round(float(value), 6) for name, value in figures.items()} == judged
    assert judged["exact_precision"] != judged["exact_recall"]


def test_labels_counted_by_row_give_the_scorers_figures(tmp_path):
    random = np.random.default_rng(5)
    rows = [Row(f"r{number}", str(random.choice(list("abc"), p=[0.7, 0.2, 0.1])), "x y") for number in range(200)]
    scoring = LabelScoring({"train": rows, "test": rows}, SETTINGS)
    answers = [row.label if random.random() < 0.7 else "b" for row in rows]
    counts = scoring.counts("test", answers)
    counts.write(tmp_path / COUNTS)
    read = Counts.read(tmp_path / COUNTS)
    assert (read.items, read.columns) == (counts.items, counts.columns)
    figures = figures_of(read.columns, read.values.sum(0))
    assert {name: round(float(value), 6) for name, value in figures.items()} == scoring.judge("test", answers).figures


def test_answers_counted_by_question():
    asked = [
        Question("1", "?", "el ibuprofeno oral", (((3, 13), "ibuprofeno"),)),
        Question("2", "?", "nada", ()),
        Question("3", "?", "dos cosas", (((0, 9), "dos cosas"),)),
    ]
    scoring = AnswerScoring({"train": asked, "test": asked}, SETTINGS)
    answers = {"1": "el ibuprofeno", "2": "", "3": "cosas"}
    assert scoring.judge("test", answers).figures == {
        "exact_match": round(2 / 3, 6),
        "f1": round((1 + 1 + 2 / 3) / 3, 6),
        "answerable_exact": 0.5,
        "answerable_f1": round((1 + 2 / 3) / 2, 6),
        "unanswerable_exact": 1.0,
    }
    assert "unanswerable_exact" not in AnswerScoring({"test": asked[:1]}, SETTINGS).judge("test", answers).figures


def test_the_best_threshold_is_that_of_squads_scorer():
    """By hand: above 1.5 nothing is said; question 2 is silent rightly, and so would 4 be, whose piece is wrong."""
    texts = [("1", "tos"), ("2", ""), ("3", "asma"), ("4", "")]
    asked = [Question(name, "?", "tos y asma", (((0, len(said)), said),) if said else ()) for name, said in texts]
    spans = {"1": "tos", "2": "asma", "3": "asma", "4": "tos"}
    odds = {"1": -3.0, "2": 2.0, "3": 1.0, "4": 1.0}
    scoring = AnswerScoring({"test": asked}, SETTINGS)
    answers = Answers({name: spans[name] if odds[name] <= 0 else "" for name in spans}, spans, odds)
    figures = scoring.judge("test", answers).figures
    assert figures["exact_match"] == 0.75  # 3 is silent at 0
    assert figures["best_exact"] == 0.75  # 3 and 4 cannot be cut apart
    assert scoring.threshold("test", answers) == pytest.approx(-1.0)  # of equal ones the lowest
    odds["4"] = 1.2
    assert scoring.judge("test", answers).figures["best_f1"] == 1.0
    assert scoring.threshold("test", answers) == pytest.approx(1.1)


def test_correlations_counted_by_row_are_scipys():
    random = np.random.default_rng(5)
    due = np.round(random.uniform(0, 5, 80), 1)
    told = due + random.normal(0, 1.5, 80) + 7
    rows = [ScoreRow(str(number), float(score), ("a", "b")) for number, score in enumerate(due)]
    scoring = ScoreScoring({"train": rows, "test": rows}, SETTINGS)
    figures = scoring.judge("test", list(told)).figures
    assert figures["pearson"] == pytest.approx(stats.pearsonr(due, told).statistic, abs=1e-6)
    assert figures["spearman"] == pytest.approx(stats.spearmanr(due, told).statistic, abs=1e-6)
    assert scoring.judge("test", [1.0] * 80).figures == {"pearson": 0.0, "spearman": 0.0}


def test_several_labels_counted_by_row(tmp_path):
    labels = [("a",), ("a", "b"), (), ("b", "nuevo")]
    rows = [MultiRow(str(number), found, ("un texto\ncon salto",)) for number, found in enumerate(labels)]
    scoring = MultiLabelScoring({"train": rows[:2], "test": rows}, SETTINGS)
    told = [("a",), ("b",), (), ("a", "b")]
    figures = scoring.judge("test", told).figures
    assert figures["micro_precision"] == 0.75
    assert figures["micro_recall"] == 0.6
    assert figures["subset_accuracy"] == 0.5
    assert figures["macro_f1"] == round((0.5 + 1 + 0) / 3, 6)  # a, b, and one that training lacks
    assert scoring.about()["unseen_labels"] == 1
    scoring.write(tmp_path, "test", told)
    assert scoring.read(tmp_path, "test") == told
    assert scoring.counts("test", told).columns == scoring.counts("test", [()] * 4).columns


@pytest.mark.slow
def test_a_difference_of_chance_is_not_shown_and_a_large_one_is(store):
    chance = compare(store, "good", "alike").tasks[0]
    assert {row.verdict for row in chance.rows} == {NO_DIFFERENCE}
    assert all(row.low < 0 < row.high and row.p > 0.05 for row in chance.rows)
    large = compare(store, "bad", "good", "notas".title()).tasks[0]
    assert (large.items, large.seeds) == (40, 5)
    f1 = next(row for row in large.rows if row.figure == "exact_f1")
    assert f1.verdict == "good is better"
    assert f1.high < 0
    assert f1.p < 0.001
    assert f1.low < f1.difference < f1.high
    assert f1.difference == pytest.approx(f1.first - f1.second, abs=2e-6)
    assert {row.figure for row in large.rows} == {
        f"{scorer}_{figure}" for scorer in ("exact", "seqeval") for figure in ("precision", "recall", "f1")
    }
    mirrored = next(row for row in compare(store, "good", "bad").tasks[0].rows if row.figure == "exact_f1")
    assert mirrored.difference == -f1.difference
    assert compare(store, "bad", "good") == compare(store, "bad", "good")


def test_seeds_that_differ_on_all_documents_at_once_are_no_proof():
    """Two recipes of which each seed is good or bad as a whole: 250 documents do not make up for three seeds."""
    random = np.random.default_rng(6)
    due = np.full((3, 250), 14.0)
    sides = []
    for fits in ((0.80, 0.84, 0.82), (0.81, 0.78, 0.83)):
        right = random.binomial(14, np.array(fits)[:, None], (3, 250)).astype(float)
        sides.append(np.stack([right, due, due], -1))

    def figures(sums):
        return figures_of(MENTION_COLUMNS, sums)

    together = differences(*sides, figures)["exact_f1"]
    assert not together.is_shown
    assert together.low < 0 < together.high
    alone = differences(sides[0][1:2], sides[1][1:2], figures)["exact_f1"]
    assert alone.is_shown  # these two fitted models do differ: 0.84 and 0.78


def test_one_seed_is_a_verdict_on_two_fitted_models_alone(tmp_path, notes):
    opened = Store.open(tmp_path / "one")
    made_run(opened, notes, "good", 0.05, seeds=1, seed=1)
    made_run(opened, notes, "bad", 0.6, seeds=2, seed=3)
    shown = as_markdown(compare(opened, "good", "bad"))
    assert "good is better" in shown
    assert "these two fitted models" in shown
    assert "40 test items, 1 seed a model" in shown


@pytest.mark.slow
def test_what_cannot_be_compared_is_refused(store, notes, tmp_path):
    with pytest.raises(InputError, match="name two models"):
        compare(store, "good", "good")
    with pytest.raises(InputError, match=r"no finished task in common .*good: Notas; other: none"):
        compare(store, "good", "other")
    with pytest.raises(InputError, match="no finished task in common on CANTEMIST"):
        compare(store, "good", "bad", "cantemist")
    (store.benchmarks / "Notas" / "bad" / "seed-2" / COUNTS).unlink()
    with pytest.raises(InputError, match=r"counts\.parquet: no such file.*--rescore"):
        compare(store, "good", "bad")
    fewer = read_splits(find_task("Notas"), notes[0], 3)[1]
    made_run(store, (notes[0], fewer), "other", 0.1)
    with pytest.raises(InputError, match="other data"):
        compare(store, "good", "other")


@pytest.mark.slow
def test_the_command_prints_the_table_or_json(store):
    asked = ["benchmark", "--compare", "good", "alike", "--store", str(store.root)]
    done = CliRunner().invoke(app, asked)
    assert done.exception is None, done.exception
    assert "| | good | alike | difference | 95 % interval | p | verdict |" in done.stdout
    assert done.stdout.count(NO_DIFFERENCE) == 6
    as_json = json.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)
    assert as_json["tasks"][0]["task"] == "Notas"


@pytest.mark.slow
def test_rescoring_gives_every_figure_back_from_the_predictions(store, notes):
    folder = store.benchmarks / "Notas" / "good"
    before = [read_result(folder / seed_name(seed)) for seed in range(1, 6)]
    manifest = json.loads((folder / "manifest.json").read_text())
    for seed in range(1, 6):
        (folder / seed_name(seed) / COUNTS).unlink()
    ruined = before[1].model_copy(update={"test": before[1].test.model_copy(update={"figures": {"exact_f1": 0.5}})})
    write_json(folder / "seed-2" / RESULT, ruined.model_dump(mode="json"))
    arguments = ["benchmark", "--rescore", "--task", "Notas", "--data", str(notes[0]), "--store", str(store.root)]
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exception is None, done.exception
    summary = json.loads(done.stdout)
    assert (summary["models"], summary["seeds"]) == (["alike", "bad", "good"], 15)
    assert all(line.startswith("good seed 2 ") for line in summary["changed"])
    assert len(summary["changed"]) == 6
    after = [read_result(folder / seed_name(seed)) for seed in range(1, 6)]
    assert [one.test for one in after] == [one.test for one in before]
    assert after[0].samples
    assert json.loads((folder / "manifest.json").read_text())["figures"]["mean"] == manifest["figures"]["mean"]
    assert compare(store, "good", "bad").tasks[0].seeds == 5


@pytest.mark.slow
def test_rescoring_refuses_other_data_and_spoilt_predictions(store, notes, tmp_path):
    other = brat_corpus(tmp_path / "otras", counts=(12, 4, 5))
    with pytest.raises(InputError, match=r"not the data of alike on Notas"):
        rescore(store, task="Notas", data=other)
    with pytest.raises(InputError, match="no finished benchmark of nobody"):
        rescore(store, task="Notas", data=notes[0], name="nobody")
    predicted = store.benchmarks / "Notas" / "good" / "seed-1" / PREDICTIONS / "test" / "nota-0.txt"
    predicted.write_text("otro texto, igual de largo o no", encoding="utf-8")
    predicted.with_suffix(".ann").write_text("")
    with pytest.raises(InputError, match=r"nota-0\.txt: not the text of .*nota-0\.txt"):
        rescore(store, task="Notas", data=notes[0], name="good")


def test_predictions_of_rows_are_read_back_or_refused(tmp_path):
    rows = [Pair(f"r{n}", "si" if n % 2 else "no", f"uno {n}", f"f:{n}", "dos") for n in range(4)]
    scoring = LabelScoring({"train": rows, "test": rows}, SETTINGS)
    scoring.write(tmp_path, "test", ["si", "si", "no", "no"])
    assert scoring.read(tmp_path, "test") == ["si", "si", "no", "no"]
    path = tmp_path / "test.tsv"
    path.write_text(path.read_text().replace("si\tno", "tal\tno"))
    with pytest.raises(InputError, match=r"test\.tsv:2: not the row of f:0"):
        scoring.read(tmp_path, "test")
    path.write_text("predicted\tlabel\ttext\n")
    with pytest.raises(InputError, match="not the predictions of 4 rows"):
        scoring.read(tmp_path, "test")
