"""Is a version's Croissant file valid, and do documents come out of it? Needs `pip install mlcroissant`.

python bench/croissant.py store/corpus/latest
"""

import argparse
import itertools
import json
from pathlib import Path

import mlcroissant


def main() -> None:
    """Validate, then read some documents of each record set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("version", type=Path)
    parser.add_argument("--documents", type=int, default=5)
    given = parser.parse_args()
    path = given.version.resolve() / "croissant.json"
    found = mlcroissant.Dataset(jsonld=path)  # raises where the file is not valid
    print(found.metadata.ctx.issues.report() or "valid, without warnings")
    for records in json.loads(path.read_text(encoding="utf-8"))["recordSet"]:
        name = records["@id"]
        some = list(itertools.islice(found.records(name), given.documents))
        columns = {key.partition("/")[2] for one in some for key in one}
        print(f"{name}: {len(some)} documents read, {len(columns)} columns")


if __name__ == "__main__":
    main()
