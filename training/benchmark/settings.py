"""What shapes a benchmark beside the model and the data."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from data.errors import InputError
from data.settings_model import SettingsModel
from training.benchmark.decoding import Pooling, Readout, Transitions
from training.benchmark.heads import HeadsName
from training.benchmark.tasks import Form


class SearchGrid(BaseModel):
    """What ``--search`` tries, the same for every model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    learning_rates: tuple[float, ...] = Field(default=(2e-5, 5e-5, 1e-4, 3e-4, 1e-3, 2e-3), min_length=1)
    """Of the head, after warm-up."""
    batches: tuple[int, ...] = Field(default=(16, 32), min_length=1)
    """Windows of an optimiser step."""
    epochs: tuple[int, ...] = Field(default=(10,), min_length=1)
    """Passes over the training split."""


class BenchmarkSettings(SettingsModel):
    """Fine-tuning; the defaults are ELECTRA's own where it has some."""

    former_names: ClassVar[Mapping[str, str]] = {"hidden": "mask_share"}

    epochs: int = Field(default=10, ge=1)
    """Passes over the training split; the best on the development split counts."""
    batch: int | None = Field(default=None, ge=1)
    """Windows of an optimiser step. Unset: 8 for an ELECTRA of 128 wide or less, which needs more steps; 32 for
    others."""
    learning_rate: float | None = Field(default=None, gt=0)
    """Of the top, after warm-up. Unset: 1e-3 for an ELECTRA of 128 wide or less (2e-3 where it finds mentions), 3e-4
    for one of 256 or less, 1e-4 for a larger one, 5e-5 for others."""
    layer_decay: float | None = Field(default=None, gt=0, le=1)
    """Each layer learns at this share of the one above. Unset: 0.8 for ELECTRA, 1 for others."""
    head_rate: float | None = Field(default=None, gt=0)
    """The head, whose weights are new, learns at this multiple of the rate: else it is the layers that move to what the
    head happens to read. Unset: 5 where an ELECTRA of 128 wide or less finds mentions, 1 otherwise."""
    dropout: float | None = Field(default=None, ge=0, lt=1)
    """Share of the activations that is dropped. Unset: what the model's config.json says."""
    mask_share: float | None = Field(default=None, ge=0, lt=1)
    """Share of the training tokens that a step sees as [MASK], drawn again each time, so that a small network does not
    learn the training documents by heart. Unset: 0.15 for an ELECTRA of 128 wide or less, 0 for others."""
    pooling: Pooling | None = None
    """What says a word's tag: its first token's logits, or the mean of all its tokens' (finding mentions only).
    Unset: mean for an ELECTRA of 128 wide or less, first for others."""
    readout: Readout | None = None
    """Which layers a tag is read from (finding mentions only): the last, or the embeddings and all of them side by
    side. Unset: all for an ELECTRA of 128 wide or less, last for others."""
    transitions: Transitions | None = None
    """How the tags of neighbouring words go together (finding mentions only). valid: the best sequence in which an I
    continues a mention of its type. learnt: what follows what has scores of its own that are trained (a linear-chain
    CRF). none: each word's best tag; an I that continues nothing begins a mention. Unset: learnt for an ELECTRA of 128
    wide or less, valid for others."""
    heads: HeadsName | None = None
    """What tells a word's tag (finding mentions only): one head for all types, which of nested mentions can say the
    longest; or a head a type, so that mentions of different types may nest. Unset: type where that can say 2 % of the
    training mentions more (CT-EBM-SP, NUBes), one elsewhere."""
    warmup: float = Field(default=0.1, ge=0, lt=1)
    """Share of the steps in which the rate rises."""
    weight_decay: float = Field(default=0.01, ge=0)
    """Decoupled; not on norms and biases."""
    length: int | None = Field(default=None, ge=16)
    """Tokens of a window, 512 at most. Unset: the longest rows at which the model's positions had time to learn."""
    overlap: float = Field(default=0.25, ge=0, le=0.5)
    """Share of a window that it has in common with the next."""
    fresh: bool = False
    """The control: the same network and tokenizer with new weights, drawn for each seed."""
    search: bool = False
    """Whether rate, batch and epochs are chosen on the development split, from ``grid``."""
    grid: SearchGrid = SearchGrid()
    """What is tried then."""
    keep: Literal["best", "all", "none"] = "best"
    """Whose fine-tuned model stays: that of the seed that is best on the development split, every seed's, or none."""
    licence: str | None = None
    """Of the kept models, as the hub writes it (apache-2.0). Unset: their cards name none; it follows from the
    pretrained model's and the data's."""
    onnx: bool = False
    """Whether kept taggers and classifiers are written as ONNX too."""
    seeds: int = Field(default=5, ge=1)
    """Runs, numbered from 1; those that are finished are not made again."""
    documents: int | None = Field(default=None, ge=1)
    """Documents of each split at most, chosen by a hash of their name: to try a task out."""
    train_documents: int | None = Field(default=None, ge=1)
    """Documents of the training split alone at most, chosen the same way: how much a model gains from more of them."""
    form: Form | None = None
    """How the files of the data are read: brat, conll, xmi, table, squad, spans (mentions in a TSV beside texts), codes
    (codes in a TSV beside texts), records (named columns), bioc. Unset: what the task says, or the files."""
    label_column: str | None = None
    """The column of what is to be told, of rows that have several. Unset: what the task says, or the usual names."""
    device: Literal["auto", "cuda", "cpu"] = "auto"
    """Where to compute."""
    threads: int | None = Field(default=None, ge=1)
    """CPU threads. Unset: as many as help."""
    micro_batch: int = Field(default=16, ge=1)
    """Windows that are on the device at once."""

    @property
    def fewer(self) -> str:
        """The setting that leaves the fewest training documents, as it is written; empty where all are read."""
        limits = {name: getattr(self, name) for name in ("documents", "train_documents")}
        given = {name: most for name, most in limits.items() if most is not None}
        least = min(given, key=lambda name: given[name], default=None)
        return f"benchmark.{least}={given[least]}" if least else ""

    def shaping(self) -> dict[str, Any]:
        """What a result follows from: all but where and how fast it is computed, and how many seeds there are."""
        without = {"seeds", "device", "threads", "micro_batch", "keep", "licence", "onnx"}
        without |= set() if self.search else {"search", "grid"}
        # results from before they were settings
        without |= (set() if self.fresh else {"fresh"}) | (set() if self.mask_share else {"mask_share"})
        without |= {"head_rate"} if self.head_rate in (None, 1.0) else set()
        without |= {"readout"} if self.readout in (None, "last") else set()
        without |= {"pooling"} if self.pooling in (None, "first") else set()
        without |= {"heads"} if self.heads in (None, "one") else set()
        without |= {"transitions"} if self.transitions in (None, "none") else set()
        without |= {
            name for name in ("dropout", "train_documents", "form", "label_column") if getattr(self, name) is None
        }
        shaping = self.model_dump(mode="json", exclude=without)
        # kept results are compared with new ones by these keys, so they keep the names of earlier versions
        former = {name: key for key, name in self.former_names.items()}
        return {former.get(name, name): value for name, value in shaping.items()}

    def resolved(
        self, model_type: str, hidden: int, length: int, usual_length: int, *, mentions: bool = True
    ) -> "BenchmarkSettings":
        """With every unset value chosen for a model, whose windows are no longer than ``length``.

        ``mentions``: whether it is to find mentions.

        Raises:
            InputError: longer ones are asked for.
        """
        if self.length and self.length > length:
            raise InputError(
                f"benchmark.length={self.length}: windows of this model have {length} tokens at most, by its positions "
                "and the rows that it was trained on. Ask for less, or leave it unset."
            )
        is_electra = model_type == "electra"
        is_narrow = is_electra and hidden <= _NARROW
        finds = is_narrow and mentions
        usual = (2e-3 if finds else 1e-3 if is_narrow else 3e-4 if hidden <= _SMALL else 1e-4) if is_electra else 5e-5
        chosen = {
            "batch": self.batch or (8 if is_narrow else USUAL_BATCH),
            "learning_rate": self.learning_rate or usual,
            "mask_share": self.mask_share if self.mask_share is not None else _HIDDEN if is_narrow else 0.0,
            "head_rate": self.head_rate or (_HEAD_RATE if finds else 1.0),
            "readout": self.readout or ("all" if is_narrow else "last"),
            "transitions": self.transitions or ("learnt" if is_narrow else "valid"),
            "pooling": self.pooling or ("mean" if is_narrow else "first"),
            "layer_decay": self.layer_decay or (0.8 if is_electra else 1.0),
            "length": self.length or usual_length,
        }
        return self.model_copy(update=chosen)


USUAL_BATCH = 32
"""ELECTRA's."""
_SMALL = 256
_NARROW = 128
_HEAD_RATE = 5.0
_HIDDEN = 0.15
"""docs/results.md, "How it is fine-tuned": of 0 and 0.15 the better one on the development split."""
