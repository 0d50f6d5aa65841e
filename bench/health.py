"""Fit the word weights of the health score, and say how well they do on sources that they have not seen.

python bench/health.py FILE.parquet [--write] [--record]

FILE has the columns source, kind (``biomedical`` or anything else) and text. Texts are cut into pieces of about 200
words. Whole sources are held out, a fifth of them at a time: the weights are fitted on the others and asked about their
pieces. Sources of exam questions weigh together as one, and the words of which questions are made (*respuesta*, *cuál*,
*correcta*) get no weight: otherwise the table learns the form of an exam.
``--write`` then fits on all and writes data/health_words.tsv: words and weights, no sentence of anybody.
"""

import argparse
import math
import re
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from harness import Run, record_option

from cleaning.pages.health import BIAS, TABLE

WORD = re.compile(r"\w+(?:[-'’]\w+)*")
PIECE_WORDS = 200
PIECES_A_SOURCE = 600
"""So that novels do not outvote leaflets."""
CHARACTERS_A_SOURCE = 2_000_000
"""Texts of a larger source are taken evenly: more than enough for its pieces."""
LEAST_SOURCES = 4
"""A word of fewer sources is theirs and not the language's."""
LEAST_PIECES = 25
MOST_WORDS = 6_000
RIDGE = 3e-5
"""L2 penalty of a weight, a piece."""
STEPS, RATE = 150, 0.1
FOLDS = 5
EXAMS = 0.5
"""From this share of texts with a question and numbered answers on a source is one of exams."""
_QUESTION = re.compile(r"[?¿:].*\n\s*(?:1|a)\s?[.)-].*\n\s*(?:2|b)\s?[.)-]", re.DOTALL | re.IGNORECASE)
_QUESTION_WORDS = (
    "respuesta respuestas responder responda correcta correctas correcto correctos incorrecta incorrectas "
    "incorrecto incorrectos cuál cuáles cual cuales siguiente siguientes pregunta preguntas opción opciones señale "
    "señala indique indica elija marque falsa falsas falso falsos verdadera verdaderas verdadero verdaderos cierta "
    "ciertas cierto ciertos afirmación afirmaciones enunciado enunciados anterior anteriores todas ninguna ninguno "
    "excepto salvo respecto relación descartamos descartar descarta dudamos duda dudas dudar examen impugnable "
    "anulada qué quién cómo cuándo dónde question type clinical case correct answer nan comentario comentarios caso "
    "imagen figura asociada "
)
QUESTION_WORDS = frozenset(_QUESTION_WORDS.split())
"""Words of which questions and what is said of their answers are made, whatever the subject."""
LEAST_WEIGHT = 0.15
"""A lighter word is left out of the table."""


