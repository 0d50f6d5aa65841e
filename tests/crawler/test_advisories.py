"""Scrapy's published advisories that touch a crawler, held against the settings that we run with."""

import gzip
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response
from scrapy.settings import Settings
from scrapy.signalmanager import SignalManager
from scrapy.utils.conf import build_component_list
from scrapy.utils.misc import load_object

from crawler.permissions.resolver import GuardedResolver
from crawler.process.child import scrapy_settings
from crawler.process.downloader import DirectDownloader
from crawler.process.raw_response import keep_raw_response
from crawler.process.transport import Unpacking
from crawler.settings import CrawlSettings


@pytest.fixture
def settings() -> Settings:
    return Settings(scrapy_settings(CrawlSettings(contact="mailto:a@b.es"), Path("crawl.log")))


def middlewares(settings: Settings) -> list[str]:
    """The names of all that a request or an answer passes through, those that ours are made of included."""
    given = [*map(load_object, build_component_list(settings.getwithbase("DOWNLOADER_MIDDLEWARES"))), Unpacking]
    return [base.__name__ for one in given for base in one.__mro__]


def unpack(body: bytes, settings: Settings) -> Response:
    """An answer with a packed body, as the spider gets it."""
    request = Request("http://a.example/")
    packed = Response(request.url, 200, {"Content-Encoding": "gzip"}, gzip.compress(body, 1))
    keep_raw_response(request, packed)
    crawler: Any = SimpleNamespace(settings=settings, stats=None, signals=SignalManager())
    unpacked = Unpacking(crawler=crawler).process_response(request, packed)
    assert isinstance(unpacked, Response)
    return unpacked


@pytest.mark.parametrize("scheme", ["file", "ftp", "s3", "data"])
def test_no_handler_but_http(settings, scheme):
    assert settings.getwithbase("DOWNLOAD_HANDLERS").get(scheme) is None


def test_decompression_bombs_meet_a_cap(settings):
    """CVE-2024-3572: the cap must hold for what is unpacked too, and be far from 1 GiB."""
    assert settings.getint("DOWNLOAD_MAXSIZE") == 10 << 20
    assert issubclass(Unpacking, HttpCompressionMiddleware)
    with pytest.raises(IgnoreRequest):
        unpack(b"a" * ((10 << 20) + 1), settings)
    assert unpack(b"a" * (10 << 20), settings).body == b"a" * (10 << 20)


@pytest.mark.parametrize(
    "name",
    [
        "RedirectMiddleware",  # credentials, schemes (CVE-2024-3574 and its kin): our frontier follows
        "MetaRefreshMiddleware",  # the same, by markup
        "CookiesMiddleware",  # CVE-2022-0577: cookies of one domain sent to another
        "HttpAuthMiddleware",  # CVE-2021-41125: credentials sent to every host
        "HttpProxyMiddleware",  # GHSA-9x8m-2xpf-crp3: proxy credentials that follow a redirect
        "RobotsTxtMiddleware",  # it takes a 5xx for permission
    ],
)
def test_what_leaked_is_not_there(settings, name):
    assert settings["DOWNLOADER"] is DirectDownloader  # which passes requests through none
    assert not any(name in one for one in middlewares(settings))


def test_no_door_into_the_process(settings):
    assert not settings.getbool("TELNETCONSOLE_ENABLED")  # whoever reaches it runs code
    assert not settings.getbool("REMOTE_CONTROL_ENABLED")
    assert not settings.getbool("COOKIES_ENABLED")


def test_bounds_of_time_and_the_guard_at_the_connection(settings):
    assert settings.getfloat("DOWNLOAD_TIMEOUT") == 30
    assert settings["TWISTED_DNS_RESOLVER"] is GuardedResolver
    assert settings.getlist("GUARD_ALLOWED") == []


@pytest.mark.parametrize(
    ("contact", "taken"),
    [
        ("a@b.example", True),
        ("mailto:a.b+c@b.example", True),
        ("https://b.example/bot?x=1", True),
        ("http://localhost:8000", True),
        ("", True),  # an empty variable is no contact
        ("notanaddress", False),
        ("a@b", False),
        ("ftp://b.example/", False),
        ("https://", False),
        ("a@b.example) Mozilla/5.0 (x", False),
    ],
)
def test_a_contact_can_be_written_to(contact, taken):
    if taken:
        assert CrawlSettings(contact=contact).contact == contact
        return
    with pytest.raises(ValidationError, match="a mail address or a page"):
        CrawlSettings(contact=contact)


def test_the_user_agent_names_us_and_a_contact(settings):
    assert settings["USER_AGENT"].startswith("cowese/")
    assert "mailto:a@b.es" in settings["USER_AGENT"]
