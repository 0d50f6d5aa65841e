"""A text and the mentions marked in it: what every form of annotation is read into."""

from collections.abc import Iterable
from dataclasses import dataclass, field

Fragment = tuple[int, int]


@dataclass(frozen=True, slots=True, order=True)
class Mention:
    """A typed piece of a text; offsets are code points of the text as it stands in its file."""

    fragments: tuple[Fragment, ...]
    """(start, end) in ascending order; more than one where the mention is discontinuous."""
    label: str

    @classmethod
    def over(cls, label: str, *fragments: Fragment) -> "Mention":
        """A mention; fragments that touch or overlap become one."""
        joined: list[Fragment] = []
        for start, end in sorted(fragments):
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return cls(tuple(joined), label)

    @property
    def start(self) -> int:
        """Where the first fragment begins."""
        return self.fragments[0][0]

    @property
    def end(self) -> int:
        """Where the last fragment ends."""
        return self.fragments[-1][1]

    @property
    def continuous(self) -> bool:
        """Whether it is one piece."""
        return len(self.fragments) == 1

    def covered(self, text: str) -> str:
        """Its text as brat writes it: fragments joined by a space, line breaks as spaces."""
        return " ".join(" ".join(text[start:end].splitlines()) for start, end in self.fragments)


@dataclass(frozen=True, slots=True)
class Document:
    """A text with its mentions."""

    name: str
    """Its path in the data without ending; unique in a split."""
    text: str
    mentions: tuple[Mention, ...] = ()
    misfits: tuple[str, ...] = field(default=(), repr=False)
    """Lines of its annotations that repeat another text than stands at their offsets: file, line, and what is wrong.
    Not in its representation, of which digests are made: they name the folder, which decides nothing."""
    place: str = field(default="", repr=False, compare=False)
    """The file of its text, and the line where it has several; for errors alone."""


def types_of(documents: Iterable[Document]) -> tuple[str, ...]:
    """The labels met, by name."""
    return tuple(sorted({mention.label for document in documents for mention in document.mentions}))
