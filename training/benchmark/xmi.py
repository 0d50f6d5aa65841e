"""UIMA's XMI, the form of E3C: the text as an attribute, each annotation an element with begin and end."""

from collections.abc import Sequence
from pathlib import Path

from lxml import etree

from data.errors import InputError
from training.benchmark.documents import Document, Mention


def read_document(path: Path, name: str, types: Sequence[str]) -> Document:
    """Read one file, of ``types`` only where some are named; an element's local name is its type.

    UIMA counts UTF-16 units, we count code points.

    Raises:
        InputError: not XML, no text in it, or an annotation beyond the text; names file and line.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.parse(path, parser).getroot()
    except (OSError, etree.XMLSyntaxError) as error:
        raise InputError(f"{path}: cannot be read as XML ({error}).") from error
    texts = [text for element in root if (text := element.get("sofaString")) is not None]
    if len(texts) != 1:
        raise InputError(f"{path}: {len(texts)} texts (sofaString) where one is due. Is it an XMI file of UIMA?")
    places = _code_points(texts[0])
    mentions = []
    for element in root:
        label = etree.QName(element).localname
        if label not in types if types else element.get("begin") is None:
            continue
        try:
            start, end = places[int(element.get("begin", ""))], places[int(element.get("end", ""))]
        except (ValueError, IndexError) as error:
            raise InputError(f"{path}:{element.sourceline}: {label} does not lie within the text.") from error
        if start < end:
            mentions.append(Mention.over(label, (start, end)))
    return Document(name, texts[0], tuple(mentions), place=str(path))


def _code_points(text: str) -> list[int]:
    """For each UTF-16 offset the offset in code points."""
    places = [place for place, letter in enumerate(text) for _ in range(1 + (ord(letter) > 0xFFFF))]  # noqa: PLR2004 - beyond are pairs of units
    return [*places, len(text)]
