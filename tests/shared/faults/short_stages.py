"""The stages of both flows, each shortened to a second of sleep. Imported by the stage's process: keep it light."""

import os
import time
from pathlib import Path
from typing import Any

SECONDS = float(os.environ.get("FAULTS_STAGE_SECONDS", "1"))
VERSION, TOKENS, RUN, MODEL = "v0001", "v0001+tok", "run", "model"


def sleep(stage: str, progress: Any, seconds: float = SECONDS) -> dict[str, Any]:
    """Be at work; what a summary needs comes back."""
    began = time.monotonic()
    while (gone := time.monotonic() - began) < seconds:
        progress(stage, int(gone * 10), int(seconds * 10), {"slept": gone})
        time.sleep(0.05)
    return {"documents": 1, "words": 1, "step": 1, "entries": 1, "digest": "0"}


def crawl(store: Any, *_: Any, progress: Any, **__: Any) -> dict[str, Any]:
    return sleep("crawl", progress) | {"round": 1}


def clean(store: Any, *_: Any, progress: Any, **__: Any) -> dict[str, Any]:
    return sleep("clean", progress, 0.2)


def publish(store: Any, *_: Any, progress: Any, **__: Any) -> dict[str, Any]:
    return sleep("publish", progress, 0.2) | {"version": VERSION, "path": store.corpus / VERSION}


def train_tokenizer(store: Any, *_: Any, progress: Any, **__: Any) -> dict[str, Any]:
    return sleep("tokenizer", progress, 0.2) | {"path": store.tokenizers / "tok"}


def pack(store: Any, *_: Any, progress: Any, **__: Any) -> dict[str, Any]:
    return sleep("pack", progress, 0.2) | {"path": store.tokens / TOKENS}


def pretrain(store: Any, *_: Any, progress: Any, **__: Any) -> dict[str, Any]:
    return sleep("pretrain", progress, 2 * SECONDS) | {"path": store.runs / RUN}


def evaluate(store: Any, *_: Any, progress: Any, **__: Any) -> dict[str, Any]:
    return sleep("evaluate", progress, 0.2)


def export(store: Any, *_: Any, progress: Any, **__: Any) -> dict[str, Any]:
    return sleep("export", progress, 0.2) | {"parameters": 1, "path": store.models / MODEL}


def prepare(root: Path) -> None:
    """What an earlier round would have left in the store."""
    for folder in (f"corpus/{VERSION}", "tokenizers/tok", f"tokens/{TOKENS}", f"runs/{RUN}", f"models/{MODEL}"):
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder / "manifest.json").write_text("{}")
    (root / "corpus" / "latest").symlink_to(VERSION)
