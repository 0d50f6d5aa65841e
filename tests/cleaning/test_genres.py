"""The genres of health pages stay, whatever their form; index pages, frames and lists of links go for a reason."""
# ruff: noqa: E501, FLY002, SIM905 - texts as pages have them, a line a paragraph

import pytest

from cleaning.pages.judge_page import judge_page
from cleaning.pages.listing_address import is_listing_address
from cleaning.pages.page import Drop, Page
from cleaning.pages.page_kind_rules import IndexPage, LegalPage, PriceList
from cleaning.pages.prose_rules import Accents, LinePunctuation
from cleaning.pages.quality import judge, rules_of
from cleaning.pages.repetition_rules import DuplicateNgrams
from cleaning.pages.text import Text
from cleaning.settings import CleaningSettings

SETTINGS = CleaningSettings()
RULES = rules_of(SETTINGS)
ARTICLE = {"blocks": 10.0, "links": 0.02, "excerpts": 0.0, "linked_headings": 0.0, "own_headings": 3.0}
_DRUGS = "amoxicilina ibuprofeno omeprazol metformina enalapril simvastatina losartán atorvastatina"
DRUGS = _DRUGS.split()
_VACCINES = "hepatitis tosferina tétanos poliomielitis sarampión rubeola varicela meningitis"
VACCINES = _VACCINES.split()
_BODY = "la cabeza|el cuello|el pecho|la espalda|el vientre|la cadera|la rodilla|el tobillo"
BODY = _BODY.split("|")

