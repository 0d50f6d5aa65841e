"""From WARC records to documents: every record ends in one of two files, with its reason."""

import gzip
import io
import re
import time
import zlib
from datetime import UTC, date, datetime

import pytest
from demo_web.site import pages, pdf
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from cleaning.clean import clean
from cleaning.pages.boilerplate import without_site_lines
from cleaning.pages.extraction import extract_html
from cleaning.pages.http import read_answer
from cleaning.pages.language import identify
from cleaning.pages.normal_text import normal_text
from cleaning.pages.page import Raw
from cleaning.pages.pdf import extract_pdf
from cleaning.pages.privacy import masked
from cleaning.pages.quality import judge, rules_of
from cleaning.pages.text import Text
from cleaning.pages.warc import Segment
from cleaning.recipe import recipe_digest
from cleaning.settings import CleaningSettings
from data.engines.engine import EngineSettings
from data.errors import InputError, StageError
from data.parquet import read_parquet

SETTINGS = CleaningSettings()
ONE = EngineSettings(workers=1)
PROSE = (
    "La hipertensión arterial es una enfermedad crónica en la que la presión de la sangre se mantiene demasiado alta. "
    "El médico recomienda reducir la sal, caminar cada día y medir la tensión en casa con un aparato validado. "
    "Cuando los cambios de hábitos no bastan, se añade un medicamento que debe tomarse todas las mañanas. "
    "Conviene anotar las cifras en una libreta y llevarlas a la consulta de la enfermera en la próxima visita."
)

WORDS = PROSE.lower().replace(".", "").replace(",", "").split()


def page(text=PROSE, head=""):
    paragraphs = "".join(f"<p>{one}</p>" for one in text.split("\n"))
    return (
        f'<html lang="es"><head><title>Tensión</title>{head}</head><body><article>{paragraphs}</article></body></html>'
    )


def write_warc(path, records):
    """``records``: (url, status line, headers, body); the form that warcio gives."""
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=path.suffix == ".gz")
        writer.write_record(writer.create_warcinfo_record(path.name, {"software": "a test"}))
        for url, status, headers, body in records:
            http = StatusAndHeaders(status, headers, protocol="HTTP/1.1")
            record = writer.create_warc_record(
                url,
                "response",
                payload=io.BytesIO(body),
                http_headers=http,
                warc_headers_dict={"WARC-Date": "2026-03-01T10:00:00Z"},
            )
            writer.write_record(record)
    return path


def html_record(url, text, status="200 OK", **headers):
    fields = [("Content-Type", "text/html; charset=utf-8"), *headers.items()]
    return (url, status, fields, text.encode())


def reasons(store, recipe=None):
    folder = store.documents / (recipe or recipe_digest(SETTINGS))
    rows = [row for path in sorted(folder.glob("*.dropped.parquet")) for row in read_parquet(path).to_pylist()]
    return {row["url"]: row["reason"] for row in rows}


def documents(store):
    folder = store.documents / recipe_digest(SETTINGS)
    kept = [path for path in sorted(folder.glob("*.parquet")) if not path.name.endswith(".dropped.parquet")]
    return [row for path in kept for row in read_parquet(path).to_pylist()]