def pieces(path: Path) -> tuple[list[frozenset[str]], np.ndarray, list[str], dict[str, str]]:
    """The different words of each piece, whether it is about health, and its source; what each source weighs with."""
    table = pq.read_table(path, columns=["source", "kind", "text"])
    found: dict[str, list[frozenset[str]]] = defaultdict(list)
    kinds = {}
    exams: dict[str, list[bool]] = defaultdict(list)
    sizes: Counter[str] = Counter()
    lengths = pc.utf8_length(table["text"]).to_pylist()
    for source, length in zip(table["source"].to_pylist(), lengths, strict=True):
        sizes[source] += length
    seen: Counter[str] = Counter()
    for source, kind, text in zip(*(table[name].to_pylist() for name in ("source", "kind", "text")), strict=True):
        seen[source] += 1
        if seen[source] % max(1, sizes[source] // CHARACTERS_A_SOURCE):
            continue
        kinds[source] = kind == "biomedical"
        exams[source].append(_QUESTION.search(text) is not None)
        words = WORD.findall(text.lower())
        found[source] += [
            frozenset(words[start : start + PIECE_WORDS])
            for start in range(0, max(len(words) - PIECE_WORDS // 2, 1), PIECE_WORDS)
        ]
    rows, labels, sources = [], [], []
    for source, some in sorted(found.items()):
        every = max(1, len(some) // PIECES_A_SOURCE)
        rows += some[::every]
        labels += [kinds[source]] * len(some[::every])
        sources += [source] * len(some[::every])
    families = {source: "exams" if np.mean(found) >= EXAMS else source for source, found in exams.items()}
    return rows, np.array(labels, float), sources, families


def vocabulary(rows: list[frozenset[str]], sources: list[str]) -> list[str]:
    """Words of letters that several sources use."""
    counts: Counter[str] = Counter()
    where: dict[str, set[str]] = defaultdict(set)
    for words, source in zip(rows, sources, strict=True):
        for word in words:
            if word.isalpha() and len(word) > 2 and word not in QUESTION_WORDS:
                counts[word] += 1
                where[word].add(source)
    usable = [word for word, count in counts.items() if count >= LEAST_PIECES and len(where[word]) >= LEAST_SOURCES]
    return sorted(sorted(usable, key=lambda word: (-counts[word], word))[:MOST_WORDS])


class Matrix:
    """Pieces × words, each known word 1 / √known: three flat arrays."""

    def __init__(self, rows: list[frozenset[str]], words: list[str]) -> None:
        place = {word: number for number, word in enumerate(words)}
        known = [sorted(place[word] for word in row if word in place) for row in rows]
        self.row = np.repeat(np.arange(len(rows)), [len(one) for one in known])
        self.word = np.array([one for some in known for one in some], np.int64)
        self.value = np.repeat([1 / math.sqrt(max(len(one), 1)) for one in known], [len(one) for one in known])
        self.shape = (len(rows), len(words))

    def times(self, weights: np.ndarray) -> np.ndarray:
        """One sum for each piece."""
        return np.bincount(self.row, self.value * weights[self.word], self.shape[0])

    def transposed_times(self, residual: np.ndarray) -> np.ndarray:
        """One sum for each word."""
        return np.bincount(self.word, self.value * residual[self.row], self.shape[1])


def fit(matrix: Matrix, labels: np.ndarray, balance: np.ndarray) -> tuple[np.ndarray, float]:
    """Logistic regression by Adam over all pieces at once, from zero: the same input gives the same weights."""
    values = np.zeros(matrix.shape[1] + 1)
    mean, square = np.zeros_like(values), np.zeros_like(values)
    for step in range(1, STEPS + 1):
        scores = 1 / (1 + np.exp(-(matrix.times(values[:-1]) + values[-1])))
        residual = (scores - labels) * balance
        gradient = np.append(matrix.transposed_times(residual) + RIDGE * values[:-1], residual.sum())
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        values -= RATE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return values[:-1], float(values[-1])


def balanced(labels: np.ndarray, sources: list[str], families: dict[str, str]) -> np.ndarray:
    """Every source of a kind counts the same, exams together as one, and both kinds do; the sum is 1."""
    sizes = Counter(families[source] for source in sources)
    weight = np.array([1 / sizes[families[source]] for source in sources])
    for kind in (0.0, 1.0):
        weight[labels == kind] /= 2 * weight[labels == kind].sum()
    return weight


def pruned(weights: np.ndarray) -> np.ndarray:
    """Weights as the table has them."""
    return np.where(np.abs(weights) < LEAST_WEIGHT, 0, np.round(weights, 2))


def table_scores(rows: list[frozenset[str]], words: list[str], weights: np.ndarray, bias: float) -> np.ndarray:
    """What cleaning.pages.health would say with these weights: only words of the table count as known."""
    kept = [number for number, weight in enumerate(weights) if weight]
    matrix = Matrix(rows, [words[number] for number in kept])
    return 1 / (1 + np.exp(-(matrix.times(weights[kept]) + bias)))


def refitted_bias(rows: list[frozenset[str]], words: list[str], weights: np.ndarray, labels, balance) -> float:
    """The bias that suits the pruned table: where both kinds err alike, by bisection."""
    low, high = -20.0, 20.0
    for _ in range(40):
        middle = (low + high) / 2
        scores = table_scores(rows, words, weights, middle)
        if (balance * (scores - labels)).sum() > 0:
            high = middle
        else:
            low = middle
    return round((low + high) / 2, 2)


def trained(rows, labels, sources, families) -> tuple[list[str], np.ndarray, float]:
    """The table: its words, their weights, its bias."""
    words = vocabulary(rows, [families[source] for source in sources])
    balance = balanced(labels, sources, families)
    weights = pruned(fit(Matrix(rows, words), labels, balance)[0])
    return words, weights, refitted_bias(rows, words, weights, labels, balance)


def held_out(rows, labels, sources, families) -> dict[str, tuple[int, float, float]]:
    """For each source, never seen in training: its pieces, the share judged right, the mean score."""
    figures = {}
    kinds = dict(zip(sources, labels, strict=True))
    ordered = sorted(kinds, key=lambda source: (kinds[source], source))
    for fold in range(FOLDS):
        inside = np.isin(sources, ordered[fold::FOLDS])
        others = [number for number in range(len(rows)) if not inside[number]]
        words, weights, bias = trained(
            [rows[number] for number in others], labels[~inside], [sources[number] for number in others], families
        )
        scores = table_scores([rows[number] for number in np.flatnonzero(inside)], words, weights, bias)
        right = (scores > 0.5) == (labels[inside] > 0.5)
        for source in ordered[fold::FOLDS]:
            mine = np.array(sources)[inside] == source
            figures[source] = (int(mine.sum()), float(right[mine].mean()), float(scores[mine].mean()))
    return figures


def main() -> None:
    """Read the arguments, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--write", action="store_true", help="fit on all and write data/health_words.tsv")
    record_option(parser)
    given = parser.parse_args()
    rows, labels, sources, families = pieces(given.file)
    figures = held_out(rows, labels, sources, families)
    kind_of = dict(zip(sources, labels, strict=True))
    run, table = Run("health", ("numpy",)), []
    for kind, name in ((0.0, "other"), (1.0, "health")):
        mine = {source: one for source, one in figures.items() if kind_of[source] == kind}
        table += [
            (name, source, count, f"{right:.3f}", f"{score:.3f}") for source, (count, right, score) in mine.items()
        ]
        rights = [right for _, right, _ in mine.values()]
        table.append((name, "mean over sources, worst", None, f"{np.mean(rights):.3f}, {min(rights):.3f}", None))
    title = f"{len(rows):,} pieces of {len(figures)} sources, a fifth of them held out at a time"
    run.table(title, ("kind", "source", "pieces", "right", "mean score"), table)
    run.close(given.record)
    if given.write:
        words, weights, bias = trained(rows, labels, sources, families)
        lines = sorted(
            ((word, weight) for word, weight in zip(words, weights, strict=True) if weight), key=lambda one: -one[1]
        )
        body = [f"{word}\t{weight:.2f}" for word, weight in [(BIAS, bias), *lines]]
        TABLE.write_text("\n".join(["word\tweight", *body]) + "\n", encoding="utf-8")
        print(f"{TABLE}: {len(lines):,} words")


if __name__ == "__main__":
    main()
