"""Rules about kinds of pages that are no articles: errors, forms, price lists, lists of links, filler."""

import re
from dataclasses import dataclass

from cleaning.pages.figures import Figures
from cleaning.pages.phrases import Phrase, Phrases, any_stands_in
from cleaning.pages.prose_rules import SENTENCE_END
from cleaning.pages.text import SPANISH, Text

_ERROR_PAGE = re.compile(
    r"(?:error|p[áa]gina|documento|contenido|archivo)\W+(?:\w+\W+){0,4}?"
    r"(?:404|no (?:se )?(?:ha )?(?:existe|encontrad[oa]|disponible|ha podido))"
    r"|\b404\b.{0,40}(?:not found|no encontrad)"
    r"|no hemos (?:podido encontrar|encontrado)|la p[áa]gina que (?:busca|buscas|intenta)"
    r"|\b(?:sitio|p[áa]gina|web|portal)(?: web)?(?: est[áa])? en (?:mantenimiento|construcci[óo]n)"
    r"|comprobando (?:su|tu) navegador|seguridad de (?:su|tu) conexi[óo]n"
    r"|verific\w+ (?:si|que) (?:usted )?(?:eres|es) (?:un )?humano"
    r"|\b(?:contenido|art[íi]culo) (?:es )?(?:s[óo]lo |exclusivo |exclusivamente |reservado )+(?:para|a) "
    r"(?:los )?(?:suscriptores|abonados|socios|usuarios registrados)"
)
"""An error, works on the site, a check of the browser, a text for subscribers; of a text in lower case."""
_ERROR_SIGNS = (
    *("404", "existe", "encontrad", "disponible", "podido", "gina que ", "mantenimiento", "construcci"),
    *("comprobando ", "seguridad de ", "humano", "suscriptores", "abonados", "socios", "usuarios registrados"),
)
"""What every such sentence has one of."""
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
    r"|provincia|poblaci[óo]n|localidad|pa[íi]s|asunto|mensaje|comentarios?|fecha de nacimiento|dni|nif|contraseña"
    r"|usuario|empresa|sexo|edad)\b[^:]*:?\W*$"
    r"|(?:enviar|acepto|he le[íi]do|(?:seleccione|selecciona|elija|elige)\b(?: (?:la|el|su|tu|una|un))?"
    r" (?:especialidad|opci[óo]n|provincia|fecha|hora|centro|m[ée]dico|pa[íi]s|archivo))\b"
    r"|campos? (?:obligatorios?|requeridos?)|captcha|\(?(?:obligatorio|requerido|opcional)\)?\W*$)",
    re.IGNORECASE,
)
_DRUG = re.compile(r"\d ?(?:mg|mcg|µg|g|ml|ui|comprimidos?|c[áa]psulas?|sobres?|ampollas?|dosis|gotas)\b|\bcomp\b")
_BROKEN_OFF = re.compile(
    r"(?:…|\.\.+|[\[(]\s?(?:…|\.\.+|&hellip;)\s?[\])])(?:\W*(?:leer|ver|seguir|sigue|continuar|read|m[áa]s)\b.{0,30})?\W*$"
    r"|(?:leer|ver) m[áa]s\W*$",
    re.IGNORECASE,
)
_BREAKS = ("…", "..", "hellip", "leer m", "ver m")
"""What every line that breaks off has one of, in lower case."""
_CUT = re.compile(r"[\])]\W*$|m[áa]s\W*$|\b(?:leer|ver|seguir|sigue|continuar|read)\b[^.…]{0,30}$", re.IGNORECASE)
_WITHIN = re.compile(r"(?<=[^\n\[(.])(?:…|\.\.\.)[ »”\")—–-]*[\w¡¿]")
_SPEECH = re.compile(r"[-–—―][^\s\d]")
_DATE_LINE = re.compile(
    r"^\W*(?:(?:publicado|por|el)\b.{0,40})?"
    r"(?:\d{1,2}(?:[/.-]\d{1,2}[/.-]| (?:de )?[a-zé]{3,10}\.?,? (?:del? )?)(?:20)?\d\d"
    r"|[a-zé]{3,10}\.? \d{1,2}, 20\d\d)\b.{0,60}$",
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
        Phrase(r"2016/679", ("2016/679",)),
        Phrase("comunicaciones comerciales"),
        Phrase(
            r"base jur[íi]dica|derecho a la portabilidad|portabilidad (?:y|u|de los datos)",
            ("base jur", "portabilidad"),
        ),
        Phrase(r"\b(?:su|tu|del) navegador\b", ("navegador",)),
        Phrase(r"(?:\d+|nuestros) socios\b", ("socios",)),
        Phrase(r"identificadores [úu]nicos", ("identificadores ",)),
        Phrase(r"(?:anuncios|publicidad) y (?:el )?contenidos? personalizad", ("personalizad",)),
        Phrase("juzgados"),
    )
)
LEAST_LEGAL = 4
"""So many mentions may stand in any article about patients' rights."""
LEAST_LEGAL_KINDS = 3
"""Fewer different ones are the subject of a text: *el sitio web de …*."""
MOST_FIELD_WORDS = 12
LEAST_FIELDS = 4
"""Fewer labels are a table about a person, or a heading."""
LEAST_EXCERPTS = 3
"""Fewer lines that break off are somebody's style, but where the address is a listing's."""
EXCERPT_WORDS = 10
"""A shorter line that ends in an ellipsis is somebody hesitating."""
LEAST_LINKED = 3
"""Headings that link elsewhere, of a listing whose address does not tell."""
MOST_LINKED = 0.5
"""Share of a text's characters in links that makes it a listing."""
TITLE_LEAST = 3.5
"""Mean number of words in linked headings that makes them titles of pages; with fewer they are names and terms."""
MOST_CARDS = 2.0
SHORT_OF_CARDS = 1_500
"""A text of fewer characters beside links that hold this many times as much introduces them."""
BLOCKS_A_CARD = 8
"""Blocks for each linked heading, up to which a page at a listing's address is made of cards."""
MOST_DRUGS = 0.3
"""Share of the lines with a price that name a dosage; from this share on they are a table of medicines."""
LEAST_PRICED = 0.4
"""Share of the characters that the lines with a price have at least; fewer are a ranking at the end of an article."""
NO_LINKS = 0.15
"""Share of a text's characters in links below which its short lines are no list of links."""
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
        first = text.text[:300].lower()
        says_so = any(sign in first for sign in _ERROR_SIGNS) and _ERROR_PAGE.search(first) is not None
        return float(says_so), len(text.words)

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
    """Catalogues and fees; not a table of medicines with their prices, nor prose about what something costs."""

    most: float
    name: str = "price_list"

    def measure(self, text: Text) -> Figures:
        """Share of lines with a price that are no sentences; lines; the share of these that name a dosage.

        Then their share of the characters.
        """
        prices = _PRICE.within(text.lower)
        if not any_stands_in(prices, text.lower):
            return 0.0, len(text.lines), 0.0, 0.0
        lines = text.lower.split("\n")
        priced = [line for line in lines if any_stands_in(prices, line) and not _is_sentence(line)]
        drugs = sum(_DRUG.search(line) is not None for line in priced)
        characters = sum(map(len, priced)) / len(text.lower)
        return len(priced) / len(lines), len(lines), drugs / max(len(priced), 1), characters

    def refuses(self, figures: Figures) -> bool:
        """Whether too many lines have one and few of them name a dosage."""
        share, lines, drugs, characters = figures
        is_list = share > self.most and characters > LEAST_PRICED
        return is_list and lines >= LEAST_LINES and drugs < MOST_DRUGS


