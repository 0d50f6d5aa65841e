"""The day of publication that a page states in its text alone: "Publicado el 3 de marzo de 2021"."""

import re
from collections.abc import Iterable, Sequence
from datetime import date

from cleaning.pages.blocks import Block, Kind

FIRST_YEAR, LAST_YEAR = 1995, 2100
LONGEST_LINE = 110
"""Characters of a line near the title that states a day without a word for it: author, day, minutes of reading."""
LONGEST_LABELLED = 300
LONGEST_REST = 60
"""Characters of that line beside the day."""
NEAR_TITLE = 6
"""Blocks before and behind the title that are looked at."""
_MONTHS = str.split("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre")
_MONTH_NUMBERS = {name[:3]: number for number, name in enumerate(_MONTHS, 1)} | {"set": 9}
_MONTH = r"(?P<{}>ene|feb|mar|abr|may|jun|jul|ago|sep|set|oct|nov|dic)[a-z]{{0,7}}\.?"
_DATE = re.compile(
    r"(?<![\d/.-])(?:"
    rf"(?P<day>\d{{1,2}})(?:\s?[º°]|er|ro)?[\s/.-]*(?:de\s+)?{_MONTH.format('month')}"
    r"[\s/.,-]*(?:del?\s+)?(?P<year>\d{4})"
    rf"|{_MONTH.format('month2')}\s+(?P<day2>\d{{1,2}})(?:\s?[º°])?,?\s+(?:del?\s+)?(?P<year2>\d{{4}})"
    r"|(?P<day3>\d{1,2})(?P<sign>[/.-])(?P<month3>\d{1,2})(?P=sign)(?P<year3>\d{4})"
    r"|(?P<year4>\d{4})-(?P<month4>\d{2})-(?P<day4>\d{2})"
    r")(?![\d/])",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_FOUR_DIGITS = re.compile(r"\d{4}")
"""What every date has, and most lines have not."""
_PUBLISHED = re.compile(
    r"(?:publicad[oa]|fecha de (?:publicaci[óo]n|creaci[óo]n|alta|redacci[óo]n)|publicaci[óo]n|creado|escrito|posted on"
    r"|fecha)\b[^\d.]{0,40}$",
    re.IGNORECASE,
)
_UPDATED = re.compile(
    r"(?:[úu]ltima (?:actualizaci[óo]n|modificaci[óo]n|revisi[óo]n|versi[óo]n)|actualizad[oa]|revisad[oa]|modificad[oa]"
    r"|fecha de (?:(?:la )?[úu]ltima )?(?:actualizaci[óo]n|revisi[óo]n|modificaci[óo]n)|actualizaci[óo]n)\b"
    r"[^\d.]{0,40}$",
    re.IGNORECASE,
)
_NO_PUBLICATION = re.compile(
    r"naci[óo]|nacimiento|caduc(?:a|an|[óo]|idad)\b|venc(?:e|en|imiento)\b|inicio|cierre|l[íi]mite|consulta",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"\b(?:disponible en|recuperado de|et al|doi|issn|isbn)\b", re.IGNORECASE)
"""What a source in a list of sources has: what was published on that day is another text."""
_PLACE = re.compile(r"\W*(?:[Ee]n )?[A-ZÁÉÍÓÚÑ][\w ().-]{1,30}, (?:a )?$")
"""Before the day of a press release: "Madrid, 14 de febrero de 2013."; then the line may end in a full stop."""
_TODAY = re.compile(r"^\W*(?:lunes|martes|mi[ée]rcoles|jueves|viernes|s[áa]bado|domingo)\b", re.IGNORECASE)


def stated_day(blocks: Sequence[Block]) -> date | None:
    """The day behind "Publicado" or its like anywhere; else behind "Última actualización"; else near the title.

    There a short line must hold it: a day within a sentence does not count, nor does one with its weekday above the
    title, which is the day of the visit.
    """
    updated = None
    for block in blocks:
        if len(block.text) > LONGEST_LABELLED or not _YEAR.search(block.text) or _REFERENCE.search(block.text):
            continue
        for found in _DATE.finditer(block.text):
            before = block.text[max(0, found.start() - 80) : found.start()]
            if _NO_PUBLICATION.search(before):
                continue
            if _UPDATED.search(before):
                updated = updated or _day(found)
            elif _PUBLISHED.search(before) and (day := _day(found)):
                return day
    return updated or _near_title(blocks)


def _near_title(blocks: Sequence[Block]) -> date | None:
    title = next((place for place, block in enumerate(blocks) if block.kind is Kind.HEADING and block.level == 1), None)
    if title is None:
        return None
    behind = blocks[title + 1 : title + 1 + NEAR_TITLE]
    before = [block for block in blocks[max(0, title - 2) : title] if not _TODAY.match(block.text)]
    return _first_short([*behind, *before])


def _first_short(blocks: Iterable[Block]) -> date | None:
    for block in blocks:
        if len(block.text) > LONGEST_LINE or not _FOUR_DIGITS.search(block.text):
            continue
        found = _DATE.search(block.text)
        if found is None or len(block.text) - len(found[0]) > LONGEST_REST or _is_sentence(block.text, found):
            continue
        if _NO_PUBLICATION.search(block.text):
            continue
        day = _day(found)
        if day is not None:
            return day
    return None


def _is_sentence(text: str, found: re.Match[str]) -> bool:
    is_day_of_a_place = text[found.end() :] == "." and _PLACE.match(text[: found.start()]) is not None
    return text.endswith(".") and not is_day_of_a_place


def _day(found: re.Match[str]) -> date | None:
    parts = found.groupdict()
    year = parts["year"] or parts["year2"] or parts["year3"] or parts["year4"]
    month = parts["month"] or parts["month2"] or parts["month3"] or parts["month4"]
    day = parts["day"] or parts["day2"] or parts["day3"] or parts["day4"]
    number = int(month) if month.isdecimal() else _MONTH_NUMBERS[month[:3].lower()]
    try:
        stated = date(int(year), number, int(day))
    except ValueError:
        return None
    return stated if FIRST_YEAR <= stated.year <= LAST_YEAR else None
