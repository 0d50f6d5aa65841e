from collections.abc import Callable

import numpy as np
import pytest
import torch
from training_room import packed, quick

from data.store import Store
from training.electra.beginning import OFFSETS, PARTS, VectorLayout, begin_from_counts, rank_needed, statistics_of
from training.electra.masking import choose_masked
from training.electra.model import Electra
from training.electra.presets import PRESETS, ModelShape, model_shape
from training.runs import checkpoint
from training.runs.beginning import first_model, losses_of_counts
from training.runs.feed import special_ids
from training.runs.pretrain import pretrain
from training.runs.run import open_tokens
from training.tokens.vectors import vectors_of

pytestmark = pytest.mark.slow

VOCABULARY = 330
"""Entries of the room's tokenizer: its corpus has no more pieces."""


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """A store with packed tokens."""
    store = Store.open(tmp_path_factory.mktemp("begun"))
    return store, packed(store)


@pytest.fixture(scope="module")
def begun(room) -> Callable[..., Electra]:
    """Makes a model that begins from the counts of the room's tokens."""
    stream = open_tokens(room[1], "train")

    def make(shape: ModelShape, seed: int = 1, parts: frozenset[str] = PARTS) -> Electra:
        counts = stream.counts()
        vectors = vectors_of(counts, rank_needed(shape.embedding))
        statistics = statistics_of(counts.single_V, vectors.left_VK, vectors.right_VK, stream.special.mask)
        return begin_from_counts(Electra(shape, 0.0).initialise(seed), statistics, seed, parts).eval()

    return make


def nats(room, fill: Callable[..., torch.Tensor]) -> float:
    """Mean loss at hidden positions of the validation split."""
    stream = open_tokens(room[1], "validation")
    rows = stream.rows(64)
    ids_BL = torch.from_numpy(rows.batch(np.arange(min(64, len(rows)))).astype(np.int64))
    masked = choose_masked(ids_BL, special_ids(stream), 5, 0, torch.arange(len(ids_BL)), "without_replacement")
    with torch.inference_mode():
        logits_BKV = fill(masked.shown_BL, masked.positions_BK)
    original_BK = ids_BL.gather(1, masked.positions_BK)
    nll_BK = logits_BKV.logsumexp(-1) - logits_BKV.gather(2, original_BK[..., None]).squeeze(-1)
    return float(nll_BK[masked.hidden_BK].mean())


@pytest.mark.parametrize("gdes", [False, True])
@pytest.mark.parametrize("preset", ["tiny", "mini", "small", "base"])
def test_before_any_step_it_knows_more_than_how_frequent_tokens_are(room, begun, preset, gdes):
    if gdes and preset == "base":
        pytest.skip("the same as without: word_delta is zero")
    bar = losses_of_counts(room[1], open_tokens(room[1], "train"))
    model = begun(model_shape(preset, VOCABULARY, gdes=gdes).model_copy(update={"encoder_head": True}))
    assert nats(room, model.fill_by_encoder) < bar["single"] - 0.3
    assert nats(room, model.generate) < bar["single"] - 0.1


def test_mini_is_near_the_pairs(room, begun):
    bar = losses_of_counts(room[1], open_tokens(room[1], "train"))
    assert bar["both_sides"] < bar["pairs"] < bar["single"]
    found = nats(room, begun(model_shape("mini", VOCABULARY)).generate)
    assert found < bar["pairs"] + 0.35 * (bar["single"] - bar["pairs"])
    assert nats(room, Electra(model_shape("mini", VOCABULARY)).initialise(1).eval().generate) > bar["single"]


@pytest.mark.parametrize("part", sorted(PARTS - {"scale"}))
def test_each_part_is_needed(room, begun, part):
    shape = model_shape("mini", VOCABULARY)
    assert nats(room, begun(shape, parts=PARTS - {part}).generate) > nats(room, begun(shape).generate) + 0.1


def test_heads_of_the_first_layer_look_at_neighbours(room, begun):
    model = begun(model_shape("mini", VOCABULARY))
    ids_BL = torch.from_numpy(open_tokens(room[1], "train").rows(128).batch(np.arange(2)).astype(np.int64))
    layer, heads = model.generator.layers[0], model.shape.generator.heads
    with torch.inference_mode():
        x_BLH = model.embeddings(ids_BL, model.embeddings.word.weight)
        q, k, _ = layer.qkv(x_BLH).view(2, 128, 3, heads, -1).permute(2, 0, 3, 1, 4)
        weights_BALL = (q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5).softmax(-1)
    for head, offset in enumerate(OFFSETS[:heads]):
        assert weights_BALL[:, head].diagonal(offset, 1, 2).mean() > 0.85, offset


def test_a_hidden_token_says_nothing_of_itself(begun):
    model = begun(model_shape("mini", VOCABULARY))
    assert not model.embeddings.word.weight[4].any()
    lengths_V = model.embeddings.word.weight.detach().norm(dim=1)
    assert lengths_V[5:].min() == pytest.approx(lengths_V[5:].max().item(), rel=1e-5)


def test_weights_follow_from_counts_and_seed_alone(room, begun):
    shape = model_shape("mini", VOCABULARY)
    one, same, other = (begun(shape, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    words, others = (state["embeddings.word.weight"] for state in (one, other))
    seen_V = torch.from_numpy(open_tokens(room[1], "train").counts().single_V > 0)
    assert (words == others).all(1)[seen_V].float().mean() > 0.9  # those of tokens that the text lacks are drawn
    assert not torch.equal(one["generator.layers.2.up.weight"], other["generator.layers.2.up.weight"])
    assert all(torch.isfinite(tensor).all() for tensor in one.values())


def test_words_and_positions_share_the_width_without_overlap():
    for width in (64, 128, 256, 768):
        places = VectorLayout.for_width(width)
        used = [*range(width)[places.right], *range(width)[places.left], *range(width)[places.waves]]
        assert len(used) == len(set(used)) <= width
        assert rank_needed(width) == places.half


def test_a_run_begins_as_its_preset_says_or_as_asked(room):
    store, tokens = room
    stream = open_tokens(tokens, "train")
    assert {phase.shown_share for phase in PRESETS["mini"].phases} == {0.0}  # what is shown it would learn to copy
    assert {preset: PRESETS[preset].begin for preset in PRESETS if PRESETS[preset].begin == "counts"} == {
        "mini": "counts"
    }
    counts, random = (
        pretrain(store, quick(steps=2, initial_weights=begin), tokens=tokens) for begin in ("counts", "random")
    )
    assert counts.path != random.path
    assert quick(steps=2).plan.begin == "random"
    first = first_model(quick(steps=2, initial_weights="counts").plan, stream)
    saved = checkpoint.load_newest(counts.path).model["embeddings.position.weight"]
    assert (saved - first.embeddings.position.weight).abs().max() < 0.01  # two steps from there
