"""Carrier × syntax × verdict: what each signal says of a page, and that nothing a host sends is more than text."""

import json
import os
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protego import Protego

from data.rights.agents import TRAINING_AGENTS
from data.rights.files import READERS, file_of
from data.rights.page import HEAD, forbids_links, page_signals
from data.rights.patterns import match_length, path_of
from data.rights.robots_txt import robots_signals
from data.rights.rsl import rsl_signals
from data.rights.signals import AGENT, GRAMMARS, MAX_LINE, Signal, deciding_signals, reserving_signal

PAGE = "https://h.es/articulo/asma"
R, T, A = "/robots.txt", "/.well-known/tdmrep.json", "/ai.txt"
ALL = "User-agent: *\nAllow: /\n"


def tdm(*rules):
    return json.dumps(rules)


RULE = {"location": "/", "tdm-reservation": 1}
FILES = [
    # file, text, path, carrier that reserves (None: nothing does)
    (R, "", "/a", None),
    (R, "User-agent: *\nDisallow: /", "/a", "robots.txt/disallow"),
    (R, "User-agent: *\nDisallow: /\nAllow: /", "/a", None),
    (R, "User-agent: *\nDisallow: /a\nAllow: /", "/b", None),
    (R, "User-agent: *\nDisallow: /a/*/c$", "/a/b/c", "robots.txt/disallow"),
    (R, "User-agent: *\nDisallow: /a/*/c$", "/a/b/c/", None),
    (R, "User-agent: bingbot\nDisallow: /", "/a", None),
    (R, "User-agent: cowese/1.0\nDisallow: /\n\nUser-agent: *\nAllow: /", "/a", "robots.txt/disallow"),
    (R, "User-agent: *\nDisallow: /\n\nUser-agent: cowese\nDisallow:", "/a", None),
    (R, "User-agent: co\nDisallow: /", "/a", None),
    (R, "User-agent: a\nUser-agent: *\nDisallow: /", "/a", "robots.txt/disallow"),
    (R, "User-agent: *\nDisallow: /ni%C3%B1os", "/niños", "robots.txt/disallow"),
    (R, "User-agent: *\nDisallow: */a", "/a", "robots.txt/disallow"),
    (R, "User-agent: *\nDisallow: /*s=", "/?s=tos", "robots.txt/disallow"),
    (R, "User-agent: *\nDisallow: /a%2Ab%24", "/a*b$", "robots.txt/disallow"),
    (R, "User-agent: *\nDisallow: /a%2Ab", "/ab", None),
    (R, "User-agent: otro\nDisallow:\n\ufeffUser-agent: *\n\u200bDisallow:\u00a0/", "/a", "robots.txt/disallow"),
    (R, ALL + "Content-Signal: search=yes; ai-train=no", "/a", "robots.txt/content-signal"),
    (T, '[{"location": "/", "tdm-reservation": true}]', "/a", "tdmrep.json"),
    (T, '[{"location": "/", "tdm-reservation": "1 "}]', "/a", "tdmrep.json"),
    (T, '[{"location": "/", "tdm-reservation": false}]', "/a", None),
    (R, ALL + "Content-Usage: train-ai=n", "/a", "robots.txt/content-usage"),
    (R, ALL + "Content-Usage: / train-ai=n", "/a", "robots.txt/content-usage"),
    (R, ALL + "content-usage :\t/a\ttrain-ai=n # no", "/a", "robots.txt/content-usage"),
    (R, ALL + "Content-Usage: /b train-ai=n", "/a", None),
    (R, ALL + "Content-Usage: / train-ai=n\nContent-Usage: /a train-ai=y", "/a/b", None),
    (R, ALL + "Content-Usage: /a train-ai=y\nContent-Usage: / train-ai=n", "/b", "robots.txt/content-usage"),
    (R, ALL + "Content-Usage: /a train-ai=y\nContent-Usage: /a train-ai=n", "/a", "robots.txt/content-usage"),
    (R, ALL + "Content-Usage: / train-ai=n\nContent-Usage: /a search=n", "/a", None),
    (R, ALL + "Content-Usage: /*.pdf$ train-ai=n", "/a.pdf", "robots.txt/content-usage"),
    (R, ALL + "Content-Usage: train-ai=y", "/a", None),
    (R, ALL + "Content-Usage: search=y", "/a", None),
    (R, ALL + "Content-Usage: train-ai", "/a", None),
    (R, ALL + "Content-Usage: train-ai=y, train-ai=n", "/a", "robots.txt/content-usage"),
    (R, ALL + "Content-Usage: train-ai=n, train-ai=y", "/a", None),
    (R, ALL + "Content-Usage: bots=n", "/a", "robots.txt/content-usage"),
    (R, ALL + "Content-Usage: bots=n, train-ai=y", "/a", None),
    (R, "User-agent: GPTBot\nContent-Usage: train-ai=n\n\n" + ALL, "/a", None),
    (R, "User-agent: cowese\nContent-Usage: / train-ai=y\n\nUser-agent: *\nContent-Usage: / train-ai=n", "/a", None),
    (R, "Content-Usage: train-ai=n\n" + ALL, "/a", "robots.txt/content-usage"),
    (R, ALL + "# Content-Usage: train-ai=n", "/a", None),
    (R, ALL + "Content-Signal: search=yes,ai-train=no", "/a", "robots.txt/content-signal"),
    (R, ALL + "Content-signal: ai-train = no", "/a", "robots.txt/content-signal"),
    (R, ALL + "Content-Signal: search=yes", "/a", None),
    (R, ALL + "Content-Signal: ai-train=yes", "/a", None),
    (R, ALL + "Content-Signal: ai-input=no", "/a", None),
    (R, ALL + "Content-Signal: use=reference", "/a", "robots.txt/content-signal"),
    (R, ALL + "Content-Signal: use=immediate", "/a", "robots.txt/content-signal"),
    (R, ALL + "Content-Signal: use=full", "/a", None),
    (R, ALL + "Content-Signal: ai-train=no, use=full", "/a", "robots.txt/content-signal"),
    (R, ALL + "Content-Signal: ai-train=yes, use=reference", "/a", "robots.txt/content-signal"),
    (R, "User-agent: GPTBot\nContent-Signal: ai-train=no\n\n" + ALL, "/a", None),
    (R, "User-agent: *\nContent-Signal: ai-train=no\n\nUser-agent: cowese\nAllow: /", "/a", None),
    (R, "User-agent: GPTBot\nDisallow: /\n\n" + ALL, "/a", f"{AGENT}gptbot"),
    (R, "User-agent: AI2Bot\nUser-agent: CCBot\nDisallow: /a\n\n" + ALL, "/a", f"{AGENT}ai2bot"),
    (R, "User-agent: ClaudeBot\nDisallow: /b\n\n" + ALL, "/a", None),
    (R, "User-agent: Google-Extended\nDisallow: /\nAllow: /a\n\n" + ALL, "/a", None),
    (R, "User-agent: Amazonbot\nDisallow: /\n\n" + ALL, "/a", None),
    (T, tdm(RULE), "/a", "tdmrep.json"),
    (T, tdm({"location": "/", "tdm-reservation": "1"}), "/a", "tdmrep.json"),
    (T, tdm({"location": "*", "tdm-reservation": 1}), "/a", "tdmrep.json"),
    (T, tdm({"location": "/", "tdm-reservation": 0}), "/a", None),
    (T, tdm({"location": "/r", "tdm-reservation": 1}), "/a", None),
    (T, tdm({"location": "/r/*.pdf$", "tdm-reservation": 1}), "/r/2020/x.pdf", "tdmrep.json"),
    (T, tdm({"location": "/r/*.pdf$", "tdm-reservation": 1}), "/r/2020/x.html", None),
    (T, tdm(RULE, {"location": "/libre", "tdm-reservation": 0}), "/libre/x", None),
    (T, tdm(RULE, {"location": "/", "tdm-reservation": 0}), "/a", "tdmrep.json"),
    (T, json.dumps(RULE | {"tdm-policy": "https://h.es/p.json"}), "/a", "tdmrep.json"),
    (T, json.dumps([{"tdm-reservation": 1}, 7, None, {"location": 3, "tdm-reservation": 1}]), "/a", None),
    (T, tdm({"location": "/b\nAllow: /", "tdm-reservation": 1}), "/b", None),
    (A, "User-Agent: *\nDisallow: /", "/a", "ai.txt"),
    (A, "User-Agent: *\nDisallow: *", "/a/", "ai.txt"),
    (A, "User-Agent: *\nDisallow: *.html\nAllow: /", "/asma", "ai.txt"),
    (A, "User-Agent: *\nDisallow: *.html\nAllow: /", "/asma/", "ai.txt"),
    (A, "User-Agent: *\nDisallow: *.html\nAllow: /", "/asma.html", "ai.txt"),
    (A, "User-Agent: *\nDisallow: *.html\nAllow: /", "/guia.pdf", None),
    (A, "User-Agent: *\nDisallow: *.jpg\nDisallow: *.mp3\nAllow: /", "/asma", None),
    (A, "User-Agent: *\nAllow: *.html\nDisallow: /\nDisallow: *", "/asma", None),
    (A, "User-Agent: GPTBot\nDisallow: /", "/asma", None),
    (A, "User-Agent: cowese\nDisallow: /", "/asma", "ai.txt"),
    (A, "User-Agent: *\nDisallow:", "/asma", None),
    ("/.well-known/ai.txt", "User-Agent: *\nDisallow: /", "/a", "ai.txt"),
]
PAGES = [
    # header fields, page, carrier that reserves
    ({}, "<html><head><title>Asma</title></head>", None),
    ({}, '<meta name="robots" content="noindex">', "meta/robots"),
    ({}, "<META NAME=Robots CONTENT='Index, NoAI'>", "meta/robots"),
    ({}, '<meta content="none" name="ROBOTS"/>', "meta/robots"),
    ({}, '<meta name="cowese" content="noindex">', "meta/robots"),
    ({}, '<meta name="googlebot" content="noindex">', None),
    ({}, '<meta name="robots" content="index, follow, max-snippet:-1, noarchive, nosnippet">', None),
    ({}, '<meta name="robots" content="nofollow">', None),
    ({}, '<meta name="robots" content="noimageai">', None),
    ({}, '<meta name="robots" content="noimageai; noml">', "meta/robots"),
    ({}, '<meta name="tdm-reservation" content="1">', "meta/tdm-reservation"),
    ({}, '<meta name="tdm-reservation" content="0">', None),
    ({}, '<meta name="description" content="a > b"><meta name="robots" content="no&#105;ndex">', "meta/robots"),
    ({}, '<!-- <meta name="robots" content="noindex"> -->', None),
    ({}, "<script>s = '<meta name=robots content=noindex>'</script>", None),
    ({}, " " * HEAD + '<meta name="robots" content="noindex">', None),
    ({"x-robots-tag": "noindex"}, "", "header/x-robots-tag"),
    ({"x-robots-tag": "NoIndex, NoFollow"}, "", "header/x-robots-tag"),
    ({"x-robots-tag": "nofollow, noai"}, "", "header/x-robots-tag"),
    ({"x-robots-tag": "googlebot: noindex"}, "", None),
    ({"x-robots-tag": "cowese: noindex"}, "", "header/x-robots-tag"),
    ({"x-robots-tag": "googlebot: nofollow, noindex"}, "", "header/x-robots-tag"),
    ({"x-robots-tag": "unavailable_after: 25 Jun 2030 15:00:00 PST"}, "", None),
    ({"tdm-reservation": "1"}, "", "header/tdm-reservation"),
    ({"tdm-reservation": "0"}, "", None),
    ({"content-usage": "train-ai=n"}, "", "header/content-usage"),
    ({"content-usage": "train-ai=n;x=1"}, "", "header/content-usage"),
    ({"content-usage": 'x="a, train-ai=n"'}, "", None),
    ({"content-usage": "train-ai=y, train-ai=n"}, "", "header/content-usage"),
    ({"content-usage": "search=y, train-ai=y"}, "", None),
    ({"content-signal": "ai-train=no"}, "", "header/content-signal"),
    ({"content-signal": "use=reference"}, "", "header/content-signal"),
    ({"content-signal": "search=yes"}, "", None),
]


