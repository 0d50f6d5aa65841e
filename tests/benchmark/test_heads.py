"""Nested mentions: a head a type says what one head cannot."""

import numpy as np
import pytest
import torch

from training.benchmark import iob_tags
from training.benchmark.decoding import Decoding
from training.benchmark.documents import Document, Mention
from training.benchmark.heads import Heads, usual_heads
from training.benchmark.transitions import sequence_loss, valid_steps
from training.benchmark.windows import Window
from training.benchmark.word_split import split_words
from training.benchmark.word_tags import TagDecoding, found_in

TEXT = "cáncer de mama izquierda"
WORDS = split_words(TEXT)
DISO, ANAT, INNER = Mention.over("DISO", (0, 14)), Mention.over("ANAT", (10, 24)), Mention.over("DISO", (0, 6))
BY_TYPE = Heads.of_types(["ANAT", "DISO"], "type")


def test_mentions_of_different_types_nest_and_cross_of_one_type_the_longest_stays():
    assert BY_TYPE.labels == ("O-ANAT", "B-ANAT", "I-ANAT", "O-DISO", "B-DISO", "I-DISO")
    assert BY_TYPE.encode(WORDS, [DISO, ANAT, INNER]) == [[0, 1], [0, 2], [1, 2], [2, 0]]
    assert BY_TYPE.possible(WORDS, [DISO, ANAT, INNER]) == sorted([DISO, ANAT])
    one = Heads.of_types(["ANAT", "DISO"], "one")
    assert one.labels == ("O", "B-ANAT", "I-ANAT", "B-DISO", "I-DISO")
    assert one.possible(WORDS, [DISO, ANAT, INNER]) == [DISO]  # as long as ANAT, and before it


def test_a_discontinuous_mention_is_passed_over_by_its_own_head_alone():
    apart = Mention.over("DISO", (0, 6), (15, 24))
    assert BY_TYPE.encode(WORDS, [apart, ANAT]) == [[0, iob_tags.IGNORED], [0, 0], [1, 0], [2, iob_tags.IGNORED]]


@pytest.mark.parametrize("name", ["one", "type"])
def test_labels_tell_the_heads(name):
    heads = Heads.of_types(["ANAT", "DISO", "PROC"], name)
    assert Heads.of_labels(heads.labels) == heads
    assert heads.types == ("ANAT", "DISO", "PROC")


def test_labels_of_others_are_one_head_or_none():
    assert Heads.of_labels(["B-ENF", "O", "I-ENF"]).tags == (("B-ENF", "O", "I-ENF"),)
    for labels in (["LABEL_0", "LABEL_1"], ["O", "ENF"], ["O-A", "B-A", "I-A", "O-B", "B-B"], ["O-A", "I-A", "B-A"]):
        assert Heads.of_labels(labels) is None


def test_a_head_a_type_is_usual_where_mentions_are_nested():
    flat_one = Document("a", TEXT, (DISO,))
    nested = Document("b", TEXT, (DISO, ANAT))
    assert usual_heads([flat_one] * 50) == "one"
    assert usual_heads([flat_one] * 20 + [nested]) == "type"
    assert usual_heads([Document("c", TEXT, (DISO, INNER))]) == "one"  # of one type they cannot be said either way


def test_the_loss_of_several_heads_is_the_sum_of_each():
    draw = torch.Generator().manual_seed(2)
    scores_BHWT = torch.randn(2, 2, 3, 3, generator=draw)
    steps_HTT = torch.stack([torch.from_numpy(valid_steps(tags)) for tags in BY_TYPE.tags])
    steps_HTT = steps_HTT + torch.randn(2, 1, 3, generator=draw)
    tags_BHW = torch.tensor([[[0, 1, 2], [1, 2, 2]], [[0, 0, iob_tags.IGNORED], [1, 0, 1]]])
    is_word_BHW = torch.ones(2, 2, 3, dtype=torch.bool)
    apart = sum(
        sequence_loss(scores_BHWT[:, head], tags_BHW[:, head], is_word_BHW[:, head], steps_HTT[head]) for head in (0, 1)
    )
    together = sequence_loss(scores_BHWT.flatten(0, 1), tags_BHW.flatten(0, 1), is_word_BHW.flatten(0, 1), steps_HTT)
    assert float(together) == pytest.approx(float(apart), rel=1e-5)


def test_each_head_decodes_its_own_outputs():
    places = {word: word + 1 for word in range(len(WORDS))}
    window = Window({"input_ids": list(range(6))}, places, dict.fromkeys(places, 0), [0, 1, 2, 3, 4, 0])
    logits_LO = np.zeros((6, 6), np.float32)
    for word, tags in enumerate(BY_TYPE.encode(WORDS, [DISO, ANAT])):
        for head, tag in enumerate(tags):
            logits_LO[word + 1, 3 * head + tag] = 5
    document = Document("a", TEXT)
    steps = np.stack([valid_steps(tags) for tags in BY_TYPE.tags])
    for decoding in (TagDecoding(BY_TYPE, "first", None), TagDecoding(BY_TYPE, "mean", steps)):
        assert found_in([document], [[window]], [logits_LO], decoding) == {"a": sorted([DISO, ANAT])}


def test_models_from_before_there_were_several_heads_are_read(tmp_path):
    old = Decoding(kind="tagging", task="x", length=64, overlap=0.25, steps=[[0.0, 1.0], [0.5, 0.0], [0.0, -1e4]])
    assert old.steps == [[[0.0, 1.0], [0.5, 0.0], [0.0, -1e4]]]
    old.write(tmp_path)
    assert Decoding.read(tmp_path) == old
