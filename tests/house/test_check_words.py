"""The check of the documents finds what it is for."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

# by its path: were tests/ on sys.path, its folders crawler/, cleaning/, … would hide the packages of these names
SPEC = spec_from_file_location("check_words", Path(__file__).parents[1] / "check_words.py")
check_words = sys.modules[SPEC.name] = module_from_spec(SPEC)
SPEC.loader.exec_module(check_words)


@pytest.mark.slow
def test_the_documents_pass():
    assert list(check_words.findings()) == []


def test_a_broken_link_and_a_missing_heading_are_named_by_line():
    text = "# A\n[x](nowhere.md)\n[y](#a) [z](#b) [w](https://example.org)\n"
    assert list(check_words.broken_links("README.md", text.replace("#a", "#the-steps"))) == [
        "README.md:2: no file nowhere.md.",
        "README.md:3: README.md has no heading #b.",
    ]


def test_a_long_sentence_is_found_and_code_and_tables_are_not():
    long = " ".join(["palabra"] * 31)
    text = f"Short.\n\n```\n{long}\n```\n\n| {long} |\n\nFirst. {long}. Last.\n"
    found = list(check_words.long_sentences("a.md", text))
    assert len(found) == 1
    assert found[0].startswith("a.md:9: a sentence of 31 words: palabra")


def test_anchors_are_those_of_github():
    assert check_words.anchor("Every host: `cowese hosts`") == "every-host-cowese-hosts"


def test_a_banned_word_is_found_with_the_better_one():
    found = list(check_words.banned_texts("a.md", "It is\nworked out of late.\n"))
    assert found == [
        "a.md:2: 'worked out' is banned; better: computed.",
        "a.md:2: 'of late' is banned; better: recently.",
    ]


def test_a_banned_name_is_found_where_it_is_defined():
    code = "class Left:\n    lies: bool = False\n\n    def of(self):\n        told = 1\n        return told\n"
    assert [line.partition(";")[0] for line in check_words.banned_names("data/twin.py", code)] == [
        "data/twin.py:1: the module's name 'twin' is banned",
        "data/twin.py:1: the name 'Left' is banned",
        "data/twin.py:2: the name 'lies' is banned",
        "data/twin.py:4: the name 'of' is banned",
    ]