def test_the_table_has_more_than_eighty_cases():
    assert len(FILES) + len(PAGES) >= 100


@pytest.mark.parametrize(("file", "text", "path", "carrier"), FILES)
def test_files_of_hosts(file, text, path, carrier):
    word = reserving_signal(READERS[file](text.encode()), f"https://h.es{path}")
    assert (word.carrier if word is not None else None) == carrier
    if word is not None:
        assert _has_grammar(word)
        assert word.line.split(" / ")[-1].split("#")[0] in " ".join(text.split()) or file == T


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize(
    ("file", "text"),
    [
        (R, "# Educación\nUser-agent: *\nDisallow: /educación/\n"),
        (A, "# Educación\nUser-agent: *\nDisallow: /educación/\n"),
        (T, '[{"location": "/educación/", "tdm-reservation": 1}]'),
    ],
)
def test_files_as_editors_on_windows_write_them(file, text, encoding):
    assert reserving_signal(READERS[file](text.encode(encoding)), "https://h.es/educaci%C3%B3n/a") is not None


@pytest.mark.parametrize(("headers", "page", "carrier"), PAGES)
def test_pages(headers, page, carrier):
    word = reserving_signal(page_signals(PAGE, headers, page.encode()), PAGE)
    assert (word.carrier if word is not None else None) == carrier
    assert word is None or _has_grammar(word)


