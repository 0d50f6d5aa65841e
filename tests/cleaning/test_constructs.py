# ruff: noqa: E501, ISC004 - markup reads better unbroken
"""What stands within a block keeps its meaning: exponents, fractions, notes, signs, struck text, formulas."""

import pytest
from trafilatura import load_html

from cleaning.pages.normal_text import normal_text
from cleaning.pages.page_walk import page_blocks


def lines(html):
    page = page_blocks(load_html(f"<html><body><div>{html}</div><p></p></body></html>"))
    return normal_text("\n".join(block.text for block in page.blocks)).split("\n")


def line(html):
    (found,) = lines(f"<p>{html}</p>")
    return found


RAISED = [
    ("400 × 10<sup>9</sup>/l", "400 × 10⁹/l"),
    ("4,5 x 10<sup>12</sup>/L", "4,5 x 10¹²/L"),
    ("10<sup>-3</sup> mol", "10⁻³ mol"),
    ("10<sup>−6</sup> M", "10⁻⁶ M"),
    ("10<sup>–6</sup> M", "10⁻⁶ M"),
    ("30 kg/m<sup>2</sup>.", "30 kg/m²."),
    ("5 cm<sup>3</sup>", "5 cm³"),
    ("20 metros<sup>2</sup>", "20 metros²"),
    ("mL/min/1,73 m<sup>2</sup>", "mL/min/1,73 m²"),
    ("Ca<sup>2+</sup> y Na<sup>+</sup>", "Ca²⁺ y Na⁺"),
    ("HCO<sub>3</sub><sup>-</sup>", "HCO₃⁻"),
    ("linfocitos CD4<sup>+</sup>", "linfocitos CD4⁺"),
    ("<sup>131</sup>I y <sup>18</sup>F-FDG", "¹³¹I y ¹⁸F-FDG"),
    ("e<sup>-kt</sup>", "e^-kt"),
    ("10<sup>2,5</sup> UFC", "10^(2,5) UFC"),
    ("x<sup>n</sup>", "xⁿ"),
    ('10<span style="font-size: smaller; vertical-align: super">9</span>/l', "10⁹/l"),
    ('CO<span style="vertical-align:sub">2</span>', "CO₂"),
    ("(a + b)<sup>2</sup>", "(a + b)²"),
    ("1<sup>o</sup> de mayo y 2<sup>a</sup> dosis", "1º de mayo y 2ª dosis"),
    ("n.<sup>o</sup> 5", "n.º 5"),
    ("1<sup>er</sup> trimestre", "1er trimestre"),
    ("Aspirina<sup>®</sup> y Vick<sup>TM</sup>", "Aspirina® y Vick™"),
    ("37<sup>°</sup>C", "37°C"),
    ("10 <sup>9</sup>/l", "10 ⁹/l"),
    ("10<sup> 9 </sup>/l", "10⁹/l"),
    ("10<sup><b>9</b></sup>/l", "10⁹/l"),
    ("<b>10</b><sup>9</sup>/l", "10⁹/l"),
    ("seg<sup>-1</sup>", "seg⁻¹"),
    ("10<sup>5</sup>-10<sup>6</sup> copias", "10⁵-10⁶ copias"),
]
LOWERED = [
    ("CO<sub>2</sub> y O<sub>2</sub>", "CO₂ y O₂"),
    ("H<sub>2</sub>O<sub>2</sub>", "H₂O₂"),
    ("vitamina B<sub>12</sub>", "vitamina B₁₂"),
    ("PaO<sub>2</sub>/FiO<sub>2</sub> &lt; 200", "PaO₂/FiO₂ < 200"),
    ("HbA<sub>1c</sub> del 7 %", "HbA₁c del 7 %"),
    ("HbA<sub>1C</sub>", "HbA₁C"),
    ("C<sub>max</sub> y T<sub>max</sub>", "C_max y T_max"),
    ("AUC<sub>0-24</sub>", "AUC₀₋₂₄"),
    ("AUC<sub>0–∞</sub>", "AUC₀₋∞"),
    ("t<sub>1/2</sub> de 6 h", "t₁/₂ de 6 h"),
    ("FEV<sub>1</sub>", "FEV₁"),
    ("T<sub>3</sub> y T<sub>4</sub>", "T₃ y T₄"),
    ("LD<sub>50</sub>", "LD₅₀"),
    ("log<sub>10</sub> copias", "log₁₀ copias"),
    ("5-HT<sub>1A</sub>", "5-HT₁A"),
    ("Na<sub>2</sub>CO<sub>3</sub>", "Na₂CO₃"),
    ("SpO<sub> 2 </sub> 92 %", "SpO₂ 92 %"),
    ("P<sub>0,05</sub>", "P₀,₀₅"),
    ("K<sub>i</sub>", "K_i"),
    ("C<sub>ss, max</sub>", "C_(ss, max)"),
]
FRACTIONS = [
    ("Tome 1<sup>1</sup>/<sub>2</sub> comprimidos", "Tome 1½ comprimidos"),
    ("<sup>1</sup>/<sub>2</sub> comprimido", "½ comprimido"),
    ("2 <sup>3</sup>/<sub>4</sub> tazas", "2¾ tazas"),
    ("<sup>1</sup>&frasl;<sub>3</sub> de taza", "⅓ de taza"),
    ("1<sup>1</sup>⁄<sub>4</sub> h", "1¼ h"),
    ("1<sup>5</sup>/<sub>16</sub>", "1 5/16"),
    ("<sup>5</sup>/<sub>16</sub>", "5/16"),
    ("1<sup>1/2</sup> comprimidos", "1½ comprimidos"),
    ("1<sup>1</sup>/2 comprimidos", "1½ comprimidos"),
    ("3<sup>1</sup>/4 h", "3¼ h"),
    ("<sup>2</sup>/<sub>3</sub> partes", "⅔ partes"),
    ("<sup>7</sup>/<sub>8</sub>", "⅞"),
    ("4 <sup>1</sup>/<sub>10</sub>", "4⅒"),
    ("10<sup>9</sup>/2", "10⁹/2"),
    ("10<sup>3</sup>/4 ml", "10³/4 ml"),
    ("m<sup>2</sup>/2", "m²/2"),
    ("1/2 comprimido y 120/80", "1/2 comprimido y 120/80"),
    ("1½ y 2¼", "1½ y 2¼"),
    ("1&frac12; comprimidos", "1½ comprimidos"),
    ("x<sup>1/2</sup>", "x^(1/2)"),
    ("1<b><sup>1</sup>/<sub>2</sub></b> ml", "1½ ml"),
]
NOTES = [
    ('al 12<sup><a href="#n3">3</a></sup> por ciento', "al 12 por ciento"),
    ('al 12<a href="#fn1"><sup>1</sup></a> por ciento', "al 12 por ciento"),
    ('el estudio<sup class="reference"><a href="#cite_note-4">[4]</a></sup> dice', "el estudio dice"),
    ("los hospitales<sup>1</sup> del país", "los hospitales del país"),
    ("del estudio.<sup>2,3</sup> Después", "del estudio. Después"),
    ("del estudio.<sup>2-5</sup>", "del estudio."),
    ("la mitad<sup>1, 2</sup> murió", "la mitad murió"),
    ("mortalidad<sup>a</sup> y 12 <sup>*</sup>", "mortalidad^a y 12"),
    ("p&lt;0,05<sup>*</sup>", "p<0,05"),
    ("dosis<sup>†</sup> única", "dosis única"),
    ("según Pérez<sup>[3]</sup>", "según Pérez"),
    ("según él<sup>7</sup>", "según él"),
    ('el 5 %<sup><a href="/refs#7">7</a></sup>', "el 5 %"),
    ('véase <a href="#ref-12">[12]</a>.', "véase ."),
    ('la OMS<a id="_ftnref1" href="#_ftn1">[1]</a> dice', "la OMS dice"),
    ('dura 5<a href="#_edn2" class="footnote">2</a> días', "dura 5 días"),
    ('dura 5 días<a role="doc-noteref" href="#x">9</a>.', "dura 5 días."),
    ('<a href="#fnref1">↩</a> Pérez, 2020', "Pérez, 2020"),
    ('Nota: texto. <a href="#top1">↑</a>', "Nota: texto."),
    ("(Gómez et al., 2019)<sup>8</sup>", "(Gómez et al., 2019)"),
    ("«cita»<sup>4</sup> y sigue", "«cita» y sigue"),
    (
        '12<sup id="cite_ref-1" class="reference"><a href="#cite_note-1"><span>[</span>1<span>]</span></a></sup> ml',
        "12 ml",
    ),
    ('a <a href="#dosis">10</a> mg', "a 10 mg"),
    ('ir a la <a href="#p2">2</a>', "ir a la 2"),
    ('la <a href="/nota">nota 3</a>', "la nota 3"),
]
STRUCK = [
    ("<del>500 mg</del> <ins>250 mg</ins>", "250 mg"),
    ("<s>nueve</s> seis meses", "seis meses"),
    ("<strike>10</strike> 20 ml", "20 ml"),
    ('<span style="text-decoration: line-through">10</span> 20 ml', "20 ml"),
    ('<span style="color:red;text-decoration:line-through red">10</span> 20 ml', "20 ml"),
    ('<b style="text-decoration-line:line-through">10</b> 20 ml', "20 ml"),
    ("cada <del>8</del><ins>12</ins> horas", "cada 12 horas"),
    ("cada <s><b>8</b> o <i>6</i></s> 12 horas", "cada 12 horas"),
    ("<del><del>1</del>2</del> 3 ml", "3 ml"),
    ('<span style="text-decoration: underline">10</span> ml', "10 ml"),
    ("<u>10</u> ml", "10 ml"),
    ("<ins>10</ins> ml", "10 ml"),
    ("No <s>no</s> tome", "No tome"),
    ("10 <del datetime='2020-01-01'>mg</del> µg", "10 µg"),
    ("<s></s>10 ml", "10 ml"),
    ("1<s>0</s> ml", "1 ml"),
    ("<del>Texto viejo.</del>", None),
    ("tome<del> dos</del> tres", "tome tres"),
    ("x<sup><s>2</s></sup>y", "x²y"),
    ("precio <s>30 €</s> 20 €", "precio 20 €"),
]
SIGNS = [
    ("&gt; 38 °C durante tres días", "> 38 °C durante tres días"),
    ("&lt; 36 °C", "< 36 °C"),
    ("&gt;65 años", ">65 años"),
    ("-10 °C es la temperatura", "-10 °C es la temperatura"),
    ("−10 °C", "−10 °C"),
    ("–2,5 o menos", "–2,5 o menos"),
    ("- 5 mg", "- 5 mg"),
    ("≥ 140/90 mmHg", "≥ 140/90 mmHg"),
    ("± 2 DE", "± 2 DE"),
    ("+ 3 dioptrías", "+ 3 dioptrías"),
    ("~ 5 %", "~ 5 %"),
    ("≈ 5 %", "≈ 5 %"),
    ("× 10", "× 10"),
    ("&gt; LSN", "> LSN"),
    ("- Beba agua", "Beba agua"),
    ("-Beba agua", "Beba agua"),
    ("– Descanse", "Descanse"),
    ("• 5 mg", "5 mg"),
    ("· Reposo", "Reposo"),
    ("* Tome agua", "Tome agua"),
    ("▪ -3 dioptrías", "-3 dioptrías"),
    ("-mab: anticuerpo", "-mab: anticuerpo"),
    ("1-0 a favor", "1-0 a favor"),
    ("5 &lt; x &lt; 10", "5 < x < 10"),
    ("-0,5 a -1", "-0,5 a -1"),
    ("→ derivar", "→ derivar"),
]
MATH = [
    ("<math><mn>3</mn><mo>+</mo><mn>4</mn></math>", "3 + 4"),
    ("<math><mfrac><mn>1</mn><mn>2</mn></mfrac></math>", "½"),
    ("<math><mfrac><mn>5</mn><mn>16</mn></mfrac></math>", "5/16"),
    ("<math><mfrac><mi>a</mi><mrow><mi>b</mi><mo>+</mo><mn>1</mn></mrow></mfrac></math>", "a/(b + 1)"),
    ("<math><msup><mi>m</mi><mn>2</mn></msup></math>", "m²"),
    ("<math><msup><mn>10</mn><mrow><mo>-</mo><mn>3</mn></mrow></msup></math>", "10⁻³"),
    ("<math><msub><mi>H</mi><mn>2</mn></msub><mi>O</mi></math>", "H₂O"),
    ("<math><msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup></math>", "(x_i)²"),
    ("<math><msqrt><mn>2</mn></msqrt></math>", "√2"),
    ("<math><msqrt><mi>a</mi><mo>+</mo><mi>b</mi></msqrt></math>", "√(a + b)"),
    ("<math><mroot><mn>8</mn><mn>3</mn></mroot></math>", "3√8"),
    ("<math><mo>-</mo><mn>5</mn></math>", "−5"),
    ("<math><mi>a</mi><mo>-</mo><mn>5</mn></math>", "a − 5"),
    ("<math><mi>x</mi><mo>≤</mo><mn>5</mn></math>", "x ≤ 5"),
    ("<math><mi>a</mi><mo>&#x2062;</mo><mi>b</mi></math>", "ab"),
    ("<math><mfenced><mi>a</mi><mi>b</mi></mfenced></math>", "(a,b)"),
    ("<math><mtext>IMC</mtext><mo>=</mo><mfrac><mtext>peso</mtext><msup><mtext>talla</mtext><mn>2</mn></msup></mfrac></math>",
     "IMC = peso/talla²"),
    ('<math alttext="x^2"></math>', "x^2"),
    ("<math><semantics><mrow><mi>x</mi></mrow><annotation encoding='application/x-tex'>x</annotation></semantics></math>", "x"),
    ("<math><semantics><annotation encoding='application/x-tex'>\\frac{1}{2}</annotation></semantics></math>", "\\frac{1}{2}"),
    ("<math><mover><mi>x</mi><mo>¯</mo></mover></math>", "x"),
    ("<math><munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover><mi>x</mi></math>",
     "∑_(i = 1)^(n) x"),
    ('es <span class="katex"><span class="katex-mathml"><math><mi>x</mi></math></span>'
     '<span class="katex-html" aria-hidden="true">x</span></span>.', "es x."),
    ('<script type="math/tex">x^2</script> es', "x^2 es"),
]  # fmt: skip
INLINE = [
    ("sirve\npara <b>bajar</b>\nla fiebre", "sirve para bajar la fiebre"),
    ("El <q>consumo</q> baja", "El “consumo” baja"),
    ("hiper&shy;tensión arte&#8203;rial ﬁebre", "hipertensión arterial fiebre"),
    ("hiper<wbr>tensión", "hipertensión"),
    ("25&nbsp;µg/kg", "25 µg/kg"),
    ("25&thinsp;mg", "25 mg"),
    ("<abbr title='Organización'>OMS</abbr> dice", "OMS dice"),
    ("a<!-- nota -->b", "ab"),
    ("a <script>var x = 1</script>b", "a b"),
    ("a <noscript>sin</noscript>b", "a b"),
    ("<ruby>漢<rt>kan</rt></ruby>", "漢"),
    ("a <svg><text>x</text></svg>b", "a b"),
    ("H<em>elicobacter</em> pylori", "Helicobacter pylori"),
    ('38,5 <span aria-hidden="true">°C</span><span class="sr-only">grados</span> de día', "38,5 °C de día"),
    ('la guía <a href="/g">breve<span class="screen-reader-text"> (ventana nueva)</span></a>', "la guía breve"),
    ("el <code>BRCA1</code> y <kbd>x</kbd>", "el BRCA1 y x"),
    ("<font size=2>Texto</font>", "Texto"),
    ("uno <time datetime='2020'>2020</time>", "uno 2020"),
    ("<a href='/a'>Uno</a><a href='/b'>Dos</a>", "Uno Dos"),
    ("<a href='/a'>hiper</a>tensión", "hipertensión"),
    ("<label>Edad</label> <input value=3>", "Edad"),
    ("<select><option>1</option></select>vale", "vale"),
    ("I&ntilde;&aacute;ki &amp; &euro;", "Iñáki & €"),
]


