"""What a PDF becomes: places, columns, tables, running lines, broken words, metadata, locked and hostile files."""

import re
from datetime import date

import pytest
from pdf_writer import Drawn, assembled, pdf_of, wrapped

from cleaning.pages.page import Drop, Page, Raw
from cleaning.pages.page_process import PageProcesses
from cleaning.pages.pdf import extract_pdf
from cleaning.pages.pdf_hyphens import Hyphens
from cleaning.pages.pdf_metadata import sensible_title
from cleaning.settings import CleaningSettings

HEART = (
    "El soplo que se oye al auscultar a un niño sano suele ser inocente y no necesita más pruebas. La pediatra "
    "lo explica a la familia, lo anota en la historia y vuelve a escuchar el corazón en la revisión siguiente, "
    "sin prisa ni alarma."
)
KIDNEY = (
    "Beber agua a menudo reduce la formación de cálculos en el riñón. Quien ya tuvo uno debe orinar más de dos "
    "litros al día, moderar la sal y las carnes, y guardar la piedra que expulse para que la analicen en el "
    "laboratorio."
)
SKIN = (
    "La piel seca pica por la noche y se irrita con el jabón. Conviene ducharse con agua templada, secarse sin "
    "frotar y poner crema hidratante antes de tres minutos, también en verano y aunque no haya picor en ese "
    "momento."
)


def read(pages, settings=None, **options):
    """What becomes of a file."""
    pages = pages if isinstance(pages, list) else [pages]
    return read_bytes(pdf_of(pages, **options), settings)


def read_bytes(body, settings=None):
    return extract_pdf(
        Raw("https://a.example/x.pdf", "application/pdf", body, is_pdf=True), settings or CleaningSettings()
    )


def text_of(*pages, **options):
    outcome = read(list(pages), **options)
    assert isinstance(outcome, Page), outcome
    return outcome.text


def prose(*texts, x=50, y=780, width=90, **drawn):
    page = Drawn(**drawn)
    for text in texts:
        lines = wrapped(text, width)
        page.lines(x, y, lines)
        y -= 14 * len(lines) + 10
    return page


# --- places


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_a_turned_page_is_read_whole(rotate):
    assert text_of(prose(HEART, rotate=rotate)) == HEART


@pytest.mark.parametrize(
    ("matrix", "step"),
    [((0, 1, -1, 0), (14, 0)), ((-1, 0, 0, -1), (0, 14)), ((0, -1, 1, 0), (-14, 0))],
    ids=["up", "upside down", "down"],
)
def test_text_in_any_direction(matrix, step):
    page = Drawn(box=(-600, -600, 600, 600), rotate=90)
    for number, line in enumerate(wrapped(HEART, 70)):
        page.text(step[0] * number, step[1] * number, line, matrix=matrix)
    assert text_of(page) == HEART


@pytest.mark.parametrize("box", [(-300, -200, 595, 842), (20, 400, 595, 1242), (-50.5, 600, 700, 842)])
def test_the_origin_of_the_box_does_not_matter(box):
    assert text_of(prose(HEART, box=box)) == HEART


def test_what_the_crop_box_hides_is_no_text():
    page = prose(HEART, y=700, crop=(30, 100, 560, 760)).text(40, 800, "folleto.indd 3 12/03/2019 10:15")
    assert text_of(page) == HEART


def test_a_page_in_small_units():
    page = Drawn(box=(0, 0, 5950, 8420))
    for number, line in enumerate(wrapped(HEART)):
        page.text(500, 7800 - 140 * number, line, size=1, matrix=(100, 0, 0, 100))
    assert text_of(page) == HEART


def test_a_scan_that_is_a_little_askew():
    page = Drawn()
    for number, line in enumerate(wrapped(HEART)):
        page.text(50 + 0.5 * number, 780 - 14 * number, line, matrix=(0.9994, 0.035, -0.035, 0.9994))
    assert text_of(page) == HEART


# --- columns


def beside(*texts, gap=320, width=44, shift=0.0):
    page = Drawn()
    for number, text in enumerate(texts):
        page.lines(50 + (gap - 50) * number, 740 - shift * number, wrapped(text, width))
    return page


