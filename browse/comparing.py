"""Two versions side by side: what comes, goes and changes, with samples that can be read word by word."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from browse.building import Building
from browse.library import Library
from browse.listing import building
from browse.rendering import page
from cleaning.corpus.diff import Changes, Diff, diff
from data.manifest import Manifest
from data.urls import document_id

KINDS = ("added", "changed", "removed", "moved", "elected", "deposed", "resplit")


def compare(request: Request) -> Response:
    """The page of two versions; without a choice the newest and the one before it."""
    library: Library = request.app.state.library
    versions = library.versions()
    after = library.version(request.query_params.get("b", "latest"))
    older = versions[versions.index(after) + 1 :]
    before = library.version(request.query_params.get("a", older[0] if older else after))
    found = _diff(library, before, after) if before != after else None
    if isinstance(found, Building):
        return building(request, found, after, "versions")
    return page(
        request,
        "compare.jinja",
        version=after,
        versions=versions,
        before=before,
        after=after,
        found=found,
        kinds={kind: _with_ids(getattr(found, kind)) for kind in KINDS} if found else {},
        settings=_settings_between(library, before, after),
    )


def _diff(library: Library, before: str, after: str) -> Diff | Building:
    """Versions never change, but what was taken down does: the list's time is part of what is remembered."""
    listed = library.store.takedowns
    key = before, after, listed.stat().st_mtime_ns if listed.is_file() else None
    return library.differences.get(key, lambda: diff(library.store, before, after))


def _with_ids(changes: Changes) -> dict[str, Any]:
    samples = [{**one.model_dump(), "id": document_id(one.url)} for one in changes.samples]
    return {"documents": changes.documents, "hosts": changes.hosts, "reasons": changes.reasons, "samples": samples}


def _settings_between(library: Library, before: str, after: str) -> list[tuple[str, Any, Any]]:
    """Settings in which two versions differ: name, before, after."""
    one, other = (_flat(Manifest.read(library.store.corpus_version(name)).settings) for name in (before, after))
    names = sorted({*one, *other})
    return [(name, one.get(name), other.get(name)) for name in names if one.get(name) != other.get(name)]


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat
