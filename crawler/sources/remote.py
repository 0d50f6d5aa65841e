"""Reads byte ranges of remote files, with a rate limit and retries."""

import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import httpx

from crawler.sources.settings import CommonCrawlSettings
from data.errors import InputError, StageError

PARTIAL, OK, NOT_FOUND, GONE, NO_SUCH_RANGE = 206, 200, 404, 410, 416
REFUSED = frozenset({403, 408, 425, 429, 500, 502, 503, 504})
"""Statuses after which all requests wait; CloudFront sends 403 to clients that are too fast."""
LONGEST_WAIT = 600.0
_FIRST_ATTEMPTS = 3
"""Attempts at a server that has not answered in this run yet."""


class NotThereError(Exception):
    """The file, or the range of it, does not exist."""


class Remote(Protocol):
    """Files by their path below a base URL."""

    requests: int
    received: int
    """Bytes."""

    def whole(self, path: str) -> bytes:
        """A small file.

        Raises:
            NotThereError: there is none.
            StageError: it could not be fetched.
        """

    def span(self, path: str, begin: int, length: int) -> bytes:
        """``length`` bytes of a file.

        Raises:
            NotThereError: no such file, or it is shorter.
            StageError: they could not be fetched.
        """

    def tail(self, path: str, length: int) -> tuple[bytes, int]:
        """The last bytes of a file, and its size.

        Raises:
            NotThereError, StageError: likewise.
        """

    def close(self) -> None:
        """Close connections."""


Wait = Callable[[str, float], None]
"""Called with the reason and the seconds of a wait."""


def remote_of(settings: CommonCrawlSettings, user_agent: str, on_wait: Wait = lambda _why, _seconds: None) -> Remote:
    """The reader for the base URL of the settings.

    Raises:
        InputError: its scheme is unknown, or needs a package that is not installed.
    """
    if settings.base_url.startswith(("http://", "https://")):
        return HttpFiles(settings, user_agent, on_wait)
    return FsspecFiles(settings, on_wait)


class _Pace:
    """The rate limit: a minimum distance between requests, and pauses that the server asks for."""

    def __init__(self, per_second: float) -> None:
        self._apart = 1.0 / per_second
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        with self._lock:
            now = time.monotonic()
            at, self._next = max(now, self._next), max(now, self._next) + self._apart
        time.sleep(max(at - now, 0.0))

    def pause(self, seconds: float) -> None:
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)


class _Files:
    """Counting, rate limit and retries; subclasses make the requests."""

    def __init__(self, settings: CommonCrawlSettings, on_wait: Wait) -> None:
        self.requests = 0
        self.received = 0
        self._on_wait = on_wait
        self._settings = settings
        self._pace = _Pace(settings.requests_per_second)
        self._lock = threading.Lock()

    def _asked(self, url: str, ask: Callable[[], bytes]) -> bytes:
        """Repeat a request until it succeeds.

        Raises:
            NotThereError: the file or range does not exist.
            StageError: it was refused, or failed, too often.
        """
        why = ""
        for attempt in range(self._settings.attempts):
            self._pace.wait()
            with self._lock:
                self.requests += 1
            try:
                content = ask()
            except _RefusedError as error:
                why = str(error)
                wait = max(min(self._settings.backoff * 2.0**attempt, LONGEST_WAIT), error.retry_after)
                if error.is_unreachable and not self.received:
                    if attempt + 1 >= _FIRST_ATTEMPTS:
                        raise StageError(f"{url}: {why}. Check the network, the proxy and the address.") from error
                    wait = min(wait, 1.0)
                self._on_wait(why, wait)
                self._pace.pause(wait)
                continue
            with self._lock:
                self.received += len(content)
            return content
        raise StageError(
            f"{url}: {why}, {self._settings.attempts} times. Nothing that came is lost: run the same command again "
            "later, or more gently, as with --set archive.common_crawl.requests_per_second=2."
        )


class _RefusedError(Exception):
    """The request must be repeated after some seconds."""

    def __init__(self, why: str, retry_after: float = 0.0, *, is_unreachable: bool = False) -> None:
        super().__init__(why)
        self.retry_after = retry_after
        self.is_unreachable = is_unreachable


