"""What opts a page out of a text corpus."""

import pytest

from data.rights import HEAD, forbids_links, opt_out


@pytest.mark.parametrize(
    ("headers", "head", "signal"),
    [
        ({}, b"<html><head><title>Asma</title></head>", None),
        ({}, b'<meta name="robots" content="noindex">', "noindex"),
        ({}, b"<META NAME=Robots CONTENT='Index, NoAI'>", "noai"),
        ({}, b'<meta content="none" name="ROBOTS"/>', "none"),
        ({}, b'<meta name="cowese" content="noindex">', "noindex"),
        ({}, b'<meta name="googlebot" content="noindex">', None),
        ({}, b'<meta name="robots" content="index, follow, max-snippet:-1, noarchive, nosnippet">', None),
        ({}, b'<meta name="robots" content="nofollow">', None),
        ({}, b'<meta name="robots" content="noimageai">', None),
        ({}, b'<meta name="robots" content="noimageai; noml">', "noml"),
        ({}, b'<meta name="tdm-reservation" content="1">', "tdm-reservation"),
        ({}, b'<meta name="tdm-reservation" content="0">', None),
        ({}, b'<meta name="description" content="a > b"><meta name="robots" content="no&#105;ndex">', "noindex"),
        ({}, b'<!-- <meta name="robots" content="noindex"> -->', None),
        ({}, b"<script>s = '<meta name=robots content=noindex>'</script>", None),
        ({}, b" " * HEAD + b'<meta name="robots" content="noindex">', None),
        ({"x-robots-tag": "noindex"}, b"", "noindex"),
        ({"x-robots-tag": "NoIndex, NoFollow"}, b"", "noindex"),
        ({"x-robots-tag": "nofollow, noai"}, b"", "noai"),
        ({"x-robots-tag": "googlebot: noindex"}, b"", None),
        ({"x-robots-tag": "cowese: noindex"}, b"", "noindex"),
        ({"x-robots-tag": "googlebot: nofollow, noindex"}, b"", "noindex"),
        ({"x-robots-tag": "unavailable_after: 25 Jun 2030 15:00:00 PST"}, b"", None),
        ({"tdm-reservation": "1"}, b"", "tdm-reservation"),
        ({"tdm-reservation": "0"}, b"", None),
        ({"content-usage": "train-ai=n"}, b"", "content-usage"),
        ({"content-usage": "search=y, train-ai=y"}, b"", None),
    ],
)
def test_signals(headers, head, signal):
    assert opt_out(headers, head) == signal


@pytest.mark.parametrize(
    ("value", "forbidden"),
    [("nofollow", True), ("none", True), ("noindex", False), ("bingbot: nofollow", False), ("cowese:nofollow", True)],
)
def test_links_that_a_header_forbids(value, forbidden):
    assert forbids_links({"x-robots-tag": value}) is forbidden
    assert not forbids_links({})
