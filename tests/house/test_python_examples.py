"""The code of docs/python.md runs as it stands, on the demo's web."""

import re
from pathlib import Path

import pytest
from benchmark_room import brat_corpus
from demo_web.demo import FOLDER, write_settings
from demo_web.server import DemoWeb

pytestmark = pytest.mark.slow
PAGE = Path(__file__).parents[2] / "docs" / "python.md"


def test_the_examples_run_in_one_session(tmp_path, monkeypatch):
    pytest.importorskip("transformers", reason="transformers reads the exported model")
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) > 5
    monkeypatch.chdir(tmp_path)
    brat_corpus(tmp_path / "notas")
    FOLDER.mkdir()
    with DemoWeb(round=1) as web:
        write_settings(web)
        session: dict[str, object] = {"__name__": "example"}
        for block in blocks:
            exec(compile(block, str(PAGE), "exec"), session)