LEAFLET = "\n".join(
    (
        "Qué es Dolorex 400 mg comprimidos y para qué se utiliza",
        "Dolorex pertenece a un grupo de medicamentos llamados antiinflamatorios no esteroideos.",
        "Qué necesita saber antes de empezar a tomar Dolorex 400 mg comprimidos",
        "No tome Dolorex 400 mg comprimidos",
        "si es alérgico al ibuprofeno o a cualquiera de los demás componentes de este medicamento",
        "si tiene una enfermedad grave del hígado",
        "si tiene una enfermedad grave del riñón",
        "si tiene una insuficiencia cardiaca grave",
        "Consulte a su médico o farmacéutico antes de empezar a tomar Dolorex 400 mg comprimidos.",
        "Cómo tomar Dolorex 400 mg comprimidos",
        "La dosis recomendada en adultos es de 1 comprimido de 400 mg cada 8 horas.",
        "La dosis recomendada en adolescentes es de 1 comprimido de 400 mg cada 12 horas.",
        "Si toma más Dolorex 400 mg comprimidos del que debe",
        "Consulte a su médico o farmacéutico o llame al Servicio de Información Toxicológica.",
        "Si olvidó tomar Dolorex 400 mg comprimidos",
        "No tome una dosis doble para compensar las dosis olvidadas.",
        "Posibles efectos adversos",
        "Frecuentes: pueden afectar hasta 1 de cada 10 personas",
        "ardor de estómago, diarrea, náuseas",
        "Poco frecuentes: pueden afectar hasta 1 de cada 100 personas",
        "dolor de cabeza, insomnio, picor",
        "Raros: pueden afectar hasta 1 de cada 1.000 personas",
        "visión borrosa, zumbido de oídos",
        "Conservación de Dolorex 400 mg comprimidos",
        "Mantener este medicamento fuera de la vista y del alcance de los niños.",
    )
)
GLOSSARY = "\n".join(
    f"{term}\n{meaning}"
    for term, meaning in (
        ("Cianosis", "coloración azulada de la piel por falta de oxígeno"),
        ("Disfagia", "dificultad para tragar los alimentos o la saliva"),
        ("Edema", "hinchazón de una parte del cuerpo por líquido"),
        ("Hematuria", "presencia de sangre en la orina"),
        ("Ictericia", "color amarillo de la piel y de los ojos"),
        ("Otalgia", "dolor que se nota en el oído"),
        ("Poliuria", "eliminación de más orina de lo habitual"),
        ("Prurito", "picor de la piel sin una causa a la vista"),
        ("Síncope", "pérdida breve del conocimiento con recuperación"),
    )
)
LABORATORY = (
    "Valores de referencia de los análisis más habituales en la persona adulta; cada centro tiene los suyos.\n"
    + "\n".join(
        f"{name} | {low}-{low * 3} | {unit}"
        for low, (name, unit) in enumerate(
            (
                ("Sodio", "mEq/l"),
                ("Potasio", "mEq/l"),
                ("Hierro", "µg/dl"),
                ("Ferritina", "ng/ml"),
                ("Colesterol", "mg/dl"),
                ("Triglicéridos", "mg/dl"),
                ("Bilirrubina", "mg/dl"),
                ("Albúmina", "g/dl"),
                ("Hemoglobina", "g/dl"),
                ("Plaquetas", "10⁹/l"),
                ("Fibrinógeno", "mg/dl"),
                ("Amilasa", "U/l"),
            ),
            start=20,
        )
    )
)
QUESTIONS = "\n".join(
    f"¿A qué edad se pone la vacuna de {name}?\nLa vacuna de {name} se pone a los {number + 2} meses de edad en el centro de "
    f"salud y se repite a los {number + 4} años con una dosis de recuerdo en el colegio."
    for number, name in enumerate(VACCINES)
)
EXAM = (
    "Mujer de 34 años con fiebre, dolor lumbar y escozor al orinar desde hace 2 días. ¿Cuál es el tratamiento de elección?\n"
    "1. Antibiótico por vía oral durante 3 días en su domicilio.\n2. Antibiótico por vía oral durante 7 días en su domicilio.\n"
    "3. Antibiótico por vía intravenosa durante 7 días en el hospital.\n"
    "4. Antibiótico por vía intravenosa durante 14 días en el hospital.\n"
    "Respuesta correcta: 2. La pielonefritis sin signos de gravedad se trata con antibiótico por vía oral durante 7 días."
)
MENU = "\n".join(
    f"Día {day}\nDesayuno: infusión con leche desnatada; 2 rebanadas de pan integral con queso fresco. Almuerzo: {meal} a la "
    "plancha; ensalada de lechuga y tomate con 1 cucharada de aceite de oliva; 1 pieza de fruta. Merienda: 1 yogur desnatado. "
    f"Cena: sopa de verduras; {other}; 1 yogur desnatado."
    for day, (meal, other) in enumerate(
        (("pollo", "tortilla"), ("merluza", "jamón"), ("ternera", "huevo"), ("pavo", "atún"), ("salmón", "requesón")),
        start=1,
    )
)
RIGHTS = "\n".join(
    f"Todo paciente tiene derecho a {right}."
    for right in (
        "recibir información clara sobre su enfermedad y sobre las alternativas que existen para tratarla",
        "elegir, tras recibir la información, entre las opciones clínicas que el médico le presente",
        "negarse al tratamiento, salvo en los casos que la ley señala, y a que conste por escrito",
        "que se respeten su intimidad y la confidencialidad de los datos de su historia",
        "obtener una copia de su historia clínica y de los resultados de las pruebas",
        "pedir una segunda opinión cuando se le diagnostique una enfermedad grave",
        "no ser discriminado por su edad, por su origen ni por ninguna otra circunstancia",
        "estar acompañado por un familiar durante el ingreso y en las urgencias",
    )
)
DRUG_PRICES = "Precio de venta al público de los genéricos más recetados\n" + "\n".join(
    f"{drug.capitalize()} {len(drug) * 50} mg {len(drug) * 2} comprimidos: {len(drug)},{number}0 €"
    for number, drug in enumerate(DRUGS)
)
RECIPE = (
    "Ingredientes\n200 g de lentejas\n1 cebolla\n2 zanahorias\n1 hoja de laurel\naceite de oliva\nsal\nPreparación\n"
    "Pique la cebolla y las zanahorias y rehogue todo a fuego lento durante 10 minutos.\nAñada las lentejas lavadas y el laurel.\n"
    "Cubra con agua fría, lleve a ebullición y cueza a fuego suave 40 minutos.\nIngredientes para dos personas\n200 g de lentejas\n"
    "1 cebolla\n2 zanahorias\n1 hoja de laurel\naceite de oliva\nsal"
)
CASE = (
    "Varón de 67 años que acude por disnea.\nExploración: TA 150/90 mmHg, FC 98 lpm, SatO2 91 %.\nAnalítica: creatinina 1,4 mg/dl, "
    "urea 62 mg/dl, Hb 11,2 g/dl, leucocitos 9.800, plaquetas 210.000.\nRadiografía de tórax: cardiomegalia y derrame pleural "
    "derecho.\nJuicio clínico: insuficiencia cardiaca descompensada.\nTratamiento: furosemida 40 mg cada 12 horas, enalapril 5 mg."
)
RADIOLOGY = (
    "RMI de columna lumbar. Se identifica a nivel L3-L4 una protrusión discal sin compromiso radicular. Se identifica a nivel "
    "L4-L5 una protrusión discal con leve compromiso radicular derecho. Se identifica a nivel L5-S1 una hernia discal con "
    "compromiso radicular izquierdo. Canal raquídeo de amplitud normal. Cono medular sin alteraciones de señal."
)
CAPITALS = (
    "EL PACIENTE DEBE VENIR EN AYUNAS Y SIN FUMAR. TRAIGA LA LISTA DE LOS MEDICAMENTOS QUE TOMA. SI TIENE MARCAPASOS AVISE "
    "ANTES DE ENTRAR EN LA SALA. LA PRUEBA DURA MEDIA HORA Y NO DUELE. DESPUES PUEDE COMER Y CONDUCIR CON NORMALIDAD. LOS "
    "RESULTADOS SE RECOGEN EN UNA SEMANA EN EL MOSTRADOR DE CONSULTAS."
)
ONE_PARAGRAPH = (
    "La artritis reumatoide inflama las articulaciones y las deforma con el tiempo. Se diagnostica con la exploración, con una "
    "radiografía y con un análisis de sangre. El tratamiento precoz evita la mayor parte de las secuelas, y el ejercicio suave "
    "mantiene la movilidad de las manos. Pida cita con el reumatólogo en reuma@hospital.example"
)
LONG_NAME = (
    "Síndrome de Guillain-Barré\nEl síndrome de Guillain-Barré es una inflamación de los nervios que empieza por las piernas y "
    "sube en pocos días hacia los brazos y la cara.\nCausas\nEl síndrome de Guillain-Barré aparece muchas veces después de una "
    "infección del intestino o de las vías respiratorias. No se contagia ni se hereda.\nSíntomas\nHormigueo, debilidad y pérdida "
    "de los reflejos. En el síndrome de Guillain-Barré grave se debilitan también los músculos de la respiración.\nTratamiento\n"
    "El síndrome de Guillain-Barré se trata en el hospital con inmunoglobulinas. Después del síndrome de Guillain-Barré la fuerza "
    "vuelve poco a poco, con rehabilitación. Una de cada tres personas con síndrome de Guillain-Barré nota cansancio durante años."
)
SYMPTOMS = (
    "Los síntomas de la anemia son los siguientes y aparecen poco a poco, a medida que baja la hemoglobina:\n"
    + "\n".join(
        "cansancio|palidez de la piel|falta de aire al subir escaleras|palpitaciones|mareo|dolor de cabeza|manos y pies fríos|"
        "uñas frágiles|caída del pelo|falta de apetito|irritabilidad|dificultad para concentrarse|llagas en la boca".split(
            "|"
        )
    )
    + "\nPida cita con su médico si nota varios de ellos durante más de dos semanas, sobre todo si está embarazada."
)
DOSES = "Dosis de paracetamol según el peso del niño (jarabe de 100 mg/ml)\n" + "\n".join(
    f"{weight} kg | {weight * 15} mg | {weight * 15 / 100:.2f} ml cada 6 horas".replace(".", ",")
    for weight in range(4, 31, 2)
)
EXERCISES = "\n".join(
    f"Ejercicio {number}. Siéntese en una silla, lleve las manos a {part} y respire hondo 3 veces. Repita 10 veces."
    for number, part in enumerate(BODY, start=1)
)
QUOTES = (
    "El informe dice que «la sal […] sube la tensión en muchas personas» y pide que se reduzca.\nAñade que «el consumo […] debe "
    "bajar a la mitad» antes de diez años.\nLos autores recomiendan leer las etiquetas, cocinar con especias y evitar los "
    "precocinados, y recuerdan que el gusto por lo salado se pierde en pocas semanas si se reduce poco a poco."
)
KEPT = {
    "leaflet": LEAFLET,
    "glossary without stops": GLOSSARY,
    "laboratory table": LABORATORY,
    "questions with one frame": QUESTIONS,
    "exam question explained": EXAM,
    "menu of a week": MENU,
    "patients' rights": RIGHTS,
    "prices of medicines": DRUG_PRICES,
    "recipe that prints its list twice": RECIPE,
    "clinical case": CASE,
    "radiology report": RADIOLOGY,
    "notice in capitals without accents": CAPITALS,
    "one paragraph that ends in an address": ONE_PARAGRAPH,
    "disease with a long name": LONG_NAME,
    "list of symptoms": SYMPTOMS,
    "table of doses": DOSES,
    "exercises": EXERCISES,
    "quotations with an ellipsis": QUOTES,
}


