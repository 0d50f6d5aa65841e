"""Lines that a site says of itself: cookies, sharing, calls to subscribe, labels of its menus (C4's rules in Spanish).

A word alone decides nothing: *cookies* are also biscuits, *Instagram* is also a subject of studies, a needle is also
shared. A line goes where it says what a site says to its visitor, wherever it stands; or where it is a label and stands
before the first paragraph of the text or behind the last, where sites put theirs.
"""

import re
from collections.abc import Sequence

from cleaning.pages.phrases import Phrase, Phrases, any_stands_in

MAX_WORDS = 30
"""A longer line is a paragraph."""
PARAGRAPH_WORDS = 12
"""A line of so many words that ends a sentence is a paragraph of the text."""
_ENDS = (".", "!", "?", "…", ".”", ".»", '."')

_NETWORK = "facebook|twitter|instagram|whatsapp|pinterest|linkedin|telegram|tiktok|youtube|messenger|x"
_NETWORKS = ("facebook", "twitter", "instagram", "whatsapp", "pinterest", "linkedin", "telegram", "tiktok", "youtube")
_LEGAL = (
    r"aviso legal|pol[íi]ticas? de (?:privacidad|cookies)(?: y (?:privacidad|cookies))?|(?:t[ée]rminos y )?condiciones"
    r"(?: generales)? de uso|t[ée]rminos y condiciones"
)
_BESIDE_LEGAL = r"mapa (?:del sitio|web)|accesibilidad|contacto|qui[ée]nes somos|cookies|privacidad|cr[ée]ditos"
_TERMS = "tica de privacidad|rminos y condiciones|condiciones de uso|aviso legal"
_UNIT = r"(?:ui|u|mui|mg|g|ml|l|kcal|cal|µg|mcg|mmol|unidades|calor[íi]as|metros|pasos|personas|pacientes)\b"
_SHARED = "art[íi]culo|post|p[áa]gina|entrada|nota|contenido|noticia|publicaci[óo]n|enlace"

