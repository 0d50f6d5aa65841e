"""Numbers that are no personal data: identifiers of works and substances, dates, counts, money, lots, public lines."""

import re
from collections.abc import Sequence

_LABELS = (
    r"ISBN(?:-1[03])?|e?-?ISSN|ISSN-L|PMID|PMCID|PMC|DOI|ORCID|NCT|ISRCTN|EudraCT|EU ?CT|CAS|SNOMED(?:[ -]CT)?|EINECS|"
    r"GTIN|EAN|NDC|RRID|CRD|OMIM|ORPHA|GenBank|ChEBI|PubChem|CID|UNII|LILACS|INSPEC|WOS|Scopus|handle|patente"
)
_IDENTIFIER = re.compile(
    r"\b10\.\d{4,9}/[^\s\"<>]+"
    r"|\bhttps?://[^\s<>\"]+|\bwww\.[^\s<>\"]+"
    rf"|\b(?:{_LABELS})\b(?:[ -](?:n[º°.]{{1,2}}|ID))?[\s:.#=-]{{0,4}}[A-Z]{{0,4}}\d[\dX]*(?:[ .–-]?[\dX]+)*"
    r"|\b97[89](?:[ -]?\d){10}\b"
    r"|\b0000-000\d-\d{4}-\d{3}[\dX]\b"
    r"|\b(?:19|20)\d\d-\d{6}-\d\d(?:-\d\d)?\b"
    r"|\b(?:NCT|PMC|ISRCTN|CRD|ACTRN)\d+\b"
    r"|\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"
)
"""DOI, address, labelled identifier, ISBN, ORCID, EudraCT, trial registers, UUID."""
_DATE = re.compile(
    r"\b\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)\d\d(?!\d)|\b(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)"
    r"|\b(?:19|20)\d\d ?[-–/] ?(?:19|20)\d\d\b(?![ .-]?\d)"
)
"""Days, and years from one to another."""
_THING = re.compile(
    r"\b(?:lotes?|lot|batch|ref(?:erencias?)?|c[óo]digos?|c[óo]d|registros?|reg|expedientes?|exp|serie|factura|pedido|"
    r"albar[áa]n|proyectos?|becas?|subvenci[óo]n|resoluci[óo]n|normas?|art[íi]culo|id|acceso|licencia|versi[óo]n|"
    r"contrato|acta|ticket|inventario|cat[áa]logo|dep[óo]sito legal|colegiad[oa]s?|colegiaci[óo]n|matr[íi]cula|"
    r"c[ée]dula profesional|reps|sku|upc|cn|nr|rgsa|r\.?s\.?i\.?|rs|nif de la empresa|cif|nit|ruc|cnpj|"
    r"modelo|p[óo]liza tipo|"
    r"muestras?|secuencia|gen|grant|award|protocolo|ensayo|snip|sentencia|decreto|orden|ley|"
    r"concurso|licitaci[óo]n|apartado)"
    r"(?:\.|\b)(?:\s(?:sanitario|interno|de\s\w+|del?\s\w+))?[\s:.#=-]{0,3}(?:n[º°.o]{1,2}\.?|n[úu]m(?:ero)?\.?)?[\s:.#=-]{0,3}"
    r"(?:[A-Z]{1,4}[ -]?)?$",
    re.IGNORECASE,
)
"""Before a number: the thing that it numbers, which is no person."""
_MONEY = re.compile(r"(?:[€$£]|\b(?:USD|EUR|COP|MXN|ARS|CLP|PEN|UYU)|\b(?:S/|Bs|Gs)\.?)\s?$")
_UNIT = re.compile(
    r"\s?(?:UFC|CFU|UI\b|IU\b|U/|c[ée]lulas?|copias|(?:lacto)?bacterias|bacilos|esporas|colonias|habitantes|personas|"
    r"pacientes|casos|dosis|muertes|niñ[oa]s|mujeres|hombres|años|euros?|EUR\b|USD\b|d[óo]lares|pesos|soles|"
    r"bol[íi]vares|guaran[íi]es|colones|quetzales|lempiras|millones|mil\b|[€$%]|mg\b|ml\b|mL\b|g\b|kg\b|km|m[²³23]?\b|l\b|L\b|µl|mm|"
    r"unidades|pares de bases|pb\b|bp\b|kb\b|nucl|genes|espermatozoides|visitas|registros|neuronas|plaquetas|"
    r"leucocitos|gl[óo]bulos|hemat[íi]es|eritrocitos|linfocitos|litros|toneladas|hect[áa]reas|vacunas|ejemplares|microorganismos|"
    r"part[íi]culas|kcal|usuarios|consultas|recetas|[x×] ?10|/ ?(?:m[lL]|mm|[µu]?[lL]|g|kg|dosis)\b|"
    r"por (?:m[lL]|mm|mililitro|microlitro|mil[íi]metro|litro|gramo|dosis|sobre|c[áa]psula)"
    r"|(?:de )?(?:UFC|CFU|euros|d[óo]lares|pesos|soles|bacterias|c[ée]lulas|personas|"
    r"habitantes|visitas|dosis|copias|esporas|lactobacilos|microorganismos|unidades|espermatozoides|neuronas|años))"
)
"""After a number: what it counts."""
_COUNTING = re.compile(
    r"(?:\b(?:m[áa]s de|menos de|un[oa]s|cerca de|total de|casi|hasta|entre|sobre los|aproximadamente|alrededor de|"
    r"superan? los|poblaci[óo]n(?: de)?|suman?|cost[óo]|importe(?: de)?|presupuesto(?: de)?|"
    r"inversi[óo]n de)|[=<>≥≤±~≈])\s?$",
    re.IGNORECASE,
)
_OF_THINGS = re.compile(r" de [a-záéíóúñ]{3,}")
_THOUSANDS = re.compile(r"\d{1,3}(?:([ .,])\d{3})(?:\1\d{3})+$")
_TOLL_FREE = re.compile(
    r"(?:0?800|0?810|0180\d{1,2}(?=\d{6,8}$)|0?1?8(?:00|88|77|66|55|44|33)(?=\d{7}$)|0500)\d{4,7}$"  # the Americas
    r"|(?:800|803|806|807|90[0125])\d{6}$"  # Spain
    r"|600\d{7}$"  # Chile
)
_PUBLIC_LINES = frozenset(
    {
        "717003717",  # Teléfono de la Esperanza
        "914590050",
        "914590055",
        "915620420",  # Instituto Nacional de Toxicología: in every Spanish leaflet
        "600000016",  # WhatsApp of 016
        "5552598121",  # SAPTEL, Mexico
        "5556581111",  # LOCATEL, Mexico City
        "6003607777",  # Salud Responde, Chile
    }
)
_REACH = 48
"""Characters before and after a number that are looked at."""


