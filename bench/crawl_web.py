"""Pages of 41 KB with 60 links for any number of host names, served on loopback as a forward proxy."""

import asyncio
import contextlib
import random
import subprocess
import sys

PAGE_BYTES = 41_000
LINKS = 60
# fmt: off
WORDS = (
    "de", "la", "los", "pacientes", "tratamiento", "enfermedad", "síntomas", "médico", "salud", "hospital", "dosis",
)
# fmt: on


def page_of(host: int, number: int, hosts: int, pages: int) -> bytes:
    """A page of 41 KB with 60 links, a third of them to other hosts; the same at every call."""
    draw = random.Random(host * 1_000_003 + number)
    links = [f"http://h{host}.test/p/{(number * 3 + step) % pages}" for step in range(LINKS * 2 // 3)]
    links += [f"http://h{draw.randrange(hosts)}.test/p/{draw.randrange(pages)}" for _ in range(LINKS - len(links))]
    parts = [f'<p><a class="enlace" href="{link}">{" ".join(draw.choices(WORDS, k=4))}</a></p>' for link in links]
    size = sum(map(len, parts))
    while size < PAGE_BYTES - 400:
        words = (WORDS[one % len(WORDS)] + (f"{one:x}" if one % 3 == 0 else "") for one in draw.randbytes(110))
        parts.append(f'<div class="texto"><p>{" ".join(words)}</p></div>')
        size += len(parts[-1])
    body = f'<!doctype html><html lang="es"><head><meta charset="utf-8"><title>p{number}</title></head><body>'
    return (body + "".join(parts) + "</body></html>").encode()


class Site:
    """What is served."""

    def __init__(self, hosts: int, pages: int) -> None:
        self.hosts, self.pages = hosts, pages
        self.made: dict[tuple[int, int], bytes] = {}

    def make_all(self) -> None:
        for host in range(self.hosts):
            for number in range(self.pages):
                self.page(host, number)

    def page(self, host: int, number: int) -> bytes:
        key = (host, number)
        if key not in self.made:
            self.made[key] = page_of(host, number, self.hosts, self.pages)
        return self.made[key]

    def answer(self, url: str) -> bytes:
        host, _, path = url.removeprefix("http://").partition("/")
        number = int(path[2:]) if path.startswith("p/") else 0 if not path else None
        if path == "robots.txt":
            status, kind, body = b"200 OK", b"text/plain", b"User-agent: *\nDisallow: /privado\n"
        elif number is None or number >= self.pages:
            status, kind, body = b"404 Not Found", b"text/html", b"<html><body>404</body></html>"
        else:
            status, kind = b"200 OK", b"text/html; charset=utf-8"
            body = self.page(int(host.removeprefix("h").partition(".")[0]), number)
        size = str(len(body)).encode()
        return b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %s\r\n\r\n%s" % (status, kind, size, body)


class Connection(asyncio.Protocol):
    """The least that speaks HTTP/1.1 with kept connections."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def connection_made(self, transport):
        self.transport, self.held = transport, b""

    def data_received(self, data):
        self.held += data
        while b"\r\n\r\n" in self.held:
            head, _, self.held = self.held.partition(b"\r\n\r\n")
            self.transport.write(self.site.answer(head.split(b" ", 2)[1].decode()))


async def serve(site: Site, port: int, ready) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Connection(site), "127.0.0.1", port, backlog=1000)
    ready()
    await server.serve_forever()


@contextlib.contextmanager
def in_a_process(hosts: int, pages: int, port: int):
    """Serve until the block ends, where the server's time must not count as the caller's."""
    command = [sys.executable, __file__, str(hosts), str(pages), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            server.stdout.readline()
            yield
        finally:
            server.terminate()


def seeds_for(path, hosts: int):
    """A seed file of all hosts."""
    lines = [f"http://h{host}.test/p/0\th{host}\tES\tportal\thost" for host in range(hosts)]
    path.write_text("url\tname\tcountry\tcategory\tscope\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    served = Site(int(sys.argv[1]), int(sys.argv[2]))
    if served.hosts * served.pages <= 40_000:  # a page for each of a million URLs is made when it is asked for
        served.make_all()
    asyncio.run(serve(served, int(sys.argv[3]), lambda: print("ready", flush=True)))
