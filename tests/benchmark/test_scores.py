"""Scores of mentions agree with seqeval's and with a scorer of brat files written for these tests alone."""

import pytest
from benchmark_room import scored_by_hand
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from training.benchmark import iob_tags, spans
from training.benchmark.brat import write_document
from training.benchmark.documents import Document, Mention
from training.benchmark.word_split import split_words

pytest.importorskip("seqeval")
TEXT = "Se pauta ibuprofeno 600 mg y ácido fólico; la albúmina y la proteína C reactiva eran normales, sin ferritina."
WORDS = split_words(TEXT)
TAGS = iob_tags.tags_of(("FARMACO", "PROTEINA"))


def at(label, *said):
    """A mention of these pieces of the text."""
    return Mention.over(label, *((TEXT.index(piece), TEXT.index(piece) + len(piece)) for piece in said))


IBUPROFENO, FOLICO = at("FARMACO", "ibuprofeno"), at("FARMACO", "ácido fólico")
ALBUMINA, REACTIVA = at("PROTEINA", "albúmina"), at("PROTEINA", "proteína C reactiva")
GOLD = (IBUPROFENO, FOLICO, ALBUMINA, REACTIVA)
PLANTED = {
    "all right": (GOLD, (1.0, 1.0), {"right": 4}),
    "nothing found": ((), (0.0, 0.0), {"missed": 4}),
    "border too far left": ((IBUPROFENO, at("FARMACO", "y ácido fólico"), ALBUMINA, REACTIVA), (0.75, 0.75),
                            {"right": 3, "border": 1}),
    "border too short": ((IBUPROFENO, at("FARMACO", "ácido"), ALBUMINA, REACTIVA), (0.75, 0.75),
                         {"right": 3, "border": 1}),
    "border inside a word": ((at("FARMACO", "ibupro"), FOLICO, ALBUMINA, REACTIVA), (0.75, 0.75),
                             {"right": 3, "border": 1}),
    "wrong type": ((IBUPROFENO, FOLICO, at("FARMACO", "albúmina"), REACTIVA), (0.75, 0.75), {"right": 3, "type": 1}),
    "type and border": ((IBUPROFENO, FOLICO, ALBUMINA, at("FARMACO", "reactiva")), (0.75, 0.75),
                        {"right": 3, "border and type": 1}),
    "nested": ((*GOLD, at("PROTEINA", "proteína")), (0.8, 1.0), {"right": 4, "spurious": 1}),
    "marked twice": ((*GOLD, IBUPROFENO), (1.0, 1.0), {"right": 4}),
    "made up": ((*GOLD, at("PROTEINA", "ferritina")), (0.8, 1.0), {"right": 4, "spurious": 1}),
    "one in two halves": ((IBUPROFENO, at("FARMACO", "ácido"), at("FARMACO", "fólico"), ALBUMINA, REACTIVA),
                          (0.6, 0.75), {"right": 3, "border": 1, "spurious": 1}),
    "discontinuous": ((*GOLD[:3], at("PROTEINA", "proteína", "reactiva")), (0.75, 0.75), {"right": 3, "border": 1}),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_planted_errors(tmp_path, name):
    predicted, (precision, recall), errors = PLANTED[name]
    scores = spans.exact({"a": GOLD}, {"a": predicted})["micro"]
    assert (scores["precision"], scores["recall"]) == pytest.approx((precision, recall))
    for folder, mentions in (("gold", GOLD), ("predicted", predicted)):
        write_document(tmp_path / folder, Document("a", TEXT), mentions)
    by_hand = scored_by_hand(tmp_path / "gold", tmp_path / "predicted")
    assert [scores[figure] for figure in ("precision", "recall", "f1")] == pytest.approx(by_hand)
    kinds = spans.error_kinds({"a": GOLD}, {"a": predicted})
    assert {kind: count for kind, count in kinds.items() if count} == errors


@pytest.mark.parametrize("name", [name for name in PLANTED if name not in ("nested", "discontinuous", "marked twice",
                                                                           "border inside a word")])  # fmt: skip
def test_seqeval_says_the_same_of_what_tags_can_say(name):
    predicted = PLANTED[name][0]
    gold_tags, tags = ([TAGS[tag] for tag in iob_tags.encode(WORDS, mentions, TAGS)] for mentions in (GOLD, predicted))
    assert spans.strict([gold_tags], [tags]) == pytest.approx(spans.exact({"a": GOLD}, {"a": predicted})["micro"])


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, derandomize=True)
@given(
    *[st.lists(st.lists(st.sampled_from(TAGS), min_size=len(WORDS), max_size=len(WORDS)), min_size=3, max_size=3)] * 2
)
def test_exact_equals_seqeval_on_any_tags(gold, predicted):
    gold, predicted = ([iob_tags.repaired(tags) for tags in side] for side in (gold, predicted))
    as_mentions = [
        {str(at): iob_tags.decode(WORDS, tags) for at, tags in enumerate(side)} for side in (gold, predicted)
    ]
    assert spans.strict(gold, predicted) == pytest.approx(spans.exact(*as_mentions)["micro"])


