"""Protego's own tests, from the source archive of the installed version: as they are, then through our reading.

    python bench/protego_suite.py

Ours (``data.rights.robots_txt.groups_of``) hands Protego a file in which all agents but ours have one strange name, so
that a name means who bears it and nobody else (RFC 9309, 2.2.1); the tests that fail for it say so by their names.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

from protego import Protego

THROUGH_OURS = "COWESE_THROUGH_OURS"


class Ours:
    """A file read anew for each agent that is asked about."""

    def __init__(self, text: str, parse) -> None:
        self.text, self.parse = text, parse

    def read(self, agent: str):
        from data.rights.robots_txt import groups_of

        return self.parse(Protego, "\n".join(groups_of(self.text, agent.lower()).renamed))

    def can_fetch(self, url: str, agent: str) -> bool:
        return self.read(agent).can_fetch(url, agent)

    def crawl_delay(self, agent: str):
        return self.read(agent).crawl_delay(agent)

    def __getattr__(self, name: str):
        return getattr(self.parse(Protego, self.text), name)


def pytest_configure(config) -> None:
    """As a plugin of the second run: parsing goes through ours."""
    if os.environ.get(THROUGH_OURS):
        parse = Protego.parse.__func__
        Protego.parse = classmethod(
            lambda cls, content: Ours(content, parse) if isinstance(content, str) else parse(cls, content)
        )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = ["--no-deps", "--no-binary", ":all:", "--dest", folder, f"protego=={version('protego')}"]
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", *source], check=True)
        (archive,) = Path(folder).glob("*.tar.gz")
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        (tests,) = Path(folder).glob("protego-*/tests")
        plain = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", ".", "-W", "ignore", "--tb=no", "."]
        for through in ("", "1"):
            print("through ours" if through else "as they are", flush=True)
            command = [sys.executable, "-m", "pytest", "-p", "protego_suite", *plain]
            given = {**os.environ, THROUGH_OURS: through, "PYTHONPATH": str(Path(__file__).parent)}
            told = subprocess.run(command, cwd=tests, env=given, check=False, capture_output=True, text=True).stdout
            print("\n".join(line for line in told.splitlines() if line.startswith("FAILED") or " passed" in line))


if __name__ == "__main__":
    main()
