"""Text in its normal form: NFC, mojibake mended, no control characters, one space between words, no bullets."""

import re
import unicodedata

import ftfy
from ftfy.badness import is_bad

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff\u200b\u2060\ufeff\u00ad]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_BOLD = re.compile(r"(?<![\d*()\s])\*\*(?=[\s.,;:]|$)|(?<=[\s.,;:])\*\*(?=[^\W\d])|^\*\*(?=[^\W\d])")
"""Markdown left at a word's border: one page of fifteen of a site of health leaflets has some."""
_BULLETS = "•▪●◦·‣⁃■◼▶►➤➢❖\uf0a7\uf0b7\uf0d8\uf0fc"
_MARKS = re.compile(rf"^(?:[{_BULLETS}]\s*|\*+\s*(?=\w)|[-–—]\s+(?=[^\W\d_]|[¿¡«“\"(])|[-–](?=[A-ZÁÉÍÓÚÑ¿¡]))+")
"""Bullets at a line's beginning. A sign before a figure stays, and so does >: -10 °C, > 38 °C."""
_ONLY_MARKS = re.compile(rf"[\s>|*_=~{_BULLETS}–—-]+$")
_SHORTCODES = re.compile(
    r"\[ref\][^\[\]\n]{0,500}\[/ref\]"
    r"|\[/?(?:(?:vc|et_pb|fusion|av|su|elementor)[_-]\w+|contact-form-7|caption|gallery|embed)(?:\s[^\[\]\n]{0,300})?\]"
)
"""WordPress's shortcodes that no plugin replaced: their notes and their tags, not the text between these."""
_WRITTEN_LINK = re.compile(r"\[([^\[\]\n]{1,200})\]\((?:/|https?://|\#)[^\s()]{0,500}\)")
"""A link in Markdown that stayed as it was written; its words stay."""
_ODD = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u0132\u0133\u0149\u01c4-\u01cc\u01f1-\u01f3\u2028\u2029\u206a-\u206f"
    r"\ufb00-\ufb06\ufeff\ufff9-\ufffc]"
)
"""What ftfy mends beside mojibake: control characters and ligatures. Where neither these nor mojibake (``is_bad``) are,
``fix_text`` changes nothing; passing it over takes two fifths off the mending of real pages."""
_SUSPECT = re.compile("[^\x00-\x7f]{2}|[ÂÃŒœ]")
"""What everything that ftfy takes for mojibake has (its ``BADNESS_RE``), and three texts of four have not."""
_SUSPECT_ALONE = "ÂÃŒœ"
_FIRST_BYTE = bytes(0x80) + b"\2" * 0x40 + b"\1" * 0x40
_TWO_IN_A_ROW = b"\2\1"
"""Behind a letter that is not ASCII the first byte of another, where bytes are ``_FIRST_BYTE``'s kinds."""
AROUND_SUSPECT = 8
"""Characters on each side of a suspect that hold all of a match: none has more than six."""
MOST_SUSPECTS = 20
"""A text of more suspects is asked whole: it is in another script."""
_MENDING = ftfy.TextFixerConfig(
    unescape_html=False, uncurl_quotes=False, fix_latin_ligatures=True, fix_character_width=False, normalization="NFC"
)


def normal_text(text: str) -> str:
    """The text in its normal form, a line a paragraph; lines of nothing but marks go."""
    text = unicodedata.normalize("NFC", _encodable(text))
    if _ODD.search(text) or (_has_suspect(text) and _is_bad(text)):
        text = ftfy.fix_text(text, _MENDING)
    if "[" in text:
        text = _WRITTEN_LINK.sub(r"\1", _SHORTCODES.sub("", text))
    return unicodedata.normalize("NFC", "\n".join(filter(None, map(_normal_paragraph, text.splitlines()))))


def _has_suspect(text: str) -> bool:
    """Whether ``_SUSPECT`` is found; an expression that looks at each letter takes five times as long."""
    if text.isascii():
        return False
    if _TWO_IN_A_ROW in text.encode().translate(_FIRST_BYTE):
        return True
    return any(letter in text for letter in _SUSPECT_ALONE)


def _is_bad(text: str) -> bool:
    """``is_bad``, which is asked of the suspects' surroundings first."""
    for number, suspect in enumerate(_SUSPECT.finditer(text)):
        around = text[max(0, suspect.start() - AROUND_SUSPECT) : suspect.end() + AROUND_SUSPECT]
        if number == MOST_SUSPECTS or is_bad(around):
            return bool(is_bad(text))
    return False


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("", text)
    return text


def _normal_paragraph(line: str) -> str:
    """A line without control characters, superfluous spaces and marks; empty where it is nothing else."""
    line = one_spaced(line if line.isprintable() else _CONTROL.sub("", line))
    if "**" in line:
        return "" if _ONLY_MARKS.match(line) else _MARKS.sub("", _BOLD.sub("", line))
    if not line or line[0].isalnum():
        return line
    return "" if _ONLY_MARKS.match(line) else _MARKS.sub("", line)


def one_spaced(text: str) -> str:
    """The text with one space between its words and none around it.

    >>> one_spaced(" la   dosis diaria ")
    'la dosis diaria'
    """
    text = text.strip()
    is_so = text.isprintable() and "  " not in text  # of all spaces only " " is printable
    return text if is_so else " ".join(text.split())


def normal_line(text: str | None) -> str | None:
    """A title or a name on one line; None where nothing is left."""
    return " ".join(normal_text(text).split()) or None if text else None
