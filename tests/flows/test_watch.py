"""What `cowese watch` prints of a run: bars on a terminal, now and then a line elsewhere."""

import io

from rich.console import Console

from flows.commands.watch import news, picture
from flows.serving.watch import Seen, StageSeen


def seen(percent, words, state="Running"):
    stages = (StageSeen("crawl", 100.0, "143 of 143"), StageSeen("pretrain", percent, words))
    return Seen("cocky-turtle", state, "", ended=False, completed=False, stages=stages)


def test_a_terminal_shows_every_stage():
    shown = io.StringIO()
    Console(file=shown, width=100).print(picture(seen(25.0, "10 of 40 · 2/s · 15 s left — loss 28.31")))
    first, crawl, pretrain = shown.getvalue().splitlines()
    assert first == "cocky-turtle: Running"
    assert crawl.split()[0] == "crawl"
    assert pretrain.endswith("10 of 40 · 2/s · 15 s left — loss 28.31")


def test_elsewhere_a_stage_is_told_at_most_every_so_often_and_at_its_end():
    printed = {}
    assert news(seen(25.0, "10 of 40"), printed) == [
        "cocky-turtle: Running",
        "crawl: 143 of 143",
        "pretrain: 10 of 40",
    ]
    assert news(seen(50.0, "20 of 40"), printed) == []
    assert news(seen(100.0, "40 of 40"), printed) == ["pretrain: 40 of 40"]
    assert news(seen(100.0, "40 of 40", state="Completed"), printed) == ["cocky-turtle: Completed"]
