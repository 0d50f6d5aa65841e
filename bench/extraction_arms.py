"""The extractors that bench/extraction.py and bench/fidelity.py set side by side: a page's bytes → its text.

trafilatura, justext and readability (as trafilatura carries it) are dependencies of ours; resiliparse is asked where it
is installed (``pip install cowese[bench]``, 7 MB).
"""

import importlib.util
import logging
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import justext
import trafilatura
from trafilatura.external import try_readability

from cleaning.pages.boilerplate import without_site_lines
from cleaning.pages.extraction import extract_html
from cleaning.pages.page import Drop, Raw
from cleaning.settings import CleaningSettings
from data.charset import encoding_of

logging.disable(logging.CRITICAL)
SETTINGS = CleaningSettings()
Arm = Callable[[bytes], str]


def ours(body: bytes) -> str:
    page = extract_html(Raw("https://example.org/", "", body), SETTINGS)
    return "" if isinstance(page, Drop) else page.text


def ours_without_site_lines(body: bytes) -> str:
    return without_site_lines(ours(body))


def trafilatura_fast(body: bytes) -> str:
    return trafilatura.extract(decoded(body), fast=True, include_comments=False) or ""


def trafilatura_default(body: bytes) -> str:
    return trafilatura.extract(decoded(body), include_comments=False) or ""


def readability(body: bytes) -> str:
    tree = trafilatura.load_html(decoded(body))
    found = None if tree is None else try_readability(tree)
    return "" if found is None else trafilatura.html2txt(found, clean=False)


def justext_of(language: str) -> Arm:
    stop_words = justext.get_stoplist(language)

    def justext_rules(body: bytes) -> str:
        paragraphs = justext.justext(decoded(body), stop_words)
        return "\n".join(paragraph.text for paragraph in paragraphs if not paragraph.is_boilerplate)

    return justext_rules


def resiliparse(body: bytes) -> str:
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.html import HTMLTree

    tree = HTMLTree.parse(decoded(body))
    return str(extract_plain_text(tree, main_content=True, links=False, alt_texts=False, comments=False))


def decoded(body: bytes) -> str:
    return body.decode(encoding_of(body, ""), "replace").replace("\x00", "")


def arms(stop_words: str = "Spanish") -> dict[str, Arm]:
    """The arms by their names, resiliparse last and only where it is installed."""
    found: dict[str, Arm] = {
        "ours": ours,
        "ours, without site lines": ours_without_site_lines,
        "trafilatura fast": trafilatura_fast,
        "trafilatura default": trafilatura_default,
        "justext": justext_of(stop_words),
        "readability": readability,
    }
    if importlib.util.find_spec("resiliparse") is None:
        print("resiliparse is not installed (pip install cowese[bench]): left out", file=sys.stderr)
    else:
        found["resiliparse"] = resiliparse
    return found
