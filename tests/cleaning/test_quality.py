"""Kinds of pages that are no articles, each with text as such pages have it, and the reason asserted."""

import pytest

from cleaning.corpus.reasons import in_words
from cleaning.pages.judge_page import judge_page
from cleaning.pages.page import Drop, Page
from cleaning.pages.quality import judge, rules_of
from cleaning.pages.text import WORD, Text
from cleaning.settings import CleaningSettings

SETTINGS = CleaningSettings()
RULES = rules_of(SETTINGS)
ARTICLE = (
    "El asma es una enfermedad crónica que inflama y estrecha las vías respiratorias.\n"
    "Síntomas\n"
    "Los más habituales son la tos, sobre todo por la noche, los pitidos al respirar y la sensación de "
    "opresión en el pecho. "
    "Pueden aparecer de golpe o ir a más durante varios días.\n"
    "Tratamiento\n"
    "El médico suele recetar un inhalador de rescate, que abre los bronquios en minutos, y otro de "
    "mantenimiento, que se usa "
    "cada día aunque no haya molestias. Conviene aprender bien la técnica con la enfermera y llevar "
    "siempre el de rescate.\n"
    "En resumen, quien sigue el tratamiento puede hacer una vida normal."
)
PRICES = (
    "Tarifas de la clínica dental para el año en curso\n"
    "Primera visita y diagnóstico con radiografía: 30 €\n"
    "Limpieza bucal con ultrasonidos y pulido de la superficie: 60 €\n"
    "Empaste simple de resina en una sola cara de la pieza: 55 €\n"
    "Endodoncia de una raíz con reconstrucción de la corona: 180 €\n"
    "Implante de titanio con su corona de porcelana incluida: 1.200 €\n"
    "Blanqueamiento en la consulta con lámpara y férulas: desde 250 €\n"
    "El pago se puede hacer en tres plazos sin intereses."
)
FORM = (
    "Solicite su cita con el especialista y le llamaremos en menos de un día.\n"
    "Nombre y apellidos *\nTeléfono de contacto *\nCorreo electrónico *\nFecha de nacimiento\n"
    "Seleccione la especialidad que necesita\n"
    "Mensaje para el médico o para la persona que atiende la consulta\n"
    "He leído y acepto la política de tratamiento de mis datos de carácter personal\n"
    "Los datos se usan solo para gestionar la cita y no se ceden a otras empresas.\n"
    "Campos obligatorios\nEnviar la solicitud"
)
LINKS = (
    "Enfermedades de la A a la Z en la guía de la sociedad\n"
    "Asma en la edad escolar y en el adulto\nArtritis reumatoide y otras de las articulaciones\n"
    "Bronquitis crónica en el fumador\nCefalea tensional y migraña en la mujer\nCelíaca, la enfermedad y su dieta\n"
    "Dermatitis atópica del lactante\nDiabetes de tipo 1 y de tipo 2\nEccema de las manos por contacto\n"
    "Gota y ácido úrico en la sangre\nHepatitis de los tipos A, B y C\nInsomnio en la persona mayor\n"
    "Todas las fichas las revisa un médico."
)
FILLER = (
    "¿Estás buscando cómo dormir mejor? En este artículo te explicamos todo lo que necesitas saber sobre el sueño. "
    "Es importante destacar que dormir bien es fundamental para la salud. Cabe mencionar que existen una "
    "amplia gama de "
    "técnicas que te ayudarán a descansar. Es fundamental tener en cuenta que cada persona es única. En "
    "conclusión, dormir "
    "bien desempeña un papel muy importante en tu vida. Esperamos que este artículo te haya sido de "
    "ayuda. Sigue leyendo."
)
UNACCENTED = (
    "No todas las preguntas de este tipo se resuelven con un si o un no. Antes de sacar conclusiones hay "
    "que ver si hablamos "
    "de normativa, de funciones reales del puesto o de la experiencia habitual de trabajo en el centro. "
    "Cuando la duda mezcla "
    "enfermeria y cuidados, revise la formacion y los limites de la practica para no acabar decidiendo "
    "desde una intuicion."
)
TEMPLATE = ARTICLE + "\nHola {{ nombre }}, gracias por su visita a {{ centro }}."
LEGAL = (
    "Aviso legal y política de privacidad. En cumplimiento de la Ley 34/2002 se informa de que el "
    "titular del sitio web es la "
    "asociación. El responsable del tratamiento de los datos personales usa los que se recogen en los "
    "formularios para "
    "contestar. Puede ejercer los derechos de acceso y de supresión ante la autoridad de protección de "
    "datos. Este sitio web "
    "usa un archivo que el navegador guarda en el equipo. Para cualquier litigio serán competentes los "
    "juzgados de la ciudad."
)
FRONT_PAGE = """Información para pacientes
El cálculo renal se forma cuando las sales de la orina cristalizan en las paredes de las a…
La hipertensión arterial no da síntomas durante años y por eso conviene medir la pres...
El ictus es una urgencia: cada minuto que pasa sin tratamiento una parte del cerebro deja de reci…
La epilepsia se trata con fármacos que en dos de cada tres personas evitan las crisis por comp…
Los consejos de esta web no sustituyen a la consulta con su médico o con su enfermera."""
NOT_FOUND = (
    "Error 404: página no encontrada\nLa dirección que ha escrito no lleva a ningún contenido de este "
    "portal. Es posible que "
    "se haya movido o que ya no exista. Puede volver a la portada, usar el buscador o consultar el mapa "
    "del sitio. Si cree que "
    "se trata de un fallo, escriba al equipo de la web y cuéntenos desde qué página llegó hasta aquí "
    "para que lo arreglemos."
)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (PRICES, "price_list"),
        (FORM, "form"),
        (LINKS, "link_list"),
        (FILLER, "filler"),
        (TEMPLATE, "filler"),
        (UNACCENTED, "unaccented"),
        (LEGAL, "legal_page"),
        (FRONT_PAGE, "index_page"),
        (NOT_FOUND, "error_page"),
    ],
    ids=["prices", "form", "links", "filler", "unfilled template", "unaccented", "legal", "front page", "not found"],
)
def test_what_is_no_article_goes_with_its_reason(text, rule):
    figures, refusal = judge(Text(text), RULES)
    assert refusal is not None
    assert (refusal.reason, refusal.figure) == (f"quality/{rule}", pytest.approx(figures[rule], abs=1e-4))


