"""What `make` runs in a new environment: install the pinned set, and say how far it is.

    .venv/bin/python .ci/install.py

pip prints a page of lines for each of some two hundred packages, or with --quiet nothing for minutes.
"""

import re
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

PINS = sum("==" in line for line in Path("constraints.txt").read_text(encoding="utf-8").splitlines())
STEPS = (
    ("pip itself", 1, ["--upgrade", "pip"]),
    # torch first and alone, by the pin: nothing that comes after may choose another build
    ("torch, with its libraries the largest by far", 10, ["--constraint", "constraints.txt", "torch==2.13.0"]),
    ("everything else", PINS, ["--constraint", "constraints.txt", "--editable", ".[dev]"]),
)
"""What, how many packages about, and pip's arguments."""
NEWS = re.compile(
    r"^\s*(?:Collecting|Downloading|Using cached|Building|Installing collected|Requirement already) *(.*)"
)
INTERVAL = 5.0
"""Seconds between two lines where the output is no terminal."""
BAR = 24
SHOWN = 78
"""Characters of a line on a terminal."""


def install(number: int, what: str, packages: int, arguments: list[str]) -> int:
    """Run one step of pip; its exit code. What it said last is printed where it fails."""
    print(f"installing, step {number} of {len(STEPS)}: {what}", flush=True)
    command = [sys.executable, "-m", "pip", "install", "--progress-bar", "off", *arguments]
    last, seen, started, printed = deque(maxlen=25), 0, time.monotonic(), time.monotonic()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as pip:
        for line in pip.stdout:
            last.append(line)
            if not NEWS.match(line):
                continue
            seen += line.lstrip().startswith("Collecting")
            now = time.monotonic()
            done = min(seen, packages) * BAR // packages
            bar = f"[{'#' * done}{'.' * (BAR - done)}]"
            told = f"  {bar} {seen} of some {packages}, {now - started:.0f} s: {' '.join(line.split())}"
            if sys.stdout.isatty():
                print(f"\r{told[:SHOWN]:<{SHOWN}}", end="", flush=True)
            elif now - printed >= INTERVAL:
                printed = now
                print(told[:SHOWN], flush=True)
    if sys.stdout.isatty():
        print(f"\r{'':<{SHOWN}}\r", end="", flush=True)
    if pip.returncode:
        print("".join(last), file=sys.stderr)
    return pip.returncode


def main() -> int:
    """Every step, until one fails."""
    for number, (what, packages, arguments) in enumerate(STEPS, start=1):
        code = install(number, what, packages, arguments)
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
