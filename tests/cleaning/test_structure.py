# ruff: noqa: E501, ISC004 - markup reads better unbroken
"""What belongs to a page's text stays with it: headings, lists, tables, captions, warnings, questions; links do not."""

import json

import pytest
from trafilatura import load_html

from cleaning.pages.main_text import main_text

P = (
    "El dolor de espalda es una de las causas más frecuentes de consulta, y casi siempre cede en pocas semanas con "
    "reposo relativo, calor en la zona y algún analgésico de los que se venden sin receta en la farmacia."
)
Q = (
    "La fisioterapia ayuda cuando el dolor dura más de un mes: el profesional enseña ejercicios que fortalecen los "
    "músculos del abdomen y de la espalda, corrige la postura y aconseja cómo levantar pesos sin hacerse daño."
)
ARTICLE = (
    '<header><nav><a href="/">Inicio</a></nav></header><main><article><h1>Guía</h1><p>{P}</p>%s<p>{Q}</p></article></main>'
    "<footer>© Clínica</footer>"
)
BODY = "<p>{P}</p>%s<p>{Q}</p>"
LAST = '<div id="c"><p>{P}</p><p>{Q}</p>%s</div><footer><a href="/aviso">Aviso legal</a> © Clínica</footer>'


def text_of(html, markup="plain", head=""):
    page = f"<html><head><title>Guía</title>{head}</head><body>{html.replace('{P}', P).replace('{Q}', Q)}</body></html>"
    return main_text(load_html(page), "https://a.example/", markup).text


def between(wrapper, html, markup="plain"):
    """The lines that a page has beside its title and the two paragraphs."""
    lines = text_of(wrapper % html, markup).split("\n")
    assert P in lines
    assert Q in lines
    return [line for line in lines if line not in {P, Q, "Guía", "# Guía"}]


