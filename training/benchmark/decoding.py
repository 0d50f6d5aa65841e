"""What a fine-tuned model must be told beside its weights to decode as it was scored: ``cowese.json`` in its folder."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from data.errors import InputError
from data.files import read_json, write_json

DECODING = "cowese.json"
TaskTypeName = Literal["tagging", "classification", "multilabel", "regression", "answering"]
Pooling = Literal["first", "mean"]
"""Which of a word's tokens say its tag."""
Readout = Literal["last", "all"]
"""Which layers a tag is read from."""
Transitions = Literal["none", "valid", "learnt"]
"""Whether each word's tag is its own best, or the tags of a text the best valid sequence, by scores that are learnt."""


class Decoding(BaseModel):
    """How the texts that a model is given are cut, and what for."""

    model_config = ConfigDict(frozen=True)

    kind: TaskTypeName
    task: str
    length: int
    """Tokens of a window, special ones included."""
    overlap: float
    """Share of a window that it has in common with the next."""
    threshold: float | None = None
    """Chosen on the development split. Of several labels: the least probability at which one is given. Of answers: how
    much higher than the best answer saying nothing may score before nothing is said; None where every text answers."""
    pooling: Pooling = "first"
    """Whether a word's tag is its first token's, or that of the mean of its tokens' logits."""
    readout: Readout = "last"
    """Whether the head reads the last layer, or the embeddings and all layers (``head.safetensors``)."""
    steps: list[list[list[float]]] | None = None
    """For each head what it is worth that a tag (column) follows another (row); the last row is the beginning of a
    text. None: each word has its own best tag."""

    @field_validator("steps", mode="before")
    @classmethod
    def _of_one_head(cls, steps: Any) -> Any:
        """Models from before there were several heads have the one's steps alone."""
        return [steps] if steps and isinstance(steps[0][0], float) else steps

    def write(self, folder: Path) -> None:
        """Write it into a model's folder."""
        write_json(folder / DECODING, self.model_dump(mode="json", exclude_none=True))

    @classmethod
    def read(cls, folder: Path) -> "Decoding | None":
        """A folder's, or None where the model was fine-tuned elsewhere.

        Raises:
            InputError: the file is not of this form.
        """
        if not (folder / DECODING).is_file():
            return None
        try:
            return cls.model_validate(read_json(folder / DECODING))
        except ValidationError as error:
            raise InputError(f"{folder / DECODING}: not as `cowese benchmark` writes it.") from error
