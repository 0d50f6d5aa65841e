"""A small Spanish corpus, packed, and settings of runs that take seconds."""

import contextlib
import random
import resource
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data.store import Store
from training.settings import PackSettings, PretrainSettings, TokenizerSettings
from training.tokens.pack import pack
from training.tokens.tokenizer import fit_tokenizer

WHO = ("la paciente", "el paciente", "una niña", "el cirujano", "la médica", "un anciano", "la enfermera", "el bebé")
DOES = ("presenta", "refiere", "describe", "teme", "padece", "estudia", "evita", "nota", "sufrió", "trató")
WHAT = ("fiebre alta", "dolor torácico", "una úlcera gástrica", "tos seca", "anemia leve", "náuseas", "migraña", "asma")
WHEN = (
    "desde ayer",
    "por la mañana",
    "tras la operación",
    "en otoño",
    "cada año",
    "sin causa clara",
    "después de comer",
)


def corpus(folder: Path, documents: int = 300, seed: int = 3) -> Path:
    """A folder of made-up case notes in three splits."""
    draw = random.Random(seed)
    texts = [
        "\n".join(
            f"{draw.choice(WHO).capitalize()} {draw.choice(DOES)} {draw.choice(WHAT)} {draw.choice(WHEN)}, "
            f"y {draw.choice(WHO)} {draw.choice(DOES)} {draw.choice(WHAT)} a los {draw.randint(2, 90)} años."
            for _ in range(draw.randint(4, 14))
        )
        for _ in range(documents)
    ]
    for split, part in (("train", texts[:-40]), ("validation", texts[-40:-20]), ("test", texts[-20:])):
        path = folder / "data" / split / "part.parquet"
        path.parent.mkdir(parents=True)
        pq.write_table(pa.table({"text": part}), path)
    return folder


def packed(store: Store, name: str = "notas", seed: int = 3) -> Path:
    """Packed tokens of such a corpus."""
    source = corpus(store.root / "corpora" / name, seed=seed)
    tokenizer = fit_tokenizer(store, TokenizerSettings(vocab_size=400), corpus=source)
    return pack(store, PackSettings(), corpus=source, tokenizer=tokenizer.path).path


def quick(**changes: Any) -> PretrainSettings:
    """Settings of a run that takes a second; with dropout, which resuming and sharing a batch must reproduce."""
    given = {"preset": "tiny", "steps": 30, "batch": 4, "length": 32, "long_share": 0.0, "log_every": 1, "threads": 1}
    return PretrainSettings(**{**given, "dropout": 0.1, "tensorboard": False, **changes})


@contextlib.contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """Files of this process end at ``size`` bytes meanwhile, as on a full disk."""
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
