"""The interface: every sentence has its Spanish, and no template has a script or a style of its own."""

import re
from pathlib import Path

import pytest

import browse
from browse.facets import FACETS
from browse.index_build import SORTS
from browse.interface import Interface
from browse.spanish_interface import ENGLISH, SPANISH

ROOM = Path(browse.__file__).parent
TEMPLATES = sorted((ROOM / "templates").glob("*.jinja"))
SAID = re.compile(r"""\bt\(\s*"((?:[^"\\]|\\.)*)"|title="([A-Z][^"{]*)", message""")


def sentences():
    text = "\n".join(path.read_text(encoding="utf-8") for path in [*TEMPLATES, *ROOM.glob("*.py")])
    return {found[0] or found[1] for found in SAID.findall(text)}


def test_every_sentence_has_its_spanish():
    wanted = sentences() | set(FACETS) | set(SORTS)
    assert sorted(wanted - SPANISH.keys()) == []
    assert set(ENGLISH) <= set(SPANISH)


def test_translations_have_the_same_places():
    for english, spanish in SPANISH.items():
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", spanish)), english


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_needs_what_the_policy_refuses(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?! src=\"/static/)|https?://", text)
    assert "| safe" not in text


@pytest.mark.parametrize(
    ("value", "english", "spanish"),
    [(1234, "1,234", "1234"), (12345, "12,345", "12\u202f345"), (0.25, "0.25", "0,25"), (None, "–", "–")],
)
def test_numbers_as_each_language_writes_them(value, english, spanish):
    assert Interface("en").number(value) == english
    assert Interface("es").number(value) == spanish
