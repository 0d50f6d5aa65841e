"""Benchmarks in model cards: a part between two marks, and their figures in the metadata; both give way to new ones."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from data.files import file_digest, write_text
from data.manifest import MANIFEST_NAME, Manifest
from data.store import Store

BEGIN, END = "<!-- benchmarks -->", "<!-- /benchmarks -->"
_PART = re.compile(f"{BEGIN}.*?{END}\n*", re.DOTALL)
OWN = "cowese"
"""The data set of an export's own figures."""
_BEFORE = "## How it was made"
"""The part comes before this heading."""


@dataclass(frozen=True, slots=True)
class Section:
    """What is said of a model's benchmarks."""

    text: str
    """Markdown."""
    results: list[EvalResult]
    """For the metadata: figures of every task."""
    datasets: list[str]
    """The hub's names of those of the data sets that have one."""


SectionOf = Callable[[Store, Path], Section | None]
"""Gives what to say of the model in a folder."""


def put_into_cards(store: Store, section_of: SectionOf) -> list[Path]:
    """Put the benchmarks of each exported model into its discriminator's card; give the cards that changed."""
    changed = []
    for folder in sorted(path.parent for path in store.models.glob(f"*/{MANIFEST_NAME}")):
        card = folder / "discriminator" / "README.md"
        section = section_of(store, card.parent) if card.is_file() else None
        if section is None:
            continue
        before = card.read_text(encoding="utf-8")
        after = with_section(before, section, folder.name)
        if after != before:
            write_text(card, after)
            manifest = Manifest.read(folder)
            files = {**manifest.files, str(card.relative_to(folder)): file_digest(card)}
            manifest.model_copy(update={"files": files}).write(folder)
            changed.append(card)
    return changed


def with_section(card: str, section: Section, name: str) -> str:
    """The card with its part on benchmarks, and their figures in its metadata, new."""
    part = f"{BEGIN}\n## Benchmarks\n\n{section.text}{END}\n\n"
    card = _PART.sub("", card)
    head, heading, rest = card.partition(_BEFORE)
    card = f"{head}{part}{heading}{rest}" if heading else f"{card.rstrip()}\n\n{part.rstrip()}\n"
    return _with_results(card, section, name) if card.startswith("---\n") else card


def _with_results(card: str, section: Section, name: str) -> str:
    """Results on held-out text of the corpus stay, those of benchmarks are new."""
    parsed = ModelCard(card)
    data = parsed.data
    assert isinstance(data, ModelCardData)
    own = [one for one in data.eval_results or () if one.dataset_type == OWN]
    data.eval_results = [*own, *section.results]
    data.model_name = name
    data.datasets = section.datasets or None
    return str(parsed)