def test_every_record_ends_in_one_of_the_two_files(store, tmp_path):
    unsure = "Un texto breve sobre la gripe."
    web = pages(1)
    other = {
        code: web["www.hospital-demo.example", path].body.decode()
        for code, path in (
            ("ca", "/ca/hipertensio"),
            ("gl", "/gl/hipertension"),
            ("eu", "/eu/hipertentsioa"),
            ("pt", "/pt/hipertensao"),
            ("en", "/en/hypertension"),
        )
    }
    records = [
        html_record("https://a.example/buena", page()),
        html_record("https://a.example/corta", page(unsure)),
        html_record("https://a.example/oculta", page(head='<meta name="robots" content="noindex">')),
        html_record("https://a.example/cabecera", page(), **{"X-Robots-Tag": "noai"}),
        html_record("https://a.example/nada", "<html></html>", "404 Not Found"),
        html_record("https://a.example/caida", "error", "503 Service Unavailable"),
        html_record("https://a.example/movida", "", "301 Moved Permanently", Location="/buena"),
        ("https://a.example/robots.txt", "200 OK", [("Content-Type", "text/plain")], b"User-agent: *"),
        (
            "https://a.example/foto.png",
            "200 OK",
            [("Content-Type", "text/html")],
            b"\x89PNG\r\n\x1a\n\x00\x00" + bytes(100),
        ),
        ("https://a.example/datos", "200 OK", [("Content-Type", "application/json")], b"{}"),
        ("https://a.example/vacia", "200 OK", [("Content-Type", "text/html")], b""),
        *(html_record(f"https://a.example/{code}", text) for code, text in other.items()),
    ]
    summary = clean(store, SETTINGS, warcs=[write_warc(tmp_path / "a.warc.gz", records)], engine=ONE)
    assert (summary.records, summary.kept) == (len(records), 1)
    assert sum(summary.dropped.values()) + summary.kept == summary.records
    expected = {
        "corta": "quality/too_short",
        "oculta": "policy/opted_out",
        "cabecera": "policy/opted_out",
        "nada": "http/404",
        "caida": "http/503",
        "movida": "http/moved",
        "robots.txt": "kind/robots",
        "foto.png": "kind/binary",
        "datos": "kind/json",
        "vacia": "extraction/empty",
        **{code: f"language/{code}" for code in other},
    }
    assert reasons(store) == {f"https://a.example/{path}": reason for path, reason in expected.items()}
    (kept,) = documents(store)
    assert kept["text"] == PROSE
    assert kept["title"] == "Tensión"
    assert kept["language"] == "es"
    assert {one["identifier"]: one["answer"] for one in kept["verdicts"]} == {
        "py3langid": "es",
        "langdetect": "es",
        "html": "es",
    }
    assert kept["fetched_at"] == datetime(2026, 3, 1, 10, tzinfo=UTC)


@pytest.mark.slow
def test_a_second_run_cleans_nothing_again_and_other_settings_clean_anew(store, tmp_path):
    warc = write_warc(tmp_path / "a.warc.gz", [html_record("https://a.example/", page())])
    assert clean(store, SETTINGS, warcs=[warc], engine=ONE).segments == 1
    again = clean(store, SETTINGS, warcs=[warc], engine=ONE)
    assert (again.segments, again.already) == (0, 1)
    strict = CleaningSettings(min_chars=100_000)
    assert clean(store, strict, warcs=[warc], engine=ONE).dropped == {"quality/too_short": 1}


@pytest.mark.parametrize("name", ["plain.warc", "packed.warc.gz"])
def test_warc_files_gzipped_or_not(tmp_path, name):
    path = write_warc(
        tmp_path / name, [html_record("https://a.example/", page()), html_record("https://a.example/b", page())]
    )
    segment = Segment(path)
    assert [record.url for record in segment.records(1 << 20)] == ["https://a.example/", "https://a.example/b"]
    assert segment.torn_at is None


@pytest.mark.slow
def test_a_torn_tail_costs_only_the_torn_record(store, tmp_path):
    path = write_warc(
        tmp_path / "a.warc.gz", [html_record(f"https://a.example/{i}", page(PROSE + f" Texto {i}.")) for i in range(5)]
    )
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(StageError, match=r"a-\w{8}\.warc\.gz: cut short or damaged at byte [\d,]+; the whole records"):
        clean(store, SETTINGS, warcs=[path], engine=ONE)
    assert {row["url"] for row in documents(store)} == {f"https://a.example/{i}" for i in range(4)}
    assert clean(store, SETTINGS, warcs=[path], engine=ONE).already == 1


@pytest.mark.slow
def test_every_file_that_is_torn_is_named(store, tmp_path):
    paths = [
        write_warc(tmp_path / f"{name}.warc.gz", [html_record("https://a.example/", page())]) for name in "abcdefg"
    ]
    for path in paths:
        path.write_bytes(path.read_bytes() + b"tail")
    with pytest.raises(StageError) as error:
        clean(store, SETTINGS, warcs=paths, engine=ONE)
    told = str(error.value)
    assert re.findall(r"\b([a-g])-\w{8}\.warc\.gz", told) == ["a", "b", "c", "d"]
    assert told.endswith("; 3 files more.")
    assert len(clean(store, SETTINGS, engine=ONE).cut_short) == 7