@pytest.mark.parametrize(("html", "expected"), [*RAISED, *LOWERED, *FRACTIONS])
def test_raised_and_lowered_figures_never_join_their_base(html, expected):
    assert line(html) == expected


@pytest.mark.parametrize(("html", "expected"), NOTES)
def test_marks_of_notes_go_and_join_no_figure(html, expected):
    assert line(html) == expected


@pytest.mark.parametrize(("html", "expected"), STRUCK)
def test_struck_text_is_no_longer_said(html, expected):
    assert lines(f"<p>{html}</p>") == [expected or ""]


def test_a_page_that_an_open_tag_strikes_through_is_read():
    text = "La vacuna de la gripe se pone cada otoño. " * 20
    struck = '<div style="text-decoration: line-through">'
    assert lines(f"{struck}<p>{text}</p><p>{text}</p></div>") == [text.strip()] * 2
    assert lines(f"<p>{text}</p><p>{text}</p><p>{text}</p>{struck}<p>{text}</p></div>") == [text.strip()] * 3
    assert lines(f"<ul><li style='text-decoration:line-through'>10 mg</li><li>20 mg</li></ul>{text}") == [
        "20 mg",
        text.strip(),
    ]


@pytest.mark.parametrize(("html", "expected"), SIGNS)
def test_a_sign_at_the_beginning_stays_and_a_bullet_goes(html, expected):
    assert line(html) == expected
    assert lines(f"<ul><li>{html}</li></ul>") == [expected]
    assert lines(f"<p>Antes:<br>{html}</p>") == ["Antes:", expected]


