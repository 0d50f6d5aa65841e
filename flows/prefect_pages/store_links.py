"""Links to files of the store, for browsers or as paths."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class StoreLinks:
    """Turns files of a store into Markdown: a link where they are served, their path elsewhere."""

    root: Path
    base: str | None
    """Base URL of the store's files; None if they are not served."""

    def to(self, path: Path, text: str) -> str:
        """A file of the store as Markdown."""
        place = self.place(path)
        return f"{text}: `{path}`" if place == str(path) else f"[{text}]({place})"

    def place(self, path: Path) -> str:
        """A file's URL, or its path if files are not served."""
        if self.base is None or not path.is_relative_to(self.root):
            return str(path)
        return f"{self.base.rstrip('/')}/{quote(path.relative_to(self.root).as_posix())}"
