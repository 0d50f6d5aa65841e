"""The dataset card: README.md with the YAML that the Hugging Face hub and ``datasets`` read."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from jinja2 import Environment, PackageLoader, StrictUndefined

from cleaning.corpus.croissant import croissant
from cleaning.corpus.splits import SPLITS
from cleaning.duplicates.cross import MOST_MATCHES
from data.columns import DESCRIPTIONS
from data.documents import DOCUMENT_SCHEMA
from data.files import write_json, write_text

_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)


def size_category(documents: int) -> str:
    """The hub's size category for a number of documents."""
    return next((name for bound, name in _SIZES if documents < bound), "10M<n<100M")


def write_texts(folder: Path, version: str, figures: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    """Write the texts beside a version's files: the card, the licence, the Croissant description."""
    side = sorted(figures["side"])
    write_text(folder / "README.md", write_card(version, figures, settings, SPLITS, side))
    write_text(folder / "LICENSE.md", _environment().get_template("license.md.jinja").render(version=version))
    write_json(folder / "croissant.json", croissant(version, figures, SPLITS, side))


def write_card(
    version: str, figures: Mapping[str, Any], settings: Mapping[str, Any], splits: Sequence[str], side: Sequence[str]
) -> str:
    """The text of the card; ``side`` are the languages of the side corpora, each with its own configuration."""
    return (
        _environment()
        .get_template("card.md.jinja")
        .render(
            version=version,
            figures=figures,
            settings=settings,
            splits=splits,
            side=side,
            size=size_category(figures["documents"]),
            most_matches=MOST_MATCHES,
            columns=[(field.name, _kind(field.type), DESCRIPTIONS[field.name]) for field in DOCUMENT_SCHEMA],
        )
    )


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("cleaning.corpus"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - Markdown
    )


def _kind(kind: pa.DataType) -> str:
    """The readable name of an Arrow type."""
    if pa.types.is_list(kind):
        return "list of " + " and ".join(f"{part.name} ({part.type})" for part in kind.value_type)
    return str(kind)