@pytest.mark.parametrize("name", ["plain.warc", "packed.warc.gz"])
def test_wherever_a_file_is_cut_the_records_that_are_given_are_whole(tmp_path, name):
    urls = [f"https://a.example/{i}" for i in range(3)]
    content = write_warc(tmp_path / name, [html_record(url, page()) for url in urls]).read_bytes()
    whole = list(Segment(tmp_path / name).records(1 << 20))
    begin = whole[-1].offset
    for cut in range(begin + 1, len(content) - 4, 7):  # without the last four bytes a plain record is whole
        (tmp_path / name).write_bytes(content[:cut])
        segment = Segment(tmp_path / name)
        given = [(one.url, one.answer.body) for one in segment.records(1 << 20)]
        assert given == [(one.url, one.answer.body) for one in whole][: len(given)]
        assert len(given) >= 2
        assert segment.torn_at == begin


def _bare_line_feeds(content):
    """As ClueWeb09 has them."""
    return content.replace(b"\r\n", b"\n")


def _lower_case(content):
    for name in (b"WARC-Type", b"WARC-Target-URI", b"WARC-Date", b"WARC-Record-ID"):
        content = content.replace(name, name.lower())
    return content


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
@pytest.mark.parametrize("written", [_bare_line_feeds, _lower_case])
def test_files_of_writers_that_do_not_know_the_standard_well(tmp_path, name, written):
    records = []
    for number in range(3):
        body = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>n\xc3\xbamero %d" % number
        head = (
            b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:%d>\r\nWARC-Date: 20260301100000\r\n"
            b"WARC-Target-URI: https://h.es/%d\r\nContent-Type: application/http\r\nContent-Length: %d\r\n\r\n"
        )
        records.append(written(head % (number, number, len(written(body)))) + written(body) + written(b"\r\n\r\n"))
    content = b"".join(gzip.compress(one) for one in records) if name.endswith(".gz") else b"".join(records)
    (tmp_path / name).write_bytes(content)
    segment = Segment(tmp_path / name)
    found = [(one.url, one.fetched_at, one.answer.body.decode()) for one in segment.records(1000)]
    day = datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert found == [(f"https://h.es/{number}", day, f"<p>número {number}") for number in range(3)]
    assert segment.torn_at is None
    (tmp_path / name).write_bytes(content[:-20])
    assert len(list(segment.records(1000))) >= 2
    assert segment.torn_at is not None


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2026-03-01T10:00:00", datetime(2026, 3, 1, 10, tzinfo=UTC)),  # not this machine's zone
        ("2026-03-01T10:00:00.123456789Z", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("2026-03-01T10:00:00-0700", datetime(2026, 3, 1, 17, tzinfo=UTC)),
        ("20260301100000", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("2009-03-65T08:43:19-0700", datetime(1970, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00+23:00", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_days_of_records(tmp_path, monkeypatch, text, when):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Date: {text}\r\nWARC-Target-URI: https://h.es/\r\n"
        (tmp_path / "a.warc").write_bytes(f"{head}Content-Length: 2\r\n\r\nab\r\n\r\n".encode())
        assert [one.fetched_at for one in Segment(tmp_path / "a.warc").records(1000)] == [when]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_gzip_members_that_are_no_records_are_no_damage(tmp_path):
    urls = [f"https://a.example/{i}" for i in range(3)]
    plain = write_warc(tmp_path / "a.warc", [html_record(url, page()) for url in urls]).read_bytes()
    cut = len(plain) // 2 + 7
    forms = {
        "one": gzip.compress(plain),
        "two": gzip.compress(plain[:cut]) + gzip.compress(plain[cut:]),
        "empty": write_warc(tmp_path / "b.warc.gz", [html_record(url, page()) for url in urls]).read_bytes()
        + gzip.compress(b""),
    }
    for name, content in forms.items():
        (tmp_path / f"{name}.warc.gz").write_bytes(content)
        segment = Segment(tmp_path / f"{name}.warc.gz")
        assert [one.url for one in segment.records(1 << 20)] == urls, name
        assert segment.torn_at is None, name
        (tmp_path / f"{name}.warc.gz").write_bytes(content[:-5])
        list(segment.records(1 << 20))
        assert segment.torn_at is not None, name


def test_a_record_without_a_length_ends_the_file(tmp_path):
    urls = [f"https://a.example/{i}" for i in range(4)]
    path = write_warc(tmp_path / "a.warc", [html_record(url, page()) for url in urls])
    third = list(Segment(path).records(1 << 20))[2].offset
    content = path.read_bytes()
    path.write_bytes(content[:third] + content[third:].replace(b"Content-Length", b"Content-Lenght", 1))
    segment = Segment(path)
    assert [one.url for one in segment.records(1 << 20)] == urls[:2]
    assert segment.torn_at == third


def test_a_file_damaged_in_its_middle_gives_what_is_before(tmp_path):
    urls = [f"https://a.example/{i}" for i in range(4)]
    path = write_warc(tmp_path / "a.warc", [html_record(url, page()) for url in urls])
    third = list(Segment(path).records(1 << 20))[2].offset
    content = path.read_bytes()
    path.write_bytes(content[:third] + bytes(400) + content[third + 400 :])
    segment = Segment(path)
    assert [one.url for one in segment.records(1 << 20)] == urls[:2]
    assert segment.torn_at == third


def test_what_is_no_warc_file_is_an_error(store, tmp_path):
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzip.compress(b"hello"))
    with pytest.raises(InputError, match="not a WARC file"):
        clean(store, SETTINGS, warcs=[path], engine=ONE)
    with pytest.raises(InputError, match="no such WARC file"):
        clean(store, SETTINGS, warcs=[tmp_path / "absent.warc.gz"])
    with pytest.raises(StageError, match="no WARC file to clean"):
        clean(store, SETTINGS)


def test_a_record_without_an_http_head_is_a_page():
    answer = read_answer(page().encode(), "text/html", 1 << 20)
    assert answer.status is None
    assert answer.content_type == "text/html"
    assert answer.body == page().encode()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"hola")),
        ("deflate", zlib.compress(b"hola")),
        ("deflate", zlib.compress(b"hola")[2:-4]),
        ("identity", b"hola"),
        ("gzip", b"hola"),  # a proxy unpacked it and left the header
    ],
    ids=["gzip", "zlib", "raw deflate", "identity", "gzip already unpacked"],
)
def test_content_encodings(encoding, body):
    answer = read_answer(b"HTTP/1.1 200 OK\r\nContent-Encoding: " + encoding.encode() + b"\r\n\r\n" + body, "", 1 << 20)
    assert (answer.body, answer.problem) == (b"hola", None)


