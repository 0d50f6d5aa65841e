"""The version's machine-readable description: JSON-LD of MLCommons' Croissant 1.0 beside the Parquet files.

Paths are relative to the file, so that it is valid on a disk and on the hub. ``bench/croissant.py`` validates it with
``mlcroissant`` and reads documents through it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from data.columns import DESCRIPTIONS
from data.documents import DOCUMENT_SCHEMA

_CR = (
    *("citeAs", "column", "equivalentProperty", "extract", "field", "fileProperty", "fileObject", "fileSet", "format"),
    *("includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex"),
    *("repeated", "replace", "samplingRate", "separator", "source", "subField", "transform"),
)
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "sc": "https://schema.org/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{name: f"cr:{name}" for name in _CR},
}
_TYPES = {
    pa.string(): "sc:Text",
    pa.bool_(): "sc:Boolean",
    pa.date32(): "sc:Date",
    pa.int32(): "cr:Int32",
    pa.int64(): "cr:Int64",
    pa.float32(): "cr:Float32",
    pa.float64(): "cr:Float64",
}


def croissant(version: str, figures: Mapping[str, Any], splits: Sequence[str], side: Sequence[str]) -> dict[str, Any]:
    """The description of a version: a record set for each split and each side corpus."""
    folders = {split: f"data/{split}" for split in splits} | {f"side_{one}": f"side/{one}" for one in side}
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": "CoWeSe",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "description": "Spanish health web pages, cleaned and deduplicated, each with address, date and origin.",
        "inLanguage": ["es", *side],
        "keywords": ["Spanish", "health", "medicine", "web"],
        "license": "LICENSE.md",
        "citeAs": "Carrino et al. 2021, Spanish Biomedical Crawled Corpus, arXiv:2109.07765",
        "version": f"{int(version[1:])}.0.0",
        "datePublished": figures["last_fetched"],
        "isLiveDataset": True,
        "rai:dataCollection": f"A crawl of web pages, fetched {figures['first_fetched']} to {figures['last_fetched']}.",
        "rai:personalSensitiveInformation": (
            "Identity numbers, telephone numbers and e-mail addresses are masked by rules; names of persons are not."
        ),
        "distribution": [_files(name, folder) for name, folder in folders.items()],
        "recordSet": [_records(name) for name in folders],
    }


def _files(name: str, folder: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{name}-files",
        "name": f"{name}-files",
        "description": f"Parquet files of {name}.",
        "encodingFormat": "application/x-parquet",
        "includes": f"{folder}/*.parquet",
    }


def _records(name: str) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": f"The documents of {name}, a page each.",
        "key": {"@id": f"{name}/id"},
        "field": [_field(name, field) for field in DOCUMENT_SCHEMA],
    }


def _field(records: str, field: pa.Field) -> dict[str, Any]:
    """A column; a column of pairs has two fields, name and value."""
    found: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{records}/{field.name}",
        "name": field.name,
        "description": DESCRIPTIONS[field.name],
    }
    source = {"fileSet": {"@id": f"{records}-files"}, "extract": {"column": field.name}}
    if not pa.types.is_list(field.type):
        return found | {"dataType": _type(field.type), "source": source}
    return found | {"repeated": True, "source": source, "subField": list(_parts(records, field, source))}


def _parts(records: str, field: pa.Field, source: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for part in field.type.value_type:
        yield {
            "@type": "cr:Field",
            "@id": f"{records}/{field.name}/{part.name}",
            "name": part.name,
            "description": f"The {part.name} of an entry of {field.name}.",
            "dataType": _type(part.type),
            "source": {**source, "transform": {"jsonPath": part.name}},
        }


def _type(kind: pa.DataType) -> str:
    return "sc:DateTime" if pa.types.is_timestamp(kind) else _TYPES[kind]
