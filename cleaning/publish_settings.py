"""What shapes a corpus version beside the documents themselves."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from data.settings_model import SettingsModel

_MOVED = ("named_agents", "missing_licence")
"""Settings that had this table before they got their own, ``rights``."""


class PublishSettings(SettingsModel):
    """Rights, lines of a site, decontamination, deduplication, splits, part files."""

    former_names: ClassVar[Mapping[str, str]] = {"against": "deduplicate_against"}

    rights: Literal["as_fetched", "as_of_today"] = "as_fetched"
    """By which words of its host a page is judged: those that held when it was fetched, or the latest known, so that a
    new opt-out also takes out pages fetched before it. A page that was reserved when it was fetched stays out under
    both until it is fetched again."""

    permutations: int = Field(default=256, gt=0, le=4096)
    """Hash functions of a MinHash signature."""
    bands: int = Field(default=32, gt=0)
    """Bands of a signature; two documents with an equal band are compared."""
    rows: int = Field(default=8, gt=0)
    """Hash values of a band. A pair with similarity s is compared with probability 1 − (1 − s^rows)^bands: at Jaccard
    0.8 32 × 8 finds 99.7 % of the pairs, 25 × 10 finds 94.2 %. What is found is verified exactly."""
    shingle_words: int = Field(default=5, gt=0)
    """Words of a shingle."""
    jaccard: float = Field(default=0.8, gt=0, le=1)
    """Documents whose shingles have at least this Jaccard similarity are duplicates; verified exactly, not
    estimated."""
    containment: float | None = Field(default=0.9, gt=0.5, le=1)
    """A document of whose shingles a longer one before it holds this share loses to it (duplicate/contained); verified
    exactly. None: only documents that are alike as a whole are one."""
    site_line_documents: int = Field(default=10, ge=2)
    """A line that fewer documents of a site have is not the site's; copies and near copies do not count."""
    site_line_share: float = Field(default=0.05, gt=0, le=1)
    """A line that at least this share of a site's documents have is removed from each of them."""
    site_heading_share: float = Field(default=0.6, gt=0, le=1)
    """The same for a line of fewer than six words, which may be a heading of the site's articles (Síntomas)."""
    validation_share: float = Field(default=0.005, gt=0, lt=0.5)
    """Share of documents held out for validation, chosen by a hash of their id."""
    test_share: float = Field(default=0.02, gt=0, lt=0.5)
    """Share of registered domains held out for test, whole with their subdomains, chosen by a hash of their name."""
    part_words: int = Field(default=10_000_000, gt=0)
    """Words in a part file at most, about (65 MB of text). A split has the least power of two of parts that keeps to
    it, so the number follows from the documents alone and not from the versions before."""
    parts: int | None = Field(default=None, gt=0, le=65_536)
    """A fixed number of part files for each split instead."""

    decontaminate: tuple[Path, ...] = ()
    """Benchmarks (folders, files or tar archives of brat, CoNLL, TSV or SQuAD) whose texts the corpus must not hold:
    a document that shares 13 words in a row with one of them is dropped."""

    deduplicate_against: tuple[str, ...] = ()
    """Other corpora: folders or files of Parquet with a column ``text``, versions of this store, data sets of the hub
    (OWNER/NAME[@REVISION][:PATTERN]). A document that is equal or nearly equal to one of theirs is dropped
    (duplicate/foreign)."""

    @model_validator(mode="before")
    @classmethod
    def _name_what_moved(cls, given: object) -> object:
        moved = [name for name in _MOVED if isinstance(given, dict) and name in given]
        if moved:
            raise ValueError(f"{moved[0]} is now rights.{moved[0]}: write it into the table [rights]")
        return given

    @field_validator("decontaminate", "deduplicate_against", mode="before")
    @classmethod
    def _one_or_more(cls, given: object) -> object:
        """A single path may stand for a list of one, as ``--set`` writes it."""
        return (given,) if isinstance(given, str | Path) else given

    @model_validator(mode="after")
    def _bands_fit(self) -> Self:
        if self.bands * self.rows > self.permutations:
            raise ValueError(f"bands × rows ({self.bands} × {self.rows}) is more than permutations")
        return self