_SITE_SAYS = Phrases(
    (
        Phrase(
            r"(?:utiliza\w*|usa\w*|emplea\w*|acept\w+|rechaz\w+|gestion\w+|configur\w+|instala\w*|ticas? de|uso de"
            r"|panel de|preferencias de|aviso de)[^.\n]{0,40}\bcookies?\b"
            r"|\bcookies?\b[^.\n]{0,60}(?:propias|de terceros|de sesi[óo]n|navega|sitio|web\b|consenti|anal[íi]tic"
            r"|usuario|publicita|plataforma|portal|instala|acepta|preferencia|experiencia)",
            ("cookie",),
        ),
        Phrase(r"^\W{0,3}(?:©|copyright\b)|© ?(?:19|20)\d\d", ("©", "copyright")),
        Phrase(rf"^\W{{0,2}}\(c\) ?(?:19|20)\d\d\b(?! ?{_UNIT})", ("(c)",)),
        Phrase(
            r"todos los derechos reservados(?! (?:al?|a los|para)\b)|reservados todos los derechos",
            ("los derechos reservados", "reservados todos los derechos"),
        ),
        Phrase(r"\b(?:s[íi]guenos|s[íi]ganos|seguinos)\b(?! \w+ndo\b)", ("guenos", "ganos", "guinos")),
        Phrase(r"\bsuscr[íi](?:bete|bite|base|birme|birse|birte|banse)\b(?! (?:el|la|los|las|un|una) )", ("suscr",)),
        Phrase(
            r"(?:suscri|recib|ap[úu]ntate|reg[íi]str[ae]|d[ée]jan?os)[^.\n]{0,50}(?:\bnewsletter|\bbolet[íi]n\b)"
            r"|(?:\bnewsletter|\bbolet[íi]n)[^.\n]{0,50}(?:suscri|correo|e-?mail|novedades"
            r"|\brecib\w+ (?:nuestr|tod|las|los|cada|en (?:tu|su)))|^\W*newsletter\W*$",
            ("newsletter", "bolet"),
        ),
        Phrase(r"\b(?:haz|haga|hacer) clic(?: aqu[íi])? para (?:compartir|enviar|imprimir)", (" clic ",)),
        Phrase(rf"te ha(?:n)? (?:gustado|servido|resultado [úu]til) (?:est[ea]|el|la) (?:{_SHARED})\b", ("te ha",)),
        Phrase(
            r"^\W*(?:desc[áa]rg|b[áa]j)[ao](?:te|se)?(?:la)? (?:ya |ahora )?(?:nuestra|la) (?:app|aplicaci[óo]n)"
            r"[^.\n]{0,40}(?:google play|app store)",
            ("google play", "app store"),
        ),
        Phrase(
            r"\b(?:su|tu|este) navegador (?:\w+ )?no (?:soporta|admite|acepta|permite|es compatible"
            r"|puede (?:reproducir|mostrar))",
            ("navegador",),
        ),
        Phrase(
            rf"\bcompart\w+ (?:en|por|v[íi]a|con)(?: las?)?(?: redes sociales| redes| (?:{_NETWORK})\b)"
            rf"|\bcompart(?:e|a|ir|elo|í)(?: est[eao]s?| el| la| esta)? (?:{_SHARED})\b"
            r"|^\W*compart(?:e|ir|elo)(?: en| est[eao])?\W*$",
            ("compart",),
        ),
        Phrase("se abre en una ventana nueva"),
        Phrase("me gusta cargando"),
        Phrase(
            r"(?:activ|habilit|desactiv|deshabilit|requiere|necesita)\w*[^.\n]{0,30}\bjavascript\b"
            r"|\bjavascript\b[^.\n]{0,30}(?:activ|habilit|desactiv|deshabilit)",
            ("javascript",),
        ),
        Phrase(
            r"\binici(?:ar|a|e) sesi[óo]n(?: para (?:comentar|dejar|publicar|ver|acceder|continuar|poder)| o reg[íi]str"
            r"| con (?:tu|su|google|facebook)|\W*$)",
            ("inicia sesi", "iniciar sesi", "inicie sesi"),
        ),
        Phrase(
            rf"\bacept(?:o|as?|ar|amos|e)\b[^.\n]{{0,60}}(?:{_TERMS})"
            rf"|\bal (?:usar|utilizar|navegar|continuar|enviar|suscribir|registrar|hacer clic)[^\n]{{0,80}}(?:{_TERMS})"
            r"|(?:consult[ae]r?|lea|lee|ver?|m[áa]s informaci[óo]n)\b[^.\n]{0,30}(?:tica de privacidad|aviso legal)",
            ("tica de privacidad", "rminos y condiciones", "condiciones de uso", "aviso legal"),
        ),
        Phrase(
            rf"^\W*(?:(?:{_NETWORK}|compartir|comparte|en|y|por|share|on|print|imprimir|pdf|e-?mail|correo|tweet|like"
            rf"|me gusta|perfil|p[áa]gina|de|\d+)\b\W*)*(?:{'|'.join(_NETWORKS)})\b\W*(?:(?:{_NETWORK}|compartir|en|y"
            r"|por|print|imprimir|pdf|e-?mail|correo|tweet|\d+)\b\W*)*$",
            _NETWORKS,
        ),
        Phrase(
            r"\b(?:escr[íi]b[ea]nos|cont[áa]ct[ae]nos|ll[áa]m[ae]nos|cons[úu]lt[ae]nos|env[íi][ae]nos|[úu]n(?:ete|ase)"
            rf"|vis[íi]t[ae]nos|encu[ée]ntr[ae]nos|agr[ée]g[ae]nos)\b[^.\n]{{0,60}}\b(?:{'|'.join(_NETWORKS)})\b",
            _NETWORKS,
        ),
    )
)
"""What a site says to its visitor."""

