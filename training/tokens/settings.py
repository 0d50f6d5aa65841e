"""Settings of tokenizers and packed tokens; apart from their code, so that reading them loads no library."""

from pydantic import BaseModel, ConfigDict, Field

UINT16 = 65_536
"""Token ids that fit into 16 bits."""


class TokenizerSettings(BaseModel):
    """What shapes a tokenizer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    vocab_size: int = Field(default=31_002, ge=100, le=UINT16)
    """Entries at most, special tokens included; 31,002 as the original BIOMEDTRA has. A small corpus gives fewer."""
    min_words: int = Field(default=2_000, ge=1)
    """Words that a corpus must have."""
    min_count: int = Field(default=1, ge=1)
    """Occurrences of a word that counts."""
    typography: bool = False
    """Take ligatures apart (``ﬂ`` is ``fl``) and make one letter of the two ways to write micro, as NFKC does; the rest
    of NFKC changes what is said and is not applied."""
    capitals: bool = False
    """Headings, and reports of some hospitals, are in capitals. Read words of six letters or more in capitals as with
    one capital (``IBUPROFENO`` is ``Ibuprofeno``; shorter ones may be abbreviations), and count each word in capitals
    too, at a twentieth of its count."""
    lowercase: bool = False
    """Lower the case, as the original BIOMEDTRA did."""
    strip_accents: bool = False
    """Take accents and tildes off (``año`` becomes ``ano``), as the original BIOMEDTRA did; a defect in Spanish."""


class PackSettings(BaseModel):
    """What shapes packed tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_tokens: int = Field(default=1_000, ge=1)
    """Tokens that the training split must have."""