@pytest.mark.parametrize("shift", [0.0, 5.0, 7.0])
def test_columns_one_after_the_other(shift):
    assert text_of(beside(HEART, KIDNEY, shift=shift)) == f"{HEART}\n{KIDNEY}"


def test_columns_drawn_line_by_line_across():
    left, right = wrapped(HEART, 44), wrapped(KIDNEY, 44)
    page = Drawn()
    for number, pair in enumerate(zip(left, right, strict=False)):
        page.text(50, 740 - 14 * number, pair[0]).text(320, 740 - 14 * number, pair[1])
    assert text_of(page).split("\n")[0].startswith(" ".join(left[:4]))


def test_three_columns_under_a_heading():
    page = beside(HEART, KIDNEY, SKIN, gap=230, width=30).text(
        50, 790, "Consejos de la enfermera del centro de salud", 18
    )
    title, *text = text_of(page).split("\n")
    assert title == "Consejos de la enfermera del centro de salud"
    assert " ".join(text) == f"{HEART} {KIDNEY} {SKIN}"


def test_a_sentence_goes_on_in_the_next_column():
    lines = wrapped(HEART, 44)
    page = Drawn().lines(50, 740, lines[:3]).lines(320, 740, lines[3:6])
    assert text_of(page) == " ".join(lines[:6])


def test_columns_then_text_of_full_width_then_columns():
    page = beside(HEART, KIDNEY)
    page.lines(50, 600, wrapped(SKIN, 95))
    page.lines(50, 540, wrapped(KIDNEY, 44)).lines(320, 540, wrapped(HEART, 44))
    assert text_of(page) == f"{HEART}\n{KIDNEY}\n{SKIN}\n{KIDNEY}\n{HEART}"


def test_a_narrow_gutter():
    page = (
        Drawn()
        .lines(50, 740, wrapped(HEART, 50), size=9, leading=11)
        .lines(290, 740, wrapped(KIDNEY, 50), size=9, leading=11)
    )
    assert text_of(page) == f"{HEART}\n{KIDNEY}"


# --- tables


ROWS = [("Analito", "Hombres", "Mujeres"), ("Sodio", "135-145", "135-145"), ("Ferritina", "20-300", "10-120")]


def test_rows_stay_together():
    page = prose(HEART)
    for number, row in enumerate(ROWS):
        for x, cell in zip((50, 200, 350), row, strict=True):
            page.text(x, 640 - 16 * number, cell)
    assert text_of(page) == HEART + "".join("\n" + " | ".join(row) for row in ROWS)


def test_a_table_drawn_column_by_column():
    page = Drawn()
    for column, x in enumerate((50, 200, 350)):
        for number, row in enumerate(ROWS):
            page.text(x, 640 - 16 * number, row[column])
    assert text_of(page) == "\n".join(" | ".join(row) for row in ROWS)


def test_an_empty_cell_keeps_its_place():
    rows = [("Fármaco", "Niños", "Adultos"), ("Uno", "", "500 mg"), ("Dos", "20 mg", "40 mg"), ("Tres", "5 mg", "")]
    page = Drawn()
    for number, row in enumerate(rows):
        for x, cell in zip((50, 200, 350), row, strict=True):
            page.text(x, 640 - 16 * number, cell) if cell else None
    assert text_of(page).split("\n") == [
        "Fármaco | Niños | Adultos",
        "Uno | | 500 mg",
        "Dos | 20 mg | 40 mg",
        "Tres | 5 mg |",
    ]


def test_numbers_on_the_right_edge():
    rows = [
        ("Sodio", "140", "mmol/l"),
        ("Potasio", "4,2", "mmol/l"),
        ("Calcio total", "9,5", "mg/dl"),
        ("Urea", "31", "mg/dl"),
    ]
    page = Drawn()
    for number, (name, value, unit) in enumerate(rows):
        page.text(50, 700 - 15 * number, name).text(180 - 5.5 * len(value), 700 - 15 * number, value).text(
            200, 700 - 15 * number, unit
        )
    assert text_of(page) == "\n".join(" | ".join(row) for row in rows)


