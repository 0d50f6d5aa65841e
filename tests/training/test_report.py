from html.parser import HTMLParser

import pytest
from training_room import packed, quick

from data.errors import InputError
from data.store import Store
from training.results.evaluate import evaluate
from training.results.report import CHARTS, write_report
from training.runs.metrics import rates, read_metrics
from training.runs.pretrain import pretrain
from training.runs.threads import choose_threads
from training.settings import EvaluationSettings

pytestmark = pytest.mark.slow


class Page(HTMLParser):
    """Counts elements and collects what a page would load from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.loaded: list[str] = []
        self.curves: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.loaded += [value for name, value in attrs if name in ("src", "href")]
        self.curves += [value for name, value in attrs if name == "d"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    store = Store.open(tmp_path_factory.mktemp("room"))
    return store, pretrain(store, quick(long_share=0.1, tensorboard=True), tokens=packed(store), name="notas<1>").path


def test_the_page_stands_alone_and_has_every_curve(trained):
    store, run = trained
    found = evaluate(store, EvaluationSettings(), run=run)
    text = write_report(run).read_text()
    page = Page()
    page.feed(text)
    assert page.elements.count("figure") == len(CHARTS)
    assert len(page.curves) == sum(len(names) for names in CHARTS.values())
    assert not any("nan" in curve for curve in page.curves)
    assert page.loaded == []
    assert f"{found.discriminator['accuracy']:.4f}" in text
    assert "notas&lt;1&gt;" in text
    assert "measured on the split validation. So the curve and the level lines are of two different sets" in text


def test_tensorboard_has_the_metrics(trained):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    _, run = trained
    events = EventAccumulator(str(run / "tensorboard")).Reload()
    lines = read_metrics(run)
    assert [event.step for event in events.Scalars("loss")] == [line["step"] for line in lines]
    assert events.Scalars("loss")[-1].value == pytest.approx(lines[-1]["loss"], rel=1e-5)


def test_a_run_without_metrics_is_a_clear_error(trained, tmp_path):
    with pytest.raises(InputError, match="no run there"):
        write_report(tmp_path)


def test_means_leave_skipped_steps_out():
    filled = [f"{place}_{one}" for place in ("hidden", "shown") for one in ("count", "nats", "right")]
    names = (*filled, "replaced", "flagged", "caught", "disc_right", "tokens", "mlm_loss")
    sums = dict.fromkeys(names, 0.0) | {"loss": 30.0, "disc_loss": 0.3, "grad_norm": 6.0, "skipped": 2.0}
    line = rates(sums, 5)
    assert (line["loss"], line["grad_norm"], line["skipped"]) == (10.0, 2.0, 2.0)


def test_threads_asked_for_are_taken():
    assert choose_threads(3) == 3
    assert choose_threads(None) >= 1
