"""Scores of mentions: exact spans as the shared tasks' own scorers count them, and seqeval's strict mode.

Exact: a mention is right when document, type and every offset are those of a gold mention. Both sides are sets, so a
mention that is marked twice counts once (PharmaCoNER's and CANTEMIST's scorers do the same). Figures are micro
averages.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from training.benchmark.documents import Mention
from training.benchmark.models import required

MISSED, SPURIOUS = "missed", "spurious"
KINDS = ("right", "border", "type", "border and type", MISSED, SPURIOUS)

_PIECE = 64
Mentions = Mapping[str, Sequence[Mention]]
"""Mentions by document."""


def exact(gold: Mentions, predicted: Mentions) -> dict[str, dict[str, float]]:
    """Precision, recall, F1 and support by type, and over all under ``micro``."""
    right: Counter[str] = Counter()
    marked: Counter[str] = Counter()
    due: Counter[str] = Counter()
    for name in gold.keys() | predicted.keys():
        ours, theirs = set(predicted.get(name, ())), set(gold.get(name, ()))
        right.update(mention.label for mention in ours & theirs)
        marked.update(mention.label for mention in ours)
        due.update(mention.label for mention in theirs)
    by_type = {label: rates(right[label], marked[label], due[label]) for label in sorted(due | marked)}
    return {**by_type, "micro": rates(right.total(), marked.total(), due.total())}


def rates(right: int, marked: int, due: int) -> dict[str, float]:
    """Precision, recall and F1; 0 where they are not defined."""
    precision, recall = right / marked if marked else 0.0, right / due if due else 0.0
    f1 = 2 * right / (marked + due) if marked + due else 0.0
    return {"precision": precision, "recall": recall, "f1": f1, "support": due}


def strict(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> dict[str, float]:
    """The micro average of seqeval over IOB2 tags of words, a document a sequence, in its strict mode."""
    strictly = required("seqeval.metrics.v1")  # the strict mode by itself
    scheme = required("seqeval.scheme").IOB2
    if not any(tag != "O" for tags in (*gold, *predicted) for tag in tags):
        return rates(0, 0, 0)
    precision, recall, f1, support = strictly.precision_recall_fscore_support(
        gold, predicted, average="micro", scheme=scheme, zero_division=0
    )
    return {"precision": float(precision), "recall": float(recall), "f1": float(f1), "support": int(support)}


def confusion(gold: Mentions, predicted: Mentions) -> dict[str, dict[str, int]]:
    """Gold type → predicted type, of mentions that overlap; ``missed`` and ``spurious`` for those that are alone."""
    table: dict[str, Counter[str]] = {}
    for _, due, marked in pairs(gold, predicted):
        row, column = due.label if due else SPURIOUS, marked.label if marked else MISSED
        table.setdefault(row, Counter())[column] += 1
    return {row: dict(sorted(columns.items())) for row, columns in sorted(table.items())}


def error_kinds(gold: Mentions, predicted: Mentions) -> dict[str, int]:
    """How many mentions are right, have other borders, another type, were missed or made up."""
    found = Counter(kind(due, marked) for _, due, marked in pairs(gold, predicted))
    return {name: found[name] for name in KINDS}


def kind(due: Mention | None, marked: Mention | None) -> str:
    """What became of a pair."""
    if due is None:
        return SPURIOUS
    if marked is None:
        return MISSED
    if due == marked:
        return "right"
    if due.fragments == marked.fragments:
        return "type"
    return "border" if due.label == marked.label else "border and type"


def pairs(gold: Mentions, predicted: Mentions) -> list[tuple[str, Mention | None, Mention | None]]:
    """Each gold mention with the predicted one that it shares most with, each used once; the rest alone."""
    found: list[tuple[str, Mention | None, Mention | None]] = []
    for name in sorted(gold.keys() | predicted.keys()):
        due, free = set(gold.get(name, ())), set(predicted.get(name, ()))
        likeness = _likenesses(due, free)
        for one in sorted(due, key=lambda one: (-max(likeness[one].values(), default=0.0), one)):
            like = {other: value for other, value in likeness[one].items() if other in free}
            best = max(like, key=lambda other: (like[other], other), default=None)
            if best is not None:
                free.remove(best)
            found.append((name, one, best))
        found += [(name, None, other) for other in sorted(free)]
    return found


def _likenesses(due: Iterable[Mention], marked: Iterable[Mention]) -> dict[Mention, dict[Mention, float]]:
    """For each mention those that share a character with it; only mentions of a same piece of text are looked at."""
    near: dict[int, list[Mention]] = {}
    for other in marked:
        for block in _blocks(other):
            near.setdefault(block, []).append(other)
    return {
        one: {
            other: value
            for block in _blocks(one)
            for other in near.get(block, ())
            if (value := _likeness(one, other)) > 0
        }
        for one in due
    }


def _blocks(mention: Mention) -> set[int]:
    """The pieces of text, of 64 characters each, that a mention lies in."""
    return {block for start, end in mention.fragments for block in range(start // _PIECE, (end - 1) // _PIECE + 1)}


def _likeness(one: Mention, other: Mention) -> float:
    """Shared characters over all; a same type breaks ties, an equal mention is above all."""
    shared = sum(
        max(0, min(end, stop) - max(start, begin)) for start, end in one.fragments for begin, stop in other.fragments
    )
    if not shared:
        return 0.0
    length = sum(end - start for start, end in (*one.fragments, *other.fragments))
    return shared / (length - shared) + 0.01 * (one.label == other.label)
