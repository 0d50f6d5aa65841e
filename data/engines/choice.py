"""Which engine the settings ask for."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from data.engines.engine import Engine, EngineSettings
from data.engines.process_engine import ProcessEngine


@contextmanager
def opened(settings: EngineSettings) -> Iterator[Engine]:
    """The engine of the settings; what it started ends with the block.

    Raises:
        InputError: Dask is asked for and not installed.
    """
    if settings.dask is None:
        yield ProcessEngine(settings.workers or os.cpu_count() or 1)
        return
    from data.engines.dask_engine import DaskEngine  # noqa: PLC0415 - an optional dependency

    with DaskEngine(settings.dask, settings.patience) as engine:
        yield engine
