"""Where a browser, or a person on the machine, finds a file of the store."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class StoreLinks:
    """Turns files of a store into Markdown: a link where they are served, their path elsewhere."""

    root: Path
    base: str | None
    """Address under which the store's files are shown, without one none is."""

    def to(self, path: Path, text: str) -> str:
        """A file of the store as Markdown."""
        place = self.place(path)
        return f"{text}: `{path}`" if place == str(path) else f"[{text}]({place})"

    def place(self, path: Path) -> str:
        """A file's address, or its path where it has none."""
        if self.base is None or not path.is_relative_to(self.root):
            return str(path)
        return f"{self.base.rstrip('/')}/{quote(path.relative_to(self.root).as_posix())}"
