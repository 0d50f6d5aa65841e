"""Whether an address is one that sites give to their listings: tags, categories, authors, months, pages of these."""

import re
from urllib.parse import urlsplit

_LISTING = re.compile(
    r"/(?:tags?|etiquetas?|topics?|categor(?:y|ies|[íi]as?)|secci[óo]n|author|autor|archivos?|archives?|page|pagina|p)"
    r"/[^/]+(?:/(?:page|pagina)/\d+)?/?(?:index\.html?)?$"
    r"|/(?:19|20)\d\d(?:/\d\d?){0,2}(?:/page/\d+)?/?(?:index\.html?)?$",
    re.IGNORECASE,
)
_QUERY = re.compile(r"(?:^|&)(?:s|cat|tag|author|paged|page|pagina|m)=[^&]+", re.IGNORECASE)


def is_listing_address(url: str) -> bool:
    """Whether the path or the query is a listing's.

    >>> is_listing_address("https://guia.es/tag/asma/page/2/"), is_listing_address("https://guia.es/asma-infantil/")
    (True, False)
    """
    parts = urlsplit(url)
    return _LISTING.search(parts.path) is not None or _QUERY.search(parts.query) is not None
