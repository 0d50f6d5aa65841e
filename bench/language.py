"""What cleaning takes for Spanish: recall and leak by language on paragraphs, and documents a CPU second.

Usage: bench/language.py FILE.tsv [--characters 530] [--errors 5] [--record]

FILE.tsv has the columns lang, kind, source, text. Lines of one source and language are joined in their order to
paragraphs of about ``--characters``; what is left at the end of a source joins the paragraph before it, and is left out
where it stands alone below 300 characters, the least that cleaning decides on. ``taken for es`` is the recall for
Spanish and the leak for the others. A source's own figure is printed too, since sources differ more than texts do.
"""

import argparse
import csv
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from harness import Run, record_option

from cleaning.pages.language import identify
from cleaning.settings import CleaningSettings

NEIGHBOURS = ("gl", "ca", "eu", "pt", "ast", "an", "oc")
RECALL, LEAK, SPEED = 0.99, 0.01, 250
LEAST = CleaningSettings().min_chars


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--characters", type=int, default=530)
    parser.add_argument("--errors", type=int, default=0, help="wrong verdicts to show, for each language")
    record_option(parser)
    arguments = parser.parse_args()
    run = Run("language", ("py3langid", "langdetect"))
    paragraphs = list(read(arguments.file, arguments.characters))
    identify(paragraphs[0][2])
    taken, total = defaultdict(Counter), defaultdict(Counter)
    answers: dict[str, Counter[str]] = defaultdict(Counter)
    wrong: dict[str, list[str]] = defaultdict(list)
    started = time.process_time()
    verdicts = [identify(text) for _, _, text in paragraphs]
    seconds = time.process_time() - started
    for (language, source, text), verdict in zip(paragraphs, verdicts, strict=True):
        total[language][source] += 1
        answers[language][verdict.language] += 1
        if verdict.language == "es":
            taken[language][source] += 1
        if (verdict.language == "es") != (language == "es"):
            wrong[language].append(f"{verdict.verdicts} {source}: {text}")
    rows = []
    for language in sorted(total, key=lambda one: (one != "es", one not in NEIGHBOURS, one)):
        rows.append(row_of(language, total[language], taken[language], answers[language]))
        show_sources(language, total[language], taken[language])
        for line in wrong[language][: arguments.errors]:
            print(f"    {line}")
    columns = ("language", "paragraphs", "taken for es", "asked", "verdicts")
    note = f"{len(paragraphs)} paragraphs, {len(paragraphs) / seconds:.0f} a CPU second (asked: {SPEED})"
    run.table(f"Paragraphs of {arguments.characters} characters or a little more", columns, rows, note)
    run.close(arguments.record)


def row_of(language: str, total: Counter[str], taken: Counter[str], answers: Counter[str]) -> tuple[str | int, ...]:
    share = taken.total() / total.total()
    asked, missed = "", False
    if language == "es":
        asked, missed = f"at least {RECALL}", share < RECALL
    elif language in NEIGHBOURS:
        asked, missed = f"at most {LEAK}", share > LEAK
    verdicts = ", ".join(f"{name} {count}" for name, count in answers.most_common(4))
    return language, total.total(), f"{share:.4f}", f"{asked}{', MISSED' if missed else ''}", verdicts


def show_sources(language: str, total: Counter[str], taken: Counter[str]) -> None:
    """Print the sources of Spanish and of its neighbours."""
    if language == "es" or language in NEIGHBOURS:
        families = Counter[str](), Counter[str]()
        for source, count in total.items():
            families[0][family(source)] += count
            families[1][family(source)] += taken[source]
        for name, count in sorted(families[0].items()):
            print(f"  {language:<4} {families[1][name]:>4} of {count:>4}  {name}")


def family(source: str) -> str:
    """A source without the name of its page."""
    return source.partition(" pages/")[0]


def read(file: Path, characters: int) -> Iterator[tuple[str, str, str]]:
    """Language, source and text of each paragraph."""
    lines: dict[tuple[str, str], list[str]] = defaultdict(list)
    with file.open(encoding="utf-8", newline="") as opened:
        for row in csv.DictReader(opened, delimiter="\t", quoting=csv.QUOTE_NONE):
            lines[row["lang"], row["source"]].append(row["text"])
    for (language, source), some in lines.items():
        for text in grouped(some, characters):
            yield language, source, text


def grouped(lines: list[str], characters: int) -> list[str]:
    groups: list[list[str]] = [[]]
    held = 0
    for line in lines:
        if held >= characters:
            groups.append([])
            held = 0
        groups[-1].append(line)
        held += len(line) + 1
    if len(groups) > 1 and held < characters:
        rest = groups.pop()
        groups[-1] += rest
    texts = ["\n".join(group) for group in groups]
    return [text for text in texts if len(text) >= LEAST]


if __name__ == "__main__":
    main()
