"""Nothing inside is reached, whatever a page, a redirect or a name server says."""

import pytest

from crawler.permissions.guard import is_forbidden, literal_address, networks, refusal
from data.errors import InputError

INSIDE = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://127.0.0.1./",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0X7F.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://0/",
    "http://0.0.0.0:8080/",
    "http://127。0。0。1/",
    "http://127．0．0．1/",
    "http://①②⑦.0.0.1/",
    "http://１２７.0.0.1/",
    "http://%31%32%37.0.0.1/",
    "http://usuario:clave@127.0.0.1/",
    "http://clinica.es@127.0.0.1/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://0xa9fea9fe/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://192.0.2.1/",
    "http://[::1]/",
    "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]:8080/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::a00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::80ff:fffe]/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
]
NAMES = [
    "http://localhost/",
    "http://LOCALHOST./",
    "http://localhost:80/",
    "http://a.localhost/",
    "http://intranet/",
    "http://metadata.google.internal/",
    "http://impresora.local/",
    "http://router.lan/",
    "http://nas.home.arpa/",
    "http:///x",
]
OUTSIDE = [
    "http://www.clinica.es/",
    "https://clinica.es:8443/a?x=1#y",
    "http://8.8.8.8/",
    "http://[2a00:1450:4003:80a::2004]/",
    "http://niños.es/",
    "http://localhost.es/",
    "http://127.0.0.1.es/",
    "http://interno.local.es/",
]


@pytest.mark.parametrize("url", INSIDE)
def test_private_addresses_in_any_notation(url):
    assert refusal(url, []) == "guard/private_address"


@pytest.mark.parametrize("url", NAMES)
def test_private_names(url):
    assert refusal(url, []) == "guard/private_name"


@pytest.mark.parametrize("url", OUTSIDE)
def test_the_public_web_is_open(url):
    assert refusal(url, []) is None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("file:///etc/passwd", "guard/scheme"),
        ("ftp://clinica.es/", "guard/scheme"),
        ("s3://bucket/key", "guard/scheme"),
        ("data:text/html,x", "guard/scheme"),
        ("gopher://clinica.es/", "guard/scheme"),
        ("//clinica.es/", "guard/scheme"),
        ("http://clinica.es:22/", "guard/port"),
        ("http://clinica.es:6379/", "guard/port"),
        ("http://clinica.es:0/", "guard/port"),
        ("http://clinica.es:99999/", "guard/malformed"),
        ("http://clinica.es\\@127.0.0.1/", "guard/malformed"),
        ("http://clinica.es/\r\nHost: interno", "guard/malformed"),
        ("http://clinica.es /", "guard/malformed"),
        ("http://[::1/", "guard/malformed"),
        ("http://\x00/", "guard/malformed"),
    ],
)
def test_what_no_request_is_made_of(url, reason):
    assert refusal(url, []) == reason


def test_an_explicit_list_opens_what_it_names_and_no_more():
    allowed = networks(["127.0.0.0/8", "fd00::/8"])
    open_now = ["http://127.0.0.1/", "http://2130706433/", "http://localhost/", "http://[::ffff:127.0.0.1]/"]
    assert [refusal(url, allowed) for url in [*open_now, "http://[fd00::1]/"]] == [None] * 5
    assert refusal("http://10.0.0.1/", allowed) == "guard/private_address"
    assert refusal("http://169.254.169.254/", allowed) == "guard/private_address"
    assert refusal("http://localhost/", networks(["10.0.0.0/8"])) == "guard/private_name"


def test_a_network_that_is_none_is_named():
    with pytest.raises(InputError, match=r"allow_private: '10\.0\.0\.0/99' is not a network in CIDR notation"):
        networks(["10.0.0.0/99"])


def test_every_address_of_a_private_network_is_forbidden():
    for text in ("10.255.255.255", "172.31.255.255", "192.168.0.0", "169.254.0.1", "127.255.255.254"):
        address = literal_address(text)
        assert address is not None
        assert is_forbidden(address, [])
