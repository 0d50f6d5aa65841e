"""A version to the Hugging Face hub: one commit, of which only what the hub lacks is sent."""

from collections.abc import Iterator
from contextlib import contextmanager

from huggingface_hub import HfApi
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    LocalTokenNotFoundError,
)
from pydantic import BaseModel, ConfigDict

from cleaning.corpus.versions import BESIDE
from data.errors import InputError, StageError
from data.manifest import Manifest
from data.progress import Progress, quiet
from data.store import Store

_DENIED = (401, 403)
_THERE = 409
"""The answer to a tag that is there."""
_CLIENT_ERROR: type[Exception] = HfHubHTTPError.__mro__[1]
"""Base of the errors of the HTTP client that the hub's library uses, be it httpx or its successor."""
_REPLACED = ["data/**", "side/**", "dropped/**"]
"""What a new version replaces: part files that it does not have are deleted in the same commit."""


class PushSummary(BaseModel):
    """What the hub has now."""

    model_config = ConfigDict(frozen=True)

    repository: str
    version: str
    commit: str
    files: int


def push(
    store: Store,
    repository: str,
    *,
    version: str = "latest",
    private: bool = True,
    endpoint: str | None = None,
    token: str | None = None,
    progress: Progress = quiet,
) -> PushSummary:
    """Upload a version as a dataset repository.

    Files that the hub has already are not sent again, nor, since the Parquet pages are cut by content, the chunks of a
    file that did not change; hence a push that was cut off goes on where it was. Nothing is visible before the commit.
    It gets the version's name as a tag, so that ``load_dataset(…, revision="v0002")`` finds it.

    Raises:
        InputError: there is no such version, or the repository's name is none.
        StageError: the hub refuses, or cannot be reached.
    """
    folder = store.corpus_version(version)
    manifest = Manifest.read(folder)
    api = HfApi(endpoint=endpoint, token=token)
    with _told(repository, api.endpoint):
        progress("push", 0, len(manifest.files), {})
        api.create_repo(repository, repo_type="dataset", private=private, exist_ok=True)
        done = api.upload_folder(
            repo_id=repository,
            repo_type="dataset",
            folder_path=folder,
            allow_patterns=[*manifest.files, *BESIDE],
            commit_message=f"CoWeSe {manifest.name}",
            delete_patterns=_REPLACED,
        )
        _tag(api, repository, manifest.name, done.oid)
        progress("push", len(manifest.files), len(manifest.files), {})
    files = sum((folder / path).is_file() for path in (*manifest.files, *BESIDE))
    return PushSummary(repository=repository, version=manifest.name, commit=done.oid, files=files)


def _tag(api: HfApi, repository: str, name: str, commit: str) -> None:
    """Let a tag name a commit; one of an earlier push of the same version is moved."""
    try:
        api.create_tag(repository, tag=name, revision=commit, repo_type="dataset")
    except HfHubHTTPError as error:
        if error.response.status_code != _THERE:
            raise
        api.delete_tag(repository, tag=name, repo_type="dataset")
        api.create_tag(repository, tag=name, revision=commit, repo_type="dataset")


@contextmanager
def _told(repository: str, endpoint: str) -> Iterator[None]:
    """The hub's errors in words that say what to do."""
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
