"""Rules about kinds of pages that are no articles: errors, forms, price lists, lists of links, filler."""

import re
from dataclasses import dataclass

from cleaning.pages.prose_rules import SENTENCE_END
from cleaning.pages.text import SPANISH, Text

_ERROR_PAGE = re.compile(
    r"(?:error|p[áa]gina|documento|contenido|archivo)\W+(?:\w+\W+){0,4}?"
    r"(?:404|no (?:se )?(?:ha )?(?:existe|encontrad[oa]|disponible|ha podido))"
    r"|\b404\b.{0,40}(?:not found|no encontrad)"
    r"|no hemos (?:podido encontrar|encontrado)|la p[áa]gina que (?:busca|buscas|intenta)",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"en este (?:art[íi]culo|post),? (?:exploraremos|veremos|te |hablaremos|descubrir|conocer|vamos a|analizaremos)"
    r"|te (?:explicamos|contamos|mostramos|contaremos|explicaremos)\b|est[áa]s buscando|no busques m[áa]s|sigue leyendo"
    r"|es (?:importante|fundamental|crucial|esencial) (?:destacar|tener en cuenta|recordar|mencionar|señalar|resaltar)"
    r"|cabe (?:destacar|señalar|mencionar|resaltar)|\ben (?:resumen|conclusi[óo]n|definitiva)\b"
    r"|en el mundo (?:actual|de hoy)|esperamos que est[ea]|descubre (?:c[óo]mo|todo|los|las)"
    r"|todo lo que (?:necesitas|debes|tienes que) saber|lo prudente es|conviene (?:distinguir|recordar|revisar)"
    r"|no dudes en|una amplia (?:gama|variedad)|al siguiente nivel|juega un papel|desempeña un papel",
    re.IGNORECASE,
)
_MACHINE = re.compile(
    r"\bcomo (?:un )?modelo de lenguaje|\bcomo (?:una )?inteligencia artificial,? no|\blorem ipsum dolor"
    r"|\{\{ ?\w[\w. |]{0,40}\}\}.{0,400}\{\{|\[inserte? (?:aqu[íi]|el|la|su)\b",
    re.IGNORECASE | re.DOTALL,
)
_PRICE = re.compile(
    r"(?:€|US?\$|\$|S/\.?) ?\d|\d ?(?:€|euros?\b|EUR\b|USD\b|MXN\b|pesos\b)|\bconsultar precio\b", re.IGNORECASE
)
_FIELD = re.compile(
    r"^\W*(?:(?:su |tu )?(?:nombre|apellidos?|tel[ée]fono|m[óo]vil|correo|e-?mail|direcci[óo]n|c[óo]digo postal"
    r"|provincia"
    r"|poblaci[óo]n|localidad|pa[íi]s|asunto|mensaje|comentarios?|fecha de nacimiento|dni|nif|sexo|edad|contraseña"
    r"|usuario|empresa)\b|(?:enviar|acepto|he le[íi]do|seleccione|selecciona|elija|elige|introduzca|escriba|marque)\b"
    r"|campos? (?:obligatorios?|requeridos?)|captcha|\(?(?:obligatorio|requerido|opcional)\)?\W*$|s[íi]\W*no\W*$)",
    re.IGNORECASE,
)
_LEGAL = re.compile(
    r"aviso legal|pol[íi]tica de (?:privacidad|cookies|protecci[óo]n)|protecci[óo]n de datos"
    r"|datos (?:personales|de car[áa]cter)|responsable del (?:tratamiento|fichero)|\bLSSI|\bRGPD\b|\bLOPD"
    r"|Ley (?:Org[áa]nica )?(?:34|15|3)[/⁄](?:2002|1999|2018)"
    r"|propiedad intelectual|\bcookies?\b|condiciones (?:generales )?de uso|sitio web|titular del"
    r"|derechos? de (?:acceso|rectificaci[óo]n|supresi[óo]n)|jurisdicci[óo]n|juzgados",
    re.IGNORECASE,
)
LEAST_LEGAL = 4
"""So many mentions may stand in any article about patients' rights."""
MOST_FIELD_WORDS = 12
LEAST_LINES = 5
"""Fewer lines are no list and no form."""
TITLE_WORDS = 15
"""A line of fewer words without a full stop is a title, a label or a link."""


@dataclass(frozen=True, slots=True)
class NoErrorPage:
    """An error page that answers 200 says so in its first lines and says little else."""

    max_words: int = 200
    name: str = "error_page"

    def __call__(self, text: Text) -> tuple[float, bool]:
        """1 where the first 300 characters tell of an error."""
        says_so = _ERROR_PAGE.search(text.text[:300]) is not None
        return float(says_so), says_so and len(text.words) < self.max_words


@dataclass(frozen=True, slots=True)
class Filler:
    """Stock phrases with which machines and those who write for search engines fill pages.

    Our number: of 2,100 real health pages 0.6 phrases in 100 words is the 99.5 % quantile. One phrase alone never
    decides; what only a language model or an unfilled template says always does.
    """

    most: float
    name: str = "filler"

    def __call__(self, text: Text) -> tuple[float, bool]:
        """Stock phrases for each 100 words."""
        if text.language != SPANISH:
            return 0.0, False
        count = len(_FILLER.findall(text.text))
        share = 100 * count / max(len(text.words), 1)
        return share, (count > 1 and share > self.most) or _MACHINE.search(text.text) is not None


@dataclass(frozen=True, slots=True)
class PriceList:
    """Catalogues and fees. Our number: no kept page of 2,100 real ones has 0.16."""

    most: float
    name: str = "price_list"

    def __call__(self, text: Text) -> tuple[float, bool]:
        """Share of lines with a price."""
        share = sum(_PRICE.search(line) is not None for line in text.lines) / len(text.lines)
        return share, share > self.most and len(text.lines) >= LEAST_LINES


@dataclass(frozen=True, slots=True)
class Form:
    """Labels of fields: contact, booking, registration."""

    most: float
    name: str = "form"

    def __call__(self, text: Text) -> tuple[float, bool]:
        """Share of lines that label a field."""
        labels = sum(
            _FIELD.match(line) is not None and not line.endswith(".") and line.count(" ") < MOST_FIELD_WORDS
            for line in text.lines
        )
        share = labels / len(text.lines)
        return share, share > self.most and len(text.lines) >= LEAST_LINES


@dataclass(frozen=True, slots=True)
class LinkList:
    """Menus, indexes, lists of titles. Our number: of 2,100 real health pages 0.36 is the most that an article has."""

    most: float
    name: str = "link_list"

    def __call__(self, text: Text) -> tuple[float, bool]:
        """Share of the words that stand in short lines without an end of a sentence."""
        words = loose = 0
        for line in text.lines:
            count = line.count(" ") + 1
            words += count
            loose += count if count < TITLE_WORDS and not line.endswith(SENTENCE_END) else 0
        share = loose / words
        return share, share > self.most and len(text.lines) >= LEAST_LINES


@dataclass(frozen=True, slots=True)
class LegalPage:
    """Legal notices, privacy and cookie policies: the same on every site, and of no subject.

    Our number: of 2,100 real health pages the legal ones have 2 to 6 such words in 100, no article has 1.
    """

    most: float
    name: str = "legal_page"

    def __call__(self, text: Text) -> tuple[float, bool]:
        """Words of such pages for each 100 words."""
        if text.language != SPANISH:
            return 0.0, False
        count = len(_LEGAL.findall(text.text))
        share = 100 * count / max(len(text.words), 1)
        return share, share > self.most and count > LEAST_LEGAL