def grid(rows, edges, top, heights):
    """A table with all its lines drawn, and lines of text in its cells."""
    page = Drawn()
    y = top
    for row, height in zip(rows, heights, strict=True):
        page.line(edges[0], y, edges[-1], y)
        for x, cell in zip(edges, row, strict=False):
            page.lines(x + 3, y - 12, cell.split("/"), leading=11.5)
        for x in edges:
            page.line(x, y, x, y - height)
        y -= height
    return page.line(edges[0], y, edges[-1], y)


def test_narrow_cells_between_drawn_lines():
    page = grid(
        [("Edad", "Peso", "Dosis"), ("2 años", "12 kg", "150 mg"), ("4 años", "16 kg", "200 mg")],
        (50, 88, 120, 160),
        700,
        (16, 16, 16),
    )
    assert text_of(page) == "Edad | Peso | Dosis\n2 años | 12 kg | 150 mg\n4 años | 16 kg | 200 mg"


def test_cells_of_several_lines_between_drawn_lines():
    rows = [
        ("Fármaco", "Cuándo"),
        ("Uno/retard", "Por la mañana, con agua/y sin masticar los/comprimidos"),
        ("Dos", "Al acostarse"),
    ]
    page = grid(rows, (50, 130, 300), 700, (16, 40, 16))
    assert text_of(page) == (
        "Fármaco | Cuándo\nUno retard | Por la mañana, con agua y sin masticar los comprimidos\nDos | Al acostarse"
    )


def test_a_broken_word_in_a_cell():
    page = grid(
        [("Causa", "Qué hacer"), ("Hiper-/tensión", "Medirla en casa"), ("Fiebre", "Beber agua")],
        (50, 130, 300),
        700,
        (16, 28, 16),
    )
    assert "Hipertensión | Medirla en casa" in text_of(page)


def test_cells_of_several_lines_by_their_distance():
    page = Drawn()
    for y, name, lines in (
        (700, "Lunes", ["caminar media hora y", "anotar el pulso"]),
        (660, "Martes", ["descansar y medir la", "tensión dos veces"]),
    ):
        page.text(50, y, name).lines(160, y, lines, leading=12)
    assert (
        text_of(page) == "Lunes | caminar media hora y anotar el pulso\nMartes | descansar y medir la tensión dos veces"
    )


# --- running lines


def book(count, head=None, foot=None, lines_a_page=6):
    text = " ".join([HEART, KIDNEY, SKIN] * 4)
    lines = wrapped(text)
    pages = []
    for number in range(count):
        page = Drawn().lines(50, 770, lines[number * lines_a_page : (number + 1) * lines_a_page])
        if head:
            page.text(50, 815, head(number + 1), 9)
        if foot:
            page.text(280, 30, foot(number + 1), 9)
        pages.append(page)
    return pages, " ".join(lines[: count * lines_a_page])


@pytest.mark.parametrize(
    ("head", "foot"),
    [
        (lambda _: "Guía del riñón", lambda n: f"Página {n} de 4"),
        (lambda n: f"Guía del riñón {n}", str),
        (lambda n: "Guía del riñón" if n % 2 else "Hospital del Río", lambda n: f"- {n} -"),
        (lambda n: f"Rev. 3 · {n}/4", lambda _: "www.hospital.example"),
        (None, lambda n: ("iii", "iv", "v", "vi")[n - 1]),
    ],
    ids=["page of", "number in head", "left and right pages", "address", "roman"],
)
def test_running_lines_go(head, foot):
    pages, text = book(4, head, foot)
    assert text_of(*pages).replace("\n", " ") == text


def test_a_line_that_counts_the_pages_goes_though_left_and_right_differ():
    pages, text = book(5, lambda n: f"{n} | Guía del riñón" if n % 2 else f"Hospital del Río | {n}", None, 4)
    assert text_of(*pages).replace("\n", " ") == text