@pytest.mark.parametrize(("html", "expected"), MATH)
def test_formulas_are_text(html, expected):
    assert line(html) == expected


def test_a_formula_nested_without_end_is_left_out():
    assert line(f"antes <math>{'<mrow>' * 200}<mi>x</mi>{'</mrow>' * 200}</math> tras") == "antes tras"


@pytest.mark.parametrize(("html", "expected"), INLINE)
def test_words_are_neither_joined_nor_parted(html, expected):
    assert line(html) == expected


LABELS_BEHIND_LINKS = [
    ('<strong><a href="/a">NIST Chemistry WebBook</a></strong><span class="tag">NIST</span>', "WebBook NIST"),
    ('<a href="/a">COPASI</a><span class="by">COPASI</span>', "COPASI COPASI"),
    ('<a href="/a">Quality System Regulation</a><span class="tag">U.S. FDA</span>', "Regulation U.S. FDA"),
    ('<a href="/a">Documentation</a><small class="x">pytest</small>', "Documentation pytest"),
    ('<a href="/a">ISO 14971</a><em class="year">2019</em>', "14971 2019"),
    ('la <a href="/a">hiper</a>tensión', "la hipertensión"),
    ('la <a href="/a">hiper</a><span>tensión</span>', "la hipertensión"),
    ('el <a href="/a">p</a><span class="cap">H</span> es 7', "el pH es 7"),
    ('<b class="cap">E</b><span class="x">l médico</span>', "El médico"),
    ('toda la semana.<span id="more-12"></span>Como cada año', "semana. Como cada"),
    ("lo ha logrado.<b>Para</b> seguir", "logrado. Para seguir"),
    ("¿Duele mucho?<i>Consulte</i> a su médico", "mucho? Consulte a"),
    ("en <i>www.</i><b>Salud</b>.es hay más", "www.Salud.es"),
    ("el Dr.<b>Pérez</b> y la S.<i>Aureus</i>", "Dr.Pérez y la S.Aureus"),
]


