"""What each reason of cleaning and publishing means, in words."""

from typing import Any

LANGUAGES = {
    "an": "Aragonese",
    "ast": "Asturian",
    "ca": "Catalan",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "eu": "Basque",
    "fr": "French",
    "gl": "Galician",
    "it": "Italian",
    "oc": "Occitan",
    "pt": "Portuguese",
}

_WORDS = {
    "revisit/not_modified": "the server answered that nothing has changed: the result of the visit before stays",
    "revisit/same_digest": "the same bytes as on the visit before: its result stays",
    "refusal": "a block page, an error or the home page was served instead: the result of the visit before stays",
    "http/404": "not found",
    "http/410": "gone",
    "http/moved": "moved for good",
    "http/redirect": "redirected",
    "kind/robots": "a robots.txt, not a page",
    "kind/no_url": "the record names no web address",
    "kind/binary": "binary data under the name of HTML",
    "extraction/empty": "an empty body",
    "extraction/no_text": "no text was found in it",
    "extraction/too_large": "more bytes than a page may have",
    "extraction/too_many_elements": "more tags than a page may have",
    "extraction/too_slow": "it took more seconds to read than a page may take",
    "extraction/too_much_memory": "it took more memory to read than a page may take",
    "extraction/crashed": "it ended the process that read it",
    "judging/too_slow": "its text took more seconds to judge than a page may take",
    "judging/too_much_memory": "its text took more memory to judge than a page may take",
    "judging/crashed": "its text ended the process that judged it",
    "extraction/broken_pdf": "a PDF that cannot be read",
    "extraction/encrypted": "a PDF that asks for a password",
    "extraction/scanned_pdf": "a PDF of pictures of its pages",
    "extraction/unmapped_font": "a PDF whose characters have no Unicode",
    "extraction/failed": "a library failed on it",
    "judging/failed": "a library failed on its text",
    "kind/permissions": "a file of permissions, not a page",
    "policy/opted_out": "its owner reserves it from training",
    "duplicate/exact": "the same text as another page, which was kept",
    "duplicate/near": "nearly the same text as another page, which was kept",
    "duplicate/contained": "nearly all of its text is in another page, which was kept",
    "duplicate/foreign": "the same text, or nearly, as one of another corpus that is left out",
    "forgotten": "forgotten on request, by this receipt",
    "takedown": "taken down on request",
    "quality/too_short": "too short",
    "quality/error_page": "an error page that answers 200",
    "quality/stop_words": "too few stop words of its language",
    "quality/unaccented": "Spanish without accents",
    "quality/filler": "stock phrases of machine-written pages",
    "quality/legal_page": "a legal notice or a cookie policy",
    "quality/price_list": "a list of prices",
    "quality/form": "a form",
    "quality/link_list": "a list of links or titles",
    "quality/index_page": "an index of articles whose full text is on other pages",
    "quality/sentence_frames": "many sentences from one template",
    "quality/word_length": "words that are too short or too long on average",
    "quality/non_alphabetic": "too few words with a letter",
    "quality/duplicate_lines": "lines that repeat earlier ones",
    "quality/line_punctuation": "too few lines that end a sentence",
    "quality/list": "too many line breaks for its words",
    "quality/top_ngram": "one phrase that comes again and again",
    "quality/duplicate_ngrams": "phrases of five words that repeat",
    "quality/teasers": "beginnings of articles; earlier versions had this rule, now it is index_page",
    "quality/off_topic": "less about health than the settings ask for",
    "quality/site_lines": "too short without the lines that its site repeats",
}
_FAMILIES = {
    "http": "the server answered {}",
    "kind": "no page and no PDF but {}",
    "extraction": "its text could not be taken out: {}",
    "judging": "its text could not be judged: {}",
    "quality": "refused by the rule {}",
    "policy": "left out by the policy {}",
    "decontaminated": "it shares 13 words in a row with a text of the benchmark {}",
    "duplicate": "a duplicate: {}",
}
_UNITS = {
    "quality/too_short": "characters",
    "quality/site_lines": "characters left",
    "quality/unaccented": "of the letters",
    "quality/filler": "in 100 words",
    "quality/legal_page": "words of such pages in 100",
    "quality/price_list": "of the lines",
    "quality/form": "of the lines",
    "quality/link_list": "of the words",
    "quality/index_page": "of the lines",
    "quality/sentence_frames": "of the letters",
    "quality/word_length": "characters a word",
    "quality/non_alphabetic": "of the words",
    "quality/duplicate_lines": "of the characters",
    "quality/line_punctuation": "of the lines",
    "quality/list": "line breaks a word",
    "quality/top_ngram": "of the characters",
    "quality/duplicate_ngrams": "of the characters",
    "extraction/too_large": "bytes",
    "extraction/too_much_memory": "bytes allowed",
    "extraction/too_slow": "seconds allowed",
    "judging/too_much_memory": "bytes allowed",
    "judging/too_slow": "seconds allowed",
    "extraction/too_many_elements": "tags",
    "decontaminated": "such runs",
    "duplicate/near": "of the shingles shared",
    "duplicate/exact": "of the shingles shared",
    "duplicate/contained": "of its shingles",
    "duplicate/foreign": "of the shingles shared",
}


def in_words(reason: str, figure: float | None = None) -> str:
    """A reason in words, followed by the deciding figure in parentheses and the reason itself in brackets."""
    family, _, name = reason.partition("/")
    if family == "language":
        words = f"written in {LANGUAGES.get(name, name)}, not in Spanish"
    else:
        words = _WORDS.get(reason) or _FAMILIES.get(family, "{}").format(name.replace("_", " "))
    unit = _UNITS.get(reason) or _UNITS.get(family)
    shown = f" ({_number(figure)}{f' {unit}' if unit else ''})" if figure is not None else ""
    return f"{words}{shown} [{reason}]"


def _number(figure: Any) -> str:
    return f"{figure:,.0f}" if figure == int(figure) else f"{figure:.4g}"