def test_lines_that_number_something_else_stay():
    pages, _ = book(6, lambda n: f"Dosis de {n * 5} mg" if n in {2, 5} else "", None, 4)
    text = text_of(*pages)
    assert "Dosis de 10 mg" in text
    assert "Dosis de 25 mg" in text


def test_the_running_line_of_a_chapter_goes():
    pages, text = book(6, lambda n: "Capítulo 1. Agua" if n < 4 else "Capítulo 2. Sal", lambda n: str(40 + n), 4)
    assert text_of(*pages).replace("\n", " ") == text


def test_the_page_number_of_a_single_page_goes_and_a_value_stays():
    page = prose(HEART).text(290, 30, "1")
    assert text_of(page) == HEART
    page = prose(HEART).text(50, 730, "Total: 5")
    assert text_of(page).endswith("Total: 5")


def test_a_stamp_along_the_edge_of_every_page_goes():
    pages, text = book(3)
    for page in pages:
        page.text(20, 200, "Copia auténtica. CSV 1234-ABCD", 7, matrix=(0, 1, -1, 0))
    assert text_of(*pages).replace("\n", " ") == text


def test_a_watermark_goes():
    page = prose(HEART, KIDNEY).text(150, 300, "BORRADOR", 60, matrix=(0.7, 0.7, -0.7, 0.7))
    assert text_of(page) == f"{HEART}\n{KIDNEY}"


# --- paragraphs


def test_a_paragraph_goes_on_over_pages_and_past_a_note():
    lines = wrapped(HEART)
    first = Drawn().lines(50, 200, [*lines[:1]]).text(50, 60, "1. Véase el anexo.", 7)
    assert text_of(first, Drawn().lines(50, 780, lines[1:])) == f"{HEART}\n1. Véase el anexo."


def test_headings_and_items_stand_apart():
    page = Drawn().text(50, 780, "Cuidados de la piel", 16).lines(50, 750, wrapped(SKIN))
    page.text(50, 690, "Qué llevar", font="F2").lines(
        50,
        676,
        [
            "• Crema",
            "• Jabón sin perfume, del que se vende en farmacias y no lleva color ni",
            "  otros añadidos",
            "• Toalla",
        ],
    )
    page.lines(50, 600, ["1. Lávese las manos.", "2. Aclare con agua", "3. Seque"])
    assert text_of(page).split("\n") == [
        "Cuidados de la piel",
        SKIN,
        "Qué llevar",
        "Crema",
        "Jabón sin perfume, del que se vende en farmacias y no lleva color ni otros añadidos",
        "Toalla",
        "1. Lávese las manos.",
        "2. Aclare con agua",
        "3. Seque",
    ]


def test_an_indented_line_begins_a_paragraph():
    page = Drawn()
    y = 780
    for text in (HEART, KIDNEY):
        for number, line in enumerate(wrapped(text)):
            page.text(65 if number == 0 else 50, y, line)
            y -= 14
    assert text_of(page) == f"{HEART}\n{KIDNEY}"


def test_a_bold_heading_of_the_same_size():
    page = Drawn().text(50, 780, "Antes de la prueba", font="F2").lines(50, 766, wrapped(KIDNEY))
    assert text_of(page) == f"Antes de la prueba\n{KIDNEY}"


def test_short_lines_that_their_writer_ended():
    page = Drawn().lines(50, 780, ["Hospital del Río", "Calle Mayor, 3", "Unidad de Riñón"])
    assert text_of(page) == "Hospital del Río\nCalle Mayor, 3\nUnidad de Riñón"


def test_a_table_of_contents_goes():
    page = Drawn().lines(50, 780, ["Agua ............. 3", "Sal . . . . . . . . 12"]).lines(50, 700, wrapped(HEART))
    assert text_of(page) == HEART


# --- letters


CAPITALS = {
    "P": 6.67,
    "D": 7.22,
    "S": 6.67,
    "B": 6.67,
    "H": 7.22,
    "E": 6.67,
    "C": 7.22,
    "R": 7.22,
    "N": 7.22,
    "T": 6.11,
    "L": 5.56,
}
NARROW = dict.fromkeys(" t,.fI/í", 2.78) | {"i": 2.22, "l": 2.22, "j": 2.22, "r": 3.33}
WIDTHS = CAPITALS | NARROW | dict.fromkeys("ckvxyzs", 5.0) | {"m": 8.33}


