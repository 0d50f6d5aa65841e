"""Texts, or pairs of them, with what is to be told of each: a label, several labels, or a score."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Row:
    """A text and its label."""

    name: str
    label: str
    text: str
    place: str = field(default="", repr=False, compare=False)
    """Its file and line; for errors alone, so not in its representation, of which digests are made."""

    @property
    def texts(self) -> tuple[str, ...]:
        """What is classified."""
        return (self.text,)


@dataclass(frozen=True, slots=True)
class Pair(Row):
    """Two texts and the label of what is between them."""

    second: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """Both."""
        return (self.text, self.second)


@dataclass(frozen=True, slots=True)
class MultiRow:
    """A text, or a pair, and any number of labels."""

    name: str
    label: tuple[str, ...]
    """In ascending order, each once."""
    texts: tuple[str, ...]
    place: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """A text, or a pair, and a number."""

    name: str
    label: float
    texts: tuple[str, ...]
    place: str = field(default="", repr=False, compare=False)


AnyRow = Row | MultiRow | ScoreRow
"""What has ``name``, ``label``, ``texts`` and ``place``."""
