r"""How much of a page's main text each extractor finds, and how much else: F1 against known texts, in one run.

Usage: bench/extraction.py FOLDER [FOLDER ...] [--language es] [--worst 5] [--record]

Each FOLDER holds a gold set (``gold_sets.py`` says which, and where they are from). For whole texts the measure is that
of Zyte's article-extraction-benchmark: shingles of four words (\w+, lower case), counted as often as they occur;
precision and recall of each page, their means over the pages, and the F1 of the means. For segments it is trafilatura's
own: those found over all pages. All arms get the same bytes, one page after the other.
"""

import argparse
from pathlib import Path

from extraction_arms import arms
from gold_sets import Gold, f1, gold_set, scores
from harness import Run, in_turn, record_option


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--language", default="es", help="of the pages whose segments are known")
    parser.add_argument("--worst", type=int, default=0, help="pages to show on which our arm is worst")
    record_option(parser)
    arguments = parser.parse_args()
    run = Run("extraction", ("trafilatura", "justext", "lxml", "resiliparse"))
    for folder in arguments.folders:
        pages = gold_set(folder, arguments.language)
        compare(folder, pages, arguments.worst, run)
    run.close(arguments.record)


def compare(folder: Path, pages: list[Gold], worst: int, run: Run) -> None:
    is_english = (folder / "ground-truth.json").is_file()
    sides = arms("English" if is_english else "Spanish")
    texts: dict[str, list[str]] = {name: [] for name in sides}
    # a round is a page: every arm reads it, then comes the next one
    bodies = {name: iter(pages) for name in sides}
    rounds = {
        name: lambda name=name, arm=arm: texts[name].append(arm(next(bodies[name]).body)) for name, arm in sides.items()
    }
    seconds = in_turn(rounds, len(pages))
    rows = []
    for name, found in texts.items():
        figures = scores(pages, found)
        rows.append((name, *(f"{figure:.4f}" for figure in (f1(*figures), *figures)), len(pages) / sum(seconds[name])))
    columns = ("extractor", "F1", "precision", "recall", "pages a CPU second")
    run.table(f"{folder.name}, {len(pages)} pages", columns, rows)
    each = [(f1(*scores([page], [text])), page.name) for page, text in zip(pages, texts["ours"], strict=True)]
    for figure, name in sorted(each)[:worst]:
        print(f"    {figure:.3f} {name}")


if __name__ == "__main__":
    main()