def public_spans(text: str) -> Sequence[tuple[int, int]]:
    """Where identifiers of works and dates stand, in order."""
    return sorted(match.span() for pattern in (_IDENTIFIER, _DATE) for match in pattern.finditer(text))


def numbers_a_thing(text: str, begin: int) -> bool:
    """Whether the words before a number name a lot, a file, a register, an amount of money."""
    before = text[max(0, begin - _REACH) : begin]
    return _THING.search(before) is not None or _MONEY.search(before) is not None


def is_followed_by_a_unit(text: str, end: int) -> bool:
    """Whether a number counts or measures something."""
    return _UNIT.match(text, end) is not None


def is_a_count(text: str, begin: int, end: int) -> bool:
    """Whether a number that nothing calls a telephone can be a count: grouped by thousands, or counted as such."""
    number = text[begin:end]
    is_round = number.endswith("000") and _THOUSANDS.match(number) is not None
    before = text[max(0, begin - _REACH) : begin]
    return is_round or _OF_THINGS.match(text, end) is not None or _COUNTING.search(before) is not None


def is_a_public_line(digits: str) -> bool:
    """Free lines, lines of a special tariff and a few known to all; national digits without the country's prefix."""
    return _TOLL_FREE.match(digits) is not None or digits in _PUBLIC_LINES
