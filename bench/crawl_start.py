"""CPU seconds of ``cowese crawl`` until its first request arrives: the command and the crawl's own process.

    python bench/crawl_start.py [--repeats 5]

A server on loopback reads the CPU time of both processes from /proc when it is first asked. ``--version`` and
``--help`` stand beside it, whole.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COWESE = str(Path(sys.executable).with_name("cowese"))
TICK = os.sysconf("SC_CLK_TCK")


def cpu_of(process):
    """CPU seconds of a process and of its children, those that ended included."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return sum(map(int, fields[11:15])) / TICK, sum(sum(cpu_of(int(child))) for child in children)


def started():
    """(CPU seconds of the command, of the crawl's process) at the first request."""
    first = threading.Event()
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if not first.is_set():
                seen.append(cpu_of(command.pid))
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
        command = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        first.wait(60)
        command.wait(60)
    server.shutdown()
    return seen[0]


def whole(*words):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([COWESE, *words], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = range(parser.parse_args().repeats)
    runs = sorted((started() for _ in repeats), key=sum)
    command, child = runs[len(runs) // 2]
    totals = ", ".join(f"{sum(run):.2f}" for run in runs)
    print(
        f"to the first request: {command + child:.2f} CPU s (command {command:.2f}, its process {child:.2f}); {totals}"
    )
    for words in (("--version",), ("--help",), ("crawl", "--help")):
        print(f"cowese {' '.join(words)}: {statistics.median(whole(*words) for _ in repeats):.2f} CPU s")