def test_a_bomb_is_unpacked_to_the_limit_only():
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    assert len(read_answer(head + gzip.compress(bytes(50 << 20)), "", 1 << 20).body) == (1 << 20) + 1


def test_chunks_are_joined_and_what_was_joined_is_left():
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert read_answer(head + b"2\r\nho\r\n2;x=y\r\nla\r\n0\r\n\r\n", "", 100).body == b"hola"
    assert read_answer(head + b"<p>hola</p>", "", 100).body == b"<p>hola</p>"


def test_metadata_and_cp1252():
    head = '<meta property="article:published_time" content="2024-05-06"><meta name="author" content="Íñigo Peña">'
    body = page(PROSE, head).encode("cp1252")
    found = extract_html(Raw("https://a.example/x", "text/html; charset=utf-8", body), SETTINGS)
    assert found.text == PROSE
    assert (found.title, found.author, found.published) == ("Tensión", "Íñigo Peña", date(2024, 5, 6))


def test_a_page_whose_sections_the_fast_way_leaves_out_is_read_whole():
    intro = f'<article class="page-intro"><h1>Unidad 1</h1><p>{PROSE}</p></article>'
    sections = "".join(
        f'<section class="section"><div><h2>Lección {number}</h2></div>'
        f"<p>{PROSE.replace('crónica', f'de {number} semanas')}</p><p>Ejercicio {number}: anote.</p></section>"
        for number in range(12)
    )
    body = f'<html><body><main class="page-shell">{intro}{sections}</main><footer>Pie</footer></body></html>'.encode()
    found = extract_html(Raw("https://a.example/unidad", "text/html", body), SETTINGS)
    assert all(f"de {number} semanas" in found.text for number in range(12))


@pytest.mark.parametrize(
    "head",
    [
        '<meta property="article:published_time" content="2012-03-07T20:02:14-03:00">',
        '<script type="application/ld+json">{"datePublished": "2012-03-07"}</script>',
        '<time class="updated" datetime="2026-06-24">24</time><time class="published" datetime="2012-03-07">7/3</time>',
    ],
    ids=["meta", "json", "time"],
)
def test_the_day_that_a_page_declares(head):
    found = extract_html(Raw("https://a.example/x", "text/html", page(PROSE, head).encode()), SETTINGS)
    assert found.published == date(2012, 3, 7)