def width_of(text):
    """Points of a text in Helvetica of 10 points."""
    return sum(WIDTHS.get(letter, 5.56) for letter in text)


@pytest.mark.parametrize(
    ("before", "small", "after", "shift", "out"),
    [
        ("Plaquetas 150 x 10", "9", "/l en sangre", 4, "Plaquetas 150 x 10⁹/l en sangre"),
        ("Diluir 10", "-3", " veces", 4, "Diluir 10⁻³ veces"),
        ("Superficie 1,73 m", "2", " de piel", 4, "Superficie 1,73 m² de piel"),
        ("Beber H", "2", "O a menudo", -2, "Beber H₂O a menudo"),
        ("El calcio Ca", "2+", " en suero", 4, "El calcio Ca²⁺ en suero"),
        ("Según la guía", "12", " de 2019", 4, "Según la guía de 2019"),
        ("El estudio SPRINT", "3,4", " lo dice", 4, "El estudio SPRINT lo dice"),
        ("La 1", "a", " dosis", 4, "La 1ª dosis"),
    ],
)
def test_exponents_and_notes(before, small, after, shift, out):
    x = 50 + width_of(before)
    page = Drawn().text(50, 700, before).text(x, 700 + shift, small, 6)
    page.text(x + 3.6 * len(small), 700, after).lines(50, 650, wrapped(HEART))
    assert text_of(page).split("\n")[0] == out


def test_ligatures_are_letters():
    page = (
        Drawn()
        .text(50, 700, b"La \x01ebre es un s\xedntoma, la de\x01ciencia y el re\x02ujo tambi\xe9n")
        .lines(50, 650, wrapped(HEART))
    )
    text = text_of(page, differences=b"1/fi/fl")
    assert text.startswith("La fiebre es un síntoma, la deficiencia y el reflujo también")


@pytest.mark.parametrize("is_first", [True, False], ids=["accent first", "letter first"])
def test_an_accent_that_is_drawn_over_its_letter(is_first):
    page, x = Drawn(), 50.0
    for part in ("La infecci", "o", "n del a", "n", "o cede."):
        accent = {"o": "´", "n": "˜"}.get(part)
        marks = [(x, part)] + ([(x + 1.1, accent)] if accent else [])
        for left, drawn in marks[::-1] if is_first else marks:
            page.text(left, 700, drawn)
        x += width_of(part)
    page.lines(50, 650, wrapped(HEART))
    assert text_of(page).split("\n")[0] == "La infección del año cede."


def test_an_accent_by_itself_stays():
    page = Drawn().text(50, 700, "La prima ´ se lee aparte.").lines(50, 650, wrapped(HEART))
    assert text_of(page).split("\n")[0] == "La prima ´ se lee aparte."


@pytest.mark.parametrize(
    ("initial", "rest", "begins"), [("L", "a sal", "La sal"), ("A", "los riñones", "A los riñones")]
)
def test_an_initial_begins_its_line(initial, rest, begins):
    lines = wrapped(f"{rest} {HEART} {KIDNEY}", 70)
    page = Drawn().text(50, 766, initial, 34).lines(76, 780, lines[:2]).lines(50, 752, lines[2:])
    assert text_of(page) == f"{begins} {HEART} {KIDNEY}"


def test_a_large_letter_beside_no_lines_stays():
    page = Drawn().text(50, 780, "B", 34).lines(50, 700, wrapped(HEART))
    assert text_of(page) == f"B\n{HEART}"


def test_bold_that_is_drawn_twice():
    page = prose(KIDNEY).text(50, 600, "Aviso importante").text(50.3, 600, "Aviso importante")
    assert text_of(page) == f"{KIDNEY}\nAviso importante"


