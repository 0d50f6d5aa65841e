"""The errors of the Hugging Face hub in words that say what to do."""

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
"""Base of the errors of the HTTP client that the hub's library uses, be it httpx or its successor."""


@contextmanager
def hub_errors_told(repository: str, endpoint: str) -> Iterator[None]:
    """Turn what the hub's library raises into errors of ours.

    Raises:
        InputError: the repository's name is none.
        StageError: there is no token, the hub refuses, or it cannot be reached.
    """
    try:
        yield
    except HFValidationError as error:
        raise InputError(f"{repository!r}: not the name of a repository. Write OWNER/NAME.") from error
    except LocalTokenNotFoundError as error:
        raise StageError(f"{endpoint}: no token. Log in with `hf auth login` or set HF_TOKEN.") from error
    except (HfHubHTTPError, _CLIENT_ERROR, OSError, RuntimeError) as error:
        raise StageError(_story(error, repository, endpoint)) from error


def _story(error: Exception, repository: str, endpoint: str) -> str:
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
