"""A fault-injecting check of operations: `python bench/faults.py --results FILE [--only PATTERN …] [--grounds 2]`.

Runs of the deployments, their stages shortened to a second, on a real Prefect server, workers and keeper of `cowese
serve`, by way of a loopback proxy. Each case kills processes (SIGKILL) at a transition of a run's state, or has a
request late, cut, unanswered or refused (503). Afterwards it asks:

- was a run without an end for over 3 minutes while no engine of it lived;
- does an equal run, submitted right after the blow or after the first run's end, complete;
- is all that the operator set as it was (schedules, limits, parameters, job variables, pools, automations);
- was a file written outside the store and our profile;
- was a training cancelled that nobody cancelled;
- does a process outlive its run for over a minute;
- where one request alone was disturbed: did the run complete all the same.

The automations that end silent runs act after fewer seconds than the product has them act (`--as-served` leaves
them); what a run was spared by that is counted as if it had waited. What died is started again three seconds later, by
`cowese serve` where everything was killed, else as the keeper does it (whose pauses grow with each death). Each ground
is a store, a server, workers and a proxy of its own; cases go to the grounds in turn. Results are appended to the file,
and what stands in it is not played again.
`--table FILE …` prints the table of docs/operations.md from files of results.
"""

import argparse
import fnmatch
import json
import queue
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "shared"))

from faults.cases import every_case
from faults.ground import Ground, spared
from faults.play import Played


def read(files):
    """Rows by case; a later one counts."""
    lines = [line for file in files if file.exists() for line in file.read_text().splitlines()]
    return {row["case"]: row for row in map(json.loads, lines)}


def work(waiting, results, lock, minutes, number, hasten):
    """Play cases on one ground until none waits or the time is over."""
    deadline = time.monotonic() + 60 * minutes
    prefix = f"faults-{number}-"
    with (
        tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as folder,
        Ground(Path(folder)) as ground,
    ):
        print(f"ground {number}: {ground.root}", flush=True)
        if hasten:
            ground.hasten_all()
        while time.monotonic() < deadline:
            try:
                case = waiting.get_nowait()
            except queue.Empty:
                return
            row = Played(ground, case).row()
            row["at"] = time.strftime("%Y-%m-%dT%H:%M:%S")
            with lock, results.open("a") as file:
                file.write(json.dumps(row) + "\n")
            print(f"{'BAD' if row['bad'] else 'ok '} {json.dumps(row)}", flush=True)


def play(cases, results, grounds, minutes, hasten):
    waiting, lock = queue.Queue(), threading.Lock()
    for case in cases:
        waiting.put(case)
    threads = [
        threading.Thread(target=work, args=(waiting, results, lock, minutes, number, hasten))
        for number in range(grounds)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def table(rows):
    """Kills by state and disturbed requests by kind: clean cases of those played, and the longest time to the end."""
    kills, requests = defaultdict(list), defaultdict(list)
    for case in every_case():
        if case.name not in rows:
            continue
        row = rows[case.name]
        if case.lane:
            away = f"{case.kind} for {case.seconds:.0f} s" if case.seconds else case.kind
            requests[case.lane, away].append(row)
        else:
            kills[(" + ".join(case.victims), case.group[1]), case.state].append(row)
            kills[(" + ".join(case.victims), case.group[1]), "all"].append(row)
    return "\n\n".join(
        (
            _crossed("killed | with a run of", kills, [*STATES, "all"], lambda row: f"{row[0]} | {row[1]}"),
            _crossed("requests of", requests, sorted({kind for _, kind in requests}, key=_by_length), str),
        )
    )


STATES = {
    "SCHEDULED": "Scheduled",
    "PENDING": "Pending",
    "RUNNING": "Running",
    "WORK": "at work",
    "COMPLETED": "Completed",
    "CANCELLING": "Cancelling",
    "CANCELLED": "Cancelled",
}


def _by_length(kind):
    return (" for " in kind, kind)


def _crossed(corner, groups, columns, name):
    lines = [
        f"| {corner} | {' | '.join(STATES.get(column, column) for column in columns)} |",
        "|---" * (corner.count("|") + 1 + len(columns)) + "|",
    ]
    for row in sorted({row for row, _ in groups}, key=lambda row: row[::-1] if isinstance(row, tuple) else row):
        cells = [_cell(groups.get((row, column), ())) for column in columns]
        lines.append(f"| {name(row)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(some):
    if not some:
        return ""
    clean = sum(not row["bad"] for row in some)
    longest = max(row["seconds"] + spared(row["message"], hastened=True) for row in some)
    return f"{clean} of {len(some)}, {longest:.0f} s" if clean < len(some) else f"{clean}, {longest:.0f} s"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default=["*"], nargs="+", help="patterns over the cases' names")
    parser.add_argument("--results", type=Path, default=Path("faults.jsonl"))
    parser.add_argument("--grounds", type=int, default=1, help="stores that are served side by side")
    parser.add_argument("--minutes", type=float, default=60.0, help="no case begins after this")
    parser.add_argument("--again", action="store_true", help="play those that were bad once more")
    parser.add_argument("--as-served", action="store_true", help="leave the automations' seconds as they are")
    parser.add_argument("--list", action="store_true", help="only print the names")
    parser.add_argument("--table", type=Path, nargs="+", help="only print the table of these results")
    chosen = parser.parse_args()
    if chosen.table:
        print(table(read(chosen.table)))
        return
    known = read([chosen.results])
    cases = [
        case
        for case in every_case()
        if any(fnmatch.fnmatch(case.name, only) for only in chosen.only)
        and (case.name not in known or (chosen.again and known[case.name]["bad"]))
    ]
    cases.sort(key=lambda case: case.training)  # they take twice as long
    if chosen.list:
        print("\n".join(case.name for case in cases))
        return
    play(cases, chosen.results, chosen.grounds, chosen.minutes, not chosen.as_served)
    rows = read([chosen.results])
    bad = {name: row["bad"] for name, row in rows.items() if row["bad"]}
    print(table(rows))
    print(f"{len(rows)} cases of {len(every_case())}, {len(bad)} bad")
    for name, why in bad.items():
        print(f"  {name}: {'; '.join(why)}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