def test_by_type_and_confusion():
    predicted = (IBUPROFENO, at("PROTEINA", "ácido fólico"), at("PROTEINA", "ferritina"), REACTIVA)
    scores = spans.exact({"a": GOLD, "b": GOLD}, {"a": predicted})
    assert scores["FARMACO"] == {"precision": 1.0, "recall": 0.25, "f1": 0.4, "support": 4}
    assert scores["PROTEINA"] == pytest.approx({"precision": 1 / 3, "recall": 0.25, "f1": 2 / 7, "support": 4})
    assert spans.confusion({"a": GOLD}, {"a": predicted}) == {
        "FARMACO": {"FARMACO": 1, "PROTEINA": 1},
        "PROTEINA": {"PROTEINA": 1, "missed": 1},
        "spurious": {"PROTEINA": 1},
    }


def test_one_mention_in_another_document_is_another():
    assert spans.exact({"a": GOLD}, {"b": GOLD})["micro"]["f1"] == 0.0


@pytest.mark.parametrize(("mentions", "expected"), [
    ((at("FARMACO", "ácido fólico"), at("FARMACO", "ácido")), "ácido:B-FARMACO fólico:I-FARMACO"),
    ((at("PROTEINA", "ácido"), at("FARMACO", "ácido fólico")), "ácido:B-FARMACO fólico:I-FARMACO"),
    ((at("FARMACO", "ácido"), at("PROTEINA", "ácido")), "ácido:B-FARMACO"),
    ((at("FARMACO", "ibuprof"),), "ibuprofeno:B-FARMACO"),
    ((at("PROTEINA", "proteína", "reactiva"),), "proteína:ignored reactiva:ignored"),
    ((at("PROTEINA", "proteína", "reactiva"), at("PROTEINA", "proteína C")),
     "proteína:B-PROTEINA C:I-PROTEINA reactiva:ignored"),
    ((at("FARMACO", "ácido"), at("FARMACO", "fólico")), "ácido:B-FARMACO fólico:B-FARMACO"),
])  # fmt: skip
def test_the_rule_for_tags(mentions, expected):
    tags = iob_tags.encode(WORDS, mentions, TAGS)
    said = {tag: TAGS[tag] for tag in range(len(TAGS))} | {iob_tags.IGNORED: "ignored"}
    found = [f"{TEXT[start:end]}:{said[tag]}" for (start, end), tag in zip(WORDS, tags, strict=True) if tag]
    assert " ".join(found) == expected


def test_tags_that_continue_nothing_begin():
    tags = ["I-A", "I-A", "O", "I-B", "I-A", "B-A", "I-B"]
    assert iob_tags.repaired(tags) == ["B-A", "I-A", "O", "B-B", "B-A", "B-A", "B-B"]


def test_words_are_runs_of_letters_and_of_digits():
    text = "40mg/día, alfa-1 compan\N{COMBINING TILDE}era"
    assert [text[start:end] for start, end in split_words(text)] == [
        *("40", "mg", "/", "día", ",", "alfa", "-", "1", "compan\N{COMBINING TILDE}era"),
    ]


def test_mentions_that_lie_apart_are_not_compared(monkeypatch):
    """A document of 2,000 mentions took five seconds a look when each was compared with each."""
    asked = []
    likeness = spans._likeness
    monkeypatch.setattr(spans, "_likeness", lambda one, other: asked.append(1) or likeness(one, other))
    gold = [Mention.over("FARMACO", (100 * n, 100 * n + 9)) for n in range(500)]
    predicted = [Mention.over("FARMACO", (100 * n, 100 * n + 8 + n % 2)) for n in range(500)]
    found = spans.error_kinds({"a": gold}, {"a": predicted})
    assert (found["right"], found["border"], sum(found.values())) == (250, 250, 500)
    assert len(asked) < 1_000
