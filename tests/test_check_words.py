"""The check of the documents finds what it is for."""

from check_words import anchor, broken_links, findings, long_sentences


def test_the_documents_pass():
    assert list(findings()) == []


def test_a_broken_link_and_a_missing_heading_are_named_by_line():
    text = "# A\n[x](nowhere.md)\n[y](#a) [z](#b) [w](https://example.org)\n"
    assert list(broken_links("README.md", text.replace("#a", "#the-steps"))) == [
        "README.md:2: no file nowhere.md.",
        "README.md:3: README.md has no heading #b.",
    ]


def test_a_long_sentence_is_found_and_code_and_tables_are_not():
    long = " ".join(["palabra"] * 31)
    text = f"Short.\n\n```\n{long}\n```\n\n| {long} |\n\nFirst. {long}. Last.\n"
    found = list(long_sentences("a.md", text))
    assert len(found) == 1
    assert found[0].startswith("a.md:9: a sentence of 31 words: palabra")


def test_anchors_are_those_of_github():
    assert anchor("Every host: `cowese hosts`") == "every-host-cowese-hosts"
