"""Servers whose TLS is broken: their certificate is passed over, what is no TLS is asked by http, silence ends."""

import contextlib
import socket
import socketserver
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
from crawler_web import host_rows, html, rows
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from crawler.process.run import crawl
from crawler.settings import CrawlSettings

KINDS = ("self-signed", "expired", "future", "other-name", "plain", "silent", "rubbish", "alert", "hangs-up")
READ_OVER_TLS, READ_PLAINLY = {"self-signed", "expired", "future", "other-name"}, {"plain"}
ALERT = b"\x15\x03\x03\x00\x02\x02\x28"
"""Fatal: handshake failure (RFC 8446, 6.2)."""


def certificate(path, name, days_before, days_after):
    """A self-signed certificate, valid from so many days ago until in so many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days_before))
        .not_valid_after(now + timedelta(days_after))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.TraditionalOpenSSL
    secret = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


class Handler(socketserver.StreamRequestHandler):
    timeout = 20

    def setup(self):
        kind = KINDS[int(self.request.getsockname()[0].rpartition(".")[2]) - 1]
        begins = self.request.recv(1, socket.MSG_PEEK)
        self.is_tls = begins == b"\x16"
        self.server.seen.append((kind, self.is_tls))
        self.kind = kind
        if self.is_tls and kind in self.server.contexts:
            self.request = self.server.contexts[kind].wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self):
        super().finish()
        self.request.close()

    def handle(self):
        if self.is_tls and self.kind not in READ_OVER_TLS:
            self.request.recv(1 << 16)
            if self.kind == "silent":
                self.request.recv(1)
            self.request.sendall({"rubbish": b"HTTP no es TLS\r\n", "alert": ALERT}.get(self.kind, b""))
            return
        if not self.is_tls and self.kind not in READ_PLAINLY:
            return
        while line := self.rfile.readline():
            while self.rfile.readline().strip():
                pass
            status, fields, body = html("/otra") if line.split()[1] in (b"/", b"/otra") else (404, {}, b"")
            fields = {**fields, "Content-Length": len(body)}
            head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
            self.wfile.write(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + body)


@pytest.fixture
def server(tmp_path):
    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = allow_reuse_address = True
        request_queue_size = 100

        def handle_error(self, request, client_address):
            """A client that hangs up in a handshake."""

    contexts = {
        "self-signed": certificate(tmp_path / "a.pem", "127.0.0.1", 1, 30),
        "expired": certificate(tmp_path / "b.pem", "127.0.0.2", 60, -30),
        "future": certificate(tmp_path / "c.pem", "127.0.0.3", -30, 60),
        "other-name": certificate(tmp_path / "d.pem", "www.otro.es", 1, 30),
    }
    with Server(("0.0.0.0", 0), Handler) as served:
        served.contexts, served.seen = contexts, []
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        with contextlib.suppress(OSError):
            yield served
        served.shutdown()


@pytest.mark.slow
def test_broken_tls_ends_with_a_reason_or_is_passed_over(server, store, tmp_path):
    port = server.server_address[1]
    where = {kind: f"https://127.0.0.{number}:{port}/" for number, kind in enumerate(KINDS, 1)}
    seeds = tmp_path / "seeds.tsv"
    lines = [f"{url}\tx\tES\thospital\thost" for url in where.values()]
    seeds.write_text("url\tname\tcountry\tcategory\tscope\n" + "\n".join(lines) + "\n", encoding="utf-8")
    fast = {"delay_min": 0, "delay_factor": 0, "timeout": 2.0, "max_failures": 2, "breaker_base_delay": 0.1}
    settings = CrawlSettings(seeds=seeds, contact="a@b.es", allow_private=("127.0.0.0/8",), **fast)
    summary = crawl(store, settings)
    assert summary.new == 2 * len(READ_OVER_TLS | READ_PLAINLY)
    assert summary.seconds < 30
    state, hosts = rows(store), host_rows(store)
    for number, kind in enumerate(KINDS, 1):
        if kind in READ_OVER_TLS:
            assert state[f"{where[kind]}otra"].status == 200, kind
        elif kind in READ_PLAINLY:
            assert state[where[kind].replace("https", "http") + "otra"].status == 200, kind
            assert state[where[kind]].reason == "https_failed"
        else:
            host = hosts[f"127.0.0.{number}"]
            assert (host.state, host.why.partition(" ")[0]) == ("unreachable", "robots.txt:"), kind
            assert {(kind, True), (kind, False)} <= set(server.seen), "asked by http where https fails"
            assert server.seen.count((kind, True)) <= 2
