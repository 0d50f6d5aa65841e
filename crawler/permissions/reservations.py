"""Files by which a host reserves its texts from mining: /.well-known/tdmrep.json and /ai.txt.

Both say which paths they mean with the patterns of robots.txt, so both are read as one; the longest match decides.
"""

import json
import re
from typing import Any

from protego import Protego

from crawler.permissions.robots import for_us
from data.rights import TOKEN

TDMREP, AI_TXT = "/.well-known/tdmrep.json", "/ai.txt"
FILES = {TDMREP: "rights/tdmrep", AI_TXT: "rights/ai_txt"}
"""Where they lie, and the reason under which a refusal is counted."""
MAX_BYTES = 512 << 10
"""Bytes that are read."""

_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}$")


def read(file: str, body: bytes) -> Protego | None:
    """The rules of one of the files, None where it has none; never raises."""
    text = body[:MAX_BYTES].decode("utf-8", "replace").removeprefix("\ufeff")
    rules = _of_tdmrep(text) if file == TDMREP else for_us(text)[0]
    return Protego.parse(rules) if "disallow" in rules.lower() else None


def reserves(file: str, rules: Protego, url: str) -> bool:
    """Whether the rules of a file reserve a URL.

    ai.txt names kinds of files (``Disallow: *.html``): a page whose path has no ending is an HTML page there.
    """
    return not rules.can_fetch(_as_html(url) if file == AI_TXT else url, TOKEN)


def _as_html(url: str) -> str:
    path = url.partition("?")[0]
    if _ENDING.search(path.partition("://")[2].partition("/")[2]):
        return url
    return f"{path}index.html" if path.endswith("/") else f"{path}.html"


def _of_tdmrep(text: str) -> str:
    """The JSON of the protocol (W3C TDMRep, 2024, 6.1) in the words of robots.txt."""
    try:
        said: Any = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    lines = ["User-agent: *"]
    for one in said if isinstance(said, list) else [said]:
        location = one.get("location") if isinstance(one, dict) else None
        if isinstance(location, str) and location.isprintable() and location.startswith(("/", "*")):
            word = "Disallow" if str(one.get("tdm-reservation")) == "1" else "Allow"
            lines.append(f"{word}: {location}")
    return "\n".join(lines)