_LABELS = (
    r"art[íi]culos? relacionados?|entradas? relacionadas?|noticias relacionadas|contenidos? relacionados?|publicidad",
    r"compartir|imprimir|deja (?:un comentario|una respuesta)|share|tweet|email|print|saltar al contenido|cargando",
    r"(?:leer|ver|saber|lee|lea) m[áa]s(?: informaci[óo]n)?|(?:seguir|sigue|continuar|contin[úu]a) leyendo",
    r"(?:leer|ver) m[áa]s (?:sobre|acerca de) (?:\w+\W+){0,6}\w+",
    r"comments are closed|los comentarios est[áa]n cerrados|comentarios cerrados|versi[óo]n impresa",
    r"(?:beta )?(?:escuchar?|escuche|oye|o[íi]r) (?:esta|est[ea]|la|el) (?:nota|noticia|art[íi]culo)(?: aqu[íi])?",
    r"(?:para )?m[áa]s informaci[óo]n|(?:volver|ir|subir) arriba|volver (?:al inicio|a la portada)",
    r"men[úu](?: principal)?",
    r"(?:tabla|[íi]ndice) de contenidos?",
    rf"(?:(?:{_BESIDE_LEGAL})\W{{1,4}})*(?:{_LEGAL})(?:\W{{1,4}}(?:[ye] )?(?:{_LEGAL}|{_BESIDE_LEGAL}))*",
    r"(?:tambi[ée]n|quiz[áa]s?) te (?:puede|podr[íi]a|pueden) interesar.{0,80}|te (?:puede|pueden) interesar.{0,80}",
    r"(?:lea|lee|leer|ver|vea) (?:tambi[ée]n|adem[áa]s)(?:\s?:.{0,80})?",
)
_LABEL = re.compile(rf"(?:{'|'.join(_LABELS)})[^\w).]{{0,4}}(?:\.{{2,3}})?$")
_ROW_LABELS = (
    r"inici(?:ar|a|e) sesi[óo]n|entrar|acceder|acceso|salir|reg[íi]str(?:arse|ate|ese|o)|crear (?:una )?cuenta",
    r"(?:enviar|recomendar|mandar)(?: (?:por|a)(?: un)? (?:correo(?: electr[óo]nico)?|e-?mail|amigo))?",
    r"versi[óo]n pdf|pdf|descargar|guardar|favoritos|comentar|responder|siguiente|anterior|inicio|buscar",
    "|".join((_BESIDE_LEGAL, *_NETWORKS)),
)
_ROW_BORDER = re.compile(r"\s*[|·•»]\s*")
_IN_A_ROW = re.compile(rf"(?:{'|'.join((*_LABELS, *_ROW_LABELS))})\W*$")
"""A label of a row of labels: ``Imprimir | Enviar por correo``."""
_OUTSIDE_LABELS = (
    r"comentarios?|buscar|siguiente|anterior|inicio|volver|contenido|[íi]ndice|\d+ comentarios?|sin comentarios",
    r"(?:etiquetas|categor[íi]as|tags|temas)\s?:.{0,80}|(?:etiquetas?|categor[íi]as?|tags)",
    r"publicado (?:el \d|por\b).{0,80}|(?:publicado|actualizado)\s?:.{0,60}",
    r"(?:leer|lea|lee|ver) tambi[ée]n.{0,80}",
)
_OUTSIDE_LABEL = re.compile(rf"(?:{'|'.join(_OUTSIDE_LABELS)})\W*$")
_SENTENCE_END = re.compile(r"[^.]\.\W*$")


def without_site_lines(text: str) -> str:
    """The text without the lines in which its site speaks of itself."""
    lower = text.lower()
    said = _SITE_SAYS.within(lower)
    lines, small = text.split("\n"), lower.split("\n")
    if len(lines) != len(small):  # a letter whose lower case has a line break: there is none today
        return text
    first, last = _paragraphs_between(lines)
    kept = []
    for number, (line, low) in enumerate(zip(lines, small, strict=True)):
        if _is_label(low, is_outside=not first <= number <= last):
            continue
        if said and len(low.split()) <= MAX_WORDS and any_stands_in(said, low):
            continue
        kept.append(line)
    return "\n".join(kept)


def _paragraphs_between(lines: Sequence[str]) -> tuple[int, int]:
    """The numbers of the first and the last paragraph; of a text without one, of its first and last line."""
    places = [
        number for number, line in enumerate(lines) if line.endswith(_ENDS) and line.count(" ") >= PARAGRAPH_WORDS - 1
    ]
    return (places[0], places[-1]) if places else (0, len(lines) - 1)


def _is_label(low: str, *, is_outside: bool) -> bool:
    if _LABEL.match(low) or _is_row_of_labels(low):
        return True
    return is_outside and _OUTSIDE_LABEL.match(low) is not None and not _SENTENCE_END.search(low)


def _is_row_of_labels(low: str) -> bool:
    """Whether a line is two labels or more and nothing else."""
    parts = _ROW_BORDER.split(low.strip(" |·•»")) if "|" in low or "·" in low or "•" in low or "»" in low else []
    return len(parts) > 1 and all(map(_IN_A_ROW.match, parts))
