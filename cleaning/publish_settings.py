"""What shapes a corpus version beside the documents themselves."""

from pydantic import BaseModel, ConfigDict, Field


class PublishSettings(BaseModel):
    """Deduplication and splits."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    permutations: int = Field(default=256, gt=0)
    """Hash functions of a MinHash signature."""
    bands: int = Field(default=25, gt=0)
    """Bands of a signature; two documents with an equal band are compared."""
    rows: int = Field(default=10, gt=0)
    """Hash values of a band. 25 × 10 finds 99.9 % of the pairs at Jaccard 0.8."""
    shingle_words: int = Field(default=5, gt=0)
    """Words of a shingle."""
    jaccard: float = Field(default=0.8, gt=0, le=1)
    """Documents whose shingles are alike to this share are one; verified exactly, not estimated."""
    validation_share: float = Field(default=0.005, gt=0, lt=0.5)
    """Share of documents held out for validation, chosen by a hash of their id."""
    test_share: float = Field(default=0.02, gt=0, lt=0.5)
    """Share of hosts held out for test, whole, chosen by a hash of their name."""
    part_bytes: int = Field(default=256 << 20, gt=0)
    """Bytes of text in a part file, about; the number of parts is fixed by the first version of a store."""