@pytest.mark.parametrize(("html", "text"), LABELS_BEHIND_LINKS)
def test_a_label_behind_a_link_is_a_word_of_its_own(html, text):
    assert text in line(html)


def test_a_link_planted_into_a_sentence_goes_and_others_stay():
    style = 'style="text-decoration:none;color:#333;"'
    planted = (
        f'<a href="https://x.example/produkt/rexobol-10-door-alpha-pharma/" {style}>rexobol 10 door alpha pharma</a>'
    )
    assert line(f"El control y la autonomía {planted} de sus funciones") == "El control y la autonomía de sus funciones"
    for own in (
        f'<a href="https://oms.example/es" {style}>OMS</a>',
        f'<a href="https://oms.example/temas/diabetes-mellitus" {style}>diabetes mellitus</a>',
        f'<a href="/guia-de-practica-clinica" {style}>guía de práctica clínica</a>',
        '<a href="https://x.example/rexobol-10-door-alpha-pharma/">rexobol 10 door alpha pharma</a>',
    ):
        assert line(f"Según la {own} conviene").startswith("Según la ")
        assert line(f"Según la {own} conviene") != "Según la conviene"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("Un [conteo sanguíneo completo](/hemograma/) y otro", "Un conteo sanguíneo completo y otro"),
        ("[vc_row][vc_column width=&quot;1/2&quot;]La gripe[/vc_column][/vc_row]", "La gripe"),
        ("Contractura isquémica[ref]Robert C. France, 2010[/ref] del brazo", "Contractura isquémica del brazo"),
        ("[caption id=&quot;a&quot; width=&quot;300&quot;]Radiografía[/caption]", "Radiografía"),
        ("La razón [Na+] (140 mmol/l) y [K+](4)", "La razón [Na+] (140 mmol/l) y [K+](4)"),
        ("Según Pérez [12] y el intervalo [2,5-7](95 %)", "Según Pérez [12] y el intervalo [2,5-7](95 %)"),
        ("[embed] un término entre corchetes [ref]", "un término entre corchetes [ref]"),
    ],
)
def test_markup_of_an_editor_that_nothing_read_goes(written, text):
    assert line(written) == text
