"""Models of the Hugging Face hub as folders on this machine; downloaded once."""

from pathlib import Path

import huggingface_hub
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

from data.errors import InputError

FILES = ["config.json", "model.safetensors", "pytorch_model.bin", "tokenizer*", "vocab.txt"]
UNREACHABLE: tuple[type[Exception], ...] = (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError)


def download(name: str) -> Path:
    """The files of a model.

    Raises:
        InputError: the hub does not know it or cannot be asked.
    """
    try:
        return _downloaded(name)
    except UNREACHABLE as error:
        raise InputError(
            f"--from {name}: no run or model of this store, no folder, and the Hugging Face hub does not give it "
            f"({_line(error)})."
        ) from error


def download_generator(discriminator: str) -> Path | None:
    """The generator of the same name, as ELECTRA's are published; None: the hub has none.

    Raises:
        InputError: the hub cannot be asked. A network that fails must not cost a run its generator.
    """
    name = generator_name(discriminator)
    if name == discriminator:
        return None
    try:
        folder = _downloaded(name)
    except RepositoryNotFoundError:
        return None
    except UNREACHABLE as error:
        raise InputError(
            f"--from {discriminator}: the Hugging Face hub does not say whether it has a generator {name} "
            f"({_line(error)}). Try again, or give the folder of the discriminator to go on without one."
        ) from error
    return folder if (folder / "config.json").is_file() else None


def generator_name(discriminator: str) -> str:
    """The name of the generator beside a discriminator; the same name where it says nothing of its kind."""
    return discriminator.replace("discriminator", "generator")


def _downloaded(name: str) -> Path:
    return Path(huggingface_hub.snapshot_download(name, allow_patterns=FILES))


def _line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
