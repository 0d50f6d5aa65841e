"""Texts that stand in training and in a held-out split: what was learnt by heart is no figure.

Texts are one where their words are: runs of letters, digits and underscores in NFC and lower case, as in the corpus's
decontamination. Documents and paragraphs of 13 words or more (its run) do not repeat by chance, so one that is in two
splits is refused, a shorter one only where its name is the same too. Sentences and rows do repeat ("No."), so a split
of them is refused where more than half of it is in training; fewer are counted in the report.
"""

import re
import unicodedata
from typing import Any

from data.errors import InputError
from training.benchmark.rows import AnyRow
from training.benchmark.squad import Question
from training.benchmark.tasks import Form

HELD_OUT = ("dev", "test")
LONG = 13
"""Words of a text that is not written twice by chance."""
MOST = 0.5
"""Share of a split's sentences or rows beyond which it is no other split."""
_SHORT: tuple[Form, ...] = ("conll", "table", "records")
"""Forms whose items are sentences or rows."""
_WORD = re.compile(r"\w+")


def text_of(item: Any) -> str:
    """The words of a document, of a row, or of what a question is about."""
    text: str = (
        item.context if isinstance(item, Question) else " ".join(item.texts) if isinstance(item, AnyRow) else item.text
    )
    return " ".join(_WORD.findall(unicodedata.normalize("NFC", text).lower()))


def is_long(text: str) -> bool:
    """Whether these words are not written twice by chance."""
    return text.count(" ") + 1 >= LONG


def refuse_leaks(form: Form, splits: dict[str, list[Any]]) -> None:
    """Refuse a split that is trained on.

    Raises:
        InputError: a document is in training and in another split, or more than half of a split's sentences or rows
            are; names both places.
    """
    trained = _trained(splits)
    named = {(text_of(item), _base(item)) for item in splits["train"]}
    for split in HELD_OUT:
        both = [(text, item) for item in splits[split] if (text := text_of(item)) in trained]
        if form not in _SHORT:
            both = [(text, item) for text, item in both if is_long(text) or (text, _base(item)) in named]
        elif len(both) <= MOST * len(splits[split]):
            continue
        if both:
            text, item = both[0]
            raise InputError(
                f"{trained[text].place} and {item.place} are one text: {len(both):,} of the {len(splits[split]):,} in "
                f"the {split} split stand in training. Take them out of one split."
            )


def also_trained(splits: dict[str, list[Any]]) -> dict[str, int]:
    """How many documents, sentences, rows or questions of each held-out split have a text of training."""
    trained = _trained(splits)
    return {split: sum(text_of(item) in trained for item in splits[split]) for split in HELD_OUT}


def _trained(splits: dict[str, list[Any]]) -> dict[str, Any]:
    """The first training item of each text that has a word."""
    found: dict[str, Any] = {}
    for item in splits["train"]:
        if text := text_of(item):
            found.setdefault(text, item)
    return found


def _base(item: Any) -> str:
    name: str = item.name
    return name.rpartition("/")[2]
