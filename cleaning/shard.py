"""A shard of the work, for array jobs of a cluster: so many processes that know nothing of one another."""

import hashlib
import re
from dataclasses import dataclass

from data.errors import InputError

_FORM = re.compile(r"(\d+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Shard:
    """Shard ``number`` (from 1) of ``total``."""

    number: int
    total: int

    @classmethod
    def read(cls, text: str) -> "Shard":
        """From ``K/N``.

        >>> Shard.read("2/8")
        Shard(number=2, total=8)

        Raises:
            InputError: it is not written so, or K is not from 1 to N.
        """
        match = _FORM.fullmatch(text.strip())
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            raise InputError(f"--shard {text}: write K/N, K from 1 to N, as in --shard 2/8.")
        return cls(int(match[1]), int(match[2]))

    def has(self, name: str) -> bool:
        """Whether something of this name falls into the shard: into one of ``total``, always the same."""
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % self.total == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}-of-{self.total}"
