"""WARC files for the tests of cleaning."""

import io

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter


def html(text, head="<title>Asma</title>", lang="es"):
    """A page with a paragraph for each line of a text."""
    paragraphs = "".join(f"<p>{one}</p>" for one in text.split("\n"))
    return f'<html lang="{lang}"><head>{head}</head><body><article>{paragraphs}</article></body></html>'.encode()


def write_warc(path, pages):
    """A WARC file of answers, each (URL, status, body); gzipped where its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=path.suffix == ".gz")
        for url, status, body in pages:
            head = StatusAndHeaders(status, [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
            record = writer.create_warc_record(
                url,
                "response",
                payload=io.BytesIO(body),
                http_headers=head,
                warc_headers_dict={"WARC-Date": "2026-03-01T10:00:00Z"},
            )
            writer.write_record(record)
    return path
