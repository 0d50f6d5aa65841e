"""What starts at once loads little: no library of another room, none that only some runs use."""

import subprocess
import sys

import pytest

HEAVY = {"numpy", "pandas", "pyarrow", "dask", "distributed", "prefect", "torch", "tokenizers", "trafilatura", "scrapy"}


def loaded_by(statement: str) -> set[str]:
    shown = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", shown], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("statement", "more"),
    [
        ("import flows.cli", {"sqlalchemy", "asyncio", "pydantic", "pydantic_settings", "rich"}),
        ("import flows.settings", {"sqlalchemy"}),
        ("import flows.settings, crawler.process.run", {"fastwarc", "twisted"}),
    ],
)
def test_a_command_loads_what_it_needs(statement, more):
    assert not loaded_by(statement) & (HEAVY | more)


def test_the_crawls_process_loads_what_every_run_needs():
    loaded = loaded_by("import crawler.process.child")
    assert not loaded & (HEAVY - {"scrapy"} | {"prometheus_client", "asyncpg", "psycopg", "fastwarc"})
    assert "scrapy" in loaded
