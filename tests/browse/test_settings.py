"""What a reader may write of settings, and the file of a comparison: no store is cleaned for it."""

import threading

import pytest

from browse.asked import Asked
from browse.building import Building, Remembered
from browse.moves_file import numbers_among, read_moves, write_moves
from browse.written_settings import JUDGING, differences, lines_between, read_written
from cleaning.settings import CleaningSettings
from data.errors import InputError, StageError

BASE = CleaningSettings()
ROWS = [(3, "goes", "kept", "quality/too_short"), (1, "comes", "quality/list", "kept"), (2, "goes", "kept", "x")]


@pytest.mark.parametrize(
    "text",
    [
        "min_chars = 500",
        "clean.min_chars=500",
        "[clean]\r\nmin_chars = 500\r\n",
        'store = "elsewhere"\n[crawl]\ncontact = "a@b.es"\n[clean]\nmin_chars = 500\nmarkup = "plain"',
    ],
)
def test_lines_and_settings_files_are_read(text):
    written = read_written(text, BASE)
    assert differences(BASE, written.settings) == [("min_chars", 300, 500)]
    assert written.passed_over == (("store", "crawl") if "crawl" in text else ())


def test_what_differs_is_written_as_it_is_read():
    other = CleaningSettings(min_health=0.3, languages=("es", "ca"), max_top_ngrams=(0.2, 0.2, 0.1), min_chars=0)
    assert read_written(lines_between(BASE, other), BASE).settings == other
    assert read_written(lines_between(other, BASE), other).settings == BASE
    assert lines_between(BASE, BASE) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("min_chars 500", "Not valid TOML"),
        ("a = " + "[" * 5_000, "too deeply nested"),
        ("x = 1\n" * 5_000, "more than"),
        ("min_char = 500", "min_char: no such setting"),
        ('min_chars = "many"', "min_chars: "),
        ("min_chars = -1", "min_chars: "),
        ("max_legal = nan", "max_legal: "),
        ('languages = ["xx"]', "languages"),
        ("mean_word_length = [9, 3]", "mean_word_length"),
        ('markup = "markdown"', "markup: it changes how texts"),
        ("mask_personal_data = false", "mask_personal_data: it changes"),
        ("clean = 3", "clean: a table"),
        ("min_chars = 1\nmin_chars = 2", "Not valid TOML"),
        ("min_chars = 1979-05-27", "min_chars: "),
    ],
)
def test_what_cannot_be_tried_is_refused(text, said):
    with pytest.raises(InputError, match=said):
        read_written(text, BASE)


def test_settings_that_shape_texts_are_not_tried():
    assert {"min_chars", "languages", "min_health"} <= set(JUDGING)
    assert not {"markup", "max_bytes", "mask_personal_data", "max_seconds"} & set(JUDGING)


def test_a_comparison_names_pages(tmp_path):
    path = tmp_path / "0123abcd.parquet"
    write_moves(path, ROWS, {"index": "i"})
    table, about = read_moves(path)
    assert about == {"index": "i"}
    assert list(zip(*(table[name].to_pylist() for name in table.column_names), strict=True)) == ROWS
    found = {
        among: None if (numbers := numbers_among(tmp_path, among, "i")) is None else numbers.tolist()
        for among in (
            "0123abcd:goes",
            "0123abcd:goes:kept:x",
            "0123abcd:goes:kept",
            "0123abcd:x",
            "0123abcd",
            "../x:goes",
            ":goes",
        )
    }
    assert list(found.values()) == [[3, 2], [2], *[None] * 5]
    assert numbers_among(tmp_path, "0123abcd:goes", "another index") is None
    write_moves(path, [], {"index": "i"})
    assert numbers_among(tmp_path, "0123abcd:goes", "i").tolist() == []


def test_a_question_among_a_comparison_is_its_address():
    asked = Asked.read([("among", "0123abcd:goes:kept:x"), ("q", "asma")])
    assert asked.query() == "q=asma&among=0123abcd%3Agoes%3Akept%3Ax"
    assert asked.group() == ("goes", "kept", "x")
    assert asked.toggled("host", "a.es").among == asked.among
    assert asked.without_comparison().query() == "q=asma"


def test_what_is_being_made_says_what_went_wrong():
    def make():
        raise StageError("no room")

    state = Building()
    state.start(make)
    state._thread.join(60)
    assert (state.is_running, state.problem) == (False, "no room")


def test_what_takes_long_is_waited_for_aside_and_remembered(monkeypatch):
    monkeypatch.setattr("browse.building.PATIENCE", 0)
    remembered, may_end, made = Remembered(most=2), threading.Event(), []

    def make():
        may_end.wait(60)
        made.append(1)
        return "done"

    state = remembered.get("key", make)
    assert isinstance(state, Building)
    assert remembered.get("key", make) is state
    may_end.set()
    state._thread.join(60)
    assert [remembered.get("key", make) for _ in range(2)] == ["done", "done"]
    assert made == [1]


def test_a_failure_is_told_once():
    remembered = Remembered()

    def fail():
        raise StageError("no room")

    assert remembered.get("key", fail).problem == "no room"
    assert remembered.get("key", lambda: "done") == "done"