def test_letters_that_are_placed_one_by_one():
    page = Drawn()
    for number, line in enumerate(wrapped(HEART, 60)):
        for place, letter in enumerate(line):
            if letter != " ":
                page.text(50 + 6.4 * place, 780 - 14 * number, letter, size=9)
    assert re.sub(r"\s", "", text_of(page)) == re.sub(r"\s", "", HEART)


def test_words_without_blanks_between_them():
    page = Drawn()
    for number, words in enumerate((["Beber", "agua", "cada", "día"], ["reduce", "los", "cálculos", "y"])):
        x = 50.0
        for word in words:
            page.text(x, 780 - 14 * number, word)
            x += width_of(word) + 2.6
    page.lines(50, 700, wrapped(HEART))
    assert text_of(page).startswith("Beber agua cada día\nreduce los cálculos y\n")


def test_letters_of_a_spaced_heading():
    page = Drawn().text(50, 780, "Consejos de la enfermera", 14, spacing=4).lines(50, 740, wrapped(HEART))
    assert text_of(page) == f"Consejos de la enfermera\n{HEART}"


def test_signs_stay():
    lines = [
        "Guarde la vacuna a -20 °C o menos, y nunca por encima de +8 °C ni por debajo de",
        "-25 °C durante el viaje; si pasa de ±2 °C avise.",
    ]
    assert text_of(Drawn().lines(50, 780, lines)) == " ".join(lines)


# --- broken words


@pytest.mark.parametrize(
    ("before", "after", "out"),
    [
        ("el trata-", "miento", "el tratamiento"),
        ("antihiper-", "tensivo", "antihipertensivo"),
        ("la IL-", "6", "la IL-6"),
        ("de 3-", "5 mg/dl", "de 3-5 mg/dl"),
        ("en 2019-", "2020", "en 2019-2020"),
        ("la vitamina B-", "12", "la vitamina B-12"),
        ("la 5-", "alfa-reductasa", "la 5-alfa-reductasa"),
        ("los anti-", "TNF", "los anti-TNF"),
        ("el equipo médico-", "quirúrgico", "el equipo médico-quirúrgico"),
        ("la correlación clínico-", "patológica", "la correlación clínico-patológica"),
        ("teórico-", "práctico", "teórico-práctico"),
        ("COVID-", "19", "COVID-19"),
        ("SARS-", "CoV-2", "SARS-CoV-2"),
        ("el TRATA-", "MIENTO", "el TRATAMIENTO"),
        ("los aminoá-", "cidos", "los aminoácidos"),
        ("la pa\u00ad", "ciente", "la paciente"),
        ("de 10\u00ad", "20 mg", "de 10-20 mg"),
        ("-", "10 °C", "- 10 °C"),
        ("dice –", "así", "dice – así"),
        ("los anti-", "inflamatorios", "los antiinflamatorios"),
        ("vitamina D-", "dependiente", "vitamina D-dependiente"),
        ("pre-", "caución", "precaución"),
    ],
)
def test_broken_words(before, after, out):
    assert Hyphens([]).joined(before, after) == out


def test_the_document_says_how_a_word_is_written():
    assert Hyphens(["un efecto coste-beneficio"]).joined("el coste-", "beneficio") == "el coste-beneficio"
    assert Hyphens(["la neurorrehabilitación"]).joined("la neuro-", "rrehabilitación") == "la neurorrehabilitación"
    assert Hyphens(["la post-comunión, post-comunión"]).joined("la post-", "comunión") == "la post-comunión"


# --- what is no text, and what locks it


def test_a_scan_is_one():
    assert read([Drawn().picture(), Drawn().picture().text(50, 30, "2")]).reason == "extraction/scanned_pdf"
    assert read(Drawn()).reason == "extraction/no_text"
    assert isinstance(read(prose(HEART).picture()), Page)


def test_a_password_locks_and_an_owner_password_does_not():
    locked = read(prose(HEART), user_password="secreto")
    assert locked.reason == "extraction/encrypted"
    assert text_of(prose(HEART), user_password="") == HEART


