# ruff: noqa: E501 - markup reads better unbroken
"""What becomes of constructs on which extractors change or lose the meaning of a page: ours beside four others.

Usage: bench/fidelity.py [PAGES] [--record]

Prints a table: for each kind of construct the share of its constructs that each extractor gets right. A construct is a
fragment between two paragraphs of an article, or on a page without a container; it is right where all that must stand in
the text does and nothing that must not. The constructs are invented; `tests/cleaning/test_structure.py` and
`tests/cleaning/test_constructs.py` hold more of ours.

With PAGES (a folder of HTML files or a tar of them): of the headings, items and cells that stand between two paragraphs
of at least 40 letters which the text holds, the share that it holds too, by kind and site.
"""

import argparse
import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from extraction_arms import Arm, arms, decoded
from harness import Run, record_option
from trafilatura import load_html

P = (
    "El dolor de garganta es una de las consultas más habituales en la farmacia, y casi siempre lo causa un virus que el "
    "cuerpo vence solo en pocos días. Mientras tanto conviene beber líquidos tibios y evitar el humo del tabaco en casa."
)
Q = (
    "La enfermera o el médico mirarán la garganta, preguntarán por otras molestias y decidirán si hace falta una prueba. "
    "Si se receta un antibiótico, hay que terminar la caja aunque las molestias desaparezcan antes de lo previsto."
)
ARTICLE = "<main><article><h1>Guía</h1><p>{P}</p>%s<p>{Q}</p></article></main>"
BARE = "<p>{P}</p>%s<p>{Q}</p>"
LEAST_LETTERS = 40


@dataclass(frozen=True)
class Construct:
    """A fragment, spellings of which one each must be there, and what must not."""

    kind: str
    html: str
    has: tuple[str, ...]
    has_not: tuple[str, ...] = ()
    wrapper: str = ARTICLE


def construct(kind: str, html: str, has: str, has_not: str = "", wrapper: str = ARTICLE) -> Construct:
    return Construct(kind, html, tuple(has.split(" && ")), tuple(filter(None, has_not.split(" && "))), wrapper)


