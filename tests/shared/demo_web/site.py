"""The pages of the demo web: what each of its four hosts answers in a round.

Articles lie in ``pages/*.txt``. Every host dresses them in a layout of its own, with menu, cookie banner and footer,
and adds what real sites have: near-duplicates, a PDF, redirects, gone pages, errors that answer 200.
"""

import html
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path

FOLDER = Path(__file__).parent / "pages"
EPOCH = 1_750_000_000
"""Nothing was changed before this round, in seconds since 1970."""
DAY = 86_400

HOSPITAL, SOCIEDAD = "www.hospital-demo.example", "www.medicina-interna-demo.example"
REVISTA, ASOCIACION = "revista-clinica-demo.example", "www.celiacos-demo.example"
SEEDS = (
    (f"http://{HOSPITAL}/", "Hospital Universitario Demo", "ES", "hospital", "host"),
    (f"http://{SOCIEDAD}/", "Sociedad Demo de Medicina Interna", "ES", "society", "host"),
    (f"http://{REVISTA}/", "Revista Clínica Demo", "AR", "journal", "host"),
    (f"http://{ASOCIACION}/", "Asociación Demo de Celíacos", "MX", "association", "host"),
)
FILES = {HOSPITAL: "hospital.txt", SOCIEDAD: "sociedad.txt", REVISTA: "revista.txt", ASOCIACION: "asociacion.txt"}

NEW_IN_ROUND_2 = {(HOSPITAL, "anestesia"), (REVISTA, "calidad-vida-psoriasis")}
CHANGED_IN_ROUND_2 = {(HOSPITAL, "hipertension"), (SOCIEDAD, "guia-insomnio"), (ASOCIACION, "etiquetas")}
GONE_IN_ROUND_2 = {(ASOCIACION, "taller-cocina")}
MOVED_IN_ROUND_2 = {(SOCIEDAD, "beca-investigacion")}
SYNDICATED = ("comunicado-dia-diabetes", "guia-vacunacion-adultos", "jornada-seguridad-paciente")
"""Articles of the society that the association prints again with a word of its own."""
TWICE = ("hipotiroidismo", "calculos-renales")
"""Articles of the hospital that also answer, byte for byte, at a second address."""


