"""Where a short command's time goes: CPU seconds of a start, until a crawl's first request, of a build with no change.

    python bench/starts.py [command crawl build] [--repeats 5] [--record]

command  `cowese --version`, `--help` and `crawl --help`, whole
crawl    `cowese crawl` until its first request reaches a server on loopback: the command and the crawl's own process
build    an unchanged `build-cowese` through Prefect, on a served store with the demo's web, from submission to end. Its
         pages are not due again. CPU seconds of its engine with all stages are from the worker's account of ended
         children; those of worker and server are counted apart
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from harness import Run, record_option

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "shared"))

from demo_web.server import DemoWeb
from faults.processes import inherited_environment, three_ports, until
from prefect_api import PrefectApi

COWESE = str(Path(sys.executable).with_name("cowese"))
TICK = os.sysconf("SC_CLK_TCK")
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
SETTINGS = """
store = "{store}"
[crawl]
seeds = "{seeds}"
proxy = "http://127.0.0.1:{web}"
delay_min = 0.3
[serve]
port = {port}
[serve.beside]
demo-web = ["{python}", "{server}", "{web}", "1"]
"""


def cpu_of(pid):
    """(CPU seconds of a process, of its ended children)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / TICK, sum(map(int, fields[13:15])) / TICK


def cpu_of_tree(pid):
    """CPU seconds of a process with its ended children, then those of the children that live."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(cpu_of(pid)), sum(sum(cpu_of_tree(int(child))) for child in children)


def command(run, repeats):
    rows = []
    for words in (("--version",), ("--help",), ("crawl", "--help")):
        seconds = sorted(whole(*words) for _ in range(repeats))
        rows.append((f"cowese {' '.join(words)}", statistics.median(seconds), seconds[0], seconds[-1]))
    run.table("A command from start to end", ("command", "CPU s, median", "least", "most"), rows)


def whole(*words):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([COWESE, *words], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def crawl(run, repeats):
    runs = sorted((until_the_first_request() for _ in range(repeats)), key=sum)
    middle = runs[len(runs) // 2]
    rows = [("the command", middle[0]), ("the crawl's process", middle[1]), ("both", sum(middle))]
    note = f"All runs: {', '.join(f'{sum(one):.2f}' for one in runs)}."
    run.table("`cowese crawl` until its first request", ("part", "CPU s, run in the middle"), rows, note)


def until_the_first_request():
    """(CPU seconds of the command, of the crawl's process)."""
    first, seen = threading.Event(), []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if not first.is_set():
                seen.append(cpu_of_tree(started.pid))
                first.set()
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        seeds = Path(folder, "seeds.tsv")
        seeds.write_text("url\tname\tcountry\tcategory\tscope\nhttp://a.test/\tPrueba\tES\thospital\thost\n")
        proxy = f"http://127.0.0.1:{server.server_port}"
        words = [COWESE, "crawl", "--store", folder, "--seeds", str(seeds), "--proxy", proxy]
        started = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        first.wait(60)
        started.wait(60)
    server.shutdown()
    return seen[0]


def build(run, repeats):
    with tempfile.TemporaryDirectory(prefix="starts-") as folder:
        root, port, web = Path(folder), three_ports(), three_ports()
        with DemoWeb() as small:
            seeds = small.write_seeds(root / "seeds.tsv")
        server = Path(__file__).parents[1] / "tests" / "shared" / "demo_web" / "server.py"
        config, environment = root / "cowese.toml", {**inherited_environment(), "PREFECT_HOME": f"{root}/prefect"}
        about = {"store": root / "store", "seeds": seeds, "web": web, "port": port, "server": server}
        config.write_text(SETTINGS.format(**about, python=sys.executable))
        serve = [COWESE, "serve", "--config", str(config)]
        subprocess.run(serve, env=environment, cwd=root, check=True, stdout=subprocess.DEVNULL)
        try:
            api = PrefectApi(f"http://127.0.0.1:{port}/api")
            until_it_ended(api)
            time.sleep(5)  # the worker takes the account of this first run, which is not to be counted
            rows = [unchanged(api, root / "store") for _ in range(repeats)]
        finally:
            subprocess.run([*serve, "--stop"], env=environment, cwd=root, check=True, stdout=subprocess.DEVNULL)
    names = ("seconds", "CPU s of the run", "CPU s of worker and server")
    columns = zip(names, zip(*rows, strict=True), strict=True)
    figures = [(name, statistics.median(some), min(some), max(some)) for name, some in columns]
    run.table("An unchanged `build-cowese`", ("", "median", "least", "most"), figures)


def unchanged(api, store):
    """Seconds of one run, CPU seconds of it, and of worker and server."""
    pids = [int((store / "serve" / f"{name}.pid").read_text().split()[0]) for name in ("worker-cpu", "server")]
    before, began = [cpu_of(pid) for pid in pids], time.monotonic()
    until_it_ended(api)
    seconds = time.monotonic() - began
    time.sleep(2)  # the worker takes the engine's account
    after = [cpu_of(pid) for pid in pids]
    return seconds, after[0][1] - before[0][1], sum(now[0] - then[0] for now, then in zip(after, before, strict=True))


def until_it_ended(api):
    """Submit a run and wait for its end."""
    identity = api.submit("build-cowese")
    state = until(lambda: ended(api(f"/flow_runs/{identity}")["state"]), 600, 0.3)
    assert state["type"] == "COMPLETED", state


def ended(state):
    """The state where it is a last one."""
    return state if state["type"] in ENDED else None


WHAT = {"command": command, "crawl": crawl, "build": build}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", metavar="WHAT", help=", ".join(WHAT))
    parser.add_argument("--repeats", type=int, default=5)
    record_option(parser)
    given = parser.parse_args()
    run = Run("starts", ("prefect", "scrapy", "typer"))
    for name in given.what or WHAT:
        WHAT[name](run, given.repeats)
    run.close(given.record)


if __name__ == "__main__":
    main()