def _has_grammar(word):
    return word.carrier in GRAMMARS or word.carrier.startswith(AGENT)


def rsl(inside, url="/"):
    return f'<rsl xmlns="https://rslstandard.org/rsl"><content url="{url}">{inside}</content></rsl>'


def usage(kind, *tokens):
    return f'<license><{kind} type="usage">{" ".join(tokens)}</{kind}></license>'


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (rsl(usage("prohibits", "ai-train")), "reserved"),
        (rsl(usage("prohibits", "ai-all")), "reserved"),
        (rsl(usage("prohibits", "all")), "reserved"),
        (rsl(usage("prohibits", "search,", "ai-train")), "reserved"),
        (rsl(usage("prohibits", "ai-input")), "allowed"),
        (rsl(usage("permits", "ai-train")), "allowed"),
        (rsl(usage("permits", "search")), "reserved"),
        (rsl(usage("permits", "all")), "allowed"),
        (rsl(usage("prohibits", "ai-train") + usage("permits", "ai-all")), "allowed"),
        (rsl('<license><permits type="usage">all</permits><payment type="subscription"/></license>'), "reserved"),
        (rsl('<license><permits type="usage">all</permits><payment type="attribution"/></license>'), "allowed"),
        (rsl('<license><prohibits type="geo">US</prohibits></license>'), "allowed"),
        (rsl(usage("prohibits", "all"), "/otra/"), None),
        (rsl(usage("prohibits", "all"), "https://h.es/articulo/*"), "reserved"),
        (rsl(usage("prohibits", "all"), "https://otro.es/"), None),
        (rsl(""), None),
        ("<rsl>", None),
        ('<!DOCTYPE r [<!ENTITY a "b">]>' + rsl(usage("prohibits", "all")), None),
    ],
)
def test_rsl_licences(text, verdict):
    found = deciding_signals(rsl_signals(text.encode(), "https://h.es/license.xml"), PAGE)
    assert [word.verdict for word in found] == ([verdict] if verdict else [])