CONSTRUCTS = [
    construct("exponent", "<p>De 150 a 400 × 10<sup>9</sup>/l es lo normal.</p>", "10⁹/l || 10^9/l", "109/l"),
    construct("exponent", "<p>Se siembra a 10<sup>-3</sup> y se lee.</p>", "10⁻³ || 10^-3 || 10^(-3)", "10-3"),
    construct("exponent", "<p>Un recuento de 10<sup>5</sup> UFC por ml.</p>", "10⁵ UFC || 10^5 UFC", "105 UFC"),
    construct("exponent", "<p>El yodo <sup>131</sup>I se da una vez.</p>", "¹³¹I || ^131I || 131I"),
    construct("fraction", "<p>Tome 1<sup>1</sup>/<sub>2</sub> comprimidos.</p>", "1½ || 1 1/2 || 1 ½", "11/2"),
    construct("fraction", "<p>Tome 2<sup>3</sup>/<sub>4</sub> de taza.</p>", "2¾ || 2 3/4 || 2 ¾", "23/4"),
    construct("fraction", "<p>Tome <sup>1</sup>/<sub>4</sub> de taza.</p>", "¼ || 1/4"),
    construct("note", '<p>Bajó al 12<sup><a href="#n3">3</a></sup> por ciento.</p>', "12", "123 && 12 3 && 12³"),
    construct("note", "<p>Bajó en los hospitales<sup>4</sup> del país.</p>", "hospitales del", "hospitales4"),
    construct("note", '<p>Dura 5<a href="#_ftn1">[1]</a> días.</p>', "5 días", "51 && [1]"),
    construct("struck", "<p>Tome <del>500 mg</del> <ins>250 mg</ins> al día.</p>", "250 mg", "500 mg"),
    construct("struck", "<p>El plazo es de <s>nueve</s> seis meses.</p>", "seis meses", "nueve"),
    construct(
        "struck", '<p>Son <span style="text-decoration:line-through">10</span> 20 ml.</p>', "20 ml", "10 20 && 1020"
    ),
    construct("sign", "<ul><li>&gt; 38 °C tres días</li><li>-2,5 o menos</li></ul>", "> 38 && -2,5"),
    construct("sign", "<p>-10 °C es la temperatura más alta a la que se guarda.</p>", "-10 °C"),
    construct("sign", "<table><tr><td>Osteoporosis</td><td>&lt; -2,5</td></tr></table>", "< -2,5"),
    construct("formula", "<p>IMC = <math><mfrac><mi>p</mi><msup><mi>t</mi><mn>2</mn></msup></mfrac></math></p>", "p/t²"),
    construct(
        "formula", "<p>Son <math><mn>10</mn><mo>≥</mo><mn>5</mn></math> casos.</p>", "10 ≥ 5 || 10≥5", "105"
    ),
    construct("line break", "<p>Riesgo:<br>&gt;65 años<br>&lt;50 kg</p>", ">65 años && <50 kg", "Riesgo:>"),
    construct("heading", "<h2>Causas del dolor</h2><p>Es un virus.</p>", "Causas del dolor"),
    construct("heading", "<h3>Causas del dolor</h3><p>Es un virus.</p>", "Causas del dolor", "", BARE),
    construct("heading", "<div><h4><a href='/x'>Ibuprofeno</a></h4></div><p>Es un virus.</p>" * 3, "Ibuprofeno", "", BARE),
    construct("list", "<ul><li>Haga gárgaras</li><li>Evite el alcohol</li></ul>", "Haga gárgaras && Evite el alcohol"),
    construct("list", "<ul><li>Haga gárgaras</li><li>Evite el alcohol</li></ul>", "Haga gárgaras && Evite", "", BARE),
    construct("list", "<ul><li><span tabindex=0>Pida una copia</span></li></ul>", "Pida una copia", "", BARE),
    construct("list", "<ul><li>Uno<ul><li>Dos</li></ul></li></ul>", "Uno && Dos", "UnoDos"),
    construct("definitions", "<dl><dt>Disnea</dt><dd>Falta de aire.</dd></dl>", "Disnea && Falta de aire.", "DisneaFalta"),
    construct("definitions", "<dl><dt>Disnea</dt><dd>Falta de aire.</dd></dl>", "Disnea && Falta de aire.", "", BARE),
    construct("table", "<table><tr><th>Sodio</th><td>135-145</td></tr></table>", "Sodio && 135-145", "Sodio135"),
    construct("table", "<table><tr><td>a</td><td><ul><li>Tos</li><li>Asma</li></ul></td></tr></table>", "Tos && Asma", "TosAsma"),
    construct("table", "<table><tr><td>Lunes<br>Martes</td><td>9:00<br>10:30</td></tr></table>", "Lunes && 10:30", "9:0010"),
    construct("caption", "<table><caption>Valores normales</caption><tr><td>a</td><td>1</td></tr></table>", "Valores normales"),
    construct("caption", "<figure><img src=x><figcaption>Figura 1. Tórax con neumonía.</figcaption></figure>", "Tórax con"),
    construct("warning", '<aside class="warning"><p>No conduzca después.</p></aside>', "No conduzca"),
    construct("warning", '<div class="alert alert-danger"><p>Llame al 112 si le falta el aire.</p></div>', "Llame al 112"),
    construct("questions", "<details><summary>¿Duele?</summary><p>No, apenas se nota.</p></details>", "¿Duele? && apenas"),
    construct("questions", '<section class="faq"><h3>¿Duele?</h3><p>No, apenas se nota.</p></section>', "¿Duele? && apenas", "", "<main><article><p>{P}</p><p>{Q}</p></article>%s</main>"),
    construct("questions", '<div class="accordion"><h2><button class="accordion-button">¿Duele?</button></h2><div class="collapse"><div>No, apenas se nota.</div></div></div>', "¿Duele? && apenas"),
    construct("scripts", '<script type="application/ld+json">{"@type":"Article","articleBody":"{P} {Q}"}</script>', "El dolor de", "", "<div id=a></div>%s"),
    construct("scripts", '<script id="__NEXT_DATA__" type="application/json">{"a":{"body":"<p>{P}</p><p>{Q}</p>"}}</script>', "El dolor de", "", "<div id=a></div>%s"),
    construct("no link", '<p><a href="/x">Lea también: cómo dormir mejor</a></p>', "El dolor de", "Lea también"),
    construct("no link", '<h3><a href="/x">Cómo dormir mejor esta noche</a></h3>', "El dolor de", "dormir mejor"),
]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", type=Path, nargs="?")
    record_option(parser)
    arguments = parser.parse_args()
    run = Run("fidelity", ("trafilatura", "justext", "resiliparse"))
    sides = arms()
    del sides["ours, without site lines"], sides["trafilatura default"]
    show_constructs(run, sides)
    if arguments.pages is not None:
        for name in ("ours", "trafilatura fast"):
            show_between(run, name, sides[name], arguments.pages)
    run.close(arguments.record)


