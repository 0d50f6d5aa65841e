"""What an element of a page is for: which begin a block, which are no text, what tag, id and class say of a place."""

import re
from functools import lru_cache

from lxml.html import HtmlElement


class Place:
    """What the elements around a block say of it: bits of an ``int``, which a walk adds up 20,000 times a second."""

    NONE = 0
    CHROME = 1
    """Menus, footers, sharing, related pages, comments, notices of cookies: what the site says of itself."""
    ASIDE = 2
    """An aside: a sidebar, or a box within the text."""
    WARNING = 4
    """A box of a warning, a note, a piece of advice."""
    QUESTIONS = 8
    """Frequent questions, an accordion, panels that open on a click."""
    HIDDEN = 16
    """Not shown until something happens."""
    FORM = 32
    COMMENTS = 64
    """What readers wrote under the text."""
    STRUCK = 128
    """Struck through by its style."""


SITE_PARTS = Place.CHROME | Place.COMMENTS | Place.FORM
"""Places whose text is the site's, not the page's; so is what is hidden, but for answers that open on a click."""

UNREAD = frozenset(
    str.split(
        "script style noscript template svg iframe object embed applet audio video canvas map area select option "
        "optgroup datalist textarea input param source track link meta base title head progress meter output rt rp "
        "dialog frameset noframes"
    )
)
"""Elements without text of the page."""
BLOCKS = frozenset(
    str.split(
        "address article aside blockquote body center dd details dir div dl dt fieldset figcaption figure "
        "footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre search section "
        "summary table tbody td tfoot th thead tr ul caption listing xmp plaintext"
    )
)
"""Elements that begin and end blocks."""
HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6, "summary": 7, "legend": 7}
"""Their level; a summary is the heading of what it opens."""
STRUCK = frozenset({"del", "s", "strike"})

_STRUCK_STYLE = re.compile(r"text-decoration(?:-line)?\s*:[^;]*line-through", re.IGNORECASE)
_SHIFT_STYLE = re.compile(r"vertical-align\s*:\s*(super|sub)\b", re.IGNORECASE)
_READ_ALOUD = re.compile(
    r"(?:^|\s)(?:sr-only|visually-?hidden|screen-reader-text|screen-reader-only|a11y-hidden)(?:$|\s)"
)
_DISGUISE = re.compile(r"text-decoration\s*:\s*none", re.IGNORECASE)
_ADDRESS_WORD = re.compile(r"[a-z0-9]+")
LEAST_PLANTED = 3
"""Words of a link; one or two are a name, as pages on it have in their address."""
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_CHROME = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|navegacion|menu|submenu|breadcrumbs?|migas|footer|pie|masthead|topbar|"
    r"toolbar|sidebar|barra-?lateral|widget|share|sharing|shares|social|socials|compartir|redes|related|relacionad[oa]s?|"
    r"recommended|recomendad[oa]s?|newsletter|suscripcion|subscribe|subscription|cookies?|consent|gdpr|rgpd|banner|"
    r"advert|advertisement|ads?|publicidad|promo|sponsor|author|autor|byline|meta|postmeta|tags?|etiquetas|tagcloud|"
    r"categories|categorias|pagination|paginacion|pager|search|buscador|login|popup|modal|toc|skip-links?|copyright|"
    r"outbrain|taboola|rating|ratings|print|imprimir|hidden-print|noprint|prev-next|post-navigation|teaser|trending|"
    r"popular|latest|ultimas|carousel|slider|cta|screen-reader-text|sr-only|visually-hidden)(?:$|[\s_-])|"
    r"sharedaddy|addtoany|jp-relatedposts|navigat|breadcrumb|footer|sidebar|cookie|related-?(?:post|article|entr)|"
    r"share-?(?:button|bar|link)|social-?(?:icon|link|share)|newsletter|leer-?mas|read-?more",
)
_COMMENTS = re.compile(
    r"(?:^|[\s_-])(?:comments?|comentarios?|commentlist|comment-respond|respond|disqus_thread)(?:$|[\s_-])",
)
_WARNING = re.compile(
    r"(?:^|[\s_-])(?:warning|alert|alerta|aviso|advertencia|atencion|attention|caution|danger|precaucion|importante?|"
    r"callout|admonition|note|nota|tip|consejo|recuadro|destacado|highlight|infobox|info-box|box-info|notice|recuerda)"
    r"(?:$|[\s_-])",
)
_QUESTIONS = re.compile(
    r"(?:^|[\s_-])(?:faqs?|preguntas?|accordion|acordeon|accordeon|collapse|collapsible|toggle|tab-?pane|tab-?panel|"
    r"tabs?-content|expander|desplegable|elementor-tab-content|question|answer|respuesta)(?:$|[\s_-])|accordion|\bfaq",
)
_TAG_PLACES = {
    "nav": Place.CHROME,
    "footer": Place.CHROME,
    "search": Place.CHROME,
    "aside": Place.ASIDE,
    "details": Place.QUESTIONS,
    "form": Place.FORM,
}
_ROLE_PLACES = {
    "navigation": Place.CHROME,
    "menu": Place.CHROME,
    "menubar": Place.CHROME,
    "search": Place.CHROME,
    "contentinfo": Place.CHROME,
    "tablist": Place.CHROME,
    "complementary": Place.ASIDE,
    "tabpanel": Place.QUESTIONS,
    "alert": Place.WARNING,
    "note": Place.WARNING,
}
_UNNAMED = frozenset({"body", "html", "dl"})
"""Their names tell of the template, not of what stands in them."""
_TELLING = ("role", "hidden", "aria-hidden", "style")


