"""The dataset card: README.md with the YAML that the Hugging Face hub and ``datasets`` read."""

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)


def size_category(documents: int) -> str:
    """The hub's word for a number of documents."""
    return next((name for bound, name in _SIZES if documents < bound), "10M<n<100M")


def write_card(
    version: str, figures: Mapping[str, Any], settings: Mapping[str, Any], splits: Sequence[str], side: Sequence[str]
) -> str:
    """The text of the card; ``side`` are the languages of the side corpora, each a configuration of its own."""
    environment = Environment(
        loader=PackageLoader("cleaning.corpus"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - Markdown
    )
    template = environment.get_template("card.md.jinja")
    return template.render(
        version=version,
        figures=figures,
        settings=settings,
        splits=splits,
        side=side,
        size=size_category(figures["documents"]),
    )