@pytest.mark.parametrize("genre", KEPT)
def test_a_genre_of_health_pages_stays(genre):
    page = judge_page(Page(KEPT[genre], figures=dict(ARTICLE)), SETTINGS, RULES)
    assert isinstance(page, Page), page


def frames(count):
    topics = [
        (f"la señal {one} y el filtro {two}", f"un caso de {two} con {one}")
        for one in ("térmica", "óptica", "sonora", "química", "mecánica", "eléctrica")
        for two in ("adaptativo", "digital", "pasivo", "lineal", "óptimo")
    ][:count]
    return "\n".join(
        f"Integrar {topic} para resolver {case} con evidencia, controles, incertidumbre y comunicación proporcional a los datos."
        for topic, case in topics
    )


def test_sentences_filled_into_one_frame_go():
    refusal = judge(Text(frames(12), figures=ARTICLE), RULES)[1]
    assert refusal is not None
    assert refusal.reason == "quality/sentence_frames"


def test_answers_without_figures_may_share_their_frame():
    reasons = (
        "protege del hígado|evita la tos de los bebés|impide la rigidez|previene la parálisis|corta los brotes".split(
            "|"
        )
    )
    answers = "\n".join(
        f"¿Cuándo se pone la vacuna de {name}?\nEsta vacuna, que {reason}, se pone en el centro de salud del barrio y {more}."
        for name, reason, more in zip(
            VACCINES,
            reasons,
            (
                "la cita la da la enfermera por teléfono",
                "conviene que la madre también la reciba antes del parto",
                "hay que repetirla si la herida está sucia",
                "se guarda el resguardo en la cartilla del niño",
                "no hace falta venir en ayunas ni traer receta",
            ),
            strict=False,
        )
    )
    figures, refusal = judge(Text(answers, figures=ARTICLE), RULES)
    assert refusal is None
    assert figures["sentence_frames"] > SETTINGS.max_frames


