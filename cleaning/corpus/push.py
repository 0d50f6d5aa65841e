"""Uploads a version to the Hugging Face hub in one commit; only content that the hub lacks is sent."""

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError
from pydantic import BaseModel, ConfigDict

from cleaning.corpus.versions import BESIDE
from data.hub_errors import translate_hub_errors
from data.manifest import Manifest
from data.progress import Progress, no_progress
from data.store import Store

_THERE = 409
"""HTTP status for a tag that exists."""
_REPLACED = ["data/**", "side/**", "dropped/**"]
"""Files that a new version replaces; old part files are deleted in the same commit."""


class PushSummary(BaseModel):
    """The state of the repository after the push."""

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
    progress: Progress = no_progress,
) -> PushSummary:
    """Upload a version as a dataset repository.

    Files that the hub has are not sent again. Parquet pages are split by content, so unchanged chunks of a file are not
    sent either, and an interrupted push continues where it was. Nothing is visible before the commit. The version's
    name becomes a tag, so that ``load_dataset(…, revision="v0002")`` finds it.

    Raises:
        InputError: there is no such version, or the repository's name is not valid.
        StageError: the hub refuses, or cannot be reached.
    """
    folder = store.corpus_version(version)
    manifest = Manifest.read(folder)
    api = HfApi(endpoint=endpoint, token=token)
    with translate_hub_errors(repository, api.endpoint):
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
    """Tag a commit; the tag of an earlier push of the same version is moved."""
    try:
        api.create_tag(repository, tag=name, revision=commit, repo_type="dataset")
    except HfHubHTTPError as error:
        if error.response.status_code != _THERE:
            raise
        api.delete_tag(repository, tag=name, repo_type="dataset")
        api.create_tag(repository, tag=name, revision=commit, repo_type="dataset")
