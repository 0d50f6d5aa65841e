"""Benchmarks in model cards: a part between two marks, replaced when there are new figures."""

import re
from collections.abc import Callable
from pathlib import Path

from data.files import file_digest, write_text
from data.manifest import MANIFEST_NAME, Manifest
from data.store import Store

BEGIN, END = "<!-- benchmarks -->", "<!-- /benchmarks -->"
_PART = re.compile(f"{BEGIN}.*?{END}\n*", re.DOTALL)
_BEFORE = "## How it was made"
"""The part comes before this heading."""

Section = Callable[[Store, Path], str | None]
"""Gives what to say of the model in a folder."""


def put_into_cards(store: Store, section: Section) -> list[Path]:
    """Put the benchmarks of each exported model into its discriminator's card; give the cards that changed."""
    changed = []
    for folder in sorted(path.parent for path in store.models.glob(f"*/{MANIFEST_NAME}")):
        card = folder / "discriminator" / "README.md"
        said = section(store, card.parent) if card.is_file() else None
        if said is None:
            continue
        before = card.read_text(encoding="utf-8")
        after = with_section(before, said)
        if after != before:
            write_text(card, after)
            manifest = Manifest.read(folder)
            files = {**manifest.files, str(card.relative_to(folder)): file_digest(card)}
            manifest.model_copy(update={"files": files}).write(folder)
            changed.append(card)
    return changed


def with_section(card: str, said: str) -> str:
    """The card with its part on benchmarks new."""
    part = f"{BEGIN}\n## Benchmarks\n\n{said}{END}\n\n"
    card = _PART.sub("", card)
    head, heading, rest = card.partition(_BEFORE)
    return f"{head}{part}{heading}{rest}" if heading else f"{card.rstrip()}\n\n{part.rstrip()}\n"
