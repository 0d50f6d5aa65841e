"""The tokenizer of a run that begins from a model: that model's, so that nothing is carried over by spelling."""

import hashlib
from pathlib import Path

from data.engines.engine import POOL, EngineSettings
from data.files import file_digest, write_bytes, write_json
from data.manifest import MANIFEST_NAME
from data.progress import Progress, no_progress
from data.store import Store
from training.runs.origin import fetched, find_origin, tokenizer_of
from training.runs.pretrain_settings import PretrainSettings
from training.runs.run import TOKENIZER_FILES
from training.tokens.corpus import Corpus
from training.tokens.settings import TokenizerSettings
from training.tokens.tokenizer import TokenizerSummary, fit_tokenizer, found_tokenizer, hub_config
from training.tokens.vocab_file import open_tokenizer

MAIN_FILE = TOKENIZER_FILES[-1]


def tokenizer_for(
    store: Store,
    settings: TokenizerSettings,
    pretraining: PretrainSettings,
    *,
    corpus: Path,
    engine: EngineSettings = POOL,
    progress: Progress = no_progress,
) -> TokenizerSummary:
    """Keep the tokenizer of the model that ``pretraining`` begins from; without such a model fit one on the corpus.

    Raises:
        InputError: as ``fit_tokenizer``; the model is not there or has no tokenizer.
    """
    origin = None
    if pretraining.initial_model:
        inputs = {"corpus": Corpus.open(corpus).digest()}
        origin = find_origin(store, pretraining.initial_model, pretraining.plan, inputs)
    if origin is None:
        return fit_tokenizer(store, settings, corpus=corpus, engine=engine, progress=progress)
    folder = fetched(origin)
    summary = found_tokenizer(_in_store(store, tokenizer_of(folder), folder.resolve().name))
    progress("tokenizer", 1, 1, {"kept of": str(origin)})
    return summary


def _in_store(store: Store, tokenizer: Path, name: str) -> Path:
    """The store's folder with the same tokenizer; made where there is none."""
    content = _content(tokenizer)
    digest = hashlib.sha256(content).hexdigest()
    known = [
        path.parent
        for path in sorted(store.tokenizers.glob("*/tokenizer.json"))
        if not path.parent.name.startswith(".") and file_digest(path) == digest
    ]
    # one that was fitted here first: its manifest tells what on
    for folder in sorted(known, key=lambda folder: not (folder / MANIFEST_NAME).is_file()):
        return folder
    folder = store.tokenizers / f"{name}-{digest[:8]}"
    for file in TOKENIZER_FILES:
        if (tokenizer / file).is_file():
            write_bytes(folder / file, (tokenizer / file).read_bytes())
    if not (tokenizer / MAIN_FILE).is_file():
        write_json(folder / "tokenizer_config.json", hub_config(open_tokenizer(tokenizer)))
        write_bytes(folder / MAIN_FILE, content)
    return folder


def _content(tokenizer: Path) -> bytes:
    """The ``tokenizer.json`` of a folder, also of one that has only a vocabulary."""
    path = tokenizer / MAIN_FILE
    return path.read_bytes() if path.is_file() else open_tokenizer(tokenizer).to_str(pretty=True).encode()
