"""The flow runs under Prefect's own engine, on the demo web, with a server of its own."""

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prefect_server():
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=600):
        yield


@pytest.mark.filterwarnings("default")  # Prefect's own server warns at start
def test_build_cowese_publishes_a_version(prefect_server, tmp_path):
    from demo_web.server import DemoWeb

    from flows.deployments import build_cowese

    with DemoWeb() as web:
        seeds = tmp_path / "seeds.tsv"
        web.write_seeds(seeds)
        version = build_cowese(store=tmp_path / "store", seeds=seeds, proxy=web.proxy, max_pages=30)
    assert version == "v0001"
    assert (tmp_path / "store" / "corpus" / "latest" / "manifest.json").is_file()


@pytest.mark.filterwarnings("default")
def test_an_error_that_a_person_can_mend_is_the_state(prefect_server, tmp_path):
    from data.errors import InputError
    from flows.deployments import build_cowese

    state = build_cowese(store=tmp_path / "store", return_state=True)
    assert state.is_failed()
    assert state.message.startswith("a crawl of the real web needs a contact")
    with pytest.raises(InputError, match="needs a contact"):
        build_cowese(store=tmp_path / "store")


@pytest.mark.filterwarnings("default")
def test_benchmark_scores_a_model_and_writes_the_table(prefect_server, tmp_path):
    pytest.importorskip("transformers")
    pytest.importorskip("seqeval")
    from benchmark_room import brat_corpus, tiny_model

    from flows.deployments import benchmark

    settings = tmp_path / "cowese.toml"
    settings.write_text('[benchmark]\nbatch = 4\nlearning_rate = 0.01\ndevice = "cpu"\nthreads = 1\n')
    data, model = brat_corpus(tmp_path / "notas"), tiny_model(tmp_path / "salud")
    about = {"model": str(model), "task": "Notas", "data": data, "seeds": 1, "epochs": 2}
    figures = benchmark(**about, store=tmp_path / "store", config=settings)
    assert 0 <= figures["exact_f1"] <= 1
    assert "salud" in (tmp_path / "store" / "benchmarks" / "table.md").read_text()