def test_an_article_with_headings_and_one_stock_phrase_stays():
    figures, refusal = judge(Text(ARTICLE), RULES)
    assert refusal is None
    assert figures["filler"] > 0
    assert 0 < figures["link_list"] < SETTINGS.max_title_words


def test_a_subject_named_two_or_three_times_is_no_repetition():
    text = (
        "Espondilitis anquilosante\n"
        "La espondilitis anquilosante es un tipo de artritis en la que se inflaman las articulaciones de la columna.\n"
        "Signos y síntomas\n"
        "La espondilitis anquilosante suele aparecer poco a poco, con un inicio máximo entre los veinte y "
        "los treinta años, "
        "y el dolor de la espalda es peor por la mañana y después de haber estado quieto durante mucho tiempo."
    )
    assert judge(Text(text), RULES)[1] is None


ENGLISH = (
    "Background: asthma is a chronic disease of the airways with a high prevalence in childhood. The aim "
    "of this study was to "
    "assess the effect of an educational programme on the use of inhalers in primary care. Methods: we "
    "followed two groups of "
    "patients for twelve months and compared the number of visits to the emergency department in each of them."
)
CATALAN = (
    "L'asma és una malaltia crònica de les vies respiratòries que afecta molts infants i també persones "
    "grans. El tractament "
    "es fa amb inhaladors, i cal aprendre bé la tècnica amb la infermera del centre. Quan els símptomes "
    "empitjoren durant la "
    "nit és convenient consultar el metge de capçalera abans que la crisi sigui més greu i calgui anar a urgències."
)


