"""Deduplicates each language separately, so that side corpora do not change the main corpus."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaning.duplicates.dedup import Clusters, deduplicate
from cleaning.engines.engine import Engine
from cleaning.publish_settings import PublishSettings
from cleaning.stored_texts import StoredTexts


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
    keeper = np.arange(rows)
    near = np.zeros(rows, np.bool_)
    contained = np.zeros(rows, np.bool_)
    share = np.full(rows, np.nan)
    size = np.ones(rows, np.int64)
    uncompared = 0
    for language in sorted(pc.unique(documents["language"]).to_pylist(), key=lambda one: (one != main, one)):
        here = np.flatnonzero(pc.equal(documents["language"], language).to_numpy(zero_copy_only=False))
        folder = memory if language == main else memory / f"side-{language}"
        some, of = (columns, texts) if len(here) == rows else (columns.take(pa.array(here)), texts.at(here))
        found = deduplicate(some, of, folder, settings, engine, on_progress)
        keeper[here] = here[found.keeper]
        near[here], contained[here], share[here], size[here] = found.near, found.contained, found.share, found.size
        uncompared += found.uncompared
    return Clusters(keeper, near, contained, share, size, uncompared)
