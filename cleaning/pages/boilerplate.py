"""Lines that belong to the site and not to the text: cookies, sharing, calls to subscribe (C4's rules in Spanish)."""

import re

MAX_WORDS = 30
"""A longer line is a paragraph that may well speak of cookies or copyright."""

_SITE_WORDS = (
    r"\bcookies?\b",
    r"pol[íi]tica de privacidad|aviso legal|t[ée]rminos y condiciones|todos los derechos reservados|©|\(c\) ?\d{4}",
    r"\bjavascript\b",
    r"suscr[íi]b\w+|newsletter|bolet[íi]n de noticias",
    r"\bcompart(?:ir|e) (?:en|esto|este)\b|haz clic para compartir|se abre en una ventana nueva|s[íi]guenos en",
    r"me gusta cargando|inicia(?:r)? sesi[óo]n",
    r"\bwhatsapp\b|\bfacebook\b|\btwitter\b|\binstagram\b|\bpinterest\b|\blinkedin\b",
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
_SITE = re.compile("|".join(_SITE_WORDS), re.IGNORECASE)
_WHOLE = re.compile(rf"^(?:{'|'.join(_WHOLE_LINES)})\W*$", re.IGNORECASE)


def without_site_lines(text: str) -> str:
    """The text without the lines that a site puts around every page."""
    return "\n".join(line for line in text.split("\n") if not _is_of_the_site(line))


def _is_of_the_site(line: str) -> bool:
    if _WHOLE.match(line):
        return True
    return len(line.split()) <= MAX_WORDS and _names_the_site(line)


def _names_the_site(line: str) -> bool:
    return _SITE.search(line) is not None and not _is_prose(line)


def _is_prose(line: str) -> bool:
    """A sentence of some length that merely names one of these things."""
    return line.endswith(".") and len(line.split()) > MAX_WORDS // 2 and "cookie" not in line.lower()