def test_the_bound_of_repetition_follows_length_and_values():
    sentences = [
        f"El caso {word} muestra que la decisión clínica no se apoya en los datos." for word in "abcdefghijklmnopqrst"
    ]
    without = "\n".join(sentences * 8)
    with_values = "\n".join(
        f"{sentence[:-1]} con {n} mg, {n + 1} ml y {n + 2} UI." for n, sentence in enumerate(sentences)
    )
    assert judge(Text(without, figures=ARTICLE), RULES)[1] is not None
    figures, refusal = judge(Text(with_values, figures=ARTICLE), RULES)
    assert refusal is None
    assert figures["duplicate_ngrams"] > SETTINGS.max_duplicate_ngrams


ELLIPSES = ("…", "...", "..", "[…]", "[...]", "[&hellip;]", "(…)", "… Leer más", "[…] Seguir leyendo", "... (leer más)")


@pytest.mark.parametrize("ellipsis", ELLIPSES)
def test_a_page_of_beginnings_goes_whatever_the_ellipsis(ellipsis):
    teasers = "\n".join(
        f"La consulta de {part} es frecuente en atención primaria y conviene saber cuándo hay que pedir una radiogra {ellipsis}"
        for part in BODY
    )
    for figures in (None, {**ARTICLE, "linked_headings": 8.0, "own_headings": 1.0}):
        refusal = judge(Text(f"Traumatología\n{teasers}", figures=figures), RULES)[1]
        assert refusal is not None
        assert refusal.reason == "quality/index_page"


@pytest.mark.parametrize(
    "line",
    [
        "Le dolía {part} desde hacía días... y no se atrevía a decírselo al médico, que venía cada tarde...",
        "Pensaba en {part}… en la fiebre… y en que nadie volvería a preguntar por ella aquella noche…",
        "—Me duele {part} desde ayer y no he dormido en toda la noche, doctor, pero si usted lo dice...",
        "-¿Y si fuera {part} lo que me tiene así desde el invierno? Yo creo que no es más que cansancio...",
        "«A ver {part}... respire hondo», dijo el médico mientras apuntaba todo lo que oía en su libreta...»",
    ],
)
def test_suspension_points_of_an_author_make_no_index(line):
    text = "\n".join(line.format(part=part) for part in BODY)
    assert not IndexPage(SETTINGS.max_excerpts).refuses(IndexPage(SETTINGS.max_excerpts).measure(Text(text)))


