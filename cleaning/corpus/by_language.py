"""Deduplicates each language separately, so that side corpora do not change the main corpus."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaning.duplicates.dedup import Clusters, deduplicate
from cleaning.publish_settings import PublishSettings
from cleaning.stored_texts import Positions, StoredTexts
from data.engines.engine import Engine


def deduplicate_each(
    documents: pa.Table,
    texts: StoredTexts,
    memory: Path,
    settings: PublishSettings,
    engine: Engine,
    main: str,
    on_progress: Callable[[int, int], None],
) -> Clusters:
    """As ``deduplicate``, for the documents of each language; the language ``main`` uses the cache folder itself."""
    rows = documents.num_rows
    columns = documents.select(["text_digest", "category", "n_words", "first_seen_at"])
    parts: list[tuple[Positions, Clusters]] = []
    for language in sorted(pc.unique(documents["language"]).to_pylist(), key=lambda one: (one != main, one)):
        here = np.flatnonzero(pc.equal(documents["language"], language).to_numpy(zero_copy_only=False))
        folder = memory if language == main else memory / f"side-{language}"
        if len(here) == rows:
            return deduplicate(columns, texts, folder, settings, engine, on_progress)
        found = deduplicate(columns.take(pa.array(here)), texts.at(here), folder, settings, engine, on_progress)
        parts.append((here, found))
    return _together(parts, rows)


def _together(parts: Sequence[tuple[Positions, Clusters]], rows: int) -> Clusters:
    """The clusters of all languages, by position among all documents."""
    whole = Clusters(
        keeper=np.empty(rows, np.int64),
        near=np.empty(rows, np.bool_),
        contained=np.empty(rows, np.bool_),
        share=np.empty(rows, np.float64),
        size=np.empty(rows, np.int64),
        uncompared=sum(found.uncompared for _, found in parts),
    )
    for here, found in parts:
        whole.keeper[here] = here[found.keeper]
        whole.near[here], whole.contained[here] = found.near, found.contained
        whole.share[here], whole.size[here] = found.share, found.size
    return whole
