"""Lines that a site says of itself go; what merely shares a word with them stays, whatever the word."""

import pytest

from cleaning.pages.boilerplate import without_site_lines

PARAGRAPH = (
    "La hipertensión arterial es una enfermedad crónica en la que la presión de la sangre se mantiene demasiado alta."
)
OF_THE_TEXT = (
    "Compartir cepillos de dientes puede transmitir la hepatitis B.",
    "Categoría C en el embarazo: solo si el beneficio lo justifica",
    "Categoría: antibiótico del grupo de las penicilinas",
    "Etiqueta: agítese antes de usar",
    "Publicado en 2015, el estudio siguió a 9.361 adultos con hipertensión.",
    "Publicado en Lancet el 3 de marzo de 2020",
    "Leer más de dos horas al día con poca luz irrita los ojos.",
    "Leer más de lo habitual cansa la vista",
    "El uso nocturno de TikTok acorta el sueño de los adolescentes.",
    "Opción (c) 5000 UI de heparina cada 12 horas.",
    "(c) 2000 UI de vitamina D",
    "Dosis (C) 1500 mg al día",
    "Al iniciar sesión de quimioterapia se toma la temperatura.",
    "Cookies de avena sin gluten",
    "Cookies de avena y plátano",
    "Avise por WhatsApp a la enfermera si sube la fiebre.",
    "Los términos y condiciones de la póliza excluyen la ortodoncia.",
    "Inicio: dolor brusco",
    "Anterior",
    "Contenido: 20 comprimidos",
    "Índice de masa corporal",
    "Comentario: la respuesta correcta es la 3",
    "Suscribió el consentimiento informado el propio paciente.",
    "El médico suscribe la receta electrónica.",
    "Boletín epidemiológico de la semana 12",
    "Facebook y depresión en adolescentes",
    "Compartir la cama con el bebé aumenta el riesgo de muerte súbita",
    "Comparta esta información con su médico antes de operarse.",
    "Buscar ayuda si el dolor no cede",
    "Volver a tomar la dosis si vomita",
    "Siguiente dosis a las 8 horas",
    "Ver más de cerca produce fatiga",
    "Más información sobre el parto no aumenta el miedo.",
    "Menú semanal para diabéticos",
    "Publicidad de medicamentos: solo los que no llevan receta",
    "El aviso legal de alergia debe figurar en la historia",
    "JavaScript no es un lenguaje para clínicos",
    "Etiquetas nutricionales: cómo leerlas",
    "Categorías de riesgo: alto, medio y bajo",
    "Imprimir la receta y llevarla a la farmacia",
    "Telegram se usó para el seguimiento de 40 pacientes",
    "La cookie de jengibre alivia las náuseas",
    "Ver también la sección 4.",
    "Todos los derechos reservados al paciente figuran en la carta.",
    "Síganos contando cómo va la herida, pidió la enfermera.",
    "Suscríbase el consentimiento antes de la anestesia.",
    "El boletín epidemiológico recibe casos de 40 hospitales cada semana.",
    "Tumor | Grado | Tratamiento",
    "Acceso venoso · Dosis · Duración",
    "El navegador quirúrgico no permite ver el nervio.",
)
OF_THE_SITE = (
    "Esta web emplea cookies propias y de terceros.",
    "Este sitio usa cookies. Si continúa navegando acepta su uso.",
    "Aceptar todas las cookies",
    "Síguenos en Facebook y en YouTube",
    "Síganos en nuestras redes",
    "© 2019 Centro médico. Todos los derechos reservados.",
    "Copyright 2020 Clínica",
    "(c) 2021 Clínica de ejemplo",
    "Suscríbete a nuestro boletín",
    "Suscríbete y recibe novedades en tu correo",
    "Recibe nuestro boletín de noticias en tu correo",
    "Newsletter",
    "Haz clic para compartir en Twitter (Se abre en una ventana nueva)",
    "Compartir en Facebook",
    "Comparte este artículo",
    "Comparte esto:",
    "Compartir en redes sociales",
    "Facebook Twitter WhatsApp",
    "Facebook | Instagram | YouTube",
    "Aviso legal | Política de privacidad | Política de cookies",
    "Política de privacidad",
    "Términos y condiciones",
    "He leído y acepto la política de privacidad",
    "Inicia sesión",
    "Debes iniciar sesión para comentar",
    "Leer más...",
    "Leer más »",
    "Leer más",
    "Leer más […]",
    "Continuar leyendo",
    "Artículos relacionados",
    "También te puede interesar: dormir bien",
    "Lea también: la gripe",
    "Ver también: la gripe",
    "Deja un comentario",
    "Escríbenos por WhatsApp al 600 000 000",
    "Únete a nuestro canal de Telegram",
    "Active JavaScript en su navegador",
    "Saltar al contenido",
    "Menú",
    "Tabla de contenidos",
    "Publicidad",
    "Todos los derechos reservados",
    "Me gusta Cargando...",
    "Cargando...",
    "Ir arriba ↑",
    "Iniciar sesión | Registrarse",
    "Imprimir | Enviar por correo | PDF",
    "Inicio · Contacto · Aviso legal",
    "¿Te ha gustado este artículo? Compártelo con tus amigos",
    "Descarga nuestra app en Google Play y App Store",
    "Haga clic aquí para imprimir esta página",
    "Su navegador no soporta el elemento de vídeo.",
    "Boletín: recibe nuestras noticias cada lunes",
)
OF_THE_SITE_OUTSIDE = (
    "Etiquetas: asma, niños",
    "Categorías: Salud, Nutrición",
    "Publicado el 12 de mayo de 2021 por Ana",
    "Anterior",
    "Siguiente",
    "Comentarios",
    "3 comentarios",
    "Inicio",
    "Buscar",
)