def test_excerpts_in_brackets_are_an_index_whatever_stands_within():
    text = "\n".join(f"Ayer me dolía {part}... y hoy… quién sabe lo que dirá el médico cuando […]" for part in BODY)
    assert IndexPage(SETTINGS.max_excerpts).refuses(IndexPage(SETTINGS.max_excerpts).measure(Text(text)))


def test_whole_excerpts_under_linked_headings_go_at_a_listings_address_and_an_article_stays():
    text = f"Dolor\n{KEPT['one paragraph that ends in an address']}"
    cards = {
        "blocks": 2.0,
        "links": 0.0,
        "excerpts": 1.0,
        "linked_headings": 1.0,
        "own_headings": 0.0,
        "listing_address": 1.0,
    }
    refusal = judge(Text(text, figures=cards), RULES)[1]
    assert refusal is not None
    assert refusal.reason == "quality/index_page"
    assert judge(Text(text, figures={**cards, "listing_address": 0.0}), RULES)[1] is None
    assert judge(Text(text, figures={**cards, "linked_headings": 0.0, "excerpts": 0.0}), RULES)[1] is None


def test_a_page_of_links_goes():
    titles = "\n".join(f"Todo sobre {part} y sus enfermedades más frecuentes" for part in BODY)
    page = judge_page(
        Page(f"{titles}\n{titles.replace('Todo', 'Más')}", figures={**ARTICLE, "links": 0.9}), SETTINGS, RULES
    )
    assert isinstance(page, Drop)
    assert page.reason == "quality/index_page"


@pytest.mark.parametrize(
    ("url", "listing"),
    [
        ("https://g.es/tag/asma/", True),
        ("https://g.es/tag/asma/page/2/", True),
        ("https://g.es/category/salud", True),
        ("https://g.es/blog/categoria/nutricion/", True),
        ("https://g.es/author/admin/page/11/index.html", True),
        ("https://g.es/autor/ana-perez/", True),
        ("https://g.es/2014/04/", True),
        ("https://g.es/2014/", True),
        ("https://g.es/2014/04/page/2/", True),
        ("https://g.es/blog/page/7/", True),
        ("https://g.es/?s=asma", True),
        ("https://g.es/?cat=4", True),
        ("https://g.es/?paged=3", True),
        ("https://g.es/etiqueta/embarazo", True),
        ("https://g.es/2014/04/12/asma-infantil/", False),
        ("https://g.es/asma/", False),
        ("https://g.es/category/salud/asma-en-ninos.html", False),
        ("https://g.es/?p=123", False),
        ("https://g.es/la-pagina-del-asma/", False),
        ("https://g.es/", False),
    ],
)
def test_addresses_of_listings(url, listing):
    assert is_listing_address(url) is listing


CARDS = {**ARTICLE, "blocks": 4.0, "own_headings": 2.0}
INTRODUCTION = (
    "Curso completo de la materia, orientado a comprender y aplicar sus métodos en problemas de la clínica. " * 4
)


@pytest.mark.parametrize(
    ("cards", "times", "is_index"),
    [(3.1, 1, True), (2.0, 1, True), (1.2, 1, False), (0.0, 1, False), (3.1, 9, False)],
)
def test_a_short_text_beside_longer_links_introduces_them(cards, times, is_index):
    rule = IndexPage(SETTINGS.max_excerpts)
    assert rule.refuses(rule.measure(Text(INTRODUCTION * times, figures={**CARDS, "cards": cards}))) == is_index


@pytest.mark.parametrize(("words", "is_index"), [(1.4, False), (2.5, False), (3.5, True), (7.0, True)])
def test_names_that_link_are_a_reference_and_titles_an_index(words, is_index):
    text = "\n".join(f"Guardar {part}\nAbre una ventana en la que se elige dónde se guarda {part}." for part in BODY)
    linked = {**ARTICLE, "blocks": 16.0, "linked_headings": 8.0, "own_headings": 1.0, "heading_words": words}
    rule = IndexPage(SETTINGS.max_excerpts)
    assert rule.refuses(rule.measure(Text(text, figures=linked))) == is_index