@pytest.mark.parametrize("other", [ENGLISH, CATALAN], ids=["en", "ca"])
def test_a_paragraph_in_another_language_is_cut_out_of_a_spanish_page_and_counted(other):
    page = judge_page(Page(f"{ARTICLE}\n{other}"), SETTINGS, RULES)
    assert isinstance(page, Page)
    assert page.text == ARTICLE
    assert page.quality["foreign_paragraphs"] == 1


def test_short_foreign_lines_and_spanish_paragraphs_with_foreign_names_stay():
    title = "Global Initiative for Asthma: a pocket guide for health professionals"
    study = (
        "El grupo de trabajo de la Global Initiative for Asthma y la European Respiratory Society publicó "
        "los criterios en la "
        "revista European Respiratory Journal, y después los adoptaron las sociedades médicas de los demás "
        "países, que los "
        "tradujeron con el permiso de sus autores y los difundieron entre los médicos de familia y las enfermeras."
    )
    page = judge_page(Page(f"{ARTICLE}\n{title}\n{study}"), SETTINGS, RULES)
    assert isinstance(page, Page)
    assert page.text == f"{ARTICLE}\n{title}\n{study}"
    assert "foreign_paragraphs" not in page.quality


SOFTWARE = (
    "Para abrir el cuadro de diálogo haga clic en el menú Herramientas y elija la opción Personalizar. "
    "En la pestaña Teclado "
    "puede asignar un atajo a cada orden del programa. Guarde el archivo de configuración en la carpeta "
    "del usuario y vuelva a "
    "iniciar la aplicación para que los cambios tengan efecto. Si la hoja de cálculo tiene macros, el "
    "sistema pedirá permiso "
    "antes de ejecutarlas, según el nivel de seguridad que se haya definido en las opciones del documento."
)


def test_health_relevance_is_kept_and_decides_only_where_it_is_asked_to():
    article, software = (judge_page(Page(text), SETTINGS, RULES) for text in (ARTICLE, SOFTWARE))
    assert isinstance(article, Page)
    assert isinstance(software, Page)
    assert software.health < 0.3
    assert article.health > 0.7
    strict = CleaningSettings(min_health=0.5)
    assert isinstance(judge_page(Page(ARTICLE), strict, RULES), Page)
    dropped = judge_page(Page(SOFTWARE), strict, RULES)
    assert isinstance(dropped, Drop)
    assert (dropped.reason, dropped.figure) == ("quality/off_topic", software.health)


def test_a_catalan_page_is_judged_by_its_own_stop_words():
    text = f"{CATALAN}\n{CATALAN.replace('asma', 'altra bronquitis')}"
    assert judge_page(Page(text), SETTINGS, RULES).reason == "language/ca"
    side = judge_page(Page(text), CleaningSettings(languages=("es", "ca")), RULES)
    assert isinstance(side, Page) or side.reason == "quality/duplicate_ngrams"
    assert Text(CATALAN, "ca").stop_words > Text(CATALAN, "eu").stop_words


@pytest.mark.parametrize(
    ("line", "bare"),
    [
        ("## Tratamiento del asma", "Tratamiento del asma"),
        ("- Tos seca", "Tos seca"),
        ("3. Tos seca", "Tos seca"),
        ("Dosis: 5 mg - 10 mg", "Dosis: 5 mg - 10 mg"),
        ("2 a 3. Con agua", "2 a 3. Con agua"),
        ("Hombre | 13 a 17", None),
    ],
)
def test_a_mark_of_markdown_is_one_at_a_lines_beginning(line, bare):
    text = Text(line)
    assert text.bare_lines == ([] if bare is None else [bare])
    assert len(WORD.findall(text.set_apart)) == len(text.words) - len(WORD.findall(bare or ""))


def test_every_rule_is_named_in_words():
    for rule in rules_of(CleaningSettings(min_health=0.5)):
        assert "refused by the rule" not in in_words(f"quality/{rule.name}"), rule.name
