"""Headless Chromium for tests: one browser, told what to do over its DevTools socket, one step after the other."""

import asyncio
import base64
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

import aiohttp

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
PATIENCE = 300
"""Seconds for any single step: a busy machine is slow, not broken."""
_CODES = {"/": "Slash", "?": "Slash", "Tab": "Tab", "Enter": "Enter", "Escape": "Escape"}
_NUMBERS = {"Tab": 9, "Enter": 13}
"""By which the browser itself knows keys that no page handles."""
_LEFT = (
    "Inspected target navigated or closed",
    "Cannot find default execution context",
    "Execution context was destroyed.",
)
"""Chromium's words for a page that was left while the question was under way."""


class PageLeftError(Exception):
    """The page was left while it was asked something."""


class Browser:
    """``with Browser() as browser``: ``browser.open(address)``, then ``browser.value(script)``.

    ``errors`` are uncaught exceptions and what the browser logged as an error (a refused script or request is one);
    ``requests`` every address that it asked for.
    """

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._loaded: set[str] = set()  # documents, by the number of what loaded them
        self._more_loaded = asyncio.Event()
        self._profile = Path(tempfile.mkdtemp(prefix="chromium-"))

    def __enter__(self) -> Self:
        command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={self._profile}", "about:blank"]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self._run(self._connect())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._close())
        self._loop.close()
        self._process.terminate()
        self._process.wait(PATIENCE)
        shutil.rmtree(self._profile, ignore_errors=True)

    def resize(self, width: int, height: int = 900, *, dark: bool = False) -> None:
        """A screen of a size; below 600 pixels a phone's."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.send("Emulation.setDeviceMetricsOverride", **metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, address: str) -> None:
        """Go to an address and wait until that document, and no earlier one that was still on its way, is loaded."""
        loader = self.send("Page.navigate", url=address)["loaderId"]
        self._run(asyncio.wait_for(self._until_loaded(loader), PATIENCE))

    def value(self, script: str) -> Any:
        """The value of an expression in the page; a promise is waited for."""
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        """Type one key where the focus is, once the page and its scripts are there."""
        self.until("document.readyState === 'complete'")
        plain = {"key": key, "code": _CODES.get(key, f"Key{key.upper()}")}
        if len(key) == 1:
            plain["text"] = key
        elif key == "Enter":
            plain["text"] = "\r"
        if key in _NUMBERS:
            plain["windowsVirtualKeyCode"] = _NUMBERS[key]
        self.send("Input.dispatchKeyEvent", type="keyDown", **plain)
        self.send("Input.dispatchKeyEvent", type="keyUp", **{k: v for k, v in plain.items() if k != "text"})

    def until(self, script: str) -> Any:
        """Wait until an expression is true; a page that is being left counts as not yet."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                value = self.send("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")
            except PageLeftError:
                value = None
            if value or time.monotonic() > deadline:
                assert value, f"never true: {script}"
                return value
            time.sleep(0.05)

    def screenshot(self) -> bytes:
        """What is seen, as PNG."""
        return base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"])

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """One command of the DevTools protocol and its result."""
        return self._run(self._send(method, params))

    def _run(self, awaited: Any) -> Any:
        return self._loop.run_until_complete(awaited)

    async def _connect(self) -> None:
        port_file = self._profile / "DevToolsActivePort"
        deadline = time.monotonic() + PATIENCE
        while not (port_file.exists() and port_file.read_text()) and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        port = int(port_file.read_text().split()[0])
        self._session = aiohttp.ClientSession()
        async with self._session.get(f"http://127.0.0.1:{port}/json/list") as answer:
            target = next(one for one in await answer.json() if one["type"] == "page")
        self._socket = await self._session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0)
        self._listening = asyncio.ensure_future(self._listen())
        for domain in ("Runtime", "Log", "Page", "Network"):
            await self._send(f"{domain}.enable", {})

        await self._send("Page.setLifecycleEventsEnabled", {"enabled": True})

    async def _until_loaded(self, loader: str) -> None:
        while loader not in self._loaded:
            self._more_loaded.clear()
            await self._more_loaded.wait()

    async def _close(self) -> None:
        self._listening.cancel()
        await self._socket.close()
        await self._session.close()
        await asyncio.sleep(0.1)

    async def _listen(self) -> None:
        async for message in self._socket:
            event = json.loads(message.data)
            method, params = event.get("method"), event.get("params", {})
            if event.get("id") in self._answers:
                self._answers.pop(event["id"]).set_result(event)
            elif method == "Runtime.exceptionThrown":
                self.errors.append(json.dumps(params))
            elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
                self.errors.append(json.dumps(params["entry"]))
            elif method == "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            elif method == "Page.lifecycleEvent" and params["name"] == "load":
                self._loaded.add(params["loaderId"])
                self._more_loaded.set()

    async def _send(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        number = self._number = getattr(self, "_number", 0) + 1
        self._answers[number] = asyncio.get_running_loop().create_future()
        waiting = self._answers[number]
        await self._socket.send_json({"id": number, "method": method, "params": params})
        answer = await asyncio.wait_for(waiting, PATIENCE)
        if answer.get("error", {}).get("message") in _LEFT:
            raise PageLeftError(method)
        assert "error" not in answer, (method, answer["error"])
        return answer["result"]