@pytest.mark.parametrize(
    ("headers", "page", "carrier", "target"),
    [
        ({"link": '</l.xml>; rel="license"; type="application/rsl+xml"'}, "", "header/link", "/l.xml"),
        (
            {"link": "</s.css>; rel=preload, </l.xml>; rel=license; type=application/rsl+xml"},
            "",
            "header/link",
            "/l.xml",
        ),
        ({"link": '<https://creativecommons.org/licenses/by/4.0/>; rel="license"'}, "", None, None),
        ({}, '<link rel="license" type="application/rsl+xml" href="/l.xml">', "html/link", "/l.xml"),
        ({}, '<link rel="license" href="https://creativecommons.org/licenses/by/4.0/">', None, None),
    ],
)
def test_where_pages_name_a_licence(headers, page, carrier, target):
    found = page_signals(PAGE, headers, page.encode())
    assert [(word.carrier, word.verdict, word.target) for word in found] == (
        [(carrier, "licence", target)] if carrier else []
    )


def test_a_licence_inside_of_a_page():
    page = f'<script type="application/rsl+xml">{rsl(usage("prohibits", "ai-train"))}</script>'
    word = reserving_signal(page_signals(PAGE, {}, page.encode()), PAGE)
    assert word is not None
    assert (word.carrier, word.line) == ("html/script", "/ prohibits ai-train")


def test_a_robots_txt_names_licences_for_the_whole_file():
    words = robots_signals(b"License: https://h.es/a.xml#x\nUser-agent: otro\nDisallow: /\nlicense: /b.xml\n")
    assert [word.target for word in words if word.verdict == "licence"] == ["https://h.es/a.xml#x", "/b.xml"]


PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:{0}="http://www.w3.org/ns/tdmrep/"{1}>{2}</rdf:Description></rdf:RDF></x:xmpmeta>'
)
ELEMENT = PACKET.format("tdm", "", "<tdm:reservation>1</tdm:reservation>").encode()
STREAM = b"<< /Type /Metadata /Subtype /XML /Filter /FlateDecode /Length 99 >>\nstream\n"


@pytest.mark.parametrize(
    ("packet", "reserved"),
    [
        (ELEMENT, True),
        (PACKET.format("x", "", "<x:reservation> 1 </x:reservation>").encode(), True),
        (PACKET.format("tdm", ' tdm:reservation="1"', "").encode(), True),
        (ELEMENT.replace(b">1<", b">0<"), False),
        (ELEMENT.replace(b"/ns/tdmrep/", b"/ns/other/"), False),
        (STREAM + zlib.compress(ELEMENT) + b"\nendstream", True),
        (STREAM.replace(b"/Filter /FlateDecode ", b"") + ELEMENT.decode().encode("utf-16-be") + b"\nendstream", True),
        (STREAM + b"\x00broken", False),
        (b"", False),
    ],
)
def test_pdf(packet, reserved):
    body = b"%PDF-1.7\n1 0 obj\n" + packet + b"\nendobj\n"
    word = reserving_signal(page_signals(PAGE, {}, body, is_pdf=True), PAGE)
    assert (word is not None) is reserved
    assert word is None or word.carrier == "pdf/xmp"


