"""The arms of bench/beginnings.py, in order of worth within each group."""

from dataclasses import dataclass, field, replace
from typing import Any

from training.electra.beginning import PARTS
from training.electra.phases import Phase
from training.electra.presets import EncoderShape, ModelShape
from training.runs.pretrain_settings import Plan, PretrainSettings

LENGTH = 128
_PLAIN: dict[str, Any] = {"batch": 8, "micro_batch": 16, "dropout": 0.0}
TUNES: dict[str, dict[str, Any]] = {
    "100": {**_PLAIN, "train_documents": 100, "epochs": 8},
    "250": {**_PLAIN, "train_documents": 250, "epochs": 8},
    "all": {**_PLAIN, "epochs": 6},
    # one thing otherwise, with 100 documents
    "even": {**_PLAIN, "train_documents": 100, "epochs": 8, "learning_rate": 1e-3, "head_rate": 1.0},
    "flat": {**_PLAIN, "train_documents": 100, "epochs": 8, "layer_decay": 1.0},
    "slow": {**_PLAIN, "train_documents": 100, "epochs": 8, "learning_rate": 1e-3, "head_rate": 10.0},
    "fast": {**_PLAIN, "train_documents": 100, "epochs": 8, "learning_rate": 4e-3},
    "long": {**_PLAIN, "train_documents": 100, "epochs": 16},
    "dropout": {**_PLAIN, "train_documents": 100, "epochs": 8, "dropout": 0.1},
    "shown": {**_PLAIN, "train_documents": 100, "epochs": 8, "mask_share": 0.0},
    "valid": {**_PLAIN, "train_documents": 100, "epochs": 8, "transitions": "valid"},
    "first": {**_PLAIN, "train_documents": 100, "epochs": 8, "pooling": "first"},
    # and with all
    "all-even": {**_PLAIN, "epochs": 6, "learning_rate": 1e-3, "head_rate": 1.0},
    "all-flat": {**_PLAIN, "epochs": 6, "layer_decay": 1.0},
    "all-fast": {**_PLAIN, "epochs": 6, "learning_rate": 4e-3},
    "all-long": {**_PLAIN, "epochs": 16},
}
"""Ways of fine-tuning; windows of 128 tokens, the whole of test; what is not said is as `cowese benchmark` has it."""