def test_a_font_that_does_not_say_its_letters():
    names = b"65 " + b" ".join(b"/uniE%03X" % n for n in range(60))
    outcome = read(prose(HEART.replace("é", "e")), differences=names)
    assert isinstance(outcome, Drop)
    assert outcome.reason == "extraction/unmapped_font"


@pytest.mark.parametrize(
    "body",
    [
        b"%PDF-1.4\n" + bytes(4000),
        pdf_of([Drawn()])[:200],
        (
            b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[2 0 R]/Count 9>>endobj "
            b"trailer<</Root 1 0 R>>"
        ),
        (
            b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 999999999>>endobj "
            b"trailer<</Root 1 0 R>>"
        ),
        b"%PDF-1.7\n%%EOF",
    ],
    ids=["zeros", "cut", "loop", "count", "nothing"],
)
def test_damaged_files_end_with_a_reason(body):
    outcome = read_bytes(body)
    assert isinstance(outcome, Drop)
    assert outcome.reason.startswith("extraction/")


def test_a_file_without_its_table_is_read():
    body = pdf_of([prose(HEART)])
    assert read_bytes(body.replace(b"startxref\n", b"startxref\n9")).text == HEART


def test_a_form_that_draws_itself_ends():
    body = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>>>",
        4: b"<</Length 5>>stream\n/X Do\nendstream",
        5: b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 5 0 R>>>>/Length 5>>stream\n/X Do\n"
        b"endstream",
    }
    with PageProcesses(CleaningSettings(max_seconds=2), 1) as processes:
        processes.give(0, Raw("https://a.example/x.pdf", "", assembled(body, b"/Root 1 0 R"), is_pdf=True))
        ((_, outcome),) = processes.take()
    assert isinstance(outcome, Drop)
    assert outcome.reason.startswith("extraction/")


def test_a_page_of_a_hundred_thousand_letters_is_cut():
    page = Drawn()
    for number in range(1500):
        page.text(10 + number % 7, 830 - number * 0.55, "palabra " * 9, size=1)
    outcome = read(page, compressed=True)
    assert isinstance(outcome, Page)
    assert len(outcome.text) <= 80_000


def test_pages_beyond_the_setting_are_not_read():
    pages, _ = book(4)
    outcome = read(pages, CleaningSettings(max_pdf_pages=1))
    assert outcome.text.startswith(HEART[:60])
    assert len(outcome.text) < 700


# --- what a file says of itself

XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description xmp:CreateDate="2018-05-04T10:00:00Z"><dc:title>'
    '<rdf:Alt><rdf:li xml:lang="x-default">Guía del riñón &amp; el agua</rdf:li></rdf:Alt></dc:title><dc:language>'
    "<rdf:Bag><rdf:li>es</rdf:li></rdf:Bag></dc:language></rdf:Description></rdf:RDF></x:xmpmeta>"
)


def test_title_day_and_language():
    found = read(
        prose(HEART), info={"Title": "Guía del corazón", "CreationDate": "D:20190312101500+01'00'"}, lang="es-MX"
    )
    assert (found.title, found.published, found.declared_language) == ("Guía del corazón", date(2019, 3, 12), "es-mx")
    found = read(prose(HEART), info={"Title": "Microsoft Word - guia.doc"}, xmp=XMP)
    assert (found.title, found.published, found.declared_language) == (
        "Guía del riñón & el agua",
        date(2018, 5, 4),
        "es",
    )
    found = read(prose(HEART), info={"Title": "untitled", "CreationDate": "D:00000000"}, lang="no es una lengua")
    assert (found.title, found.published, found.declared_language) == (None, None, None)


@pytest.mark.parametrize(
    ("title", "out"),
    [
        ("Microsoft Word - Guía de asma.docx", None),
        ("Microsoft Word - Guía de asma", "Guía de asma"),
        ("folleto_2019_v3", None),
        ("folleto.indd", None),
        ("Presentación de PowerPoint", None),
        ("Documento1", None),
        ("Diapositiva 1", None),
        ("12345", None),
        ("  Asma \n infantil ", "Asma infantil"),
        ("", None),
    ],
)
def test_titles_that_say_something(title, out):
    assert sensible_title(title) == out