@pytest.mark.parametrize(
    ("value", "forbidden"),
    [("nofollow", True), ("none", True), ("noindex", False), ("bingbot: nofollow", False), ("cowese:nofollow", True)],
)
def test_links_that_a_header_forbids(value, forbidden):
    assert forbids_links({"x-robots-tag": value}) is forbidden
    assert not forbids_links({})


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("https://h.es/robots.txt", "/robots.txt"),
        ("http://h.es/.well-known/ai.txt", "/.well-known/ai.txt"),
        ("https://h.es/salud/robots.txt", None),
        ("https://h.es/ai.txt?x=1", None),
        ("https://[h/robots.txt", None),
    ],
)
def test_which_addresses_are_files_of_permissions(url, file):
    assert file_of(url) == file


def test_the_list_of_agents_says_its_source_and_day():
    assert {"gptbot", "ccbot", "claudebot", "google-extended", "applebot-extended", "bytespider"} <= TRAINING_AGENTS
    assert not {"amazonbot", "googlebot", "bingbot", "*", "cowese", ""} & TRAINING_AGENTS


@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00", b"[" * 100_000, b'{"location": ', b"null", b"<html>no</html>"])
@pytest.mark.parametrize("file", [T, A, R])
def test_what_is_no_such_file_reserves_nothing(file, body):
    assert reserving_signal(READERS[file](body), PAGE) is None


@given(st.binary(max_size=400))
def test_any_bytes_are_survived(body):
    for reader in READERS.values():
        reader(body)
    rsl_signals(body, PAGE)
    text = body.decode("latin-1")
    page_signals(PAGE, dict.fromkeys(("content-usage", "content-signal", "link", "x-robots-tag"), text), body)
    page_signals(PAGE, {}, body, is_pdf=True)


def test_long_lines_are_kept_short_and_many_are_read_in_time():
    words = robots_signals(b"User-agent: *\n" + b"".join(b"Disallow: /%d%s\n" % (n, b"x" * 20) for n in range(14_000)))
    assert len(words) == 14_000
    assert len(robots_signals(b"User-agent: *\nDisallow: /" + b"x" * 9_000)[0].line) == MAX_LINE
    hostile = b"%PDF-1 tdmrep" + b"<rdf:RDF " * 50_000 + b"/Metadata " * 200_000
    assert page_signals(PAGE, {"link": "<" * 100_000}, hostile, is_pdf=True) == []
    stars = Signal("robots.txt/disallow", "", "reserved", "/" + "*a" * 60 + "*b$")
    assert reserving_signal([stars], "https://h.es/" + "a" * 1_900) is None
    assert reserving_signal(robots_signals(os.urandom(100_000)), PAGE) is None


PATHS = st.text("/ab*$%ñ.?", min_size=1, max_size=8).map(lambda one: f"/{one}")


@given(st.lists(st.tuples(st.booleans(), PATHS), max_size=6), st.text("/abñ.", max_size=8).map(lambda one: f"/{one}"))
def test_paths_match_as_protego_has_them(rules, path):
    """Where Protego and the RFC agree: a ``$`` inside a pattern and a broken escape are read differently."""
    rules = [(allow, one) for allow, one in rules if "$" not in one[:-1] and "%" not in one]
    text = "User-agent: *\n" + "\n".join(f"{'Allow' if allow else 'Disallow'}: {one}" for allow, one in rules)
    url = f"https://h.es{path}"
    assert (reserving_signal(robots_signals(text.encode()), url) is None) == Protego.parse(text).can_fetch(
        url, "cowese"
    )


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/fish", "/fish.html", True),
        ("/fish", "/Fish.asp", False),
        ("/fish*", "/fishheads", True),
        ("/*.php", "/folder/filename.php?parameters", True),
        ("/*.php$", "/filename.php?parameters", False),
        ("/fish*.php", "/fishheads/catfish.php?parameters", True),
        ("*", "/a", True),
        ("a", "/a", False),
    ],
)
def test_a_pattern_matches_what_the_rfc_says(pattern, path, matches):
    assert (match_length(pattern, path_of(f"https://h.es{path}")) >= 0) is matches
