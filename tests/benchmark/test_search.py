"""`--search`: one grid for all models, chosen on the development split, its cost told ahead, the choice kept."""

import json

import pytest
from benchmark_room import brat_corpus, tiny_model

from data.errors import StageError
from data.store import Store
from training.benchmark.run import benchmark
from training.benchmark.search import grid_of
from training.benchmark.settings import BenchmarkSettings, SearchGrid
from training.benchmark.table import write_table

pytest.importorskip("transformers")
pytest.importorskip("seqeval")
GRID = SearchGrid(learning_rates=(1e-6, 0.01), batches=(4,), epochs=(1, 3))
SETTINGS = BenchmarkSettings(search=True, grid=GRID, seeds=1, layer_decay=1.0, device="cpu", threads=1, keep="none")


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    folder = tmp_path_factory.mktemp("search")
    return Store.open(folder / "store"), str(tiny_model(folder / "salud")), brat_corpus(folder / "notas", (8, 3, 3))


@pytest.mark.slow
def test_the_best_point_on_dev_is_taken_and_kept(room):
    store, model, data = room
    told = []
    done = benchmark(store, SETTINGS, model=model, task="Notas", data=data, progress=lambda *said: told.append(said))
    kept = json.loads((done.path / "search.json").read_text())
    assert [(one["learning_rate"], one["epochs"]) for one in kept["points"]] == [
        (1e-6, 1),
        (0.01, 1),
        (1e-6, 3),
        (0.01, 3),
    ]
    best = max(kept["points"], key=lambda one: one["dev"])
    assert best["dev"] > 0
    assert kept["chosen"] == {name: best[name] for name in ("learning_rate", "batch", "epochs")}
    plan = json.loads((done.path / "plan.json").read_text())["settings"]
    assert {name: plan[name] for name in kept["chosen"]} == kept["chosen"]
    assert plan["search"] is True
    stage, at, steps, about = told[0]
    windows = json.loads((done.path / "manifest.json").read_text())["figures"]["about"]["windows"]["train"]
    assert (stage, at, about) == ("search", 0, {"fine-tunings": 4})
    assert steps == 2 * (1 + 3) * -(-windows // 4)
    table = write_table(store).markdown.read_text()
    assert f"rate {best['learning_rate']:g}, batch 4, {best['epochs']} epochs (searched)" in table

    told.clear()
    again = benchmark(store, SETTINGS, model=model, task="Notas", data=data, progress=lambda *said: told.append(said))
    assert (again.made, told) == (0, [])
    assert again.mean == done.mean


@pytest.mark.slow
def test_a_search_that_was_cut_off_goes_on(room):
    store, model, data = room
    done = benchmark(store, SETTINGS, model=model, task="Corte", data=data)
    path = done.path / "search.json"
    whole = json.loads(path.read_text())
    path.write_text(
        json.dumps({**{name: whole[name] for name in ("made_from", "settings")}, "points": whole["points"][:3]})
    )
    told = []
    benchmark(store, SETTINGS, model=model, task="Corte", data=data, progress=lambda *said: told.append(said))
    assert told[0][3] == {"fine-tunings": 1}
    assert json.loads(path.read_text()) == whole


@pytest.mark.slow
def test_a_point_without_a_finite_loss_is_passed_over(room):
    store, model, data = room
    wild = SETTINGS.model_copy(update={"grid": SearchGrid(learning_rates=(1e30, 0.01), batches=(4,), epochs=(1,))})
    done = benchmark(store, wild, model=model, task="Salvaje", data=data)
    points = json.loads((done.path / "search.json").read_text())["points"]
    assert points[0]["dev"] is None
    assert json.loads((done.path / "plan.json").read_text())["settings"]["learning_rate"] == 0.01
    only = wild.model_copy(update={"grid": SearchGrid(learning_rates=(1e30,), batches=(4,), epochs=(1,))})
    with pytest.raises(StageError, match=r"no point of benchmark\.grid has a finite loss"):
        benchmark(store, only, model=model, task="Nada", data=data)


def test_the_grid_is_the_same_whatever_the_model():
    assert grid_of(BenchmarkSettings()) == grid_of(BenchmarkSettings(learning_rate=0.5, batch=7, epochs=2))
