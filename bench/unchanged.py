"""How long an unchanged `build-cowese` takes through Prefect: `python bench/unchanged.py [--repeats 3]`.

A served store on the demo's web, of which a first run has made a version; its pages are not due again. Then the same
run again and again, from its submission to its end: seconds, CPU seconds of its engine with all stages (from the
worker's account of its ended children), and those of worker and server meanwhile.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from kill_matrix import Place

TICK = os.sysconf("SC_CLK_TCK")


def cpu(pid):
    """(own CPU seconds, those of ended children)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own, children = sum(map(int, fields[11:13])), sum(map(int, fields[13:15]))
    return own / TICK, children / TICK


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory(prefix="unchanged-") as folder:
        place = Place(Path(folder), 40)
        due_in_a_month = place.config.read_text().replace("interval_", "# interval_")
        place.config.write_text(due_in_a_month)
        place.serve()
        try:
            assert place.wait_final(place.submit("build-cowese"), 600)[0] == "COMPLETED"
            rows = [once(place) for _ in range(repeats)]
        finally:
            place.stop()
    for name, figures in zip(
        ("seconds", "CPU s of the run", "CPU s of worker and server"), zip(*rows, strict=True), strict=True
    ):
        print(f"{name}: median {statistics.median(figures):.1f} ({', '.join(f'{one:.1f}' for one in figures)})")


def once(place):
    """Seconds of one run, CPU seconds of it, and of worker and server."""
    worker, server = place.pid("worker-cpu"), place.pid("server")
    own, ended = cpu(worker)
    served = cpu(server)[0]
    run = place.submit("build-cowese")  # by Prefect's command, whose own time is not counted
    began = time.monotonic()
    state = place.wait_final(run, 600)
    seconds = time.monotonic() - began
    assert state[0] == "COMPLETED", state
    time.sleep(2)  # the worker takes the engine's account
    own_now, ended_now = cpu(worker)
    return seconds, ended_now - ended, own_now - own + cpu(server)[0] - served


if __name__ == "__main__":
    main()