LISTS = [
    ("<ul><li>Náuseas</li><li>Vómitos</li></ul>", ["Náuseas", "Vómitos"]),
    ("<ol><li>Lave la herida</li><li>Seque</li></ol>", ["Lave la herida", "Seque"]),
    ("<ul><li>Náuseas<ul><li>leves</li><li>graves</li></ul></li><li>Tos</li></ul>", ["Náuseas", "leves", "graves", "Tos"]),
    ("<ul><li><p>Uno</p><p>Dos</p></li><li><div>Tres</div></li></ul>", ["Uno", "Dos", "Tres"]),
    ("<ul><li><span tabindex=0>Copia de su historia</span></li></ul>", ["Copia de su historia"]),
    ("<ul><li>Uno<br>más</li></ul>", ["Uno", "más"]),
    ("<ul><li>El <a href='/x'>hierro</a> de la dieta</li></ul>", ["El hierro de la dieta"]),
    ("<ul><li></li><li>Uno</li></ul>", ["Uno"]),
    ("<ul>Suelto<li>Uno</li></ul>", ["Suelto", "Uno"]),
    ("<dl><dt>Disnea</dt><dd>Falta de aire.</dd></dl>", ["Disnea", "Falta de aire."]),
    ("<dl><div><dt>Disnea</dt><dd>Falta de aire.</dd></div></dl>", ["Disnea", "Falta de aire."]),
    ("<dl><dt>Tos</dt><dd>Seca</dd><dd>Productiva</dd></dl>", ["Tos", "Seca", "Productiva"]),
    ("<h2>Causas</h2><ul><li>Virus</li></ul>", ["Causas", "Virus"]),
    ("<h3>Causas</h3>", ["Causas"]),
    ("<h2>Causas</h2><h3>Virus</h3>", ["Causas", "Virus"]),
    ("<h2><span>Causas</span> y riesgos</h2>", ["Causas y riesgos"]),
    ("<blockquote>Nadie lo sabe.</blockquote>", ["Nadie lo sabe."]),
    ("<pre>IMC = peso\n  / talla²</pre>", ["IMC = peso", "/ talla²"]),
    ("<ul><li>1 g cada 8 h</li><li>2 g cada 12 h</li><li>&lt; 3 g</li></ul>", ["1 g cada 8 h", "2 g cada 12 h", "< 3 g"]),
    ("<ol start=5><li>Cinco</li></ol><ol><li>Uno</li></ol>", ["Cinco", "Uno"]),
    ("<menu><li>Agua</li></menu><ul><li>Sal</li></ul>", ["Agua", "Sal"]),
    ("<p><b>¿Puedo correr?</b></p><p>Sí.</p>", ["¿Puedo correr?", "Sí."]),
    ("<p>Las causas más frecuentes son:</p><ul><li><a href='/v'>Virus</a></li><li><a href='/b'>Bacterias</a></li></ul>",
     ["Las causas más frecuentes son:", "Virus", "Bacterias"]),
    ("<ul><li><b>Vigilar</b><span>Seguir los signos</span></li></ul>", ["Vigilar Seguir los signos"]),
    ("<ul><li><b>Vigilar</b>Seguir los signos</li></ul>", ["Vigilar Seguir los signos"]),
    ("<ul><li><a href='/x'>TRIPOD+AI</a><span>The BMJ, guía de los autores</span></li></ul>", ["TRIPOD+AI The BMJ, guía de los autores"]),
    ("<ul><li>el p<b>H</b> y el i<i>Phone</i> de Mc<b>Donald</b></li></ul>", ["el pH y el iPhone de McDonald"]),
    ("<blockquote>Las ondas sirven por una parte para bajar la inflamación y<br>para quitar el dolor.<br>Nada más.</blockquote>",
     ["Las ondas sirven por una parte para bajar la inflamación y para quitar el dolor.", "Nada más."]),
]  # fmt: skip
TABLES = [
    ("<table><tr><td>Sodio</td><td>135-145 mEq/l</td></tr><tr><td>Potasio</td><td>3,5-5</td></tr></table>",
     ["Sodio | 135-145 mEq/l", "Potasio | 3,5-5"]),
    ("<table><tr><th>Grado</th><th>T</th></tr><tr><td>Osteopenia</td><td>-1 a -2,5</td></tr></table>",
     ["Grado | T", "Osteopenia | -1 a -2,5"]),
    ("<table><caption>Valores normales</caption><tr><td>Urea</td><td>10-50</td></tr></table>", ["Valores normales", "Urea | 10-50"]),
    ("<table><tr><td>Efectos</td><td><ul><li>Náuseas</li><li>Vómitos</li></ul></td></tr></table>", ["Efectos | Náuseas; Vómitos"]),
    ("<table><tr><td>Lunes<br>Martes</td><td>9:00<br>10:30</td></tr></table>", ["Lunes; Martes | 9:00; 10:30"]),
    ("<table><tr><td><p>Adultos</p></td><td><p>1 g</p><p>cada 8 h</p></td></tr></table>", ["Adultos | 1 g cada 8 h"]),
    ("<table><tr><td>Pasos</td><td><ol><li>Lave</li><li>Seque</li></ol></td></tr></table>", ["Pasos | 1. Lave; 2. Seque"]),
    ("<table><tr><td rowspan=2>Adultos</td><td>1 g</td></tr><tr><td>2 g</td></tr></table>", ["Adultos | 1 g", "Adultos | 2 g"]),
    ("<table><tr><td colspan=2>Dosis</td></tr><tr><td>Niños</td><td>5 mg</td></tr></table>", ["Dosis", "Niños | 5 mg"]),
    ("<table><tr><td>a</td><td></td><td>c</td></tr><tr><td></td><td>e</td><td></td></tr></table>", ["a | | c", "| e"]),
    ("<table><thead><tr><th>Edad</th><th>mg</th></tr></thead><tbody><tr><td>5</td><td>10</td></tr></tbody>"
     "<tfoot><tr><td>Total</td><td>15</td></tr></tfoot></table>", ["Edad | mg", "5 | 10", "Total | 15"]),
    ("<table><tr><td>10<sup>9</sup>/l</td><td>&lt; 5</td></tr></table>", ["10⁹/l | < 5"]),
    ("<table><tr><td><s>5</s> 6 mg</td><td>x</td></tr></table>", ["6 mg | x"]),
    ("<table><tr><td>Uno</td></tr><tr><td>Dos</td></tr></table>", ["Uno", "Dos"]),
    ("<table><tr><td>Peso<td>70<tr><td>Talla<td>1,7</table>", ["Peso | 70", "Talla | 1,7"]),
    ("<table><tr><td>Nota.<br>Sigue aquí</td><td>5<br>10</td></tr></table>", ["Nota. Sigue aquí | 5; 10"]),
    ("<table><tr><td>a</td><td>b</td></tr></table>Tras la tabla no se come hasta pasadas seis horas.<br>",
     ["a | b", "Tras la tabla no se come hasta pasadas seis horas."]),
    ("<table><tr><td><b>Fiebre</b></td><td><a href='/x'>38 °C</a> o más en adultos</td></tr></table>", ["Fiebre | 38 °C o más en adultos"]),
    ("<figure><table><tr><td>a</td><td>1</td></tr></table><figcaption>Tabla 2. Valores de la muestra.</figcaption></figure>",
     ["a | 1", "Tabla 2. Valores de la muestra."]),
    ("<div class='table-responsive'><table><tr><td>a</td><td>1</td></tr></table></div>", ["a | 1"]),
    ("<table><tr><td>+</td><td>-</td><td>±</td></tr><tr><td>a</td><td>b</td><td>c</td></tr></table>", ["+ | - | ±", "a | b | c"]),
]  # fmt: skip
WARNING = "Atención: no conduzca después de la anestesia."
BOXES = [
    f'<aside class="warning"><p>{WARNING}</p></aside>',
    f'<div class="alert alert-danger"><p>{WARNING}</p></div>',
    f'<div class="alert alert-danger" role="alert">{WARNING}</div>',
    f"<aside><p>{WARNING}</p></aside>",
    f'<aside class="nota">{WARNING}</aside>',
    f'<div class="aviso"><span>{WARNING}</span></div>',
    f'<div class="box-info"><p>{WARNING}</p></div>',
    f'<section class="recuadro"><p>{WARNING}</p></section>',
    f'<div class="callout"><strong>{WARNING}</strong></div>',
    f'<div role="note"><p>{WARNING}</p></div>',
    f'<p class="importante">{WARNING}</p>',
    f"<div>{WARNING}</div>",
    f"<div><div>{WARNING}</div></div>",
    f"<p><strong>{WARNING}</strong></p>",
    f'<div class="tip"><i class="icon"></i><p>{WARNING}</p></div>',
    f"<blockquote><p>{WARNING}</p></blockquote>",
    f'<div class="wp-block-group has-background"><p>{WARNING}</p></div>',
    f'<figure><img src="x.jpg"><figcaption>{WARNING}</figcaption></figure>',
    f'<div class="precaucion"><p>{WARNING}</p></div>',
    f'<ul class="alert"><li>{WARNING}</li></ul>',
]
ANSWER = "No, se hace con anestesia local y las molestias ceden en pocos días."
QUESTION = "¿Es dolorosa la endodoncia?"
QUESTIONS = [
    f"<details><summary>{QUESTION}</summary><div><p>{ANSWER}</p></div></details>",
    f"<details><summary><h3>{QUESTION}</h3></summary>{ANSWER}</details>",
    f'<section class="faq"><div><h3>{QUESTION}</h3><p>{ANSWER}</p></div></section>',
    f'<div class="accordion"><div class="accordion-item"><h2><button class="accordion-button">{QUESTION}</button></h2>'
    f'<div class="collapse"><div>{ANSWER}</div></div></div></div>',
    f'<div class="accordion"><button aria-expanded="false" aria-controls="x">{QUESTION}</button>'
    f'<div id="x" hidden><p>{ANSWER}</p></div></div>',
    f'<div class="elementor-accordion"><div class="elementor-tab-title"><a href="#">{QUESTION}</a></div>'
    f'<div class="elementor-tab-content"><p>{ANSWER}</p></div></div>',
    f'<dl class="faq"><dt>{QUESTION}</dt><dd>{ANSWER}</dd></dl>',
    f'<div id="faqs"><p><strong>{QUESTION}</strong></p><p>{ANSWER}</p></div>',
    f'<div class="preguntas"><div class="pregunta">{QUESTION}</div><div class="respuesta">{ANSWER}</div></div>',
    f'<div class="schema-faq-section"><strong class="schema-faq-question">{QUESTION}</strong>'
    f'<p class="schema-faq-answer">{ANSWER}</p></div>',
    f'<div class="faq"><h3>{QUESTION}</h3><div style="display:none"><p>{ANSWER}</p></div></div>',
    f'<div class="toggle"><h4 class="toggle-title">{QUESTION}</h4><div class="toggle-content" style="display: none">'
    f"{ANSWER}</div></div>",
    f"<h3>{QUESTION}</h3><p>{ANSWER}</p>",
    f"<h3>{QUESTION}</h3><div>{ANSWER}</div>",
    f'<section><h2>Preguntas frecuentes</h2><div class="collapse"><h3>{QUESTION}</h3><p>{ANSWER}</p></div></section>',
    f'<div itemscope itemtype="https://schema.org/FAQPage" class="faq-list"><div><h3>{QUESTION}</h3>'
    f"<div><div>{ANSWER}</div></div></div></div>",
    f'<div class="panel-group"><div class="panel"><div class="panel-heading"><h4><a data-toggle="collapse" href="#a">'
    f'{QUESTION}</a></h4></div><div id="a" class="panel-collapse collapse"><div>{ANSWER}</div></div></div></div>',
    f'<ul class="faq"><li><h4>{QUESTION}</h4><p>{ANSWER}</p></li></ul>',
    f'<div class="accordion"><input type="checkbox" id="q"><label for="q">{QUESTION}</label><div>{ANSWER}</div></div>',
    f'<div class="faq"><p>{QUESTION}</p><p>{ANSWER}</p></div>',
]
CHROME = [
    '<p><a href="/otra">Lea también: cómo dormir mejor con dolor</a></p>',
    '<h3><a href="/otra">Cómo dormir mejor</a></h3>',
    '<ul class="share"><li><a href="/f">Facebook</a></li><li><a href="/t">Twitter</a></li></ul>',
    '<div class="related"><h3>Relacionados</h3><p>Una cosa bien distinta que se lee en otra página del sitio.</p></div>',
    '<div class="newsletter"><p>Reciba nuestras noticias en su correo cada semana.</p></div>',
    '<nav><ul><li><a href="/a">Uno</a></li><li><a href="/b">Dos</a></li></ul></nav>',
    '<ul><li><a href="/a">Artículo uno</a></li><li><a href="/b">Artículo dos</a></li></ul>',
    "<form><label>Correo</label><input><button>Enviar</button></form>",
    '<div class="comments"><p>Muy buen artículo, me ayudó mucho a entender.</p></div>',
    "<script>var x = 'La vacuna';</script><style>p { color: red }</style>",
    '<aside class="sidebar"><p>Llame y pida su cita con <a href="/e">el equipo</a>.</p></aside>',
    '<div class="cookie-banner"><p>Usamos cookies propias y de terceros en este sitio.</p></div>',
    "<noscript><p>Active JavaScript para ver la página.</p></noscript>",
    "<svg><text>gráfico</text></svg><iframe>marco</iframe>",
    '<div class="author-box"><p>Escribe sobre salud desde hace veinte años.</p></div>',
    '<div class="breadcrumbs"><a href="/">Inicio</a> &gt; Salud</div>',
    "<select><option>Uno</option></select><button>Imprimir</button>",
    '<div class="tags"><a href="/t">espalda</a> <a href="/u">dolor</a></div>',
    "<figure><img><figcaption>Foto: Getty Images</figcaption></figure>",
    '<div style="display:none"><p>Texto que nadie ve en la página mientras la lee.</p></div>',
]  # fmt: skip


