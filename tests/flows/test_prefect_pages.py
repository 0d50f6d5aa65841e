"""What Prefect's pages say: progress in words, a curve, links; and one line of the log a stage."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from cleaning.corpus.publish import PublishSummary
from crawler.process.summary import CrawlSummary
from data.manifest import Manifest
from flows.commands.model import show_evaluation
from flows.console import duration, out
from flows.prefect_pages.curve import MOST_POINTS, curve
from flows.prefect_pages.log_lines import in_one_line
from flows.prefect_pages.model import curves_of
from flows.prefect_pages.progress import describe
from flows.prefect_pages.store_links import StoreLinks
from training.electra.phases import Phase
from training.results.evaluate import EvaluationSummary
from training.runs.pretrain_settings import PretrainSettings

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (
            (10, 40, 2.0, {"loss": 28.3141, "disc_accuracy": 0.85}),
            "10 of 40 · 2/s · 15 s left — loss 28.31, disc accuracy 0.85",
        ),
        ((1200, None, 0.0, {}), "1,200"),
        ((40, 40, 2.0, {}), "40 of 40 · 2/s"),
    ],
)
def test_progress_in_words(now, words):
    assert describe(*now) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(90, "90 s"), (600, "10 min"), (18_000, "5.0 h"), (864_000, "10 days"), (0.864, "0.86 s")]
)
def test_time_left_in_words(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("points", "title"),
    [
        ([(10, 3.5)], "loss over steps: 3.5"),
        ([(step, 2.0 if step > 4_000 else 30.0) for step in range(1, 5_001)], "loss over steps: 2"),
    ],
)
def test_a_curve_is_an_image_of_few_points(points, title):
    image = ET.fromstring(curve(points, "loss", "steps"))
    line = image.findall(f"{SVG}path")[-1].attrib["d"]
    assert line.startswith("M")
    assert len(line.split("L")) == min(len(points), MOST_POINTS)
    assert [text.text for text in image.findall(f"{SVG}text") if "loss over steps" in text.text] == [title]


def test_a_curve_of_phases_has_a_line_a_phase_and_their_names():
    points = [(step, 5.0 - step / 100) for step in range(10, 201, 10)]
    image = ET.fromstring(curve(points, "nats", "steps", {0: "mlm, rows of 128", 150: "rtd, rows of 128"}))
    line = image.findall(f"{SVG}path")[-1].attrib["d"]
    assert [len(part.split("L")) for part in line.split("M")[1:]] == [15, 5]
    named = [text.text for text in image.findall(f"{SVG}text") if "rows" in text.text]
    assert named == ["mlm, rows of 128", "rtd, rows of 128"]


LINES = (
    {"step": 1, "loss": 5.0, "hidden_loss": 4.0},
    {"step": 2, "loss": 4.0, "hidden_loss": 3.5},
    {"step": 3, "loss": 30.0, "hidden_loss": 3.4, "disc_gain": 0.01},
    {"step": 4, "loss": 29.0, "hidden_loss": 3.4, "disc_gain": 0.02},
)


def test_of_a_run_its_nats_and_its_gain_are_drawn_and_not_its_loss(tmp_path):
    phases = [Phase(objective="mlm"), Phase(objective="rtd")]
    plan = PretrainSettings(preset="mini", steps=4, phase=phases, warmup=1).plan
    Manifest(kind="run", name="a", made_from={}, settings=plan.recorded, code="x").write(tmp_path)
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LINES))
    drawn = curves_of(tmp_path)
    assert list(drawn) == ["hidden_loss", "disc_gain"]
    assert "nats at hidden tokens over steps: 3.4<" in drawn["hidden_loss"]
    assert "gain over the prior, nats a token over steps: 0.02<" in drawn["disc_gain"]
    assert "rtd, rows of 128" in drawn["disc_gain"]


def test_the_terminal_shows_an_evaluation_beside_counts_and_the_prior(capsys):
    out.cache_clear()
    parts = ("discriminator", "published", "all_original", "content", "frozen")
    figures = {part: {"accuracy": 0.9} for part in parts}
    show_evaluation(
        EvaluationSummary(
            path=Path("x"), run="a", step=5, split="test", tokens=7, documents=1, **figures,
            generator={"hidden_loss": 3.25}, replaced_tokens={"loss": 0.25, "prior": 0.27, "gain": 0.02},
            counts={"single": 7.25, "both_sides": 4.75}, known=0.125, frozen_file="", seconds=1.0, reused=False,
        )
    )  # fmt: skip
    told = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    out.cache_clear()
    assert "this run counts: single counts: both sides" in told
    assert "hidden loss 3.25 7.25 4.75" in told
    assert "gain 0.02" in told
    assert told[-1] == "12.5% of these tokens stand in runs of 16 tokens that the training text has too."


def test_links_where_files_are_served_and_paths_elsewhere():
    report = Path("/data/store/corpus/v0001/report.html")
    assert (
        StoreLinks(Path("/data/store"), "http://127.0.0.1:4201/").to(report, "report")
        == "[report](http://127.0.0.1:4201/corpus/v0001/report.html)"
    )
    assert StoreLinks(Path("/data/store"), None).to(report, "report") == f"report: `{report}`"


def test_the_log_says_when_nothing_has_changed():
    counts = {key: {} for key in ("splits", "side", "funnel", "dropped")}
    summary = PublishSummary(version="v0002", changed=False, path=Path("x"), documents=5, words=9, **counts)
    assert in_one_line(summary) == "nothing has changed since v0002; no new version"
    dropped = {"duplicate/exact": 8, "duplicate/near": 2, "quality/too_short": 33, "takedown": 1}
    cut = summary.model_copy(update={"changed": True, "dropped": dropped})
    assert in_one_line(cut) == "v0002: 5 documents, 9 words; left out: 10 duplicates, 1 taken down"


def test_the_log_tells_a_round():
    finished = CrawlSummary(round=3, finished=False, new=1200, gone=2, megabytes=1.5, queued=7, warc=Path("x"))
    assert in_one_line(finished) == "round 3: 1,200 new, 2 gone, 1.5 MB; 7 URLs are left for the next run"
    assert in_one_line(CrawlSummary(round=3, finished=True)) == "round 3 is over and no page is due yet"
