"""What starts at once loads little: no library of another room, none that only some runs use."""

import os
import pty
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

HEAVY = {"numpy", "pandas", "pyarrow", "dask", "distributed", "prefect", "torch", "tokenizers", "trafilatura", "scrapy"}


def loaded_by(statement: str) -> set[str]:
    shown = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", shown], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("statement", "more"),
    [
        ("import flows.cli", {"sqlalchemy", "asyncio", "pydantic", "pydantic_settings", "rich"}),
        ("import flows.settings", {"sqlalchemy", "asyncio", "pydantic_settings"}),
        ("import flows.settings, crawler.process.run", {"fastwarc", "twisted"}),
    ],
)
def test_a_command_loads_what_it_needs(statement, more):
    assert not loaded_by(statement) & (HEAVY | more)


def test_the_crawls_process_loads_what_every_run_needs():
    loaded = loaded_by("import crawler.process.child")
    assert not loaded & (HEAVY - {"scrapy"} | {"prometheus_client", "asyncpg", "psycopg", "fastwarc"})
    assert "scrapy" in loaded


SLOW = """
import sys, time
from flows import cli
cli.app.command("slow")(lambda: time.sleep(60))
sys.argv = ["cowese", "slow"]
cli.main()
"""


@pytest.mark.parametrize("opened", [pty.openpty, os.pipe])
def test_a_command_that_says_nothing_says_that_it_runs(opened):
    screen, errors = opened()
    with subprocess.Popen([sys.executable, "-c", SLOW], stdin=subprocess.DEVNULL, stderr=errors) as command:
        os.close(errors)
        try:
            assert os.read(screen, 100).decode().strip() == "cowese slow runs …"
        finally:
            command.kill()
            os.close(screen)
