"""The flow runs under Prefect's own engine, on the demo web, with a server of its own."""

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prefect_server():
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
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