@pytest.mark.parametrize("line", OF_THE_TEXT)
def test_a_line_of_the_text_stays_though_it_has_a_word_of_sites(line):
    text = f"Guía\n{PARAGRAPH}\n{line}\n{PARAGRAPH}"
    assert without_site_lines(text) == text


@pytest.mark.parametrize("line", OF_THE_SITE)
def test_what_a_site_says_to_its_visitor_goes_wherever_it_stands(line):
    for text in (f"{line}\n{PARAGRAPH}", f"{PARAGRAPH}\n{line}", f"Guía\n{PARAGRAPH}\n{line}\n{PARAGRAPH}"):
        assert line not in without_site_lines(text).split("\n")


@pytest.mark.parametrize("line", OF_THE_SITE_OUTSIDE)
def test_a_label_goes_outside_of_the_paragraphs_and_stays_among_them(line):
    assert without_site_lines(f"{line}\n{PARAGRAPH}\n{PARAGRAPH}") == f"{PARAGRAPH}\n{PARAGRAPH}"
    assert without_site_lines(f"{PARAGRAPH}\n{PARAGRAPH}\n{line}") == f"{PARAGRAPH}\n{PARAGRAPH}"
    among = f"{PARAGRAPH}\n{line}\n{PARAGRAPH}"
    assert without_site_lines(among) == among


def test_a_glossary_without_paragraphs_keeps_its_labels():
    glossary = "Anterior\nQue está delante\nInicio\nComienzo de los síntomas\nÍndice\nCociente de dos medidas"
    assert without_site_lines(glossary) == glossary


def test_a_long_paragraph_about_cookies_is_not_a_line_of_the_site():
    long = " ".join(["Las cookies de terceros del navegador"] + ["se estudiaron en pacientes de la consulta"] * 5) + "."
    assert without_site_lines(long) == long


def test_a_line_of_nothing_but_marks_takes_no_time():
    marks = "|" * 200_000
    assert without_site_lines(f"{PARAGRAPH}\n{marks}\n{PARAGRAPH}").split("\n")[1] == marks