def test_an_article_with_a_ranking_of_sums_at_its_end_stays_and_a_price_list_goes():
    article = [
        "La industria publicó el martes la lista de los tratamientos en que más gastan los hospitales del país cada año.",
        "Según el informe, el gasto creció por cuarta vez y se debe a los fármacos para el cáncer y la artritis.",
        "Los autores piden que los precios se negocien en común, como ya hacen otros países de la región desde 2015.",
    ]
    ranking = [f"- Fármaco para {part}: $80 millones" for part in BODY[:5]]
    rule = PriceList(SETTINGS.max_prices)
    assert not rule.refuses(rule.measure(Text("\n".join((*article, *ranking)))))
    assert rule.refuses(rule.measure(Text("\n".join(("Tarifas", *ranking, "Radiografía de tórax: 40 €")))))


def test_lines_that_an_editor_cut_are_no_lines_without_an_end():
    prose = [
        "El mundo nace en nosotros, como ya se hizo reconocer, y dentro de",
        "nosotros adquiere poco a poco la influencia que tiene cada día.",
        "Lo que experimentamos como externo no pertenece a lo interno, y",
        "aunque nuestra experiencia de ello resida ahí es la de lo otro",
        "que no somos nosotros.",
    ]
    rule = LinePunctuation(SETTINGS.min_line_punctuation)
    assert not rule.refuses(rule.measure(Text("\n".join(prose * 4))))
    menu = [f"Todo lo que hay que saber sobre {part} y sus enfermedades más frecuentes" for part in BODY]
    assert rule.refuses(rule.measure(Text("\n".join(menu * 2))))


def test_lines_that_stand_there_twice_are_no_repeated_phrases():
    rule = DuplicateNgrams(SETTINGS.max_duplicate_ngrams)
    assert rule.measure(Text(f"{LEAFLET}\n{LEAFLET}")) == rule.measure(Text(LEAFLET))
    author = "-- Santiago Ramón y Cajal, Reglas y consejos sobre investigación científica"
    lines = LEAFLET.split("\n")
    quoted = rule.measure(Text("\n".join(f"{line}\n{author}" for line in lines)))
    assert quoted[0] <= rule.measure(Text(LEAFLET))[0]
    signed = rule.measure(Text("\n".join(f"{line} {author} {number}" for number, line in enumerate(lines))))
    assert signed[0] > 0.4


def test_the_menu_of_a_week_stays_though_its_food_comes_again_and_frames_go():
    food = (
        "café solo o una infusión con edulcorante, dos galletas integrales, yogur natural desnatado y sin azúcar",
        "filete de ternera a la plancha, plato de verduras, cucharada de aceite y vinagre de manzana, yogur natural",
        "rodaja de pescado al horno con limón, plato de alcachofas con ajo, cucharada de aceite, una manzana",
    )
    days = "Lunes Martes Miércoles Jueves Viernes Sábado Domingo".split()
    menu = "\n".join(
        f"{day}\nDesayuno: {food[n % 3]} el {day}.\nAlmuerzo: {food[(n + 1) % 3]} el {day}.\nCena: {food[(n + 2) % 3]} el {day}."
        for n, day in enumerate(days)
    )
    rule = DuplicateNgrams(SETTINGS.max_duplicate_ngrams)
    assert not rule.refuses(rule.measure(Text(menu)))
    lessons = menu.replace("Desayuno:", "Integrar").replace("Almuerzo:", "Comparar").replace("Cena:", "Aplicar")
    for day in days:
        lessons = lessons.replace(f"{day}\n", "")
    assert rule.refuses(rule.measure(Text(lessons)))


def test_a_word_of_legal_notices_that_is_the_subject_makes_none():
    text = "\n".join(
        f"En el sitio web del centro se explica cómo se pide una prueba de {part} y qué llevar." for part in BODY
    )
    rule = LegalPage(SETTINGS.max_legal)
    assert not rule.refuses(rule.measure(Text(text)))
    notice = text.replace(
        "se explica", "rigen el aviso legal, la política de privacidad y las condiciones de uso; se explica"
    )
    assert rule.refuses(rule.measure(Text(notice)))