@pytest.mark.parametrize("wrapper", [ARTICLE, BODY], ids=["article", "body"])
@pytest.mark.parametrize(("html", "expected"), [*LISTS, *TABLES])
def test_lists_tables_and_headings_stay_between_paragraphs(wrapper, html, expected):
    assert between(wrapper, html) == expected


@pytest.mark.parametrize("wrapper", [ARTICLE, BODY], ids=["article", "body"])
@pytest.mark.parametrize("html", BOXES)
def test_warnings_and_captions_stay(wrapper, html):
    assert between(wrapper, html) == [WARNING]


@pytest.mark.parametrize("wrapper", [ARTICLE, BODY, LAST], ids=["article", "body", "last"])
@pytest.mark.parametrize("html", QUESTIONS)
def test_questions_stay_with_their_answers(wrapper, html):
    assert [line for line in between(wrapper, html) if line != "Preguntas frecuentes"] == [QUESTION, ANSWER]


def test_a_short_sentence_behind_the_paragraph_of_a_panel_stays():
    html = (
        '<div class="tabs"><ul class="tab-nav"><li><a href="#a">Qué es</a></li><li><a href="#b">Causas</a></li></ul>'
        f'<div id="a" class="tab-content"><p>{P}</p></div><div id="b" class="tab-content" style="display:none">'
        f"<p>{Q}</p><p>Incluye el reflujo.</p></div></div>"
    )
    assert text_of(html).split("\n") == [P, Q, "Incluye el reflujo."]


