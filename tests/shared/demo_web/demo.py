"""What `make demo` runs: the whole chain on the demo web, in the folder demo/.

The first time round 1, then round 2 with a few pages new, changed, moved and gone, then the same web again, where
nothing has changed. A demo that was cut off goes on in the round that it was in.
"""

import json
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))

from demo_web.server import DemoWeb

FOLDER = Path("demo")
STORE = FOLDER / "store"
FINISHED = FOLDER / "rounds-finished"
COWESE = Path(sys.executable).with_name("cowese")
STEPS = 200
SETTINGS = """\
# Written by `make demo`; `cowese serve --config {file}` serves it, its small web included.
store = "{store}"

[crawl]
seeds = "{seeds}"
proxy = "http://127.0.0.1:{port}"
# a web of this machine: every page is due again after seconds, not after a month
delay_min = 0.05
interval_min = 0.00001
interval_initial = 0.00001
interval_max = 0.00001

[pretrain]
preset = "mini"
steps = {steps}
vector_rate = 1.0

[serve.beside]
demo-web = ["{python}", "{server}", "{port}", "2"]
"""
ROUNDS = {
    0: "The first round: everything is new.",
    1: "The second round: some weeks later, a few pages are new, changed, moved and gone.",
}
UNCHANGED = "Another round over the same web: nothing has changed since."


def main() -> int:
    """Build, show what came of it, and remember that this round is finished."""
    FOLDER.mkdir(exist_ok=True)
    finished = int(FINISHED.read_text()) if FINISHED.is_file() and STORE.is_dir() else 0
    started = time.monotonic()
    with DemoWeb(round=min(finished + 1, 2)) as web:
        config = write_settings(web)
        print(f"A small Spanish health web of {len(web.pages)} answers on 4 hosts listens at {web.proxy}")
        print(ROUNDS.get(finished, UNCHANGED))
        command = [COWESE, "build", "--config", config, "--proxy", web.proxy, "--json"]
        print("$", " ".join(shorter(part) for part in command), flush=True)
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        return done.returncode
    FINISHED.write_text(str(finished + 1))
    show(json.loads(done.stdout), time.monotonic() - started, finished + 1)
    return 0


def write_settings(web: DemoWeb) -> Path:
    """Write what the demo needs as a settings file; the port of its web is kept from one demo to the next."""
    file = FOLDER / "cowese.toml"
    seeds = web.write_seeds(FOLDER / "seeds.tsv").absolute()
    if file.is_file():
        port = urlsplit(tomllib.loads(file.read_text(encoding="utf-8"))["crawl"]["proxy"]).port
    else:
        port = urlsplit(web.proxy).port
    server = Path(__file__).with_name("server.py").absolute()
    about = {"file": file, "store": STORE.absolute(), "seeds": seeds, "port": port, "steps": STEPS}
    file.write_text(SETTINGS.format(**about, python=sys.executable, server=server), encoding="utf-8")
    return file


def show(built: dict[str, Any], seconds: float, finished: int) -> None:
    """Where each thing is, its figures, and what to try next."""
    corpus, model = built["corpus"], built["model"]
    print()
    for name, figure, path in [*corpus_lines(corpus), *model_lines(model)]:
        print(f"{name:<10} {figure}\n           {shorter(path)}")
    took = {**corpus["seconds"], **model["seconds"]}
    print("\nseconds    " + ", ".join(f"{stage} {one:.0f}" for stage, one in took.items()))
    print()
    print("\n".join(learnt(built)))
    print(f"\nAll of it took {seconds:.0f} s. Next, try:")
    print(f"  {shorter(COWESE)} evaluate --store {STORE} --split test")
    print(f"  {shorter(COWESE)} build --help        the same over the real web")
    again = "a second round, where a few pages are new, changed, moved and gone" if finished == 1 else "nothing changes"
    print(f"  make demo                       again: {again}")
    print(
        f"  {shorter(COWESE)} browse --config {FOLDER / 'cowese.toml'}    read and judge it at http://127.0.0.1:4202/"
    )
    print("With Prefect:")
    print(f"  {shorter(COWESE)} serve              a server, workers and the demo's web, all in the background")
    deployed = "that round" if finished == 1 else "the next look at the same web"
    prefect = shorter(COWESE.with_name("prefect"))
    print(f"  {prefect} deployment run build-cowese --watch    {deployed}, as a deployment, from any folder")


def learnt(built: dict[str, Any]) -> list[str]:
    """What the generator fills in, before and after it was trained."""
    from demo_web.guesses import guesses, lines_of  # loads torch, which the build in its own process has freed by now

    run, packed = built["model"]["pretrain"], built["model"]["pack"]["tokens"]
    found = guesses(Path(built["corpus"]["publish"]["path"]), Path(run["path"]))
    return lines_of(found, run["tokens_seen"] / packed["train"])


def corpus_lines(corpus: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Pages, documents, version."""
    from flows.prefect_pages.log_lines import (
        left_out_by_publishing,  # loads the rooms, which the first line must not wait for
    )

    crawl, clean, publish = corpus["crawl"], corpus["clean"], corpus["publish"]
    dropped = {reason: count for reason, count in clean["dropped"].items() if not reason.startswith("revisit/")}
    reasons = ", ".join(f"{reason} {count}" for reason, count in list(dropped.items())[:4])
    version = publish["version"] if publish["changed"] else f"still {publish['version']}, for nothing has changed"
    splits = ", ".join(f"{split} {count}" for split, count in publish["splits"].items())
    left_out = [f"{count} {words}" for words, count in left_out_by_publishing(publish["dropped"]).items()]
    pages = ("new", "changed", "not_modified", "gone", "moved")
    return [
        ("pages", ", ".join(f"{crawl[name]} {name.replace('_', ' ')}" for name in pages), crawl["warc"]),
        (
            "documents",
            f"{clean['kept']} of {clean['records']} new records kept" + (f"; dropped: {reasons} …" if reasons else ""),
            str(STORE / "documents"),
        ),
        (
            "corpus",
            f"{version}: {publish['documents']} documents ({splits}), {publish['words']:,} words"
            + (f"; left out: {', '.join(left_out)}" if left_out else ""),
            publish["path"],
        ),
    ]


def model_lines(model: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Tokenizer, tokens, run, figures, models."""
    tokens = ", ".join(f"{split} {count:,}" for split, count in model["pack"]["tokens"].items())
    run, judged = model["pretrain"], model["evaluate"]
    reused = "finished before; " if run["reused"] else ""
    figures = ", ".join(f"{name} {value:.3f}" for name, value in judged["discriminator"].items())
    return [
        ("tokenizer", f"{model['tokenizer']['entries']:,} entries, cased, accents kept", model["tokenizer"]["path"]),
        ("tokens", tokens, model["pack"]["path"]),
        ("run", f"{reused}ELECTRA, preset mini, {run['steps']} steps, loss {run['loss']:.2f}", run["path"]),
        ("held out", f"{figures} on {judged['tokens']:,} tokens of other pages", judged["path"]),
        ("model", "discriminator and generator for transformers", model["export"]["path"]),
    ]


def shorter(path: Path | str) -> str:
    """A path as seen from here; anything else as it is."""
    full = Path(path)
    return str(full.relative_to(Path.cwd())) if full.is_relative_to(Path.cwd()) else str(path)


if __name__ == "__main__":
    sys.exit(main())
