import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from training.electra.draws import row_keys
from training.electra.masking import Masked, SpecialIds, choose_masked, masked_per_row
from training.electra.model import Electra, attention_bias
from training.electra.objective import electra_loss
from training.electra.presets import model_shape
from training.electra.sampling import corrupt, sample_gumbel, sample_inverse

SPECIAL = SpecialIds(pad=0, cls=2, sep=3, mask=4)


def rows(batch: int, length: int = 128, seed: int = 0) -> torch.Tensor:
    ids_BL = torch.randint(5, 300, (batch, length), generator=torch.Generator().manual_seed(seed))
    ids_BL[:, 0], ids_BL[:, -1], ids_BL[:, 40] = 2, 3, 3
    return ids_BL


def test_nineteen_distinct_words_of_128_are_masked():
    ids_BL = rows(64)
    masked = choose_masked(ids_BL, SPECIAL, 1, 5, torch.arange(64), "without_replacement")
    assert masked_per_row(128) == 19
    assert masked.positions_BK.shape == (64, 19)
    assert (masked.positions_BK.sort(dim=1).values.diff(dim=1) > 0).all()
    assert (masked.weights_BK == 1).all()
    assert not torch.isin(ids_BL.gather(1, masked.positions_BK), torch.tensor([0, 2, 3])).any()


def test_85_of_100_are_shown_as_mask_and_nothing_else_changes():
    ids_BL = rows(400)
    masked = choose_masked(ids_BL, SPECIAL, 1, 5, torch.arange(400), "without_replacement")
    hidden_BL = masked.shown_BL == SPECIAL.mask
    assert hidden_BL.sum().item() / (400 * 19) == pytest.approx(0.85, abs=0.015)
    assert (masked.shown_BL[~hidden_BL] == ids_BL[~hidden_BL]).all()
    chosen_BL = torch.zeros_like(ids_BL).scatter(1, masked.positions_BK, 1).bool()
    assert not (hidden_BL & ~chosen_BL).any()


def test_masks_are_a_function_of_seed_step_and_row():
    ids_BL = rows(8)
    whole = choose_masked(ids_BL, SPECIAL, 1, 5, torch.arange(8), "without_replacement")
    part = choose_masked(ids_BL[3:6], SPECIAL, 1, torch.tensor(5), torch.arange(3, 6), "without_replacement")
    assert torch.equal(whole.positions_BK[3:6], part.positions_BK)
    assert torch.equal(whole.shown_BL[3:6], part.shown_BL)
    for seed, step in ((2, 5), (1, 6)):
        other = choose_masked(ids_BL, SPECIAL, seed, step, torch.arange(8), "without_replacement")
        assert not torch.equal(whole.positions_BK, other.positions_BK)


def test_every_position_is_masked_equally_often():
    ids_BL = rows(1).expand(4_000, -1)
    masked = choose_masked(ids_BL, SPECIAL, 1, 0, torch.arange(4_000), "without_replacement")
    share_L = torch.zeros(128).index_add_(0, masked.positions_BK.flatten(), torch.ones(4_000 * 19)) / 4_000
    expected, deviation = 19 / 125, (19 / 125 * 106 / 125 / 4_000) ** 0.5
    assert share_L[[0, 40, 127]].sum() == 0
    free_L = share_L[torch.tensor([p for p in range(128) if p not in (0, 40, 127)])]
    assert (free_L - expected).abs().max() < 5 * deviation


def test_short_rows_get_fewer_and_an_empty_one_none():
    ids_BL = rows(3)
    ids_BL[1, 20:] = 0
    ids_BL[1, 19] = 3
    ids_BL[2, 1:] = 0
    masked = choose_masked(ids_BL, SPECIAL, 1, 0, torch.arange(3), "without_replacement")
    assert masked.weights_BK.sum(1).tolist() == [19, 3, 0]
    positions = masked.positions_BK[1][masked.weights_BK[1] > 0]
    assert len(positions.unique()) == 3
    assert positions.max() < 19
    assert torch.equal(masked.shown_BL[2], ids_BL[2])


