r"""How much of a page's main text each extractor finds, and how much else: F1 against known texts, in one run.

Usage: bench/extraction.py FOLDER [FOLDER ...] [--language es] [--worst 5]

Each FOLDER holds a gold set (``gold_sets.py`` says which, and where they are from). For whole texts the measure is that
of Zyte's article-extraction-benchmark: shingles of four words (\w+, lower case), counted as often as they occur;
precision and recall of each page, their means over the pages, and the F1 of the means. For segments it is trafilatura's
own: those found over all pages. All arms get the same bytes, one page after the other.
"""

import argparse
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path

from extraction_arms import arms
from gold_sets import Gold, f1, gold_set, scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--language", default="es", help="of the pages whose segments are known")
    parser.add_argument("--worst", type=int, default=0, help="pages to show on which our arm is worst")
    arguments = parser.parse_args()
    print(f"trafilatura {version('trafilatura')}, justext {version('justext')}; CPU seconds of one core")
    for folder in arguments.folders:
        pages = gold_set(folder, arguments.language)
        compare(folder, pages, arguments.worst)


def compare(folder: Path, pages: list[Gold], worst: int) -> None:
    is_english = (folder / "ground-truth.json").is_file()
    sides = arms("English" if is_english else "Spanish")
    texts: dict[str, list[str]] = {name: [] for name in sides}
    seconds = Counter[str]()
    for page in pages:
        for name, arm in sides.items():
            started = time.process_time()
            texts[name].append(arm(page.body))
            seconds[name] += time.process_time() - started
    print(f"{folder.name}: {len(pages)} pages")
    for name, found in texts.items():
        precision, recall = scores(pages, found)
        speed = len(pages) / seconds[name]
        parts = f"precision {precision:.4f}  recall {recall:.4f}"
        print(f"  {name:<26} F1 {f1(precision, recall):.4f}  {parts}  {speed:.1f} pages/s")
    each = [(f1(*scores([page], [text])), page.name) for page, text in zip(pages, texts["ours"], strict=True)]
    for figure, name in sorted(each)[:worst]:
        print(f"    {figure:.3f} {name}")


if __name__ == "__main__":
    main()