@pytest.mark.parametrize("wrapper", [ARTICLE, BODY, LAST], ids=["article", "body", "last"])
@pytest.mark.parametrize("html", CHROME)
def test_what_the_site_says_of_itself_does_not_come_in(wrapper, html):
    assert between(wrapper, html) == []


@pytest.mark.parametrize(
    "html",
    [
        '<div class="card"><h5>Tabaco</h5><p>{P}</p></div><div class="card"><h5>Cannabis</h5><p>{Q}</p><ul><li>Altera la memoria</li></ul></div>',
        '<div class="row"><div class="col"><h3>Tabaco</h3><p>{P}</p></div><div class="col"><h3>Cannabis</h3><p>{Q}</p><ol><li>Altera la memoria</li></ol></div></div>',
        "<div><h2>Tabaco</h2><p>{P}</p></div><div><h2>Cannabis</h2><div>{Q}</div><ul><li>Altera la memoria</li></ul></div>",
        "<table><tr><td><h2>Tabaco</h2><p>{P}</p><h2>Cannabis</h2><p>{Q}</p><ul><li>Altera la memoria</li></ul></td></tr></table>",
        "<form action='/default.aspx'><div><h2>Tabaco</h2><p>{P}</p><h2>Cannabis</h2><p>{Q}</p><ul><li>Altera la memoria</li></ul></div></form>",
        "<h2>Tabaco</h2>{P}<br><br><h2>Cannabis</h2>{Q}<ul><li>Altera la memoria</li></ul>",
    ],
)  # fmt: skip
def test_pages_without_a_container_keep_headings_and_lists(html):
    lines = text_of(html).split("\n")
    assert lines == ["Tabaco", P, "Cannabis", Q, "Altera la memoria"]


