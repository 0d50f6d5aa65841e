"""``cowese push --model``: an exported or fine-tuned model to the Hugging Face hub, in one commit."""

from pathlib import Path

from huggingface_hub import HfApi
from pydantic import BaseModel, ConfigDict

from data.hub_errors import translate_hub_errors
from data.model_card import check_card
from data.progress import Progress, no_progress
from data.store import Store
from training.benchmark.keeping import find_kept

_REPLACED = ["*.safetensors", "*.bin", "*.onnx", "cowese.json"]
"""What an earlier push of another model may have left: deleted in the same commit where it is not sent again."""


class ModelPushSummary(BaseModel):
    """What the hub has now."""

    model_config = ConfigDict(frozen=True)

    repository: str
    model: Path
    pipeline: str | None
    licence: str | None
    commit: str
    files: int


def push_model(
    store: Store,
    repository: str,
    *,
    model: str,
    private: bool = True,
    endpoint: str | None = None,
    token: str | None = None,
    progress: Progress = no_progress,
) -> ModelPushSummary:
    """Upload a model's folder as a model repository; files that the hub has already are not sent again.

    ``model`` is a folder, an exported model's name (its discriminator; NAME/generator for the other part), or TASK/NAME
    of a fine-tuned one.

    Raises:
        InputError: there is no such model, its card's metadata would be refused, or the repository's name is not valid.
        StageError: the hub refuses, or cannot be reached.
    """
    folder = find_model_folder(store, model)
    card = check_card(folder / "README.md")
    files = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    api = HfApi(endpoint=endpoint, token=token)
    with translate_hub_errors(repository, api.endpoint):
        progress("push", 0, len(files), {})
        api.create_repo(repository, repo_type="model", private=private, exist_ok=True)
        done = api.upload_folder(
            repo_id=repository,
            repo_type="model",
            folder_path=folder,
            allow_patterns=files,
            commit_message=f"{model} by cowese",
            delete_patterns=_REPLACED,
        )
        progress("push", len(files), len(files), {})
    return ModelPushSummary(
        repository=repository,
        model=folder,
        pipeline=card.get("pipeline_tag"),
        licence=card.get("license_name") or card.get("license"),
        commit=done.oid,
        files=len(files),
    )


def find_model_folder(store: Store, named: str) -> Path:
    """The folder of an exported or a fine-tuned model.

    Raises:
        InputError: there is none.
    """
    for folder in (Path(named), store.models / named / "discriminator", store.models / named):
        if (folder / "config.json").is_file():
            return folder
    return find_kept(store, named)
