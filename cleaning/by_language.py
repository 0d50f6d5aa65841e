"""Each language is deduplicated by itself, so that side corpora change nothing of the corpus."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaning.dedup import Clusters, deduplicate
from cleaning.publish_settings import PublishSettings
from cleaning.verified import Positions, Texts


def deduplicate_each(
    documents: pa.Table,
    texts: Texts,
    memory: Path,
    settings: PublishSettings,
    main: str,
    tell: Callable[[int, int], None],
) -> Clusters:
    """As ``deduplicate``, the documents of every language for themselves; ``main`` has the memory's folder."""
    rows = documents.num_rows
    keeper = np.arange(rows)
    near = np.zeros(rows, np.bool_)
    jaccard = np.full(rows, np.nan)
    size = np.ones(rows, np.int64)
    for language in sorted(pc.unique(documents["language"]).to_pylist(), key=lambda one: (one != main, one)):
        here = np.flatnonzero(pc.equal(documents["language"], language).to_numpy())
        folder = memory if language == main else memory / f"side-{language}"
        found = deduplicate(documents.take(pa.array(here)), _texts_at(here, texts), folder, settings, tell)
        keeper[here] = here[found.keeper]
        near[here], jaccard[here], size[here] = found.near, found.jaccard, found.size
    return Clusters(keeper, near, jaccard, size)


def _texts_at(places: Positions, texts: Texts) -> Texts:
    """Texts by their place among the ascending ``places``."""

    def some(positions: Positions) -> Iterator[tuple[Positions, list[str]]]:
        for found, batch in texts(places[positions]):
            yield np.searchsorted(places, found), list(batch)

    return some
