"""A name asked of the Hugging Face hub once: its library asks six times within half a minute before it gives up."""

from collections.abc import Sequence

import huggingface_hub
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

from data.errors import InputError
from training.benchmark.datasets import listed

_TIMEOUT = 10.0
"""Seconds for the hub's answer."""
_CLIENT_ERROR: type[Exception] = HfHubHTTPError.__mro__[1]
"""Base of the errors of the HTTP client that the hub's library uses, be it httpx or its successor."""
_OUT_OF_ORDER = (429, *range(500, 600))
"""Statuses of a hub that cannot answer now."""


def is_reachable(name: str, models: Sequence[str]) -> bool:
    """Whether the hub answers, be it with a refusal; if it does not, what was loaded before can still be taken.

    Raises:
        InputError: it does not, and nothing of this name was loaded before; names the store's ``models``.
    """
    try:
        huggingface_hub.get_hf_file_metadata(huggingface_hub.hf_hub_url(name, "config.json"), timeout=_TIMEOUT)
    except HfHubHTTPError as error:
        if error.response.status_code not in _OUT_OF_ORDER:
            return True  # transformers says what is refused, and why
        return _is_here(name, models, error)
    except ValueError as error:
        raise InputError(f"{name}: no folder, and no name that the hub could have. {store_has(models)}") from error
    except (_CLIENT_ERROR, OfflineModeIsEnabled) as error:
        return _is_here(name, models, error)
    return True


def _is_here(name: str, models: Sequence[str], error: Exception) -> bool:
    """False where it was loaded before; else what kept the hub from being asked is an error of ours."""
    if isinstance(huggingface_hub.try_to_load_from_cache(name, "config.json"), str):
        return False
    reason = "HF_HUB_OFFLINE is set" if isinstance(error, OfflineModeIsEnabled) else str(error).splitlines()[0]
    raise InputError(
        f"{name}: no folder, and the Hugging Face hub cannot be asked for it ({reason}). {store_has(models)}"
    ) from error


def store_has(models: Sequence[str]) -> str:
    """The models that --model could have named."""
    if not models:
        return "This store has no model yet (`cowese export`): --model is a folder or a hub name."
    return f"Models of this store: {listed(models)}."
