"""The signed receipt of a forgetting: what was done, with salted hashes instead of URLs.

With Ed25519 the requester can verify the signature with the public key only, and nobody else can sign. The private key
never leaves the store. The salt is in the receipt: a person who knows a page's URL can find its hash, others learn
nothing.
"""

import hashlib
import hmac
import json
import os
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict

from data.errors import InputError
from data.files import read_json, write_json, write_text
from data.store import Store
from data.urls import canonical_url

RECEIPT_NAME = "receipt.json"
RUNS_NAME = "runs.npy"
_KEY_NAME = "key"


class Receipt(BaseModel):
    """What was forgotten, and what was done with everything that held it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    receipt: str
    day: str
    code: str
    salt: str
    targets: list[str]
    """A salted hash of each given target: a URL without scheme and www, a pattern or a host."""
    pages: list[str]
    """A salted hash of each page's URL without scheme and www. Blanked records have its first 16 digits."""
    records: dict[str, int]
    """WARC records that were blanked, by file."""
    texts: int
    """Files of extracted texts that were written again."""
    pairs: int
    """Pairs of documents and dropped pages that were written again."""
    versions: dict[str, int]
    """Rows removed from each version."""
    deleted: list[str]
    """Packed tokens that were deleted."""
    packed: list[str] = []
    """Those of them that were packed again from the rewritten version."""
    marked: list[str]
    """Tokenizers, runs and models made from these texts; weights are not changed."""
    runs: int
    """Distinct runs of 13 words that only these texts had in the store."""
    shared_runs: int
    """Runs that other pages also have and keep: site lines, quotations, excerpts."""
    without_runs: int | None = None
    """Pages without a run of their own, which no audit can prove gone; None in receipts that did not count them."""
    version: str | None
    """The version published without them."""
    audit: dict[str, Any]
    """The audit afterwards: what was read, and what was found."""
    public_key: str = ""
    signature: str = ""

    def signed(self, key: Ed25519PrivateKey) -> "Receipt":
        """The receipt with public key and signature."""
        named = self.model_copy(update={"public_key": key.public_key().public_bytes_raw().hex()})
        return named.model_copy(update={"signature": key.sign(named.content()).hex()})

    def check(self) -> None:
        """Check the signature against the receipt's own public key.

        Raises:
            InputError: it is not the signature of this content.
        """
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.public_key)).verify(
                bytes.fromhex(self.signature), self.content()
            )
        except (InvalidSignature, ValueError) as error:
            raise InputError(f"receipt {self.receipt}: the signature does not fit; it was altered.") from error

    def holds(self, url: str) -> bool:
        """Whether a page is among those that were forgotten."""
        return salted(bytes.fromhex(self.salt), canonical_url(url)) in self.pages

    @property
    def unproved(self) -> int:
        """Pages for which an audit proves nothing."""
        if self.without_runs is not None:
            return self.without_runs
        return 0 if self.runs else len(self.pages)

    def content(self) -> bytes:
        """The signed bytes: JSON with sorted keys, without blanks and without the signature.

        Fields that an older receipt does not have are no part of what was signed.
        """
        value = self.model_dump(mode="json", exclude={"signature"}, exclude_unset=True)
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def salted(salt: bytes, target: str) -> str:
    """HMAC-SHA256 of a URL without scheme and www, or of a host, in hexadecimal."""
    address = target.partition("://")[2] or target
    return hmac.new(salt, address.removeprefix("www.").encode(), hashlib.sha256).hexdigest()


def signing_key(store: Store) -> Ed25519PrivateKey:
    """The store's key; created when first needed.

    Raises:
        InputError: the file is not a key.
        StoreError: it cannot be written.
    """
    path = store.forgotten / _KEY_NAME
    if not path.is_file():
        write_text(path, Ed25519PrivateKey.generate().private_bytes_raw().hex() + "\n")
        path.chmod(0o600)
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text(encoding="ascii").strip()))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: no key ({error}). Restore it: without it no audit proves anything.") from error


def runs_key(key: Ed25519PrivateKey) -> bytes:
    """The key under which runs are hashed, from the signing key."""
    return hashlib.blake2b(b"runs", key=key.private_bytes_raw(), digest_size=32).digest()


def new_salt() -> bytes:
    """16 random bytes."""
    return os.urandom(16)


def receipts(store: Store) -> list[Path]:
    """The folders of finished forgettings, oldest first."""
    return sorted(path.parent for path in store.forgotten.glob(f"*/{RECEIPT_NAME}"))


def read_receipt(folder: Path) -> Receipt:
    """Read a receipt and check its signature.

    Raises:
        InputError: it is missing or was altered.
    """
    try:
        found = Receipt.model_validate(read_json(folder / RECEIPT_NAME))
    except ValueError as error:
        raise InputError(f"{folder / RECEIPT_NAME}: not a receipt of ours.") from error
    found.check()
    return found


def write_receipt(folder: Path, receipt: Receipt) -> None:
    """Write the receipt atomically; it marks a forgetting as finished."""
    write_json(folder / RECEIPT_NAME, receipt.model_dump(mode="json"))
