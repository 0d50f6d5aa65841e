"""Rules about kinds of pages that are no articles: errors, forms, price lists, lists of links, filler."""

import re
from dataclasses import dataclass

from cleaning.pages.figures import Figures
from cleaning.pages.phrases import Phrase, Phrases
from cleaning.pages.prose_rules import SENTENCE_END
from cleaning.pages.text import SPANISH, Text

_ERROR_PAGE = re.compile(
    r"(?:error|p[áa]gina|documento|contenido|archivo)\W+(?:\w+\W+){0,4}?"
    r"(?:404|no (?:se )?(?:ha )?(?:existe|encontrad[oa]|disponible|ha podido))"
    r"|\b404\b.{0,40}(?:not found|no encontrad)"
    r"|no hemos (?:podido encontrar|encontrado)|la p[áa]gina que (?:busca|buscas|intenta)",
    re.IGNORECASE,
)
_FILLER = Phrases(
    (
        Phrase(
            r"en este (?:art[íi]culo|post),? "
            r"(?:exploraremos|veremos|te |hablaremos|descubrir|conocer|vamos a|analizaremos)",
            ("en este art", "en este post"),
        ),
        Phrase(
            r"te (?:explicamos|contamos|mostramos|contaremos|explicaremos)\b",
            ("te explica", "te conta", "te mostramos"),
        ),
        Phrase(r"est[áa]s buscando", ("s buscando",)),
        Phrase(r"no busques m[áa]s", ("no busques m",)),
        Phrase("sigue leyendo"),
        Phrase(
            r"es (?:importante|fundamental|crucial|esencial) "
            r"(?:destacar|tener en cuenta|recordar|mencionar|señalar|resaltar)",
            ("es importante ", "es fundamental ", "es crucial ", "es esencial "),
        ),
        Phrase(r"cabe (?:destacar|señalar|mencionar|resaltar)", ("cabe ",)),
        Phrase(r"\ben (?:resumen|conclusi[óo]n|definitiva)\b", ("en resumen", "en conclusi", "en definitiva")),
        Phrase(r"en el mundo (?:actual|de hoy)", ("en el mundo ",)),
        Phrase(r"esperamos que est[ea]", ("esperamos que est",)),
        Phrase(r"descubre (?:c[óo]mo|todo|los|las)", ("descubre ",)),
        Phrase(r"todo lo que (?:necesitas|debes|tienes que) saber", ("todo lo que ",)),
        Phrase("lo prudente es"),
        Phrase(r"conviene (?:distinguir|recordar|revisar)", ("conviene ",)),
        Phrase("no dudes en"),
        Phrase(r"una amplia (?:gama|variedad)", ("una amplia ",)),
        Phrase("al siguiente nivel"),
        Phrase("juega un papel"),
        Phrase("desempeña un papel"),
    )
)
_MACHINE = Phrases(
    (
        Phrase(r"\bcomo (?:un )?modelo de lenguaje", ("modelo de lenguaje",)),
        Phrase(r"\bcomo (?:una )?inteligencia artificial,? no", ("inteligencia artificial",)),
        Phrase(r"\blorem ipsum dolor", ("lorem ipsum dolor",)),
        Phrase(r"\{\{ ?\w[\w. |]{0,40}\}\}.{0,400}\{\{", ("{{",)),
        Phrase(r"\[inserte? (?:aqu[íi]|el|la|su)\b", ("[insert",)),
    )
)
_PRICE = Phrases(
    (
        Phrase(r"€ ?\d|\d ?€", ("€",)),
        Phrase(r"\$ ?\d", ("$",)),
        Phrase(r"s/\.? ?\d", ("s/",)),
        Phrase(r"[0-9] ?euros?\b", tuple(f"{digit}{space}euro" for digit in range(10) for space in ("", " "))),
        Phrase(r"\d ?(?:eur|usd|mxn|pesos)\b", ("eur", "usd", "mxn", "pesos")),
        Phrase(r"\bconsultar precio\b", ("consultar precio",)),
    )
)
_FIELD = re.compile(
    r"^\W*(?:(?:su |tu )?(?:nombre|apellidos?|tel[ée]fono|m[óo]vil|correo|e-?mail|direcci[óo]n|c[óo]digo postal"
    r"|provincia"
    r"|poblaci[óo]n|localidad|pa[íi]s|asunto|mensaje|comentarios?|fecha de nacimiento|dni|nif|sexo|edad|contraseña"
    r"|usuario|empresa)\b|(?:enviar|acepto|he le[íi]do|seleccione|selecciona|elija|elige|introduzca|escriba|marque)\b"
    r"|campos? (?:obligatorios?|requeridos?)|captcha|\(?(?:obligatorio|requerido|opcional)\)?\W*$|s[íi]\W*no\W*$)",
    re.IGNORECASE,
)
_LEGAL = Phrases(
    (
        Phrase("aviso legal"),
        Phrase(
            r"pol[íi]tica de (?:privacidad|cookies|protecci[óo]n)",
            ("tica de privacidad", "tica de cookies", "tica de protecci"),
        ),
        Phrase(r"protecci[óo]n de datos", ("n de datos",)),
        Phrase(r"datos (?:personales|de car[áa]cter)", ("datos personales", "datos de car")),
        Phrase(r"responsable del (?:tratamiento|fichero)", ("responsable del ",)),
        Phrase(r"\blssi|\brgpd\b|\blopd", ("lssi", "rgpd", "lopd")),
        Phrase(r"ley (?:org[áa]nica )?(?:34|15|3)[/⁄](?:2002|1999|2018)", ("2002", "1999", "2018")),
        Phrase("propiedad intelectual"),
        Phrase(r"\bcookies?\b", ("cookie",)),
        Phrase(r"condiciones (?:generales )?de uso", ("condiciones de uso", "condiciones generales de uso")),
        Phrase("sitio web"),
        Phrase("titular del"),
        Phrase(
            r"derechos? de (?:acceso|rectificaci[óo]n|supresi[óo]n)",
            ("de acceso", "de rectificaci", "de supresi"),
        ),
        Phrase(r"jurisdicci[óo]n", ("jurisdicci",)),
        Phrase("juzgados"),
    )
)
LEAST_LEGAL = 4
"""So many mentions may stand in any article about patients' rights."""
MOST_FIELD_WORDS = 12
LEAST_TEASERS = 3
"""Fewer lines that end in an ellipsis are somebody's style."""
LEAST_LINES = 5
"""Fewer lines are no list and no form."""
TITLE_WORDS = 15
"""A line of fewer words without a full stop is a title, a label or a link."""