NOTICES = {
    "legal_page": (
        "Este sitio web utiliza archivos que se guardan en su navegador. Una cookie es un pequeño archivo de texto; su utilidad es que la página recuerde su visita cuando vuelva a ella. Las cookies que usamos son técnicas y de análisis. Puede borrarlas en la configuración; si las borra, algunos servicios dejarán de funcionar y tendrá que elegir otra vez. Esta política de cookies puede cambiar.",
        "De conformidad con el Reglamento (UE) 2016/679 le informamos de que tratamos sus datos personales para gestionar las citas y enviarle comunicaciones comerciales. La base jurídica es el permiso que usted da. Puede ejercer sus derechos de acceso y portabilidad y los demás ante el responsable del tratamiento. No se ceden a terceros.",
        "Nosotros y nuestros 800 socios guardamos o leemos en su aparato datos personales, como identificadores únicos, y cookies, para mostrar anuncios y contenido personalizados y conocer a la audiencia de este sitio web. Puede aceptar o rechazar, y cambiar más tarde lo que haya elegido con el botón de la parte inferior de cada página.",
    ),
    "error_page": (
        "Sitio en mantenimiento\nEstamos haciendo mejoras en nuestros servicios y volveremos muy pronto. Disculpe las molestias. Si necesita ponerse en contacto con nosotros puede hacerlo por los medios habituales en horario de oficina. Gracias por su paciencia mientras trabajamos para darle una experiencia mejor en cada visita.",
        "Comprobando su navegador\nEste proceso es automático y le llevará en breve al contenido que ha pedido. Espere cinco segundos, por favor. Necesitamos revisar la seguridad de su conexión antes de continuar. Si la espera se alarga, vuelva a cargar y compruebe que la fecha y la hora de su equipo son las correctas.",
        "El sueño\nEste contenido es exclusivo para suscriptores. Elige tu plan y accede sin límite a todos los artículos, al archivo histórico, a los cuadernos de nuestros expertos y a los encuentros de cada mes. Puedes cancelar cuando quieras desde tu cuenta. El primer mes cuesta un euro y los siguientes nueve, con todas las ventajas.",
    ),
}


@pytest.mark.parametrize(("reason", "text"), [(reason, text) for reason in NOTICES for text in NOTICES[reason]])
def test_a_notice_that_stands_where_a_page_should_goes(reason, text):
    refusal = judge(Text(text, figures=ARTICLE), RULES)[1]
    assert refusal is not None
    assert refusal.reason == f"quality/{reason}"


@pytest.mark.parametrize(
    "text",
    [
        "El tratamiento de mantenimiento del asma se toma cada día, aunque no haya molestias, y la página del informe recuerda la dosis. El hospital nuevo está en construcción y abrirá en otoño. ",
        "Los socios de la asociación reciben un cuaderno, y quien participa en el ensayo conserva sus datos personales y puede retirarse. Su navegador de consultas es la enfermera que lo acompaña. ",
    ],
)
def test_words_of_notices_in_an_article_make_none(text):
    assert judge(Text(text + ONE_PARAGRAPH, figures=ARTICLE), RULES)[1] is None


def test_results_of_a_search_go():
    text = "Resultados de la búsqueda\n" + "\n".join(
        f"… la consulta de {part} es frecuente en atención primaria y conviene saber cuándo pedir …" for part in BODY
    )
    refusal = judge(Text(text, figures=ARTICLE), RULES)[1]
    assert refusal is not None
    assert refusal.reason == "quality/index_page"


def test_a_notice_with_accents_in_a_text_without_any_changes_nothing():
    plain = "Si despues de un masaje notas sensacion de liquido en el oido, lo primero es no intentar vaciarlo con bastoncillos."
    notice = (
        "Nota de revisión: los médicos del centro han actualizado esta página con recomendaciones sobre diagnóstico."
    )
    rule = Accents(SETTINGS.min_accents)
    bare = "\n".join(f"{plain} Consejo {number} de la lista." for number in range(20))
    assert rule.refuses(rule.measure(Text(bare)))
    assert rule.refuses(rule.measure(Text(f"{bare}\n{notice}\n{bare}")))
    assert rule.refuses(rule.measure(Text(f"{bare}\n{' '.join([notice] * 4)}")))
    spelled = bare.replace("despues", "después").replace(
        "sensacion de liquido en el oido", "sensación de líquido en el oído"
    )
    assert not rule.refuses(rule.measure(Text(f"{spelled}\n{notice}")))
    table = "\n".join(f"Virus {number} | Escherichia coli | Salmonella typhi" for number in range(12))
    assert not rule.refuses(rule.measure(Text(f"{table}\n{notice}")))
