"""The interface in Spanish, by the English sentence that a template has. A test sees that none is missing."""

SPANISH = {
    # frame
    "To the content": "Ir al contenido",
    "Sections": "Secciones",
    "Find": "Buscar",
    "Read": "Leer",
    "Rules": "Reglas",
    "Compare": "Comparar",
    "Keys": "Teclas",
    "search": "buscar",
    "next and previous page of a list or a sample": "página siguiente y anterior de una lista o muestra",
    "good, bad, doubtful": "buena, mala, dudosa",
    "the reason": "el motivo",
    "the original beside the text, or not": "el original junto al texto, o no",
    "these keys": "estas teclas",
    "Close": "Cerrar",
    "To the newest version": "A la versión más reciente",
    # messages
    "Not here": "No está aquí",
    "There is nothing at this address.": "No hay nada en esta dirección.",
    "No version yet": "Aún no hay versión",
    "This store has no corpus version yet. `cowese publish` cuts one.": (
        "Este almacén aún no tiene ninguna versión del corpus. `cowese publish` crea una."
    ),
    "It cannot be shown": "No se puede mostrar",
    "The index of this version is being built; this page comes by itself.": (
        "Se está construyendo el índice de esta versión; la página aparecerá sola."
    ),
    "Pages": "Páginas",
    # list
    "Find pages of {version}": "Buscar páginas de {version}",
    "Words, or “a phrase”": "Palabras o «una frase»",
    "Search": "Buscar",
    "Narrow down": "Acotar",
    "version": "versión",
    "kept": "conservada",
    "{count} more": "{count} más",
    "1 page": "1 página",
    "{count} pages": "{count} páginas",
    "remove": "quitar",
    "Order": "Orden",
    "Go": "Ir",
    "Read a sample": "Leer una muestra",
    "Too many to rank by relevance; they are mixed.": "Demasiadas para ordenarlas por relevancia; van mezcladas.",
    "{count} words": "{count} palabras",
    "{count} alike": "{count} parecidas",
    "fetched {day}": "descargada el {day}",
    "published {day}": "publicada el {day}",
    "Nothing has all of this. Take a word or a choice away.": "Nada cumple todo esto. Quite una palabra o un filtro.",
    "Pages of the list": "Páginas de la lista",
    "Previous": "Anterior",
    "Next": "Siguiente",
    "Back to the list": "Volver a la lista",
    "Part of a name": "Parte de un nombre",
    "{count} values": "{count} valores",
    "the first {count}": "los primeros {count}",
    # a page
    "Text alone": "Solo el texto",
    "Original beside the text": "Original junto al texto",
    "Save the original’s bytes": "Guardar los bytes del original",
    "Text": "Texto",
    "Original, without scripts, pictures and styles": "Original, sin programas, imágenes ni estilos",
    "The page as it was fetched": "La página tal como se descargó",
    "The original is no page that can be shown here ({kind}).": (
        "El original no es una página que se pueda mostrar ({kind})."
    ),
    "What is known": "Lo que se sabe",
    "Language": "Lengua",
    "No verdict is kept.": "No se guarda ningún veredicto.",
    "Masked": "Enmascarado",
    "Nothing.": "Nada.",
    "Rights": "Derechos",
    "No WARC file has a word of this host or page.": "Ningún fichero WARC dice nada de este sitio ni de esta página.",
    "Pages alike": "Páginas parecidas",
    "word by word": "palabra por palabra",
    "None.": "Ninguna.",
    "Figures of the rules": "Cifras de las reglas",
    "In every version": "En cada versión",
    "what differs from {version}": "qué cambia respecto a {version}",
    "Its visits": "Sus visitas",
    "the one that is shown": "la que se muestra",
    "what differs": "qué cambia",
    "Its history": "Su historia",
    "No text was taken out of this answer.": "De esta respuesta no se extrajo texto.",
    "selected": "elegido",
    "cut": "recortado",
    "masked": "enmascarado",
    "plain: not selected": "sin marca: no elegido",
    "address": "dirección",
    "fetched": "descargada",
    "published on": "publicada",
    "rule": "regla",
    "figure": "cifra",
    "bound": "límite",
    "on its scale": "en su escala",
    "refuses": "rechaza",
    "Word by word": "Palabra por palabra",
    "Back to the page": "Volver a la página",
    "only here": "solo aquí",
    "in both": "en ambos",
    "dropped": "descartada",
    "absent": "no estaba",
    "furniture": "del sitio",
    "foreign": "otra lengua",
    "site_line": "repetida en el sitio",
    # reading
    "The sample": "La muestra",
    "{count} labelled": "{count} valoradas",
    "pages": "páginas",
    "seed": "semilla",
    "Draw": "Sortear",
    "Choose by facets": "Elegir con filtros",
    "Pages of the sample": "Páginas de la muestra",
    "kept in labels.tsv": "guardado en labels.tsv",
    "The server did not answer; nothing was kept.": "El servidor no respondió; no se guardó nada.",
    "What do you say of this page?": "¿Qué dice de esta página?",
    "Good": "Buena",
    "Bad": "Mala",
    "Doubtful": "Dudosa",
    "good": "buena",
    "bad": "mala",
    "doubtful": "dudosa",
    "Reason": "Motivo",
    "said before: {label}": "dicho antes: {label}",
    "Good: it belongs into the corpus. Bad: it does not.": "Buena: debe estar en el corpus. Mala: no debe estar.",
    # rules
    "This version is too large for a page to wait for.": "Esta versión es demasiado grande para esperar aquí.",
    "{pages} pages with measures, {labels} labelled.": "{pages} páginas con medidas, {labels} valoradas.",
    "{count} labels are of texts that have changed since or of another version.": (
        "{count} valoraciones son de textos que han cambiado o de otra versión."
    ),
    "Share of drops that must not be good": "Parte de lo descartado que no ha de ser buena",
    "Propose bounds": "Proponer límites",
    "drops": "descarta",
    "wrong, of those labelled": "mal, de las valoradas",
    "comes": "entran",
    "goes": "salen",
    "{bad} bad of {count}": "{bad} malas de {count}",
    "read": "leer",
    "proposed": "propuesto",
    "if": "si",
    "A question mark stands for pages of which too little was measured to say what would become of them. Intervals are "
    "Wilson’s, 95 %.": (
        "El signo de interrogación cuenta páginas de las que se midió demasiado poco para saber qué sería de ellas. "
        "Intervalos de Wilson, 95 %."
    ),
    # comparing
    "from": "de",
    "to": "a",
    "Choose two versions.": "Elija dos versiones.",
    "{before} documents before, {after} after, {same} the same.": (
        "{before} documentos antes, {after} después, {same} iguales."
    ),
    "What is compared": "Qué se compara",
    "Two versions": "Dos versiones",
    "Two sets of settings": "Dos juegos de ajustes",
    "The extracted texts of {version} are judged under both; nothing is cleaned again. Write what differs from the "
    "settings that the version was made with, a line each, or paste a settings file.": (
        "Los textos extraídos de {version} se juzgan con ambos; nada se limpia de nuevo. Escriba lo que difiere de los "
        "ajustes con que se hizo la versión, una línea por ajuste, o pegue un fichero de ajustes."
    ),
    "as the version was made": "como se hizo la versión",
    "Not asked here: {names}": "Aquí no se usan: {names}",
    "samples of": "muestras de",
    "Settings that can be tried, with their values in {version}": (
        "Ajustes que se pueden probar, con sus valores en {version}"
    ),
    "Both are the same. Write a setting that differs.": "Ambos son iguales. Escriba un ajuste que difiera.",
    "This has not been computed yet, and the request came from another site: press Compare.": (
        "Aún no se ha calculado, y la petición vino de otro sitio: pulse Comparar."
    ),
    "{count} texts: {before} kept before, {after} after.": (
        "{count} textos: {before} conservados antes, {after} después."
    ),
    "Of {count} today’s code, under the first settings, does not say what the version did.": (
        "De {count} el código de hoy, con los primeros ajustes, no dice lo que dijo la versión."
    ),
    "No setting differs.": "Ningún ajuste difiere.",
    "By rule": "Por regla",
    "No page moves.": "Ninguna página cambia.",
    "What happens": "Qué pasa",
    "labelled": "valoradas",
    "{good} good, {bad} bad, {doubtful} doubtful": "{good} buenas, {bad} malas, {doubtful} dudosas",
    "Duplicates among the pages that come, and the lines that a site repeats, are found by publishing.": (
        "Los duplicados entre las que entran, y las líneas que un sitio repite, los halla la publicación."
    ),
    "They lost to a page that goes, and would be kept: publishing lets one of each group take its place.": (
        "Perdieron ante una página que sale, y se conservarían: al publicar, una de cada grupo ocupa su lugar."
    ),
    "all in a list": "todas en una lista",
    "changes": "cambian de motivo",
    "copies": "copias",
    "Another comparison is being computed; this one comes next.": (
        "Se está calculando otra comparación; esta viene después."
    ),
    "The texts are being judged under both sets of settings; this page comes by itself.": (
        "Se están juzgando los textos con ambos juegos de ajustes; la página aparecerá sola."
    ),
    "The versions are being compared; this page comes by itself.": (
        "Se están comparando las versiones; la página aparecerá sola."
    ),
    "The rules are being tried; this page comes by itself.": "Se están probando las reglas; la página aparecerá sola.",
    "Try again": "Reintentar",
    "Settings that differ": "Ajustes que difieren",
    "setting": "ajuste",
    "added": "entran",
    "changed": "cambian",
    "removed": "salen",
    "moved": "se mudan",
    "elected": "representan ahora a su grupo",
    "deposed": "ya no representan a su grupo",
    "resplit": "cambian de partición",
    # facets
    "outcome": "resultado",
    "reason": "motivo",
    "host": "sitio",
    "category": "categoría",
    "country": "país",
    "language": "lengua",
    "day": "día de descarga",
    "published": "año de publicación",
    "length": "palabras",
    "health": "relevancia sanitaria",
    "cluster": "páginas parecidas",
    "split": "partición",
    "source": "ronda o fuente",
    "rights": "derechos",
    # orders
    "relevance": "relevancia",
    "mixed": "mezcladas",
    "longest": "más largas",
    "shortest": "más cortas",
    "newest": "más recientes",
    "oldest": "más antiguas",
    "healthiest": "más sanitarias",
    "least_healthy": "menos sanitarias",
    "url": "dirección",
}

ENGLISH = {
    "changes": "another reason",
    "copies": "copies that may step in",
    "furniture": "the site’s own words",
    "foreign": "another language",
    "site_line": "repeated on the site",
    "day": "fetched on",
    "published": "year of publication",
    "length": "words",
    "health": "health relevance",
    "cluster": "pages alike",
    "source": "round or source",
    "least_healthy": "least about health",
    "healthiest": "most about health",
    "url": "address",
}
"""English words for names that the addresses have."""
