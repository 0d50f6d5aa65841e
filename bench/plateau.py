"""How the masked loss falls: a run of ours beside transformers' generator alone on the same tokens.

    python bench/plateau.py --run store/runs/biomedtra-mini --tokens store/tokens/mix+cased-8k [--steps 1300]

The other side is transformers' ElectraForMaskedLM of the generator's shape (sdpa, no dropout, every masked position the
mask token) under torch's AdamW, with the rate, warm-up, batch and length of the run, one thread, no discriminator. Its
draws are its own. Prints nats and hits at masked tokens, means over a hundred steps each.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

sys.path.pop(0)  # this file's folder: it holds a training.py too

import numpy as np
import torch
import transformers

from data.manifest import Manifest
from training.electra.masking import masked_per_row
from training.electra.names import to_config
from training.runs.metrics import read_metrics
from training.runs.pretrain_settings import Plan
from training.tokens.stream import Special

SPECIAL = Special()
EVERY = 100


def generator(plan: Plan, vocabulary: int) -> transformers.ElectraForMaskedLM:
    shape = to_config(plan.shape(vocabulary), "generator", pad=SPECIAL.pad)
    still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "attn_implementation": "sdpa"}
    return transformers.ElectraForMaskedLM(transformers.ElectraConfig(**shape | still)).train()


def batches(tokens: Path, plan: Plan) -> Iterator[torch.Tensor]:
    """(B, L) ids, each row at most once."""
    stream = np.memmap(tokens / "train.tokens", np.uint16, "r")
    inner = plan.length - 2
    order = np.random.default_rng(1).permutation(len(stream) // inner)
    for start in range(0, len(order), plan.batch):
        rows = np.full((plan.batch, plan.length), SPECIAL.sep, np.int64)
        rows[:, 0] = SPECIAL.cls
        for at, row in enumerate(order[start : start + plan.batch]):
            rows[at, 1:-1] = stream[row * inner : (row + 1) * inner]
        yield torch.from_numpy(rows)


def train(tokens: Path, plan: Plan, vocabulary: int, steps: int) -> Iterator[tuple[int, float, float]]:
    torch.manual_seed(1)
    torch.set_num_threads(1)
    model = generator(plan, vocabulary)
    plain = [one for name, one in model.named_parameters() if "bias" in name or "LayerNorm" in name]
    decayed = [one for name, one in model.named_parameters() if not ("bias" in name or "LayerNorm" in name)]
    groups = [{"params": decayed, "weight_decay": plan.weight_decay}, {"params": plain, "weight_decay": 0.0}]
    adam = torch.optim.AdamW(groups, betas=(0.9, 0.999), eps=1e-6)
    for step, ids in zip(range(1, steps + 1), batches(tokens, plan), strict=False):
        places = (
            torch.rand(ids.shape).masked_fill(ids <= SPECIAL.mask, 2.0).topk(masked_per_row(plan.length), largest=False)
        )
        labels = torch.full_like(ids, -100).scatter(1, places.indices, ids.gather(1, places.indices))
        for group in adam.param_groups:
            group["lr"] = plan.learning_rate_at(step)
        found = model(input_ids=ids.scatter(1, places.indices, SPECIAL.mask), labels=labels)
        found.loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), plan.clip)
        adam.step()
        adam.zero_grad()
        masked = labels >= 0
        yield step, found.loss.item(), (found.logits.argmax(-1)[masked] == labels[masked]).float().mean().item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--tokens", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1_300)
    given = parser.parse_args()
    plan = Plan.model_validate(Manifest.read(given.run).settings)
    vocabulary = int(Manifest.read(given.tokens).figures["vocab_size"])
    ours = defaultdict(list)
    for line in read_metrics(given.run):
        ours[-(-line["step"] // EVERY)].append((line["hidden_loss"], line["hidden_accuracy"]))
    print("| step | ours, with its discriminator | transformers, generator alone |\n|---|---|---|")
    theirs = []
    for step, loss, hits in train(given.tokens, plan, vocabulary, given.steps):
        theirs.append((loss, hits))
        if step % EVERY == 0:
            cells = [tuple(map(fmean, zip(*some, strict=True))) for some in (ours[step // EVERY], theirs[-EVERY:])]
            print(
                f"| {step:,} | " + " | ".join(f"{nats:.2f} nats, {hit:.3f}" for nats, hit in cells) + " |", flush=True
            )


if __name__ == "__main__":
    main()