@dataclass(frozen=True, slots=True)
class Article:
    """One text."""

    slug: str
    title: str
    date: str
    section: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One answer."""

    body: bytes
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    modified: int = EPOCH

    @property
    def last_modified(self) -> str:
        """As HTTP writes it."""
        return formatdate(self.modified, usegmt=True)


def read_articles(name: str) -> list[Article]:
    """The articles of one file."""
    articles = []
    for block in (FOLDER / name).read_text(encoding="utf-8").split("=== ")[1:]:
        head, *paragraphs = block.strip().split("\n")
        articles.append(Article(*(part.strip() for part in head.split("|")), tuple(paragraphs)))
    return articles


def pages(round_number: int) -> dict[tuple[str, str], Page]:
    """Every page by host and path, as they stand in a round."""
    web: dict[tuple[str, str], Page] = {}
    for host, file in FILES.items():
        articles = [one for one in read_articles(file) if round_number > 1 or (host, one.slug) not in NEW_IN_ROUND_2]
        for article in articles:
            web[host, f"/{article.section}/{article.slug}"] = _article_page(host, article, articles, round_number)
        _add_frame(web, host, articles)
    _add_hospital_extras(web)
    _add_syndicated(web)
    _add_policies(web)
    for host in FILES:
        _add_sitemap(web, host)
    return web


def _article_page(host: str, article: Article, all_of_them: list[Article], round_number: int) -> Page:
    modified = EPOCH + (hash_of(article.slug) % 90) * DAY
    paragraphs = article.paragraphs
    if round_number > 1:
        if (host, article.slug) in GONE_IN_ROUND_2:
            return Page(layout(host, "Contenido retirado", "<p>Este contenido fue retirado.</p>"), status=410)
        if (host, article.slug) in MOVED_IN_ROUND_2:
            return Page(b"", status=301, headers={"Location": f"/archivo/{article.slug}"})
        if (host, article.slug) in CHANGED_IN_ROUND_2:
            modified += 200 * DAY
            paragraphs = (
                *paragraphs,
                "Actualización: el equipo ha revisado este texto y ha confirmado que las recomendaciones siguen vigentes.",
            )
    related = "".join(
        f'<li><a href="/{one.section}/{one.slug}">{html.escape(one.title)}</a></li>'
        for one in all_of_them[:6]
        if one != article
    )
    printed = (
        f'<p class="tools"><a href="/imprimir/{article.slug}">Imprimir</a> · <a href="#">Compartir en Facebook</a></p>'
        if host == HOSPITAL
        else ""
    )
    body = f"{printed}{render(paragraphs)}<aside><h3>Artículos relacionados</h3><ul>{related}</ul></aside>"
    return Page(layout(host, article.title, body, article.date), modified=modified)


def _add_frame(web: dict[tuple[str, str], Page], host: str, articles: list[Article]) -> None:
    """Home, sections, legal notice, contact form."""
    sections = sorted({one.section for one in articles})
    teasers = "".join(
        f'<article><h2><a href="/{one.section}/{one.slug}">{html.escape(one.title)}</a></h2><p>{html.escape(one.paragraphs[0][:120])}…</p></article>'
        for one in articles
    )
    web[host, "/"] = Page(layout(host, "Inicio", teasers))
    for section in sections:
        items = "".join(
            f'<li><a href="/{one.section}/{one.slug}">{html.escape(one.title)}</a></li>'
            for one in articles
            if one.section == section
        )
        web[host, f"/{section}/"] = Page(layout(host, section.capitalize(), f"<ul>{items}</ul>"))
    web[host, "/aviso-legal"] = Page(
        layout(
            host,
            "Aviso legal",
            f"<p>El titular de {host} informa de que los contenidos no sustituyen a la consulta médica.</p>",
        )
    )
    form = '<form action="/enviar"><label>Nombre <input name="n"></label><label>Correo <input name="c"></label><button>Enviar</button></form>'
    web[host, "/contacto"] = Page(layout(host, "Contacto", form))


def _add_hospital_extras(web: dict[tuple[str, str], Page]) -> None:
    articles = read_articles("hospital.txt")
    for article in articles[:4]:
        text = f"<html lang=es><head><title>{html.escape(article.title)}</title></head><body><h1>{html.escape(article.title)}</h1>{render(article.paragraphs)}</body></html>"
        web[HOSPITAL, f"/imprimir/{article.slug}"] = Page(text.encode(), headers={"X-Robots-Tag": "nofollow"})
    for article in articles:
        if article.slug in TWICE:
            web[HOSPITAL, f"/cartera/{article.slug}"] = web[HOSPITAL, f"/{article.section}/{article.slug}"]
    for article in read_articles("lenguas.txt"):
        web[HOSPITAL, f"/{article.slug}"] = Page(
            layout(HOSPITAL, article.title, render(article.paragraphs), language=article.section)
        )
    web[HOSPITAL, "/folletos/alimentacion.pdf"] = Page(
        pdf((FOLDER / "folleto.txt").read_text(encoding="utf-8").split("\n")), "application/pdf"
    )
    web[HOSPITAL, "/urgencias"] = Page(b"", status=301, headers={"Location": "/pediatria/fiebre-ninos"})
    web[HOSPITAL, "/noticias/2019"] = Page(layout(HOSPITAL, "Contenido retirado", "<p>Ya no existe.</p>"), status=410)
    web[HOSPITAL, "/cita"] = Page(layout(HOSPITAL, "Cita previa", "<p>Pida su cita en el 900 000 000.</p>"))
    web[HOSPITAL, "/buscador"] = Page(
        layout(
            HOSPITAL,
            "Error",
            "<p>La página que busca no existe o ha cambiado de dirección. Vuelva al inicio o use el menú.</p>" * 4,
        )
    )
    hidden = render(read_articles("hospital.txt")[0].paragraphs)
    web[HOSPITAL, "/borrador"] = Page(
        layout(HOSPITAL, "Borrador", hidden, head='<meta name="robots" content="noindex">')
    )
    web[HOSPITAL, "/privado/historias"] = Page(layout(HOSPITAL, "Historias", "<p>PRIVADO: no debe leerse.</p>" * 20))
    extras = [
        "/urgencias",
        "/noticias/2019",
        "/cita",
        "/buscador",
        "/borrador",
        "/privado/historias",
        "/folletos/alimentacion.pdf",
    ]
    extras += [f"/cartera/{slug}" for slug in TWICE]
    extras += [f"/{one.slug}" for one in read_articles("lenguas.txt")]
    links = "".join(f'<li><a href="{path}">{path}</a></li>' for path in extras)
    web[HOSPITAL, "/mapa"] = Page(layout(HOSPITAL, "Mapa del sitio", f"<ul>{links}</ul>"))


def _add_syndicated(web: dict[tuple[str, str], Page]) -> None:
    for article in read_articles("sociedad.txt"):
        if article.slug in SYNDICATED:
            paragraphs = (*article.paragraphs, "Fuente: Sociedad Demo de Medicina Interna.")
            web[ASOCIACION, f"/noticias/{article.slug}"] = Page(
                layout(ASOCIACION, article.title, render(paragraphs), article.date)
            )
    links = "".join(f'<li><a href="/noticias/{slug}">{slug}</a></li>' for slug in SYNDICATED)
    web[ASOCIACION, "/noticias/"] = Page(layout(ASOCIACION, "Noticias", f"<ul>{links}</ul>"))
    old = "".join(f"<p>{text}</p>" for text in read_articles("asociacion.txt")[0].paragraphs)
    latin = f"<html><head><title>Página antigua</title></head><body><h1>Página antigua sobre la celiaquía</h1>{old}<p>Escrita por el niño Íñigo y su compañera en el año 2003, según “la tradición”.</p></body></html>"
    web[ASOCIACION, "/antigua.html"] = Page(latin.encode("cp1252"), "text/html")
    beca = next(one for one in read_articles("sociedad.txt") if one.slug == "beca-investigacion")
    web[SOCIEDAD, "/archivo/beca-investigacion"] = Page(
        layout(SOCIEDAD, beca.title, render(beca.paragraphs), beca.date)
    )


def _add_policies(web: dict[tuple[str, str], Page]) -> None:
    for host in FILES:
        closed = "/privado/" if host == HOSPITAL else "/wp-admin/"
        text = f"User-agent: *\nDisallow: {closed}\nSitemap: http://{host}/sitemap_index.xml\n"
        web[host, "/robots.txt"] = Page(text.encode(), "text/plain")


def _add_sitemap(web: dict[tuple[str, str], Page], host: str) -> None:
    index = f'<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>http://{host}/sitemap.xml</loc></sitemap></sitemapindex>'
    web[host, "/sitemap_index.xml"] = Page(index.encode(), "application/xml")
    listed = sorted(
        path
        for (where, path), page in web.items()
        if where == host and page.status == 200 and "xml" not in page.content_type
    )
    rows = "".join(
        f"<url><loc>http://{host}{path}</loc><lastmod>{formatted_day(web[host, path].modified)}</lastmod></url>"
        for path in listed
        if path != "/robots.txt" and not path.startswith(("/privado", "/imprimir", "/archivo"))
    )
    text = f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'
    web[host, "/sitemap.xml"] = Page(text.encode(), "application/xml")


def render(paragraphs: tuple[str, ...]) -> str:
    """Paragraphs as HTML; ``## `` begins a heading, ``- `` an item."""
    out = []
    for text in paragraphs:
        tag, content = (
            ("h2", text[3:]) if text.startswith("## ") else ("li", text[2:]) if text.startswith("- ") else ("p", text)
        )
        out.append(f"<{tag}>{html.escape(content)}</{tag}>")
    return "".join(out)


