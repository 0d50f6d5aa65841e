"""docs/upgrading.md lists the names that changed, and each still works or is refused with its new name."""

import importlib
import importlib.util
import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel
from typer.main import get_command

from data.errors import InputError
from data.settings_model import SettingsModel
from flows.cli import app
from flows.settings import Settings, load_settings
from training.benchmark.settings import BenchmarkSettings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "upgrading.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ")]
NAMES = [(row[0], row[1].strip("`"), row[2].strip("`")) for row in ROWS if len(row) == 3]
SETTINGS = [(old, new) for what, old, new in NAMES if what == "setting"]
GIVEN = {
    "benchmark.hidden": 0.2,
    "clean.max_loose_words": 0.4,
    "pretrain.begin": "counts",
    "pretrain.origin": "latest",
    "publish.against": ["corpus"],
}
OPTIONS = [(old, new) for what, old, new in NAMES if what == "option"]


def former_names(model=Settings, table=""):
    """Every former name of a setting with the one it has now, as dotted names."""
    if issubclass(model, SettingsModel):
        yield from ((f"{table}{old}", f"{table}{new}") for old, new in model.former_names.items())
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from former_names(field.annotation, f"{table}{name}.")


def value_of(settings, name):
    for part in name.split("."):
        settings = getattr(settings, part)
    return settings


def test_the_page_lists_every_renamed_setting():
    assert sorted(SETTINGS) == sorted(former_names())


@pytest.mark.parametrize(("old", "new"), SETTINGS)
def test_a_setting_is_read_under_its_former_name(old, new, tmp_path):
    given = GIVEN.get(old, 7)
    config = tmp_path / "cowese.toml"
    table, _, name = old.rpartition(".")
    config.write_text(f"[{table}]\n{name} = {given!r}\n".replace("'", '"'), encoding="utf-8")
    by_flag, by_file = load_settings(None, {old: given}), load_settings(config)
    expected = tuple(given) if isinstance(given, list) else given
    assert value_of(by_flag, new) == value_of(by_file, new) == expected


def test_results_of_a_benchmark_keep_the_former_name():
    """They are compared with those of earlier versions."""
    assert BenchmarkSettings(mask_share=0.2).shaping()["hidden"] == 0.2


def test_both_names_of_a_setting_are_refused():
    with pytest.raises(InputError, match="share_rows is now shard_rows, and both are set"):
        load_settings(None, {"engine.share_rows": 5, "engine.shard_rows": 6})


def test_the_page_lists_every_option_with_two_names():
    found = []
    for name, command in get_command(app).commands.items():
        for parameter in command.params:
            long = [option for option in parameter.opts if option.startswith("--")]
            found += [(f"cowese {name} {old}", f"cowese {name} {long[0]}") for old in long[1:]]
    assert sorted(OPTIONS) == sorted(found)


def test_the_python_names_are_there():
    for _, new in (row for row in ROWS if len(row) == 2 and row[1].startswith("`")):
        first, *others = re.findall(r"`([\w.]+)`", new)
        module, _, name = first.rpartition(".")
        found = importlib.import_module(module)
        if hasattr(found, name):
            assert all(hasattr(found, other.rpartition(".")[2]) for other in others), new
        else:
            assert importlib.util.find_spec(first) is not None, new


def test_the_version_stands_in_one_place():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    releases = re.findall(
        r"^## (\d+\.\d+\.\d+) - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert releases[0] == version
    assert "version:" not in (ROOT / "CITATION.cff").read_text(encoding="utf-8").replace("cff-version:", "")
