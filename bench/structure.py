"""How many headings, list items and cells between the paragraphs that are kept stand in the text: by site.

Usage: bench/structure.py WEB.tar.xz [--every 6] [--missing 5] [--record]

The page is read by lxml alone, without our blocks: a paragraph (``p``) is kept where its words stand in the text. What
is counted stands between the first and the last kept paragraph, is visible, is no link (60 % of its characters) and
stands in none of ``nav``, ``footer``, ``aside``, ``form``, ``button``. Only the innermost items and cells count.
"""

import argparse
import re
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from harness import Run, record_option
from lxml.html import HtmlElement, document_fromstring

from cleaning.pages.extraction import extract_html
from cleaning.pages.page import Drop, Raw
from cleaning.settings import CleaningSettings

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
KINDS = {
    **dict.fromkeys(HEADINGS, "headings"),
    "li": "items",
    "dt": "items",
    "dd": "items",
    "td": "cells",
    "th": "cells",
}
SITE = frozenset({"nav", "footer", "aside", "form", "button", "select", "noscript", "template", "script", "style"})
LINKED = 0.6
LEAST_WORDS = 5
"""Words of a paragraph that tells where a text is."""
LEAST_LETTERS = 12
"""Letters of an element that may be looked for without the spaces between its words."""
WORD = re.compile(r"\w+")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("web", type=Path)
    parser.add_argument("--every", type=int, default=6, help="read each so-many-th page")
    parser.add_argument("--missing", type=int, default=0, help="lost ones to show of each site and kind")
    record_option(parser)
    arguments = parser.parse_args()
    run = Run("structure", ("trafilatura", "lxml"))
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    lost: dict[tuple[str, str], list[str]] = defaultdict(list)
    for host, body in pages(arguments.web, arguments.every):
        for kind, text, is_kept in between_kept(host, body):
            counts[host][f"{kind} {'kept' if is_kept else 'lost'}"] += 1
            if not is_kept:
                lost[host, kind].append(text)
    total = sum(counts.values(), Counter[str]())
    kinds = ("headings", "items", "cells")
    sites = [*sorted(counts.items()), ("all", total)]
    rows = [(host, *(share(counted, kind) for kind in kinds)) for host, counted in sites]
    run.table(f"Every {arguments.every}th page: kept between kept paragraphs", ("site", *kinds), rows)
    run.close(arguments.record)
    for (host, kind), texts in sorted(lost.items()):
        for text in texts[:: max(len(texts) // max(arguments.missing, 1), 1)][: arguments.missing]:
            print(f"  {host} {kind}: {text[:100]}")


def share(counted: Counter[str], kind: str) -> str:
    kept = counted[f"{kind} kept"]
    of = kept + counted[f"{kind} lost"]
    return f"{kept:,} of {of:,}" + (f" ({kept / of:.1%})" if of else "")


def pages(web: Path, every: int) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(web) as archive:
        members = (member for member in archive if member.isfile() and member.name.startswith("pages/"))
        for number, member in enumerate(members):
            if number % every == 0:
                yield member.name.split("/")[1], archive.extractfile(member).read()


def between_kept(host: str, body: bytes) -> Iterator[tuple[str, str, bool]]:
    """Kind, words and whether they stand in the text, of each element that counts."""
    page = extract_html(Raw(f"http://{host}/", "text/html", body), CleaningSettings())
    if isinstance(page, Drop):
        return
    said = f" {words_of(page.text)} "
    letters = said.replace(" ", "")  # lxml joins the words of `<b>Dosis</b><span>10 mg</span>`, where ours are parted
    elements = [one for one in document_fromstring(body).iter() if isinstance(one.tag, str)]
    kept = [
        place
        for place, one in enumerate(elements)
        if one.tag == "p" and len((words := own_words(one)).split()) >= LEAST_WORDS and f" {words} " in said
    ]
    for one in elements[kept[0] : kept[-1]] if kept else []:
        words = own_words(one) if one.tag in KINDS and not any(True for _ in one.iterdescendants(*KINDS)) else ""
        if words and counts(one, words):
            bare = words.replace(" ", "")
            yield KINDS[one.tag], words, f" {words} " in said or (len(bare) >= LEAST_LETTERS and bare in letters)


def counts(element: HtmlElement, words: str) -> bool:
    """Whether an element is part of the page's text, by what it and those around it say of themselves."""
    around = [element, *element.iterancestors()]
    if any(one.tag in SITE or "hidden" in one.attrib or one.get("aria-hidden") == "true" for one in around):
        return False
    if any("none" in (one.get("style") or "") and "display" in (one.get("style") or "") for one in around):
        return False
    linked = sum(len(own_words(link)) for link in element.iter("a") if link.get("href"))
    return linked < LINKED * len(words) and not any(one.tag == "a" for one in around)


def own_words(element: HtmlElement) -> str:
    return words_of("".join(element.itertext()))


def words_of(text: str) -> str:
    return " ".join(WORD.findall(text.lower()))


if __name__ == "__main__":
    main()