@dataclass(frozen=True, slots=True)
class NoErrorPage:
    """An error page that answers 200 says so in its first lines and says little else."""

    max_words: int = 200
    name: str = "error_page"

    def measure(self, text: Text) -> Figures:
        """1 where the first 300 characters tell of an error; words."""
        return float(_ERROR_PAGE.search(text.text[:300]) is not None), len(text.words)

    def refuses(self, figures: Figures) -> bool:
        """Whether it tells of an error and of little else."""
        says_so, words = figures
        return says_so > 0 and words < self.max_words


@dataclass(frozen=True, slots=True)
class Filler:
    """Stock phrases with which machines and those who write for search engines fill pages.

    Our number: of 2,100 real health pages 0.6 phrases in 100 words is the 99.5 % quantile. One phrase alone never
    decides; what only a language model or an unfilled template says always does.
    """

    most: float
    name: str = "filler"

    def measure(self, text: Text) -> Figures:
        """Stock phrases for each 100 words, their number, and 1 where a machine or a template gives itself away."""
        if text.language != SPANISH:
            return 0.0, 0, 0
        count = _FILLER.count(text.lower)
        return 100 * count / max(len(text.words), 1), count, _MACHINE.stand_in(text.lower)

    def refuses(self, figures: Figures) -> bool:
        """Whether there are too many of them."""
        share, count, is_machine = figures
        return (count > 1 and share > self.most) or is_machine > 0


@dataclass(frozen=True, slots=True)
class PriceList:
    """Catalogues and fees. Our number: no kept page of 2,100 real ones has 0.16."""

    most: float
    name: str = "price_list"

    def measure(self, text: Text) -> Figures:
        """Share of lines with a price; lines."""
        prices = _PRICE.within(text.lower)
        if not prices.stand_in(text.lower):
            return 0.0, len(text.lines)
        return sum(map(prices.stand_in, text.lower.split("\n"))) / len(text.lines), len(text.lines)

    def refuses(self, figures: Figures) -> bool:
        """Whether too many lines have one."""
        share, lines = figures
        return share > self.most and lines >= LEAST_LINES


@dataclass(frozen=True, slots=True)
class Form:
    """Labels of fields: contact, booking, registration."""

    most: float
    name: str = "form"

    def measure(self, text: Text) -> Figures:
        """Share of lines that label a field; lines."""
        labels = sum(
            _FIELD.match(line) is not None and not line.endswith(".") and line.count(" ") < MOST_FIELD_WORDS
            for line in text.lines
        )
        return labels / len(text.lines), len(text.lines)

    def refuses(self, figures: Figures) -> bool:
        """Whether too many lines do."""
        share, lines = figures
        return share > self.most and lines >= LEAST_LINES


@dataclass(frozen=True, slots=True)
class Teasers:
    """Front pages that show the beginnings of articles (Gopher, Rae et al. 2021, A1.1: 30 % of the lines).

    Of 1,744 real pages that were kept without this rule none has more than a fifth of such lines.
    """

    most: float
    name: str = "teasers"

    def measure(self, text: Text) -> Figures:
        """Share of the lines that end in an ellipsis, and their number."""
        cut = sum(line.endswith(("…", "...")) for line in text.lines)
        return cut / max(len(text.lines), 1), cut

    def refuses(self, figures: Figures) -> bool:
        """Whether too many lines do."""
        share, cut = figures
        return share > self.most and cut >= LEAST_TEASERS


@dataclass(frozen=True, slots=True)
class LinkList:
    """Menus, indexes, lists of titles. Our number: of 2,100 real health pages 0.36 is the most that an article has."""

    most: float
    name: str = "link_list"

    def measure(self, text: Text) -> Figures:
        """Share of the words that stand in short lines without an end of a sentence; lines."""
        words = loose = 0
        for line in text.lines:
            count = line.count(" ") + 1
            words += count
            loose += count if count < TITLE_WORDS and not line.endswith(SENTENCE_END) else 0
        return loose / words, len(text.lines)

    def refuses(self, figures: Figures) -> bool:
        """Whether too many words do."""
        share, lines = figures
        return share > self.most and lines >= LEAST_LINES


@dataclass(frozen=True, slots=True)
class LegalPage:
    """Legal notices, privacy and cookie policies: the same on every site, and of no subject.

    Our number: of 2,100 real health pages the legal ones have 2 to 6 such words in 100, no article has 1.
    """

    most: float
    name: str = "legal_page"

    def measure(self, text: Text) -> Figures:
        """Words of such pages for each 100 words, and their number."""
        if text.language != SPANISH:
            return 0.0, 0
        count = _LEGAL.count(text.lower)
        return 100 * count / max(len(text.words), 1), count

    def refuses(self, figures: Figures) -> bool:
        """Whether there are too many of them."""
        share, count = figures
        return share > self.most and count > LEAST_LEGAL