def test_the_originals_masking_repeats_positions():
    ids_BL = rows(500)
    masked = choose_masked(ids_BL, SPECIAL, 1, 0, torch.arange(500), "original")
    unique = sum(len(row.unique()) for row in masked.positions_BK)
    assert unique / (500 * 128) == pytest.approx(0.138, abs=0.002)  # FACTS: about 13.8 % of the tokens
    assert not torch.isin(ids_BL.gather(1, masked.positions_BK), torch.tensor([0, 2, 3])).any()


@pytest.mark.parametrize("sample", [sample_gumbel, sample_inverse])
@pytest.mark.parametrize("vocabulary", [7, 600])
def test_samples_follow_the_softmax(sample, vocabulary):
    logits_V = torch.randn(vocabulary, generator=torch.Generator().manual_seed(2)) * 1.5
    n = 40_000
    sampled = sample(logits_V.expand(n // 20, 20, vocabulary), row_keys(1, 3, 0, torch.arange(n // 20))).flatten()
    expected = logits_V.softmax(0) * n
    seen = torch.bincount(sampled, minlength=vocabulary).float()
    chi_square = ((seen - expected) ** 2 / expected).sum().item()
    assert chi_square < vocabulary + 6 * (2 * vocabulary) ** 0.5


def test_a_lucky_guess_counts_as_original():
    ids_BL = torch.tensor([[2, 10, 11, 12, 3]])
    masked = Masked(torch.tensor([[1, 3]]), torch.ones(1, 2), torch.ones(1, 2).bool(), ids_BL)
    logits_BKV = torch.full((1, 2, 20), -100.0)
    logits_BKV[0, 0, 10] = logits_BKV[0, 1, 15] = 100.0
    corrupted_BL, replaced_BL = corrupt(logits_BKV, masked, ids_BL, torch.tensor([5]), "gumbel")
    assert corrupted_BL.tolist() == [[2, 10, 11, 15, 3]]
    assert replaced_BL.tolist() == [[False, False, False, True, False]]


def test_the_loss_is_cross_entropy_plus_50_times_the_discriminators():
    model = Electra(model_shape("tiny", 300)).initialise(3)
    ids_BL = rows(4, 48)
    ids_BL[3, 30:] = 0
    rows_B = torch.arange(4)
    outcome = electra_loss(model, ids_BL, SPECIAL, seed=1, step=2, rows_B=rows_B, dropout=False)
    masked = choose_masked(ids_BL, SPECIAL, 1, 2, rows_B, "without_replacement")
    bias = attention_bias(ids_BL, 0)
    everywhere = torch.arange(48).expand(4, -1)
    full_BLV = model.generate(masked.shown_BL, everywhere, bias)
    nll = [
        cross_entropy(full_BLV[row, position], ids_BL[row, position])
        for row in range(4)
        for position, weight in zip(masked.positions_BK[row], masked.weights_BK[row], strict=True)
        if weight
    ]
    assert outcome.figures["mlm_loss"].item() == pytest.approx(torch.stack(nll).mean().item(), rel=1e-5)
    real_BL = ids_BL != 0
    logits_BKV = model.generate(masked.shown_BL, masked.positions_BK, bias)
    corrupted_BL, replaced_BL = corrupt(logits_BKV, masked, ids_BL, row_keys(1, 3, 2, rows_B), "gumbel")
    judged_BL = model.discriminate(corrupted_BL, bias)
    disc = binary_cross_entropy_with_logits(judged_BL[real_BL], replaced_BL[real_BL].float())
    assert outcome.figures["disc_loss"].item() == pytest.approx(disc.item(), rel=1e-5)
    assert outcome.loss.item() == pytest.approx(torch.stack(nll).mean().item() + 50 * disc.item(), rel=1e-5)


def test_figures_count_what_they_say():
    model = Electra(model_shape("tiny", 300)).initialise(3)
    ids_BL = rows(4, 48)
    figures = electra_loss(model, ids_BL, SPECIAL, seed=1, step=2, rows_B=torch.arange(4)).figures
    assert figures["hidden_count"] + figures["shown_count"] == 4 * 7
    assert figures["tokens"] == 4 * 48
    assert figures["replaced"] <= 4 * 7
    assert (
        figures["disc_right"] + (figures["flagged"] - figures["caught"]) + (figures["replaced"] - figures["caught"])
        == figures["tokens"]
    )