@dataclass(frozen=True, slots=True)
class Form:
    """Labels of fields: contact, booking, registration."""

    most: float
    name: str = "form"

    def measure(self, text: Text) -> Figures:
        """Share of lines that label a field and give no value, and their number."""
        labels = sum(
            _FIELD.match(line) is not None and not line.endswith(".") and line.count(" ") < MOST_FIELD_WORDS
            for line in text.bare_lines
        )
        return labels / len(text.lines), labels

    def refuses(self, figures: Figures) -> bool:
        """Whether too many lines do."""
        share, labels = figures
        return share > self.most and labels >= LEAST_FIELDS


@dataclass(frozen=True, slots=True)
class IndexPage:
    """Front pages, tags, categories, authors, months: beginnings of articles that are whole elsewhere.

    Four signs: lines that break off (Gopher, Rae et al. 2021, A1.1, in all forms of the ellipsis), headings that link
    to other pages, links that hold more than the text, and an address that sites give to their listings. No address
    decides alone. Headings of a word or two that link are names, as a reference has them, each with its explanation.
    """

    most: float
    name: str = "index_page"

    def measure(self, text: Text) -> Figures:
        """Share of the lines, or of the page's blocks if more, that are excerpts.

        Then the share of lines that break off, their number, excerpts, dates, blocks, linked and other headings, share
        of links, 1 for the address of a listing, words in a linked heading, characters of cards for each of the text,
        and the text's characters.
        """
        page = text.figures
        broken = _lines_that_break_off(text)
        excerpts = max(float(broken), page.get("excerpts", 0.0))
        blocks = max(page.get("blocks", 0.0), 1.0)
        share = broken / len(text.lines)
        return (
            max(share, min(excerpts / blocks, 1.0)) if page else share,
            share,
            broken,
            excerpts,
            sum(_DATE_LINE.match(line) is not None for line in text.bare_lines),
            blocks,
            page.get("linked_headings", 0.0),
            page.get("own_headings", 0.0),
            page.get("links", 0.0),
            page.get("listing_address", 0.0),
            page.get("heading_words", TITLE_LEAST),
            page.get("cards", 0.0),
            len(text.text),
        )

    def refuses(self, figures: Figures) -> bool:
        """Whether the signs together are an index's."""
        shown, share, broken, excerpts, dates, blocks, linked, own, links, is_listing, words, cards, size = figures
        linked *= words >= TITLE_LEAST
        if is_listing:
            return broken > 0 or linked * BLOCKS_A_CARD >= blocks
        many = excerpts >= LEAST_EXCERPTS and shown > self.most
        return (
            links >= MOST_LINKED
            or (cards >= MOST_CARDS and size <= SHORT_OF_CARDS)
            or (broken >= LEAST_EXCERPTS and share > self.most)
            or (many and linked >= LEAST_LINKED and linked > own)
            or (many and dates >= LEAST_EXCERPTS)
            or (linked >= 2 * LEAST_LINKED and linked > 2 * own and linked > self.most * blocks)
        )


