"""Text of PDFs beside pdftotext (poppler-utils) and pypdfium2's own: order, numbers, what is too much.

`python bench/pdf.py` makes its files with the writer of the tests; `--chromium` adds a page that chromium printed (a
tagged file with columns, a list, a table); `--record` keeps the run. Figures:

order: share of the true text's neighbouring words that are neighbours in what was read (line breaks, bullets and cell
borders left out) · numbers: share of its words with a digit that are found whole, as often · extra: words that the true
text has not (running lines, halves of broken words) for each hundred of its own · ms: CPU milliseconds a page.
"""

import argparse
import html
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import mean

import pypdfium2

_ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(_ROOT), str(_ROOT / "tests" / "shared")]
from harness import Run, record_option  # noqa: E402
from pdf_writer import Drawn, pdf_of, wrapped  # noqa: E402

from cleaning.pages.page import Page, Raw  # noqa: E402
from cleaning.pages.pdf import extract_pdf  # noqa: E402
from cleaning.settings import CleaningSettings  # noqa: E402

PROSE = (
    (
        "El soplo que se oye al auscultar a un niño sano suele ser inocente y no necesita más pruebas. La "
        "pediatra lo explica a la familia, lo anota en la historia y vuelve a escuchar el corazón a los 6 "
        "meses, sin prisa ni alarma."
    ),
    (
        "Beber 2,5 litros de agua al día reduce la formación de cálculos en el riñón. Quien ya tuvo uno debe "
        "moderar la sal a menos de 5 g y las carnes, y guardar la piedra que expulse para que la analicen en "
        "el laboratorio."
    ),
    (
        "La piel seca pica por la noche y se irrita con el jabón. Conviene ducharse 10 minutos con agua a "
        "33-35 °C, secarse sin frotar y poner crema hidratante antes de 3 minutos, también en verano y aunque "
        "no haya picor en ese momento."
    ),
)
ROWS = (("Fármaco", "Niños", "Adultos"), ("Amoxicilina", "40-80 mg/kg", "500 mg"), ("Ibuprofeno", "20 mg/kg", "400 mg"))
BROKEN = (
    "El tratamiento antihiper-",
    "tensivo baja de 3-",
    "5 mmHg la presión y la IL-",
    "6 no cambia en 2019-",
    "2020.",
)
Reader = Callable[[bytes], str]
_WORD = re.compile(r"[^\s|•]+")


def files() -> dict[str, tuple[bytes, str]]:
    """Name → the file and its true text."""
    text = " ".join(PROSE)
    columns = Drawn().lines(50, 740, wrapped(PROSE[0], 44)).lines(320, 740, wrapped(PROSE[1], 44))
    shifted = Drawn().lines(50, 740, wrapped(PROSE[0], 44)).lines(320, 734, wrapped(PROSE[1], 44))
    three = Drawn()
    for number, one in enumerate(PROSE):
        three.lines(40 + 180 * number, 740, wrapped(one, 30))
    turned = Drawn(box=(-600, -600, 600, 600), rotate=90)
    for number, line in enumerate(wrapped(PROSE[0], 70)):
        turned.text(14 * number, 0, line, matrix=(0, 1, -1, 0))
    table = Drawn().lines(50, 780, wrapped(PROSE[0]))
    for number, row in enumerate(ROWS):
        for x, cell in zip((50, 200, 350), row, strict=True):
            table.text(x, 640 - 16 * number, cell)
    power = Drawn().text(50, 700, "Plaquetas 150-400 x 10").text(155.6, 704, "9", 6).text(159, 700, "/l en sangre y H")
    power.text(230.7, 698, "2", 6).text(234, 700, "O").lines(50, 660, wrapped(PROSE[1]))
    lines = wrapped(" ".join(PROSE * 4))
    book = [
        Drawn()
        .text(50, 815, "Guía del centro de salud", 9)
        .lines(50, 770, lines[n * 8 : n * 8 + 8])
        .text(280, 30, f"Página {n + 1} de 3", 9)
        for n in range(3)
    ]
    joined = "El tratamiento antihipertensivo baja de 3-5 mmHg la presión y la IL-6 no cambia en 2019-2020."
    cells = " ".join(cell for row in ROWS for cell in row)
    return {
        "one column": (pdf_of([Drawn().lines(50, 780, wrapped(text))]), text),
        "two columns": (pdf_of([columns]), " ".join(PROSE[:2])),
        "two columns, other lines": (pdf_of([shifted]), " ".join(PROSE[:2])),
        "three columns": (pdf_of([three]), text),
        "turned text, /Rotate": (pdf_of([turned]), PROSE[0]),
        "box with an origin": (pdf_of([Drawn(box=(20, 400, 595, 1242)).lines(50, 780, wrapped(PROSE[0]))]), PROSE[0]),
        "table": (pdf_of([table]), f"{PROSE[0]} {cells}"),
        "exponents": (pdf_of([power]), f"Plaquetas 150-400 x 10⁹/l en sangre y H₂O {PROSE[1]}"),
        "running lines": (pdf_of(book), " ".join(lines[:24])),
        "broken words": (pdf_of([Drawn().lines(50, 780, [*BROKEN, *wrapped(PROSE[0])])]), f"{joined} {PROSE[0]}"),
    }