def test_what_a_page_says_of_its_address_and_language():
    body = page(PROSE, '<link rel="canonical" href="/guia/tension?utm_source=x">').encode()
    found = extract_html(Raw("http://a.example/x?page=2", "text/html", body), SETTINGS)
    assert (found.canonical, found.declared_language) == ("http://a.example/guia/tension", "es")
    broken = page(PROSE, '<link rel=canonical href="javascript:void(0)">').replace('lang="es"', 'lang=""').encode()
    found = extract_html(Raw("http://a.example/x", "text/html", broken), SETTINGS)
    assert (found.canonical, found.declared_language) == (None, None)


def test_text_is_nfc_without_control_characters_and_mended():
    assert normal_text("n\u0303in\u0303o\x00  y\u00a0ma\u00adma\u0301\n\n • Ítem\ud800") == "ñiño y mamá\nÍtem"
    assert normal_text("corazÃ³n y niÃ±os") == "corazón y niños"
    assert normal_text("un examen, **biopsias de **las áreas o** no**") == "un examen, biopsias de las áreas o no"
    for kept in ("2**8 y ****", "f(**kwargs)", "uno**dos"):
        assert normal_text(kept) == kept
    assert normal_text("*\u200b*a*\u200b*") == "a"


def test_the_text_of_a_pdf():
    found = extract_pdf(Raw("https://a.example/x.pdf", "", pdf(PROSE.split("\n")), is_pdf=True), SETTINGS)
    assert found.text == PROSE
    broken = Raw("https://a.example/x.pdf", "", b"%PDF-1.4\n" + bytes(4000), is_pdf=True)
    assert extract_pdf(broken, SETTINGS).reason == "extraction/broken_pdf"


ASTURIAN = (
    "La hipertensión arterial ye una enfermedá crónica na que la presión del sangre caltiénse demasiao alta. "
    "Nun suel dar síntomes, y por eso munches persones descúbrenla nuna revisión o cuando yá fixo dañu nel corazón. "
    "El primer pasu ye camudar dellos vezos: amenorgar el sal, perder pesu, caminar polo menos media hora al día, "
    "dexar de fumar y llendar l'alcohol. Cuando esto nun abasta, el médicu añede ún o dellos melecinos, que tienen de "
    "tomase tolos díes anque la persona s'atope bien. Convién midir la tensión en casa, sentáu y con folgu."
)


@pytest.mark.slow
def test_languages_that_others_take_for_spanish():
    assert identify(PROSE).language == "es"
    assert identify(ASTURIAN).language in ("ast", "ext")
    assert identify(PROSE) == identify(PROSE)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Breve.", "too_short"),
        (
            "La página que busca no existe. " + "Vuelva al inicio o use el menú de la izquierda para seguir. " * 6,
            "error_page",
        ),
        ("Aspirina Paracetamol Ibuprofeno Omeprazol Simvastatina Metformina " * 8, "stop_words"),
        ("de la salud para 1234 5678 9012 3456 7890 1234 4567 8901 2345 6789 0123 4567 " * 8, "non_alphabetic"),
        ("El médico de la familia.\n" * 30, "duplicate_lines"),
        ("\n".join(f"{PROSE[:100]} en el centro de salud número {i}" for i in range(9)), "line_punctuation"),
        ("\n".join(f"Cardiología de {word}." for word in PROSE.split()), "list"),
        (
            "\n".join(
                f"Hoy {a} {b} el masaje relajante terapéutico, {c} dice."
                for a, b, c in zip(WORDS, WORDS[9:], WORDS[4:], strict=False)
            ),
            "top_ngram",
        ),
    ],
)
def test_each_rule_drops_what_it_is_for(text, rule):
    figures, refusal = judge(Text(text), rules_of(SETTINGS))
    assert refusal is not None
    assert refusal.reason == f"quality/{rule}"
    assert refusal.figure is not None
    assert rule in figures


def test_phrases_that_come_again_and_again():
    numbers = "uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince"
    lines = [
        f"El paciente número {number} refiere a la enfermera que le duele la cabeza." for number in numbers.split()
    ]
    _, refusal = judge(Text("\n".join(lines)), rules_of(SETTINGS))
    assert refusal is not None
    assert refusal.reason in ("quality/duplicate_ngrams", "quality/top_ngram")