def layout(host: str, title: str, body: str, date: str = "", language: str = "es", head: str = "") -> bytes:
    """The frame that a host puts around every page."""
    menu = "".join(
        f'<li><a href="{path}">{name}</a></li>'
        for path, name in (("/", "Inicio"), ("/contacto", "Contacto"), ("/mapa", "Mapa"), ("/noticias/", "Noticias"))
    )
    published = (
        f'<meta property="article:published_time" content="{date}"><time datetime="{date}">{date}</time>'
        if date
        else ""
    )
    cookies = '<div class="cookies" id="aviso">Utilizamos cookies propias y de terceros para mejorar la navegación. <a href="#">Aceptar</a></div>'
    main = {
        HOSPITAL: f'<div id="contenido"><main><h1>{html.escape(title)}</h1>{published}{body}</main></div>',
        SOCIEDAD: f'<table><tr><td class="lateral">{menu}</td><td><article><h1>{html.escape(title)}</h1>{published}{body}</article></td></tr></table>',
        REVISTA: f'<section class="articulo"><header><h1>{html.escape(title)}</h1>{published}</header><div class="texto">{body}</div></section>',
        ASOCIACION: f'<div class="entry"><h1 class="entry-title">{html.escape(title)}</h1>{published}<div class="entry-content">{body}</div></div>',
    }[host]
    page = (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{html.escape(title)} | {host}</title>{head}</head>'
        f"<body>{cookies}<nav><ul>{menu}</ul></nav>{main}"
        f'<footer><p>© {host}. Todos los derechos reservados. <a href="/aviso-legal">Aviso legal</a></p><p>Síguenos en Twitter e Instagram</p></footer></body></html>'
    )
    return page.encode()


def pdf(lines: list[str]) -> bytes:
    """A plain PDF 1.4 of one text, Helvetica in WinAnsi, with a cross-reference table."""
    wrapped = [piece for line in lines for piece in (*_wrap(line, 90), "")]
    text = b"BT /F1 10 Tf 50 800 Td 13 TL\n" + b"".join(b"(" + _escape(line) + b") Tj T*\n" for line in wrapped) + b"ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n%s%s" % (len(objects) + 1, table, trailer)


def _wrap(line: str, width: int) -> list[str]:
    pieces, current = [], ""
    for word in line.split():
        if len(current) + len(word) >= width:
            pieces.append(current)
            current = ""
        current = f"{current} {word}".strip()
    return [*pieces, current]


def _escape(line: str) -> bytes:
    return line.encode("cp1252", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def hash_of(text: str) -> int:
    """A number that a text always has."""
    return sum(ord(c) * (i + 1) for i, c in enumerate(text))


def formatted_day(seconds: int) -> str:
    """A day as sitemaps write it."""
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))