@dataclass(frozen=True, slots=True)
class LinkList:
    """Menus, indexes, lists of titles. Our number: of 2,100 real health pages 0.36 is the most that an article has.

    Rows of tables, items with a value and terms with their meaning are short lines too, and stay.
    """

    most: float
    name: str = "link_list"

    def measure(self, text: Text) -> Figures:
        """Share of the words in titles (short lines without a stop, a value, a meaning); lines; share of links."""
        words = loose = 0
        after_colon = False
        for line in text.bare_lines:
            count = line.count(" ") + 1
            words += count
            loose += count if count < TITLE_WORDS and not after_colon and _is_title(line) else 0
            after_colon = line.endswith(":") or (after_colon and line[:1].islower())
        has_linked = text.figures.get("linked_headings", 0.0) >= LEAST_LINKED
        return loose / max(words, 1), len(text.lines), max(text.figures.get("links", 1.0), float(has_linked))

    def refuses(self, figures: Figures) -> bool:
        """Whether too many words do, and links are among them."""
        share, lines, links = figures
        return share > self.most and lines >= LEAST_LINES and links >= NO_LINKS


def _lines_that_break_off(text: Text) -> int:
    """Number of lines that an index has cut off; an author's own suspension points do not count.

    A line of speech never counts. A bare ellipsis at the end of a line counts only where fewer stand within lines: who
    writes *No sé... ya veremos* ends lines so, too. One in brackets, or before *Leer más*, always counts.
    """
    if not any(sign in text.lower for sign in _BREAKS):
        return 0
    broken = [line for line in text.bare_lines if line.count(" ") >= EXCERPT_WORDS - 1 and _BROKEN_OFF.search(line)]
    if not broken:
        return 0
    cut = sum(_CUT.search(line) is not None for line in broken)
    bare = sum(_CUT.search(line) is None and not _SPEECH.match(line) for line in broken)
    return cut + (bare if len(_WITHIN.findall(text.text)) < bare else 0)


def _is_title(line: str) -> bool:
    """Whether a short line stands for itself: a title, a label, a link."""
    if line.endswith(SENTENCE_END) or line[:1].islower():
        return False
    return ": " not in line and not any(map(str.isdigit, line))


def _is_sentence(line: str) -> bool:
    return line.endswith(SENTENCE_END) and line.count(" ") >= TITLE_WORDS - 1


@dataclass(frozen=True, slots=True)
class LegalPage:
    """Legal notices, privacy and cookie policies: the same on every site, and of no subject.

    Our number: of 2,100 real health pages the legal ones have 2 to 6 such words in 100, no article has 1.
    """

    most: float
    name: str = "legal_page"

    def measure(self, text: Text) -> Figures:
        """Words of such pages for each 100 words, their number, and how many different ones."""
        if text.language != SPANISH:
            return 0.0, 0, 0
        count = _LEGAL.count(text.lower)
        kinds = _LEGAL.kinds(text.lower) if count > LEAST_LEGAL else 0
        return 100 * count / max(len(text.words), 1), count, kinds

    def refuses(self, figures: Figures) -> bool:
        """Whether there are too many of them."""
        share, count, kinds = figures
        return share > self.most and count > LEAST_LEGAL and kinds >= LEAST_LEGAL_KINDS