def test_a_short_warning_behind_the_text_keeps_its_label():
    html = '<div class="w"><div>{P}</div><div>{Q}</div><div class="h">Contraindicaciones</div><div>No debe tomarlo si es alérgico a la penicilina.</div></div>'
    assert text_of(html).split("\n")[2:] == ["Contraindicaciones", "No debe tomarlo si es alérgico a la penicilina."]


def test_a_paragraph_shown_twice_is_written_once():
    html = '<div class="desktop"><p>{P}</p></div><div class="mobile"><p>{P}</p></div><p>{Q}</p>'
    assert text_of(f"<article>{html}</article>").split("\n") == [P, Q]


MARKDOWN = [
    ("<h2>Causas</h2><p>Son dos virus y una bacteria del suelo.</p>", ["## Causas", "Son dos virus y una bacteria del suelo."]),
    ("<ul><li>Uno<ul><li>Dos</li></ul></li><li>Tres</li></ul>", ["- Uno", "  - Dos", "- Tres"]),
    ("<ol><li>Lave</li><li>Seque</li></ol>", ["1. Lave", "2. Seque"]),
    ("<ol start=3><li>Tres</li></ol>", ["3. Tres"]),
    ("<ol type=a><li>Uno</li><li>Dos</li></ol>", ["a. Uno", "b. Dos"]),
    ("<ol type=I><li>Uno</li><li>Dos</li><li>Tres</li><li>Más</li></ol>", ["I. Uno", "II. Dos", "III. Tres", "IV. Más"]),
    ("<ol reversed><li>Uno</li><li>Dos</li></ol>", ["2. Uno", "1. Dos"]),
    ("<ol><li value=7>Siete</li><li>Ocho</li></ol>", ["7. Siete", "8. Ocho"]),
    ("<ol><li><p>Lave</p><p>Con agua</p></li></ol>", ["1. Lave", "   Con agua"]),
    ("<ul><li>Uno<br>más</li></ul>", ["- Uno", "  más"]),
    ("<table><tr><th>Edad</th><th>mg</th></tr><tr><td>5</td><td>10</td></tr></table>", ["| Edad | mg |", "| --- | --- |", "| 5 | 10 |"]),
    ("<table><tr><td>Edad</td><td>5</td></tr><tr><td>Peso</td><td></td></tr></table>",
     ["|   |   |", "| --- | --- |", "| Edad | 5 |", "| Peso |   |"]),
    ("<table><tr><td>a|b</td><td>1</td></tr></table>", ["|   |   |", "| --- | --- |", "| a\\|b | 1 |"]),
    ("<blockquote>Nadie lo sabe.</blockquote>", ["> Nadie lo sabe."]),
    ("<pre>a = 1\nb = 2</pre>", ["```", "a = 1", "b = 2", "```"]),
    ("<dl><dt>Disnea</dt><dd>Falta de aire.</dd></dl>", ["**Disnea**", ": Falta de aire."]),
    ("<p>&gt; 38 °C</p>", ["\\> 38 °C"]),
    ("<p>- 5 mg</p>", ["\\- 5 mg"]),
    ("<details><summary>¿Duele?</summary><p>No, apenas se nota nada en la piel.</p></details>",
     ["###### ¿Duele?", "No, apenas se nota nada en la piel."]),
    ("<table><tr><td>a</td><td>1</td></tr></table><table><tr><td>b</td><td>2</td></tr></table>",
     ["|   |   |", "| --- | --- |", "| a | 1 |", "|   |   |", "| --- | --- |", "| b | 2 |"]),
]  # fmt: skip