@dataclass(frozen=True)
class Arm:
    """One way to pretrain."""

    name: str
    group: str
    note: str
    millions: float
    """Tokens of pretraining, in millions."""
    phases: tuple[Phase, ...] = (Phase(objective="mlm"),)
    parts: frozenset[str] | None = PARTS
    """What begins from counts; None: random weights, as the original."""
    start: str | None = None
    """The arm whose last weights it begins with."""
    tunes: dict[str, int] = field(default_factory=lambda: {"100": 1})
    """Ways of fine-tuning, and seeds of each."""
    seed: int = 1
    milestones: int = 1
    batch: int = 16
    learning_rate: float = 2e-3
    vector_rate: float = 0.1
    mask_share: float = 0.3
    discriminator_rate: float = 1.0
    beta2: float = 0.99
    warmup: int = 300
    layers: int = 4
    heads: int = 4
    hidden: int = 128
    embedding: int = 128
    generator: EncoderShape | None = None
    """Of another shape than the discriminator's; None: the same."""

    @property
    def tokens_a_step(self) -> int:
        """Pads there are next to none."""
        return self.batch * LENGTH

    def model_shape(self, vocabulary: int) -> ModelShape:
        """The arm's network."""
        encoder = EncoderShape(layers=self.layers, hidden=self.hidden, heads=self.heads, feed_forward=4 * self.hidden)
        return ModelShape(
            vocabulary=vocabulary,
            embedding=self.embedding,
            positions=512,
            discriminator=encoder,
            generator=self.generator or encoder,
            encoder_head=self.generator is not None and any(one.objective == "mlm" for one in self.phases),
        )

    def milestone_steps(self, scale: float = 1.0) -> list[int]:
        """Steps after which it is exported; 0 where it is not trained."""
        if not self.millions:
            return [0]
        return [round(self.plan(scale).steps * (at + 1) / self.milestones) for at in range(self.milestones)]

    def plan(self, scale: float = 1.0) -> Plan:
        """Its settings, for a share of its tokens."""
        steps = max(len(self.phases) * 2, round(self.millions * 1e6 * scale / self.tokens_a_step))
        return PretrainSettings(
            preset="mini",
            steps=steps,
            batch=self.batch,
            length=LENGTH,
            learning_rate=self.learning_rate,
            vector_rate=self.vector_rate,
            discriminator_rate=self.discriminator_rate,
            mask_share=self.mask_share,
            beta2=self.beta2,
            warmup=min(self.warmup, steps // 5),
            phase=self.phases,
            initial_weights="random" if self.parts is None else "counts",
            seed=self.seed,
        ).plan


MLM = (Phase(objective="mlm"),)
BOTH = (Phase(objective="both"),)
RTD = (Phase(objective="rtd", learning_rate=1e-3, mask_share=0.15),)
FULL = {"all": 1, "100": 1}
WAYS = dict.fromkeys(TUNES, 1)


def _proof(seed: int) -> list[Arm]:
    """Whether RTD pays beside more MLM: the same tokens, which cost 7.75 and 7.37 MFLOP each; no token is shown."""
    mlm = Arm(
        f"proof-mlm-{seed}",
        "proof",
        "MLM, none shown",
        8.192,
        phases=(Phase(objective="mlm", shown_share=0.0),),
        milestones=5 if seed == 1 else 1,
        seed=seed,
    )
    ways = {"100": 1, "250": 1}
    more = replace(mlm, millions=4.096, milestones=1, start=mlm.name, learning_rate=1e-3, tunes=ways)
    rtd = (Phase(objective="rtd", mask_share=0.15, shown_share=0.0),)
    return [
        mlm,
        replace(more, name=f"proof-rtd-{seed}", note="4M more: RTD from its copy", phases=rtd),
        replace(more, name=f"proof-more-{seed}", note="4M more: MLM"),
    ]


def _arms() -> tuple[Arm, ...]:
    two = [  # the table, and the ablation, each with two seeds
        Arm(f"{name}-{seed}", group, note, millions, seed=seed, **given)  # type: ignore[arg-type]
        for name, group, note, millions, given in (
            ("fresh", "table", "random weights", 0, {"parts": None, "tunes": FULL}),
            ("counts", "table", "closed form, no training", 0, {"tunes": WAYS}),
            (
                "vectors",
                "table",
                "word vectors from counts in today's first weights",
                0,
                {"parts": frozenset({"vectors"})},
            ),
            (
                "heads",
                "table",
                "heads that look at neighbours, random vectors",
                0,
                {"parts": PARTS - {"vectors", "bias"}},
            ),
            ("mlm-1M-full", "table", "counts, MLM, vectors at the full rate", 1.2, {"vector_rate": 1.0}),
            ("mlm-1M", "table", "counts, MLM, vectors at a tenth of the rate", 1.2, {}),
            *(
                (f"no-{part}", "parts", f"counts without {part}", 0, {"parts": PARTS - {part}})
                for part in sorted(PARTS)
            ),
        )
        for seed in (1, 2)
    ]
    shown = Arm("mlm-8M", "shown", "the preset's MLM alone, 15 % shown", 8.192, milestones=5, tunes={"100": 1})
    long = Arm("mlm-12M", "riddle", "MLM, a tenth", 12, tunes=WAYS)
    riddle = [
        long,
        replace(long, name="mlm-12M-full", note="vectors at the full rate", vector_rate=1.0, tunes=FULL),
        replace(long, name="mlm-12M-third", note="vectors at 0.3", vector_rate=0.3, tunes=FULL),
        replace(long, name="mlm-12M-frozen", note="vectors do not learn", vector_rate=0.0, tunes=FULL),
        replace(long, name="mlm-12M-random", note="random weights", parts=None, vector_rate=1.0, tunes=FULL),
        replace(long, name="mlm-12M-15", note="15 % masked", mask_share=0.15, tunes=FULL),
        replace(long, name="mlm-12M-2heads", note="2 heads", heads=2, tunes=FULL),
        replace(
            long,
            name="both-12M",
            note="joint from the start, generator of the same shape",
            phases=BOTH,
            mask_share=0.15,
            discriminator_rate=0.5,
            tunes=FULL,
        ),
        replace(
            long,
            name="rtd-12M",
            note="RTD alone against the closed form, frozen",
            phases=(Phase(objective="rtd", learning_rate=1e-3),),
            mask_share=0.15,
            tunes=FULL,
        ),
        replace(
            long,
            name="mlm-rtd-8M",
            note="8M more: RTD from its copy",
            millions=8,
            phases=RTD,
            start="mlm-12M",
            tunes=FULL,
        ),
        replace(
            long, name="mlm-mlm-8M", note="8M more: MLM", millions=8, learning_rate=1e-3, start="mlm-12M", tunes=FULL
        ),
        replace(
            long,
            name="mlm-both-8M",
            note="8M more: both",
            millions=8,
            start="mlm-12M",
            mask_share=0.15,
            phases=(Phase(objective="both", learning_rate=1e-3),),
            tunes=FULL,
        ),
        replace(
            long,
            name="mlm-rtd-8M-frozen",
            note="8M more: RTD, vectors do not learn",
            millions=8,
            start="mlm-12M",
            phases=(RTD[0].model_copy(update={"vector_rate": 0.0}),),
            tunes=FULL,
        ),
        replace(
            long,
            name="mlm-rtd-8M-hot",
            note="8M more: RTD, temperature 1.5",
            millions=8,
            start="mlm-12M",
            phases=(RTD[0].model_copy(update={"temperature": 1.5}),),
            tunes=FULL,
        ),
    ]
    proof = [one for seed in (1, 2) for one in _proof(seed)]
    hundred = Arm("mlm-70M", "long", "MLM, a tenth", 70, tunes={"all": 1, "all-long": 1}, milestones=2, batch=32)
    far = [
        hundred,
        replace(hundred, name="mlm-70M-random", note="random weights", parts=None, vector_rate=1.0),
        replace(hundred, name="mlm-70M-full", note="vectors at the full rate", vector_rate=1.0),
        replace(hundred, name="mlm-70M-8x128", note="8 layers", layers=8),
        replace(hundred, name="mlm-70M-rtd-30M", note="30M more: RTD", millions=30, phases=RTD, start="mlm-70M"),
        replace(
            hundred, name="mlm-70M-mlm-30M", note="30M more: MLM", millions=30, learning_rate=1e-3, start="mlm-70M"
        ),
        replace(
            hundred, name="both-70M", note="joint from the start", phases=BOTH, mask_share=0.15, discriminator_rate=0.5
        ),
    ]
    small = Arm(
        "small-counts",
        "small",
        "12 × 256 from counts",
        40,
        tunes={"100": 1, "all": 1},
        layers=12,
        hidden=256,
        heads=4,
        batch=32,
        learning_rate=1e-3,
        milestones=2,
    )
    return (
        *two,
        shown,
        replace(shown, name="mlm-8M-unshown", note="none shown", phases=(Phase(objective="mlm", shown_share=0.0),)),
        *proof,
        *riddle,
        *far,
        small,
        replace(small, name="small-random", note="12 × 256 from random weights", parts=None, vector_rate=1.0),
    )


ARMS = _arms()
