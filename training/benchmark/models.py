"""Models of any make, through transformers' Auto classes: the one place where they are loaded.

transformers and seqeval are the optional ``benchmark`` extra; nothing else in the packages needs them.
"""

import contextlib
import copy
import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from data.errors import InputError
from data.files import file_digest, value_digest
from data.store import Store
from training.benchmark.hub import is_reachable, store_has

_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
_SHAPING = ("config.json", *_WEIGHTS, "tokenizer.json", "tokenizer_config.json")
_FROM_PAD = ("roberta", "xlm-roberta", "camembert", "xlm-roberta-xl")
"""Models whose positions begin after the padding's, so that two of them are no places for tokens."""
_USUAL_LENGTH = 512


def required(name: str) -> ModuleType:
    """A module of the ``benchmark`` extra.

    Raises:
        InputError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise InputError(
            f"cowese benchmark needs {name.partition('.')[0]}: install it with pip install 'cowese[benchmark]'."
        ) from error


@dataclass(frozen=True, slots=True)
class Source:
    """Where a model comes from."""

    where: str
    """A folder, or a name on the hub."""
    name: str
    """What it is called in tables and folders."""
    config: Any
    tokenizer: Any
    digest: str

    fresh: bool = False
    """Whether ``load`` gives new weights instead of the model's."""
    offline: bool = False
    """Whether the hub does not answer, so that only what was loaded from it before is there."""

    @property
    def usual_length(self) -> int:
        """Tokens of a window where none are asked for: as long as the positions had time to learn."""
        return min(self.length, getattr(self.config, "settled_length", None) or self.length)

    @property
    def length(self) -> int:
        """Most tokens of a window, special ones included: the longest that the model was trained at."""
        places = getattr(self.config, "max_position_embeddings", None) or _USUAL_LENGTH
        if self.config.model_type in _FROM_PAD:
            places -= 1 + (self.config.pad_token_id or 0)
        trained = getattr(self.config, "trained_length", None) or places
        return int(min(places, trained, self.tokenizer.model_max_length, _USUAL_LENGTH))

    def load(self, auto: str, labels: tuple[str, ...], dropout: float | None = None) -> Any:
        """The model with a fresh head under torch's seed, or fresh altogether; ``auto`` names an Auto class."""
        named: dict[str, Any] = {}
        if labels:
            named = {"id2label": dict(enumerate(labels)), "label2id": {label: at for at, label in enumerate(labels)}}
        if dropout is not None:
            named |= {"hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout}
        with _quiet(), _readable(self.where):
            kind = getattr(required("transformers"), auto)
            if self.fresh:
                config = copy.deepcopy(self.config)
                config.update(named)
                return kind.from_config(config, dtype=torch.float32)
            return kind.from_pretrained(self.where, **named, dtype=torch.float32, local_files_only=self.offline)


def find_model(store: Store, named: str) -> Source:
    """A model by folder, by its name in the store, or by its name on the Hugging Face hub.

    Raises:
        InputError: it cannot be loaded, or its tokenizer cannot say where its tokens stand in a text.
    """
    where, name = _place(store, named)
    models = sorted(path.name for path in store.models.glob("[!.]*") if path.is_dir())
    return _source(where, name, named, models)


def load_source(folder: Path) -> Source:
    """A model by its folder alone.

    Raises:
        InputError: it cannot be loaded.
    """
    return _source(str(folder), folder.resolve().name, str(folder), ())


def _source(where: str, name: str, named: str, models: Sequence[str]) -> Source:
    transformers = required("transformers")
    local = Path(where).is_dir()
    with _quiet(), _readable(where, "" if local else store_has(models)):
        offline = not local and not is_reachable(where, models)
        config = transformers.AutoConfig.from_pretrained(where, local_files_only=offline)
        tokenizer = transformers.AutoTokenizer.from_pretrained(where, local_files_only=offline)
    if not tokenizer.is_fast:
        raise InputError(f"{named}: its tokenizer has no tokenizer.json, so it cannot say where tokens stand.")
    digest = folder_digest(Path(where)) if local else f"{where}@{getattr(config, '_commit_hash', None)}"
    return Source(where, name, config, tokenizer, digest, offline=offline)


def freshened(source: Source) -> Source:
    """The same network and tokenizer with new weights, drawn again for each seed: what fine-tuning learns alone."""
    where = Path(source.where)
    digest = folder_digest(where, without=_WEIGHTS) if where.is_dir() else source.digest
    return replace(source, name=f"{source.name}-fresh", digest=f"fresh:{digest}", fresh=True)


def folder_digest(folder: Path, without: tuple[str, ...] = ()) -> str:
    """What makes a model what it is: its weights, shape and tokenizer, not its card."""
    shaping = [file for file in _SHAPING if file not in without and (folder / file).is_file()]
    return value_digest({file: file_digest(folder / file) for file in shaping})


def _place(store: Store, named: str) -> tuple[str, str]:
    for folder in (Path(named), store.models / named):
        if (folder / "discriminator" / "config.json").is_file():
            return str(folder / "discriminator"), folder.resolve().name
        if (folder / "config.json").is_file():
            full = folder.resolve()
            ours = full.name in ("discriminator", "generator")
            return str(folder), f"{full.parent.name}-generator" if full.name == "generator" else (
                full.parent.name if ours else full.name
            )
    if Path(named).exists():
        raise InputError(f"{named}: no config.json in it. --model is a Hugging Face folder (`cowese export`) or name.")
    return named, named.replace("/", "--")


@contextlib.contextmanager
def _readable(where: str, beside: str = "") -> Iterator[None]:
    """Turn what the library says of a missing or damaged model into one line, and what may have been meant."""
    try:
        yield
    except (OSError, ValueError, KeyError) as error:
        line = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise InputError(
            f"{where}: cannot be loaded as a model ({line}). {beside or '--model is a folder or a hub name.'}"
        ) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """No warnings of a head that is fresh (it is meant to be), no bars of files being loaded, no asking again aloud."""
    logging, hub = required("transformers.utils.logging"), required("huggingface_hub.utils.logging")
    before, hub_before = logging.get_verbosity(), hub.get_verbosity()
    logging.set_verbosity_error()
    hub.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
        hub.set_verbosity(hub_before)
        logging.enable_progress_bar()