def printed() -> tuple[bytes, str]:
    """A page that chromium printed, and its text."""
    rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in ROWS)
    paragraphs = "".join(f"<p>{html.escape(one)}</p>" for one in PROSE * 3)
    page = (
        '<!doctype html><html lang="es"><meta charset="utf-8"><title>Guía</title>'
        "<style>td{border:1px solid;padding:3px}.c{column-count:2;text-align:justify}</style><h1>Guía del centro</h1>"
        f'<div class="c">{paragraphs}</div><table style="border-collapse:collapse">{rows}</table>'
        "<ul><li>Uno</li><li>Dos</li></ul>"
    )
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "a.html"), Path(folder, "a.pdf")
        source.write_text(page, encoding="utf-8")
        words = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
        words += [f"--user-data-dir={folder}/profile", f"--print-to-pdf={target}", source.as_uri()]
        subprocess.run(words, check=True, capture_output=True, timeout=120)
        body = target.read_bytes()
    cells = " ".join(cell for row in ROWS for cell in row)
    return body, f"Guía del centro {' '.join(PROSE * 3)} {cells} Uno Dos"


def ours(body: bytes) -> str:
    """Our text; the reason where there is none."""
    outcome = extract_pdf(Raw("https://a.example/a.pdf", "", body, is_pdf=True), CleaningSettings())
    return outcome.text if isinstance(outcome, Page) else ""


def plain(body: bytes) -> str:
    """pypdfium2's text page by page, as ours was before."""
    document = pypdfium2.PdfDocument(body)
    return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def poppler(*options: str) -> Reader:
    """Poppler's pdftotext with options."""

    def read(body: bytes) -> str:
        done = subprocess.run(["pdftotext", *options, "-", "-"], input=body, capture_output=True, check=True)
        return done.stdout.decode("utf-8", "replace")

    return read


def scores(text: str, truth: str) -> tuple[float, float, float]:
    """Order, numbers, extra."""
    found, wanted = _WORD.findall(text), _WORD.findall(truth)
    pairs, own = Counter(pairwise(wanted)), Counter(pairwise(found))
    counts, needed = Counter(found), Counter(word for word in wanted if any(map(str.isdigit, word)))
    extra = Counter(found) - Counter(wanted)
    order = (pairs & own).total() / pairs.total()
    numbers = (needed & counts).total() / needed.total() if needed else 1.0
    return order, numbers, 100 * extra.total() / len(wanted)


def milliseconds(read: Reader, body: bytes, pages: int) -> float:
    """CPU time a page, of this process and of those it waits for; the least of three."""
    times = []
    for _ in range(3):
        begin = time.process_time() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        read(body)
        times.append(time.process_time() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - begin)
    return 1000 * min(times) / pages


def main() -> None:
    """Print a row for each reader, and where it fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chromium", action="store_true")
    record_option(parser)
    options = parser.parse_args()
    run = Run("pdf", ("pypdfium2",))
    readers = {"ours": ours, "pypdfium2 plain": plain}
    if shutil.which("pdftotext"):
        readers |= {"pdftotext": poppler(), "pdftotext -layout": poppler("-layout"), "pdftotext -raw": poppler("-raw")}
    made = files()
    if options.chromium:
        made["printed by chromium"] = printed()
    lines = wrapped(" ".join(PROSE * 5))
    book = pdf_of([Drawn().lines(50, 790, (lines * 3)[:50]) for _ in range(40)])
    rows = []
    for name, read in readers.items():
        each = {case: scores(read(body), truth) for case, (body, truth) in made.items()}
        low = ", ".join(f"{case} {order:.2f}" for case, (order, _, _) in each.items() if order < 0.95)
        order, numbers, extra = (mean(column) for column in zip(*each.values(), strict=True))
        rows.append((name, f"{order:.3f}", f"{numbers:.3f}", f"{extra:.1f}", milliseconds(read, book, 40), low))
    columns = ("", "order", "numbers", "extra", "CPU ms a page", "order below 0.95")
    run.table(f"{len(made)} files made for it", columns, rows)
    run.close(options.record)


if __name__ == "__main__":
    main()
