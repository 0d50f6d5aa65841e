"""BioC (Comeau et al. 2013), as XML or JSON: documents of passages, annotations with places in the document.

A document's text is its passages at their offsets, with blanks between. Places are checked against the text that each
annotation repeats, as brat's are; a type is the infon ``type`` (or ``label``).
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lxml import etree

from data.errors import InputError
from data.files import read_json
from training.benchmark.brat import Line, placed
from training.benchmark.documents import Document

_TYPES = ("type", "label", "semantic_type")


def is_bioc(path: Path) -> bool:
    """Whether an XML or JSON file is a BioC collection at its top."""
    if path.suffix.lower() == ".xml":
        try:
            return bool(_root(path).tag == "collection")
        except InputError:
            return False
    try:
        content = read_json(path)
    except InputError:
        return False
    return isinstance(content, dict) and isinstance(content.get("documents"), list)


def read_file(path: Path, name: str, types: Sequence[str]) -> list[Document]:
    """The documents of a file, named after it and their id.

    Raises:
        InputError: neither XML nor JSON of BioC's shape, or an annotation without type or place; names file and
            document.
    """
    given = _from_xml(path) if path.suffix.lower() == ".xml" else _from_json(path)
    documents = []
    for number, one in enumerate(given, 1):
        place = f"{path}: document {one.get('id') or number}"
        try:
            text, lines = _read(one)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise InputError(f"{place}: not of BioC's shape ({type(error).__name__}: {error}).") from error
        kept = [line for line in lines if not types or line.label in types]
        documents.append(placed(path, kept, Document(f"{name}-{number:06d}", text, place=place)))
    return documents


def _read(document: Mapping[str, Any]) -> tuple[str, list[Line]]:
    """The text of a document in BioC's JSON form, and its annotations."""
    text = ""
    lines: list[Line] = []
    for passage in document["passages"]:
        for part in (passage, *passage.get("sentences", ())):
            said, offset = part.get("text") or "", int(part["offset"])
            if said and offset >= len(text):
                text = f"{text:<{offset}}{said}"
            for one in part.get("annotations", ()):
                places = sorted((int(at["offset"]), int(at["offset"]) + int(at["length"])) for at in one["locations"])
                if not places or any(start >= end for start, end in places):
                    raise ValueError(f"annotation {one.get('id')} has no place")
                infons = one["infons"]
                label = next((str(infons[kind]) for kind in _TYPES if kind in infons), None)
                if label is None:
                    raise KeyError(f"annotation {one.get('id')} has no type")
                covered = (one.get("text") or "") if len(places) == 1 else ""
                lines.append(Line(len(lines) + 1, label.replace(" ", "_"), tuple(places), covered))
    return text, lines


def _from_json(path: Path) -> list[Mapping[str, Any]]:
    content = read_json(path)
    documents = content.get("documents") if isinstance(content, dict) else None
    if not isinstance(documents, list) or not all(isinstance(one, dict) for one in documents):
        raise InputError(f"{path}: not of BioC's shape: no list of documents in it.")
    return documents


def _from_xml(path: Path) -> Iterator[Mapping[str, Any]]:
    """XML in the shape of BioC's JSON."""
    for document in _root(path).iterfind("document"):
        yield {"id": document.findtext("id"), "passages": [_part(one) for one in document.iterfind("passage")]}


def _part(element: Any) -> dict[str, Any]:
    return {
        "offset": element.findtext("offset"),
        "text": element.findtext("text"),
        "annotations": [
            {
                "id": one.get("id"),
                "infons": {infon.get("key"): infon.text for infon in one.iterfind("infon")},
                "locations": [dict(at.attrib) for at in one.iterfind("location")],
                "text": one.findtext("text"),
            }
            for one in element.iterfind("annotation")
        ],
        "sentences": [_part(one) for one in element.iterfind("sentence")],
    }


def _root(path: Path) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        return etree.parse(path, parser).getroot()
    except (OSError, etree.XMLSyntaxError) as error:
        raise InputError(f"{path}: cannot be read as XML ({error}).") from error
