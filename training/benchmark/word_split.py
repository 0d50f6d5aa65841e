"""Text → words, the units that carry a tag: whatever the model's tokenizer, the same for all models.

A word is a run of letters (with their combining marks), a run of digits, or any other single character that is not
white space: "40mg/día" is 40, mg, /, día. Finer than a tokenizer's own words, so that fewer spans cut one.
"""

import re

from training.benchmark.documents import Fragment

WORD = re.compile(r"(?:[^\W\d_][̀-ͯ]*)+|\d+|[^\w\s]|_")


def split_words(text: str) -> list[Fragment]:
    """(start, end) of each word."""
    return [match.span() for match in WORD.finditer(text)]
