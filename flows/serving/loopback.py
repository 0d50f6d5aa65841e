"""Servers on this machine are asked directly: a proxy of the user's network is not for them."""

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

HOSTS = ("127.0.0.1", "localhost", "::1")
TIMEOUT = 5


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine."""
    return urlsplit(url).hostname in HOSTS


def without_proxy(inherited: str) -> str:
    """A NO_PROXY variable with this machine in it; what it names already stays."""
    named = [host.strip() for host in inherited.split(",") if host.strip()]
    return ",".join([*named, *(host for host in HOSTS if host not in named)])


def ask_directly() -> None:
    """Keep the clients of this process and of its children from asking a proxy for this machine."""
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = without_proxy(os.environ.get(name, ""))


def get(url: str) -> bytes:
    """The body at a URL; directly where it is on this machine.

    Raises:
        OSError: nobody answers, or with an error.
    """
    with opener(url).open(url, timeout=TIMEOUT) as response:
        content: bytes = response.read()
    return content


def opener(url: str) -> "OpenerDirector":
    """What opens a URL: without the environment's proxy where it is on this machine."""
    from urllib.request import ProxyHandler, build_opener  # noqa: PLC0415 - every command imports this module

    return build_opener(ProxyHandler({})) if is_loopback(url) else build_opener()


def answers(api_url: str) -> bool:
    """Whether a Prefect API is healthy at the URL."""
    try:
        get(f"{api_url.rstrip('/')}/health")
    except (OSError, ValueError):
        return False
    return True
