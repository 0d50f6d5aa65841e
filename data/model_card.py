"""Checks a model card's metadata by the rules of the Hugging Face hub, without a request to it."""

from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard

from data.errors import InputError

LICENCES = frozenset(
    ("apache-2.0", "mit", "openrail", "bigscience-openrail-m", "creativeml-openrail-m", "bigscience-bloom-rail-1.0",
     "bigcode-openrail-m", "afl-3.0", "artistic-2.0", "bsl-1.0", "bsd", "bsd-2-clause", "bsd-3-clause",
     "bsd-3-clause-clear", "c-uda", "cc", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0",
     "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0",
     "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0",
     "cdla-sharing-1.0", "cdla-permissive-1.0", "cdla-permissive-2.0", "wtfpl", "ecl-2.0", "epl-1.0", "epl-2.0",
     "etalab-2.0", "eupl-1.1", "eupl-1.2", "agpl-3.0", "gfdl", "gpl", "gpl-2.0", "gpl-3.0", "lgpl", "lgpl-2.1",
     "lgpl-3.0", "isc", "intel-research", "lppl-1.3c", "ms-pl", "apple-ascl", "mpl-2.0", "odc-by", "odbl",
     "openrail++", "osl-3.0", "postgresql", "ofl-1.1", "ncsa", "unlicense", "zlib", "pddl", "unknown", "other")
)  # fmt: skip
"""The identifiers that the hub's documentation lists (Licenses); another one is ``other`` with a ``license_name``."""


def licence_fields(licence: str | None) -> dict[str, Any]:
    """A licence in the form of a card's metadata.

    >>> licence_fields("cc-by-4.0")
    {'license': 'cc-by-4.0'}
    >>> licence_fields("Our own 1.0")
    {'license': 'other', 'license_name': 'our-own-1.0'}
    """
    if licence is None:
        return {}
    plain = "-".join(licence.lower().split())
    return {"license": plain} if plain in LICENCES else {"license": "other", "license_name": plain}


def check_card(path: Path) -> dict[str, Any]:
    """The metadata of a card as the hub will read it.

    Raises:
        InputError: there is no card, or the hub would refuse its metadata; names the field.
    """
    if not path.is_file():
        raise InputError(f"{path}: no model card. `cowese export` and `cowese benchmark` write one.")
    try:
        data: dict[str, Any] = ModelCard.load(path, ignore_metadata_errors=False).data.to_dict()
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not valid metadata of a model card ({str(error).splitlines()[0]}).") from error
    licence = data.get("license")
    if licence is not None and licence not in LICENCES:
        raise InputError(
            f"{path}: license {licence!r} is not one of the hub's. Write license: other and put it into license_name."
        )
    for index in data.get("model-index", ()):
        for result in index["results"]:
            for metric in result["metrics"]:
                if not isinstance(metric.get("value"), int | float) or not metric.get("type"):
                    raise InputError(f"{path}: model-index has a metric without type and number: {metric}.")
    return data