def test_prose_passes_every_rule():
    figures, refusal = judge(Text(PROSE), rules_of(SETTINGS))
    assert refusal is None
    assert set(figures) == {rule.name for rule in rules_of(SETTINGS)}


def test_lines_of_the_site_go_and_sentences_stay():
    around = "Lea también: la gripe\nCompartir\nTodos los derechos reservados"
    text = f"Utilizamos cookies propias y de terceros.\n{PROSE}\n{around}"
    assert without_site_lines(text) == PROSE
    prose = (
        "El estudio se difundió por Facebook y en otras redes durante seis meses, con más de mil familias de la ciudad."
    )
    assert without_site_lines(prose) == prose


@pytest.mark.parametrize(
    ("text", "out", "kind"),
    [
        ("Escriba a ana.perez@salud.example hoy.", "Escriba a [CORREO] hoy.", "correo"),
        ("DNI 12345678Z del paciente", "DNI [DNI] del paciente", "dni"),
        ("NIE X1234567L vigente", "NIE [DNI] vigente", "dni"),
        ("IBAN ES91 2100 0418 4502 0005 1332.", "IBAN [IBAN].", "iban"),
        ("Llame al 912 345 678 o al +34 612 34 56 78.", "Llame al [TELEFONO] o al [TELEFONO].", "telefono"),
        ("CUIT 20-12345678-6 inscripto", "CUIT [CUIT] inscripto", "cuit"),
        ("RUT 12.345.678-5 de Chile", "RUT [RUT] de Chile", "rut"),
        ("CURP: HEGG560427MVZRRL04, Veracruz", "CURP: [CURP], Veracruz", "curp"),
        ("afiliado 28/12345678/40 del régimen", "afiliado [NSS] del régimen", "nss"),
        ("CIP BBBBBBBBKS987654 del SNS", "CIP [TARJETA_SANITARIA] del SNS", "tarjeta_sanitaria"),
        ("NUHSA AN0123456789 en Andalucía", "NUHSA [TARJETA_SANITARIA] en Andalucía", "tarjeta_sanitaria"),
        ("targeta ROGA 1 850612 003 al CAP", "targeta [TARJETA_SANITARIA] al CAP", "tarjeta_sanitaria"),
        ("Tarjeta sanitaria n.º 1234567890.", "Tarjeta sanitaria n.º [TARJETA_SANITARIA].", "tarjeta_sanitaria"),
        ("NHC: 233969, varón", "NHC: [HISTORIA_CLINICA], varón", "historia_clinica"),
        ("con DNI 30.123.456 de Rosario", "con DNI [DNI] de Rosario", "dni"),
        ("ana.perez (arroba) salud.example", "[CORREO]", "correo"),
    ],
)
def test_personal_data_is_masked_and_counted(text, out, kind):
    found, counts = masked(text)
    assert found == out
    assert set(counts) == {kind}


@pytest.mark.parametrize(
    "text",
    [
        "DNI 12345678A con letra falsa",
        "RUT 12.345.678-9 con dígito falso",
        "En 2019 hubo 1.234.567 casos, 123 456 789 dosis y 140/90 mmHg.",
        "DOI 10.1016/j.medcli.2020.01.012 y PMID 31234567",
        "ISSN 0025-7753, vol. 154, pp. 245-250",
        "CURP HEGG560427MVZRRL05 con dígito falso",
        "ISBN 978-84-9022-312-5 y depósito legal M-12345-2019",
        "el gen ABCD 1 991399 003 no es una tarjeta y el cribado TSH 0 123456 789 tampoco",
        "La historia 2020 y la historia de 1918 se repiten; SIP 2019.",
        "Dosis: 0,5-1 mg/kg/día (máx. 600 000 UI) cada 8-12 h durante 7-10 días",
        "El expediente 730242102__22617 y el ensayo NCT04280705",
        "Cifras de otra escritura: ١٢.٣٤٥.٦٧٨-٩, 20-١٢٣٤٥٦٧٨-٩, GODE561231HMCRRN\u06609",
    ],
)
def test_what_is_no_personal_data_stays(text):
    assert masked(text) == (text, {})
