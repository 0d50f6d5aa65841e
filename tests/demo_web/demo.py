"""What `make demo` runs: the whole chain on the demo web, in the folder demo/."""

import json
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from demo_web.server import DemoWeb

FOLDER = Path("demo")
STORE = FOLDER / "store"
COWESE = Path(sys.executable).with_name("cowese")


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    again = (STORE / "corpus" / "latest").exists()
    started = time.monotonic()
    with DemoWeb(round=2 if again else 1) as web:
        seeds = web.write_seeds(FOLDER / "seeds.tsv")
        print(f"A small Spanish health web of {len(web.pages)} pages on 4 hosts answers at {web.proxy}")
        if again:
            print("The store is there already: a second round over the web some weeks later.")
        command = [COWESE, "build", "--seeds", seeds, "--proxy", web.proxy, "--store", STORE]
        command += ["--preset", "tiny", "--steps", "200", "--revisit", "all", "--json"]
        print("$", " ".join(map(str, command)), flush=True)
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        return done.returncode
    show(json.loads(done.stdout), time.monotonic() - started)
    return 0


def show(built, seconds: float) -> None:
    corpus, model = built["corpus"], built["model"]
    crawl, publish = corpus["crawl"], corpus["publish"]
    lines = [
        (
            "pages",
            f"{crawl['new']} new, {crawl['changed']} changed, {crawl['not_modified']} not modified, {crawl['gone']} gone",
            crawl["warc"],
        ),
        (
            "documents",
            f"{corpus['clean']['kept']} of {corpus['clean']['records']} new records kept",
            STORE / "documents",
        ),
        (
            "corpus",
            f"{publish['version']}{'' if publish['changed'] else ' (nothing has changed)'}: {publish['documents']} documents, {publish['words']:,} words",
            publish["path"],
        ),
        ("tokenizer", f"{model['tokenizer']['entries']:,} entries", model["tokenizer"]["path"]),
        (
            "tokens",
            ", ".join(f"{split} {count:,}" for split, count in model["pack"]["tokens"].items()),
            model["pack"]["path"],
        ),
        ("run", "ELECTRA, preset tiny, 200 steps", model["pretrain"]["path"]),
        ("model", "discriminator and generator for transformers", model["export"]["path"]),
    ]
    print()
    for name, figure, path in lines:
        print(f"{name:<10} {figure}\n           {shorter(path)}")
    print(
        "\nseconds    "
        + ", ".join(f"{stage} {took:.0f}" for part in (corpus, model) for stage, took in part["seconds"].items())
    )
    print(f"\nAll of it took {seconds:.0f} s. Next, try:")
    print(f"  {shorter(COWESE)} evaluate --store {STORE}")
    print(f"  {shorter(COWESE)} build --help        the same over the real web")
    print("  make demo                       again: a second round, where a few pages are new, changed, moved and gone")


def shorter(path) -> str:
    full = Path(path).absolute()
    return str(full.relative_to(Path.cwd())) if full.is_relative_to(Path.cwd()) else str(path)


if __name__ == "__main__":
    sys.exit(main())