@lru_cache(maxsize=20_000)
def named_place(names: str) -> int:
    """What an element's id and class say of its place."""
    names = names.lower()  # expressions that heed no case take twice as long
    place = Place.NONE
    if _CHROME.search(names):
        place |= Place.CHROME
    if _COMMENTS.search(names):
        place |= Place.COMMENTS
    if _WARNING.search(names):
        place |= Place.WARNING
    if _QUESTIONS.search(names):
        place |= Place.QUESTIONS
    return place


def place_of(tag: str, attributes: dict[str, str]) -> int:
    """What a block's element says of the place of its text."""
    place = _TAG_PLACES.get(tag, Place.NONE)
    if not attributes:
        return place
    names = f"{attributes.get('id', '')} {attributes.get('class', '')}"
    if len(names) > 1 and tag not in _UNNAMED:
        place |= named_place(names[:300])
    if not attributes.keys().isdisjoint(_TELLING):
        place |= _ROLE_PLACES.get(attributes.get("role", ""), Place.NONE)
        if "hidden" in attributes or attributes.get("aria-hidden") == "true" or is_hidden_by_style(attributes):
            place |= Place.HIDDEN
        if is_struck_by_style(attributes.get("style", "")):
            place |= Place.STRUCK
    return place


def is_hidden_by_style(attributes: dict[str, str]) -> bool:
    """Whether the element's own style hides it."""
    style = attributes.get("style")
    return style is not None and _HIDDEN_STYLE.search(style) is not None


def is_struck_by_style(style: str) -> bool:
    """Whether the element's own style strikes its text through."""
    return _STRUCK_STYLE.search(style) is not None


def shift_of_style(style: str) -> str:
    """``super`` or ``sub`` where the element's own style raises or lowers its text; else empty."""
    found = _SHIFT_STYLE.search(style)
    return found[1].lower() if found else ""


def is_read_aloud_only(classes: str) -> bool:
    """Whether an element within a line is for screen readers alone: what it says stands beside it for the eye."""
    return _READ_ALOUD.search(classes) is not None


def is_planted_link(link: HtmlElement) -> bool:
    """Whether a link was planted into somebody's sentence: made to look like no link, its words those of its address.

    Break-ins put *anabol… comprar* into pages so, with a style that hides the link and an address of the same words on
    another host.
    """
    style, target = link.get("style") or "", link.get("href") or ""
    if not (_DISGUISE.search(style) and "color" in style and target.startswith(("http://", "https://"))):
        return False
    words = _ADDRESS_WORD.findall("".join(link.itertext()).lower())
    return len(words) >= LEAST_PLANTED and "-".join(words) in target.lower()


def opens_a_panel(attributes: dict[str, str]) -> bool:
    """Whether a button is the heading of a panel that it opens (an accordion), not a control of the site."""
    if any(name in attributes for name in ("aria-controls", "data-toggle", "data-bs-toggle", "data-target")):
        return attributes.get("role") != "tab" and "navbar" not in attributes.get("class", "")
    return "aria-expanded" in attributes or named_place(attributes.get("class", "")) & Place.QUESTIONS != 0
