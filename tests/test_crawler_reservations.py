"""What tdmrep.json and ai.txt reserve."""

import json

import pytest

from crawler.permissions.reservations import AI_TXT, TDMREP, read, reserves


@pytest.mark.parametrize(
    ("rules", "path", "reserved"),
    [
        ([{"location": "/", "tdm-reservation": 1}], "/a", True),
        ([{"location": "/", "tdm-reservation": "1"}], "/a", True),
        ([{"location": "*", "tdm-reservation": 1}], "/a", True),
        ([{"location": "/", "tdm-reservation": 0}], "/a", False),
        ([{"location": "/r", "tdm-reservation": 1}], "/a", False),
        ([{"location": "/r/*.pdf$", "tdm-reservation": 1}], "/r/2020/x.pdf", True),
        ([{"location": "/r/*.pdf$", "tdm-reservation": 1}], "/r/2020/x.html", False),
        ([{"location": "/", "tdm-reservation": 1}, {"location": "/libre", "tdm-reservation": 0}], "/libre/x", False),
        ({"location": "/", "tdm-reservation": 1, "tdm-policy": "https://h.es/p.json"}, "/a", True),
        ([{"tdm-reservation": 1}, 7, None, {"location": 3, "tdm-reservation": 1}], "/a", False),
        ([{"location": "/b\nAllow: /", "tdm-reservation": 1}], "/b", False),
    ],
)
def test_tdmrep(rules, path, reserved):
    found = read(TDMREP, json.dumps(rules).encode())
    assert (found is not None and reserves(TDMREP, found, f"https://h.es{path}")) is reserved


@pytest.mark.parametrize(
    ("text", "path", "reserved"),
    [
        ("User-Agent: *\nDisallow: /", "/a", True),
        ("User-Agent: *\nDisallow: *", "/a/", True),
        ("User-Agent: *\nDisallow: *.html\nAllow: /", "/asma", True),
        ("User-Agent: *\nDisallow: *.html\nAllow: /", "/asma/", True),
        ("User-Agent: *\nDisallow: *.html\nAllow: /", "/asma.html", True),
        ("User-Agent: *\nDisallow: *.html\nAllow: /", "/guia.pdf", False),
        ("User-Agent: *\nDisallow: *.jpg\nDisallow: *.mp3\nAllow: /", "/asma", False),
        ("User-Agent: *\nAllow: *.html\nDisallow: /\nDisallow: *", "/asma", False),
        ("User-Agent: GPTBot\nDisallow: /", "/asma", False),
        ("User-Agent: cowese\nDisallow: /", "/asma", True),
        ("User-Agent: *\nDisallow:", "/asma", False),
        ("# nothing is disallowed here", "/asma", False),
    ],
)
def test_ai_txt(text, path, reserved):
    found = read(AI_TXT, text.encode())
    assert (found is not None and reserves(AI_TXT, found, f"https://h.es{path}")) is reserved


@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00", b"[" * 100_000, b'{"location": ', b"null", b"<html>no</html>"])
@pytest.mark.parametrize("file", [TDMREP, AI_TXT])
def test_what_is_no_such_file_reserves_nothing(file, body):
    assert read(file, body) is None
