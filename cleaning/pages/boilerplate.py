"""Lines that belong to the site and not to the text: cookies, sharing, calls to subscribe (C4's rules in Spanish)."""

import re

from cleaning.pages.phrases import Phrase, Phrases

MAX_WORDS = 30
"""A longer line is a paragraph that may well speak of cookies or copyright."""

_SITE_WORDS = Phrases(
    (
        Phrase(r"\bcookies?\b", ("cookie",)),
        Phrase(r"pol[íi]tica de privacidad", ("tica de privacidad",)),
        Phrase("aviso legal"),
        Phrase(r"t[ée]rminos y condiciones", ("rminos y condiciones",)),
        Phrase("todos los derechos reservados"),
        Phrase("©"),
        Phrase(r"\(c\) ?\d{4}", ("(c)",)),
        Phrase(r"\bjavascript\b", ("javascript",)),
        Phrase(r"suscr[íi]b\w+", ("suscr",)),
        Phrase("newsletter"),
        Phrase(r"bolet[íi]n de noticias", ("n de noticias",)),
        Phrase(r"\bcompart(?:ir|e) (?:en|esto|este)\b|haz clic para compartir", ("comparte ", "compartir")),
        Phrase("se abre en una ventana nueva"),
        Phrase(r"s[íi]guenos en", ("guenos en",)),
        Phrase("me gusta cargando"),
        Phrase(r"inicia(?:r)? sesi[óo]n", ("inicia sesi", "iniciar sesi")),
        Phrase(
            r"\b(?:whatsapp|facebook|twitter|instagram|pinterest|linkedin)\b",
            ("whatsapp", "facebook", "twitter", "instagram", "pinterest", "linkedin"),
        ),
    )
)
_WHOLE_LINES = (
    (
        r"(?:lea|lee|leer|ver|(?:te )?puede|tambi[ée]n te|quiz[áa]s? te) "
        r"(?:tambi[ée]n|m[áa]s|(?:pued[ae] )?interesar)\b.{0,80}"
    ),
    r"art[íi]culos? relacionados?|entradas? relacionadas?|noticias relacionadas|publicidad",
    r"compartir|imprimir|comentarios?|deja (?:un comentario|una respuesta)|share|tweet|email|print",
    r"etiquetas?:?.{0,60}|categor[íi]as?:?.{0,60}|publicado (?:el|en|por)\b.{0,80}",
    r"volver(?: arriba)?|inicio|men[úu]|buscar|siguiente|anterior|continuar leyendo|leer m[áa]s|m[áa]s informaci[óo]n",
    r"contenido|[íi]ndice|tabla de contenidos?",
)
_WHOLE = re.compile(rf"(?:{'|'.join(_WHOLE_LINES)})\W*$")


def without_site_lines(text: str) -> str:
    """The text without the lines that a site puts around every page."""
    lower = text.lower()
    named = _SITE_WORDS.may_stand_in(lower)
    lines = zip(text.split("\n"), lower.split("\n"), strict=True)
    return "\n".join(line for line, small in lines if not (_WHOLE.match(small) or (named and _names_the_site(small))))


def _names_the_site(line: str) -> bool:
    return _SITE_WORDS.stand_in(line) and len(line.split()) <= MAX_WORDS and not _is_prose(line)


def _is_prose(line: str) -> bool:
    """A sentence of some length that merely names one of these things."""
    return line.endswith(".") and len(line.split()) > MAX_WORDS // 2 and "cookie" not in line
