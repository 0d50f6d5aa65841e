"""Translates errors of the Hugging Face hub into ours, which say what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    LocalTokenNotFoundError,
)

from data.errors import InputError, StageError

_DENIED = (401, 403)
_CLIENT_ERROR: type[Exception] = HfHubHTTPError.__mro__[1]
"""Base class of the errors of the HTTP client that the hub's library uses (httpx or its successor)."""


@contextmanager
def translate_hub_errors(repository: str, endpoint: str) -> Iterator[None]:
    """Translate the errors that the body raises.

    Raises:
        InputError: the repository's name is not valid.
        StageError: there is no token, the hub refuses, or it cannot be reached.
    """
    try:
        yield
    except HFValidationError as error:
        raise InputError(f"{repository!r}: not the name of a repository. Write OWNER/NAME.") from error
    except LocalTokenNotFoundError as error:
        raise StageError(f"{endpoint}: no token. Log in with `hf auth login` or set HF_TOKEN.") from error
    except (HfHubHTTPError, _CLIENT_ERROR, OSError, RuntimeError) as error:
        raise StageError(_explain(error, repository, endpoint)) from error


def _explain(error: Exception, repository: str, endpoint: str) -> str:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, (HfHubHTTPError, _CLIENT_ERROR)):
        cause = cause.__cause__
    if isinstance(cause, HfHubHTTPError):
        status = cause.response.status_code
        if status in _DENIED:
            return f"{endpoint}: refuses {repository} ({status}). Is the token allowed to write? `hf auth login`."
        return f"{endpoint}: answers {status} for {repository}. What was sent is kept there: run it again."
    if isinstance(cause, _CLIENT_ERROR):
        return f"{endpoint}: cannot be reached ({cause}). What was sent is kept there: run it again."
    return f"{repository}: not pushed ({str(error).splitlines()[0]}). What was sent is kept there: run it again."
