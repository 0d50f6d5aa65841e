"""What Prefect's pages say: progress in words, a curve, links; and one line of the log a stage."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from cleaning.corpus.publish import PublishSummary
from crawler.process.summary import CrawlSummary
from flows.console import duration
from flows.prefect_pages.curve import MOST_POINTS, curve
from flows.prefect_pages.log_lines import in_one_line
from flows.prefect_pages.progress import describe
from flows.prefect_pages.store_links import StoreLinks

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
