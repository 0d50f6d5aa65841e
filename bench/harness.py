"""What the timing benches share: arms in turn, CPU seconds, Markdown tables, and a record of the run.

    run = Run("dedup", packages=("datasketch", "numpy"))
    seconds = in_turn({"ours": ours, "bulk": bulk}, rounds=7)
    run.table("Signatures", ("arm", "CPU s, median"), [(name, median(some)) for name, some in seconds.items()])
    run.close(given.record)

Tables are printed as they come. With `--record` the run is kept as `bench/results/NAME.json`: date, command, commit,
machine, versions, load, tables. `python bench/results.py` writes `bench/RESULTS.md` from these files.
This module imports the standard library alone, since peers' interpreters import it too.
"""

import argparse
import json
import os
import platform
import resource
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results"
SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER of Linux."""

Cell = str | int | float | bool | None


@dataclass(frozen=True)
class Table:
    """One table of a run."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    """What a reader must know beside the columns."""


@dataclass(frozen=True)
class Record:
    """One run of a bench, as its JSON file has it."""

    bench: str
    date: str
    command: str
    commit: str
    machine: str
    load: tuple[float, float]
    """Mean load of the last minute, at the run's start and at its end."""
    versions: Mapping[str, str]
    tables: Sequence[Table]


class Run:
    """Collects the tables of one run and writes its record."""

    def __init__(self, bench: str, packages: Sequence[str] = ()) -> None:
        self.bench, self.packages = bench, packages
        self.tables: list[Table] = []
        self._load = os.getloadavg()[0]

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]], note: str = "") -> None:
        """Add a table and print it."""
        self.tables.append(Table(title, columns, rows, note))
        print(markdown(self.tables[-1]), flush=True)

    def close(self, folder: Path | None) -> None:
        """Write the record into a folder; without a folder the run is not kept."""
        if folder is None:
            return
        record = Record(
            bench=self.bench,
            date=datetime.now(UTC).date().isoformat(),
            command=command_line(sys.argv, folder),
            commit=commit(),
            machine=machine(),
            load=(round(self._load, 1), round(os.getloadavg()[0], 1)),
            versions={"Python": platform.python_version(), **{name: installed(name) for name in self.packages}},
            tables=self.tables,
        )
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.bench}.json"
        path.write_text(json.dumps(asdict(record), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        print(f"{path}: written; `python bench/results.py` puts it into bench/RESULTS.md", file=sys.stderr)


def record_option(parser: argparse.ArgumentParser) -> None:
    """Add `--record [FOLDER]`."""
    parser.add_argument(
        "--record", type=Path, nargs="?", const=RESULTS, help="keep this run as a JSON file (default: bench/results)"
    )


def in_turn(
    arms: Mapping[str, Callable[[], object]],
    rounds: int,
    *,
    warm_up: int = 0,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, list[float]]:
    """Run every arm once a round; CPU seconds of each round, warm-up rounds not counted.

    In turn, and not one arm after the other: load that comes and goes then meets all arms alike.
    """
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    for number in range(warm_up + rounds):
        for name, arm in arms.items():
            started = clock()
            arm()
            if number >= warm_up:
                seconds[name].append(clock() - started)
    return seconds


def medians(seconds: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The median of each arm."""
    return {name: statistics.median(some) for name, some in seconds.items()}


def adopt_orphans() -> None:
    """Become the parent of processes that outlive their own, so that their seconds are counted here. Linux only."""
    import ctypes

    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)


def seconds_of_children() -> float:
    """CPU seconds of all ended processes that this one has started or adopted."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measured(command: Sequence[str | Path]) -> tuple[float, str]:
    """CPU seconds of a command and of all that it starts, and what it printed. Call `adopt_orphans` before."""
    before = seconds_of_children()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    while True:
        try:
            os.waitpid(-1, 0)  # a process that was adopted counts once it is waited for
        except ChildProcessError:
            return seconds_of_children() - before, done.stdout


def times(figure: float) -> str:
    """A ratio as it is printed: 2.53 ×, from 10 on 31 ×."""
    return f"{figure:.2f} ×" if figure < 10 else f"{figure:.0f} ×"


def markdown(table: Table) -> str:
    """A table with its title and note."""
    lines = [f"**{table.title}**", ""]
    lines += [line(table.columns), line(["---"] * len(table.columns)), *map(line, table.rows)]
    return "\n".join([*lines, "", *([table.note, ""] if table.note else [])])


def line(cells: Sequence[Cell]) -> str:
    """One row of a table."""
    return f"| {' | '.join(map(shown, cells))} |"


def shown(cell: Cell) -> str:
    """A cell: thousands apart; three digits of a small float."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.1f}" if abs(cell) >= 10 else f"{cell:.3g}"
    return "" if cell is None else cell.replace("|", "\\|")


def command_line(words: Sequence[str], folder: Path) -> str:
    """The command as one would type it in the checkout: without this machine's folders, and without `--record`."""
    given = [word for word in words[1:] if not word.startswith("--record") and word != str(folder)]
    names = [Path(word).name if word.startswith("/") else word for word in given]
    return shlex.join(["python", f"bench/{Path(words[0]).name}", *names])


def commit() -> str:
    """The commit of this checkout, with a + where it has changes; empty without git."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def machine() -> str:
    """Processor, cores, memory."""
    name = platform.processor() or platform.machine()
    about = Path("/proc/cpuinfo")
    if about.is_file():
        names = [
            one.partition(":")[2].strip() for one in about.read_text().splitlines() if one.startswith("model name")
        ]
        name = names[0] if names else name
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{os.cpu_count()} cores of {name}, {memory:.0f} GB, {platform.system()}"


def installed(package: str) -> str:
    """The version of a package, or that it is absent."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