@pytest.mark.parametrize(("html", "expected"), MARKDOWN)
def test_markdown_shows_the_structure(html, expected):
    assert between(ARTICLE, html, "markdown") == expected


def script(data, attributes='type="application/ld+json"'):
    return f"<script {attributes}>{json.dumps(data)}</script>"


QA = {"@type": "Question", "name": "¿Qué es?", "acceptedAnswer": {"@type": "Answer", "text": f"{P} {Q}"}}
EMPTY = '<div id="root"></div>'
NEXT = 'id="__NEXT_DATA__" type="application/json"'
EMBEDDED = [
    (script({"@type": "Article", "articleBody": f"{P}\n\n{Q}"}), f"{P}\n{Q}"),
    (script({"@type": "MedicalWebPage", "articleBody": f"<p>{P}</p><p>{Q}</p>"}), f"{P}\n{Q}"),
    (script({"@type": "Article", "articleBody": f"&lt;p&gt;{P}&lt;/p&gt;&lt;p&gt;{Q}&lt;/p&gt;"}), f"{P}\n{Q}"),
    (script([{"@type": "WebSite"}, {"@type": "Article", "articleBody": P}]), P),
    (script({"@graph": [{"@type": "Article", "articleBody": P}]}), P),
    (script({"@type": "FAQPage", "mainEntity": [QA]}), f"¿Qué es?\n{P} {Q}"),
    (script({"@type": "FAQPage", "mainEntity": QA}), f"¿Qué es?\n{P} {Q}"),
    (script({"@type": "QAPage", "mainEntity": {**QA, "acceptedAnswer": [QA["acceptedAnswer"]]}}), f"¿Qué es?\n{P} {Q}"),
    (script({"@type": "Review", "reviewBody": P}), P),
    (script({"@type": "HowTo", "step": [{"@type": "HowToStep", "text": P}, {"@type": "HowToStep", "text": Q}]}), f"{P}\n{Q}"),
    (script({"@type": "MedicalWebPage", "text": P}), P),
    (script({"@type": "Article", "articleBody": P}) * 2, P),
    (script({"@type": "Article", "articleBody": f"Tome 10<sup>2</sup> ml. {P}"}), f"Tome 10² ml. {P}"),
    (script({"props": {"pageProps": {"body": f"<p>{P}</p><p>{Q}</p>"}}}, NEXT), f"{P}\n{Q}"),
    (script({"props": {"post": {"title": "Dolor de espalda", "content": P}}}, NEXT), f"Dolor de espalda\n{P}"),
    (script({"props": {"nav": {"text": "Este menú lleva a las otras páginas que tiene el sitio de la clínica, y son doce."},
                       "blocks": [{"type": "h", "heading": "Causas del dolor"}, {"type": "p", "text": P}]}}, NEXT),
     f"Causas del dolor\n{P}"),
    (script({"props": {"blocks": [{"text": P}, {"text": "Beba agua fresca a menudo."}]}}, NEXT), f"{P}\nBeba agua fresca a menudo."),
    (script({"data": {"html": f"<ul><li>Náuseas</li></ul><p>{P}</p>"}}, 'type="application/json"'), f"Náuseas\n{P}"),
    (script({"state": {"css": "a { color: red; }\nb { color: blue; }" * 9, "text": P}}, 'id="__NUXT_DATA__" type="application/json"'), P),
    (script({"@type": "FAQPage", "mainEntity": [{**QA, "acceptedAnswer": {"text": f"<ul><li>{P}</li></ul>"}}]}), f"¿Qué es?\n{P}"),
]  # fmt: skip


