"""A loopback proxy before Prefect's API that delays, cuts or refuses requests, and strikes at a state transition.

Each client has a lane of its own, the first part of its URL's path: ``http://127.0.0.1:PORT/LANE/api``. WebSockets are
passed through. A connection carries one request, so that a cut one is that request alone.
"""

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

SET_STATE = re.compile(r"/api/flow_runs/([0-9a-f-]{36})/set_state$")
CREATE_RUN = re.compile(r"/api/deployments/[0-9a-f-]{36}/create_flow_run$")
DELAY = 8.0
"""Seconds of a delay; our client's patience with the server is 30 s by default, the keeper's 10."""
KINDS = ("delay", "cut", "lost", "503")
"""An answer that comes late, a request that never arrives, an answer that gets lost, a server that says 503."""
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the proxy understands it."""

    lane: str
    method: str
    path: str
    number: int
    """Of its lane, since the lane was armed."""
    run: str | None
    """The flow run whose state it sets."""
    state: str | None
    """The state that it asks for: of a flow run that exists, or SCHEDULED for one that is created."""


@dataclass(slots=True)
class Fault:
    """From the request ``first`` of a lane on, for ``seconds`` or for that request alone."""

    lane: str
    kind: str
    first: int
    seconds: float = 0.0
    began: float | None = None

    def meets(self, asked: Asked) -> bool:
        """Whether this request has the fault; the first of them starts the time."""
        if asked.lane != self.lane or asked.number < self.first:
            return False
        if self.began is None:
            self.began = time.monotonic()
            return True
        return time.monotonic() - self.began < self.seconds


@dataclass(slots=True)
class Strike:
    """Call ``blow`` at the first request that ``wanted`` accepts: before it is passed on, or when it was answered."""

    wanted: Callable[[Asked], bool]
    when: str
    blow: Callable[[], None]
    struck: threading.Event = field(default_factory=threading.Event)
    taken: bool = False


class FaultProxy:
    """The proxy in a thread of its own; use it as a context manager."""

    def __init__(self, server_port: int, port: int = 0) -> None:
        self._server_port, self.port = server_port, port
        self._faults: list[Fault] = []
        self._strikes: list[Strike] = []
        self._numbers: dict[str, int] = {}
        self.seen: list[Asked] = []
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)

    def url(self, lane: str) -> str:
        """The API's URL for a client."""
        return f"http://127.0.0.1:{self.port}/{lane}/api"

    def arm(self, *, fault: Fault | None = None, strike: Strike | None = None) -> None:
        """Begin to count anew, with one fault or strike or none."""
        self._numbers.clear()
        self.seen.clear()
        self._faults = [fault] if fault else []
        self._strikes = [strike] if strike else []

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", self.port))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, ValueError, asyncio.CancelledError):
            await self._one(reader, writer)
        writer.close()
        with suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, target, _ = head.split("\r\n", 1)[0].split(" ", 2)
        _, lane, rest = target.split("/", 2)
        length = re.search(r"^content-length: *(\d+)", head, re.IGNORECASE | re.MULTILINE)
        body = await reader.readexactly(int(length[1])) if length else b""
        asked = self._understand(lane, method, f"/{rest}".split("?")[0], body)
        self.seen.append(asked)
        kind = next((fault.kind for fault in self._faults if fault.meets(asked)), None)
        strike = next((one for one in self._strikes if not one.taken and one.wanted(asked)), None)
        if strike:
            strike.taken = True
        if kind == "delay":
            await asyncio.sleep(DELAY)
        elif kind == "cut":
            return
        elif kind == "503":
            writer.write(BUSY)
            await writer.drain()
            return
        if strike and strike.when == "before":
            await self._strike(strike)
            if reader.at_eof():  # the one who asked is dead: its request was never made
                return
        lost = writer if kind != "lost" else None
        await self._pass_on(head.replace(target, f"/{rest}", 1), body, reader, writer, lost, strike)

    async def _pass_on(
        self,
        head: str,
        body: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        answered: asyncio.StreamWriter | None,
        strike: Strike | None,
    ) -> None:
        """Ask the server, and answer the one who asked unless the answer gets lost."""
        upgraded = re.search(r"^upgrade: *websocket", head, re.IGNORECASE | re.MULTILINE) is not None
        if not upgraded:
            head = re.sub(r"\r\nconnection:[^\r]*", "", head, flags=re.IGNORECASE)
            head = head.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        try:
            to_writer.write(head.encode("latin-1") + body)
            if upgraded:
                await _tunnel(reader, writer, to_reader, to_writer)
                return
            answer = await to_reader.read()
            if strike and strike.when == "after":
                await self._strike(strike)
            if answered:
                answered.write(answer)
                await answered.drain()
        finally:
            to_writer.close()

    async def _strike(self, strike: Strike) -> None:
        try:
            await asyncio.to_thread(strike.blow)
        finally:
            strike.struck.set()
        await asyncio.sleep(0.05)  # a killed client's connection closes

    def _understand(self, lane: str, method: str, path: str, body: bytes) -> Asked:
        number = self._numbers[lane] = self._numbers.get(lane, 0) + 1
        sets = SET_STATE.search(path)
        state = None
        if sets:
            state = json.loads(body)["state"]["type"]
        elif CREATE_RUN.search(path):
            state = "SCHEDULED"
        return Asked(lane, method, path, number, sets[1] if sets else None, state)


async def _tunnel(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    to_reader: asyncio.StreamReader,
    to_writer: asyncio.StreamWriter,
) -> None:
    """Both directions of a WebSocket, until either end closes."""

    async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                target.write(data)
                await target.drain()

    both = [asyncio.create_task(pump(reader, to_writer)), asyncio.create_task(pump(to_reader, writer))]
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    for one in both:
        one.cancel()
    await asyncio.gather(*both, return_exceptions=True)
