"""The two recipes: digests of the code, the settings and the libraries that shape extracted texts, and documents.

A page is extracted once for each extraction recipe. A changed rule or threshold leaves that one as it is and makes
another recipe of documents: the extracted texts are judged again, and no WARC file is read.
"""

import functools
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from cleaning.settings import CleaningSettings, ExtractionSettings, JudgingSettings
from data.documents import DOCUMENT_SCHEMA, DROPPED_SCHEMA, EXTRACTED_SCHEMA, MEASURES_SCHEMA
from data.files import code_digest, value_digest

EXTRACTION_CODE = (
    "cleaning.pages.warc",
    "cleaning.pages.triage",
    "cleaning.pages.extract_page",
    "cleaning.extracted_rows",
    "cleaning.rights_rows",
)
"""Whose change, or that of a module they import, makes other texts."""
JUDGING_CODE = ("cleaning.pages.judge_page", "cleaning.document_rows")
"""And other documents of the same texts."""
RIGHTS_CODE = ("data.rights.ledger",)
"""And what its WARC file says of it."""
NEITHER = ("cleaning.settings", "data.documents", "data.errors")
"""Their values are in the digest, not their source; a message of an error is in no result."""
EXTRACTION_LIBRARIES = (
    "FastWARC",
    "courlan",
    "dateparser",
    "ftfy",
    "htmldate",
    "justext",
    "lxml",
    "lxml_html_clean",
    "pypdfium2",
    "trafilatura",
)
"""Distributions whose version shapes an extracted text; readability is a part of trafilatura."""
JUDGING_LIBRARIES = ("langdetect", "py3langid")
"""And the verdict on it."""


def extraction_digest(settings: ExtractionSettings) -> str:
    """A 16-digit digest of all that shapes an extracted text; it names a folder in ``texts/``."""
    return value_digest(
        {
            "code": _code(EXTRACTION_CODE),
            "settings": _only(ExtractionSettings, settings),
            "libraries": library_versions(EXTRACTION_LIBRARIES),
            "schema": str(EXTRACTED_SCHEMA),
        }
    )


def measuring_digest(settings: JudgingSettings) -> str:
    """A 16-digit digest of all that shapes what is measured of an extracted text: no threshold is in it."""
    return value_digest(
        {
            "code": _code(JUDGING_CODE),
            "settings": {"mask_personal_data": settings.mask_personal_data},
            "libraries": library_versions(JUDGING_LIBRARIES),
            "schema": str(MEASURES_SCHEMA),
        }
    )


def recipe_digest(settings: CleaningSettings) -> str:
    """A 16-digit digest of all that shapes a document, extraction included; it names a folder in ``documents/``."""
    return value_digest(
        {
            "extraction": extraction_digest(settings),
            "measures": measuring_digest(settings),
            "rights": _code(RIGHTS_CODE),
            "settings": _only(JudgingSettings, settings),
            "schema": f"{DOCUMENT_SCHEMA}\n{DROPPED_SCHEMA}",
        }
    )


def library_versions(names: Sequence[str]) -> dict[str, str]:
    """The installed version of each distribution; empty where it is not installed."""
    return {name: _version(name) for name in names}


def _only(
    kind: type[ExtractionSettings] | type[JudgingSettings], settings: ExtractionSettings | JudgingSettings
) -> dict[str, object]:
    return settings.model_dump(mode="json", include=set(kind.model_fields))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


@functools.cache
def _code(modules: tuple[str, ...]) -> str:
    from cleaning.source_closure import source_closure  # noqa: PLC0415 - most lookups of a page need no digest

    return code_digest(*source_closure(modules, without=NEITHER))