@pytest.mark.parametrize(("html", "expected"), EMBEDDED)
def test_text_of_scripts_where_the_page_has_none(html, expected):
    assert text_of(EMPTY + html) == expected
    assert text_of(f"<p>Cargando…</p>{html}") == expected


@pytest.mark.parametrize(("html", "_"), EMBEDDED)
def test_scripts_are_not_read_where_the_page_has_text(html, _):
    other = "La tensión arterial se mide sentado y con el brazo apoyado. " * 8
    assert text_of(f"<article><p>{other}</p></article>{html}") == other.strip()


@pytest.mark.parametrize(
    "data", ["{", "[" * 5000, '{"articleBody": 7}', '{"@type": ["FAQPage"], "mainEntity": [null, 3]}', "null", '"x"']
)
def test_scripts_of_an_unforeseen_shape_cost_nothing(data):
    assert text_of(f'<p>Corto.</p><script type="application/ld+json">{data}</script>') == "Corto."


def test_text_beside_paragraphs_is_neither_joined_nor_said_twice():  # of the kind of trafilatura's reports 660 and 661
    html = "<main><section><p>{P}</p>Suelto en la sección.<div><h4>Consejo</h4><p>Beba agua.</p>Y descanse.</div><p>{Q}</p></section></main>"
    lines = text_of(html).split("\n")
    assert lines == [P, "Suelto en la sección.", "Consejo", "Beba agua.", "Y descanse.", Q]


def test_an_anchor_that_was_left_open_makes_no_link_of_a_page():  # of the kind of Readability's report 574
    html = '<h1>Guía</h1><h2><a name="causas">Causas</h2><blockquote><p>{P}<p>{Q}</blockquote><h2><a name="fin">Fin</h2><p>Beba agua a menudo y descanse.'
    assert text_of(html).split("\n")[-4:] == [P, Q, "Fin", "Beba agua a menudo y descanse."]


def test_terms_below_headings_of_the_first_rank_stay():  # of the kind of Readability's report 615
    html = "<article><h1>Uno</h1><p>{P}</p><h1>Términos</h1><dl><dt>Disnea</dt><dd>Falta de aire.</dd></dl><p>{Q}</p></article>"
    assert text_of(html).split("\n") == ["Uno", P, "Términos", "Disnea", "Falta de aire.", Q]


def test_a_table_whose_numbers_are_links_stays():  # of the kind of Readability's report 775
    rows = "".join(f'<tr><td><a href="/x#{n}">{n}</a></td><td>{text}</td></tr>' for n, text in enumerate((P, Q), 1))
    assert text_of(f"<table>{rows}</table>").split("\n") == [f"1 | {P}", f"2 | {Q}"]


def test_a_space_behind_emphasis_in_an_item_stays():  # of the kind of trafilatura's report 845
    assert between(ARTICLE, "<ol><li>Foo <em>bar</em> baz.</li></ol>") == ["Foo bar baz."]