class HttpFiles(_Files):
    """Files of a web server that supports range requests."""

    def __init__(self, settings: CommonCrawlSettings, user_agent: str, on_wait: Wait) -> None:
        super().__init__(settings, on_wait)
        self._client = httpx.Client(
            base_url=settings.base_url,
            headers={"User-Agent": user_agent, "Accept-Encoding": "identity"},
            timeout=settings.timeout,
            limits=httpx.Limits(max_connections=settings.concurrency),
            follow_redirects=True,
        )

    def whole(self, path: str) -> bytes:
        """A small file (``Remote.whole``)."""
        return self._get(path, None)[0]

    def span(self, path: str, begin: int, length: int) -> bytes:
        """``length`` bytes of a file (``Remote.span``)."""
        content, _ = self._get(path, f"bytes={begin}-{begin + length - 1}", begin, length)
        return content

    def tail(self, path: str, length: int) -> tuple[bytes, int]:
        """The last bytes of a file, and its size (``Remote.tail``)."""
        content, size = self._get(path, f"bytes=-{length}")
        return content, size if size is not None else len(content)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _get(
        self, path: str, span: str | None, begin: int | None = None, length: int | None = None
    ) -> tuple[bytes, int | None]:
        """A file or a range of it, and the file's size; ``begin`` and ``length`` are what must be returned."""
        size: int | None = None

        def ask() -> bytes:
            nonlocal size
            try:
                with self._client.stream("GET", path, headers={} if span is None else {"Range": span}) as response:
                    _check(response, path, span is not None)
                    content = response.read()
            except httpx.TransportError as error:
                raise _RefusedError(
                    f"the connection failed ({error or type(error).__name__})", is_unreachable=True
                ) from error
            given, _, total = response.headers.get("Content-Range", "").partition("/")
            size = int(total) if total.isdigit() else None
            if begin is not None and length is not None:
                if size is not None and size < begin + length:
                    raise NotThereError(f"{path} has {size:,} bytes, not {begin + length:,}")
                if given and given != f"bytes {begin}-{begin + length - 1}":
                    raise _RefusedError(f"{given} came in place of bytes {begin}-{begin + length - 1}")
                if len(content) != length:
                    raise _RefusedError(f"{len(content):,} bytes came in place of {length:,}")
            return content

        content = self._asked(f"{self._client.base_url}{path}", ask)
        return content, size


def _check(response: httpx.Response, path: str, is_span: bool) -> None:  # noqa: FBT001 - one caller
    status = response.status_code
    if status in (NOT_FOUND, GONE):
        raise NotThereError(f"{path} is not there (HTTP {status})")
    if status == NO_SUCH_RANGE:
        raise NotThereError(f"{path} is shorter than its index says (HTTP {status})")
    if status in REFUSED:
        raise _RefusedError(f"HTTP {status}", _retry_after(response.headers.get("Retry-After", "")))
    if status != (PARTIAL if is_span else OK):
        raise StageError(f"{response.url}: HTTP {status} where {PARTIAL if is_span else OK} is due. Check the address.")


def _retry_after(text: str) -> float:
    """The seconds of a Retry-After field, in its two forms."""
    if text.strip().isdigit():
        return min(float(text), 86_400.0)
    try:
        return max(parsedate_to_datetime(text).timestamp() - time.time(), 0.0)
    except ValueError:
        return 0.0


class FsspecFiles(_Files):
    """Files of any storage that fsspec supports, as ``s3://commoncrawl/``."""

    def __init__(self, settings: CommonCrawlSettings, on_wait: Wait) -> None:
        super().__init__(settings, on_wait)
        import fsspec  # noqa: PLC0415 - needed by those alone who do not ask over HTTP

        kind = settings.base_url.partition("://")[0]
        try:
            files: Any = fsspec.filesystem(kind)
        except (ImportError, ValueError) as error:
            raise InputError(
                f"archive.common_crawl.base_url {settings.base_url}: {error}. For s3:// install cowese[s3]; "
                "https://data.commoncrawl.org/ needs nothing more."
            ) from error
        self._files = files
        self._root = settings.base_url.rstrip("/")

    def whole(self, path: str) -> bytes:
        """A small file (``Remote.whole``)."""
        return self._read(path, None, None)

    def span(self, path: str, begin: int, length: int) -> bytes:
        """``length`` bytes of a file (``Remote.span``)."""
        content = self._read(path, begin, begin + length)
        if len(content) != length:
            raise NotThereError(f"{path} has {begin + len(content):,} bytes, not {begin + length:,}")
        return content

    def tail(self, path: str, length: int) -> tuple[bytes, int]:
        """The last bytes of a file, and its size (``Remote.tail``)."""
        size = 0

        def ask() -> bytes:
            nonlocal size
            size = int(self._tried(path, self._files.size))
            content: bytes = self._tried(path, lambda url: self._files.cat_file(url, max(size - length, 0), size))
            return content

        return self._asked(f"{self._root}/{path}", ask), size

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def _read(self, path: str, begin: int | None, end: int | None) -> bytes:
        return self._asked(
            f"{self._root}/{path}", lambda: self._tried(path, lambda url: self._files.cat_file(url, begin, end))
        )

    def _tried(self, path: str, read: Callable[[str], Any]) -> Any:
        try:
            return read(f"{self._root}/{path}")
        except FileNotFoundError as error:
            raise NotThereError(f"{path} is not there") from error
        except PermissionError as error:
            raise StageError(
                f"{self._root}: access denied. Reading s3://commoncrawl/ takes AWS credentials "
                "(aws configure); https://data.commoncrawl.org/ takes none."
            ) from error
        except OSError as error:
            raise _RefusedError(f"{type(error).__name__}: {error}") from error
