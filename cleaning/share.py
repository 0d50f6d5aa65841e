"""A share of the work, for array jobs of a cluster: so many processes that know nothing of one another."""

import hashlib
import re
from dataclasses import dataclass

from data.errors import InputError

_FORM = re.compile(r"(\d+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Share:
    """Share ``number`` (from 1) of ``of``."""

    number: int
    of: int

    @classmethod
    def read(cls, text: str) -> "Share":
        """From ``K/N``.

        >>> Share.read("2/8")
        Share(number=2, of=8)

        Raises:
            InputError: it is not written so, or K is not from 1 to N.
        """
        match = _FORM.fullmatch(text.strip())
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            raise InputError(f"--share {text}: write K/N, K from 1 to N, as in --share 2/8.")
        return cls(int(match[1]), int(match[2]))

    def has(self, name: str) -> bool:
        """Whether something of this name falls into the share: into one of ``of``, always the same."""
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % self.of == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}-of-{self.of}"