def show_constructs(run: Run, sides: dict[str, Arm]) -> None:
    right: dict[str, Counter[str]] = {name: Counter() for name in sides}
    for one in CONSTRUCTS:
        body = one.wrapper % one.html
        page = f'<!doctype html><html lang="es"><head><meta charset="utf-8"><title>Guía</title></head><body>{body}</body></html>'
        encoded = page.replace("{P}", P).replace("{Q}", Q).encode()
        for name, arm in sides.items():
            right[name][one.kind] += is_right(one, arm(encoded))
    kinds = Counter(one.kind for one in CONSTRUCTS)
    rows = [(kind, count, *(right[name][kind] for name in sides)) for kind, count in kinds.items()]
    rows.append(("all", len(CONSTRUCTS), *(right[name].total() for name in sides)))
    run.table("Constructs that keep their meaning", ("construct", "of", *sides), rows)


def is_right(one: Construct, text: str) -> bool:
    text = " ".join(text.split())
    has = all(any(spelling in text for spelling in part.split(" || ")) for part in one.has)
    return has and not any(part in text for part in one.has_not)


def show_between(run: Run, name: str, arm: Arm, pages: Path) -> None:
    there, kept = Counter[str](), Counter[str]()
    for site, body in html_files(pages):
        tree = load_html(decoded(body))
        text = letters(arm(body)) if tree is not None else ""
        if tree is not None and len(text) > 5 * LEAST_LETTERS:
            for kind, is_kept in between(tree, text):
                for key in (kind, f"{site} {kind}"):
                    there[key] += 1
                    kept[key] += is_kept
    keys = sorted(there, key=lambda one: (" " in one, one))
    rows = [(key, kept[key], there[key], f"{kept[key] / there[key]:.4f}") for key in keys]
    run.table(f"{name}: between kept paragraphs", ("site, kind", "kept", "of", "share"), rows)


def html_files(pages: Path) -> Iterator[tuple[str, bytes]]:
    if pages.is_dir():
        for path in sorted(pages.rglob("*.html")):
            yield path.relative_to(pages).parts[-2], path.read_bytes()
        return
    with tarfile.open(pages) as archive:
        for member in archive:
            if member.isfile() and member.name.endswith((".html", ".htm")):
                yield member.name.split("/")[1], archive.extractfile(member).read()


def between(tree, text: str) -> Iterable[tuple[str, bool]]:
    """The kinds of what stands between two kept paragraphs, and whether it is in the text."""
    waiting: list[tuple[str, bool]] = []
    seen = False
    for element in tree.iter("p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "dt", "dd", "td", "th"):
        whole = letters("".join(element.itertext()))
        if element.tag == "p":
            if len(whole) >= LEAST_LETTERS and whole in text:
                if seen:
                    yield from waiting
                waiting, seen = [], True
        elif len(whole) >= 3 and not any(element.find(f".//{inner}") is not None for inner in ("p", "li", "table")):
            kind = {"l": "items", "d": "items", "t": "cells"}.get(element.tag[0], "headings")
            waiting.append((kind, whole in text))


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))


if __name__ == "__main__":
    main()
