"""The inputs of a version; by them publishing recognises that a version would be equal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cleaning.corpus.decontaminate import Benchmark, applied
from cleaning.publish_settings import PublishSettings
from cleaning.recipe import recipe_digest
from cleaning.settings import CleaningSettings
from data.errors import CoweseError
from data.files import read_json, value_digest, write_json
from data.manifest import Manifest, code_version
from data.parquet import footer_digest
from data.rights.settings import RightsSettings
from data.store import Store
from data.takedowns import Takedowns

_CONFIRMATIONS = ".confirmed.json"
"""File in the corpus folder: a version and later inputs that gave the same bytes. If deleted, publishing compares
again."""


@dataclass(frozen=True, slots=True)
class VersionInputs:
    """All inputs of a version, as its manifest records them."""

    made_from: dict[str, str]
    settings: dict[str, Any]

    @classmethod
    def collect(
        cls,
        cleaning: CleaningSettings,
        publishing: PublishSettings,
        rights: RightsSettings,
        against: Sequence[Benchmark],
        corpora: Mapping[str, str | None],
        segments: Sequence[tuple[Path, Path]],
        takedowns: Takedowns,
    ) -> "VersionInputs":
        """Collect the inputs.

        Names and Parquet footers identify pairs: a pair that was made again under its name may have the same size, but
        its footer has other offsets, sizes, or least and greatest values. Benchmarks are known by content. ``corpora``
        has the digest of each corpus of others by its name.
        """
        listed = [(path.name, footer_digest(path)) for pair in segments for path in pair]
        shaping = publishing.model_dump(mode="json") | {
            "decontaminate": applied(against),
            "deduplicate_against": dict(corpora),
        }
        made_from = {
            "documents": f"{recipe_digest(cleaning)}/{value_digest(listed)}",
            "takedowns": value_digest(sorted(takedowns.targets)),
            "code": code_version(),
        }
        clean, said = cleaning.model_dump(mode="json"), rights.model_dump(mode="json")
        return cls(made_from, {"clean": clean, "rights": said, "publish": shaping})

    def produced(self, version: Manifest | None, store: Store) -> bool:
        """Whether these inputs give that version: it was made from them, or was confirmed for them."""
        return version is not None and not self.changes_since(version, store)

    def changes_since(self, version: Manifest, store: Store) -> list[str]:
        """What has changed since that version: documents, takedowns, code, settings; empty if nothing."""
        found = [name for name, digest in self.made_from.items() if version.made_from.get(name) != digest]
        found += [] if version.settings == self.settings else ["settings"]
        return [] if not found or self._confirmed(version, store) else found

    def _confirmed(self, version: Manifest, store: Store) -> bool:
        try:
            return bool(read_json(store.corpus / _CONFIRMATIONS) == self._note(version.name))
        except CoweseError:
            return False

    def confirm(self, version: str, store: Store) -> None:
        """Note that these inputs gave that version again; its own manifest never changes."""
        write_json(store.corpus / _CONFIRMATIONS, self._note(version))

    def _note(self, version: str) -> dict[str, Any]:
        return {"version": version, "made_from": self.made_from, "settings": self.settings}
