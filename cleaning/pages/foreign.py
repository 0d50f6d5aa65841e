"""Paragraphs of another language in a Spanish page (an abstract in English, a notice in Catalan) are cut out.

Only a paragraph that is long enough to be judged is: one of 250 characters that has next to none of the words that
Spanish does not share with its neighbours, and that is in another language when it is judged as a page is.
"""

from cleaning.pages.language import identify

MIN_CHARS = 250
"""A shorter paragraph stays: on single sentences no identifier is safe."""
_SPANISH = "y los las lo su sus más muy pero también fue son sin hay nos está este esta cuando donde hasta desde"
SPANISH_WORDS = frozenset(_SPANISH.split())
SPANISH_SHARE = 0.03
"""From this share of such words on a paragraph is not asked about: Spanish prose has about 9 %, others next to none."""
FOREIGN = frozenset({"en", "ca", "gl", "eu", "pt", "fr", "it", "de", "oc", "an", "ro"})
"""What is cut. Not Latin, which names of species look like, nor languages that are taken for noise."""


def without_foreign_paragraphs(text: str) -> tuple[str, int]:
    """A Spanish page's text without its paragraphs of other languages, and how many there were."""
    lines = text.split("\n")
    kept = [line for line in lines if len(line) < MIN_CHARS or not _is_foreign(line)]
    return "\n".join(kept), len(lines) - len(kept)


def _is_foreign(paragraph: str) -> bool:
    words = paragraph.lower().split()
    spanish = sum(map(SPANISH_WORDS.__contains__, words))
    if spanish >= SPANISH_SHARE * len(words):
        return False
    return identify(paragraph).language in FOREIGN
