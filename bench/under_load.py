#!/usr/bin/env python
"""Commands on a busy machine: does everything pass at a load of 10 that this script itself makes?

    python bench/under_load.py [--load 10] [--settle 90] -- make demo [-- make topology …]

Busy processes are added or ended every five seconds, so that the load average of one minute stays at ``--load``,
whatever the command itself adds. Each command is told with its exit code, its seconds and the load while it ran. The
exit code is 1 if one of them failed.
"""

import argparse
import os
import subprocess
import sys
import threading
import time

LOOK_EVERY = 5


class Load:
    """Busy processes that hold the load average of one minute at a number; ends them when it is left."""

    def __init__(self, target):
        self.target = target
        self.seen = []
        self._busy = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._hold)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self._over.set()
        self._thread.join()
        for process in self._busy:
            process.kill()
            process.wait()

    def _hold(self):
        while not self._over.wait(LOOK_EVERY):
            load = os.getloadavg()[0]
            self.seen.append(load)
            if load < self.target and len(self._busy) < self.target:
                self._busy.append(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            elif load > self.target + 2 and self._busy:
                ended = self._busy.pop()
                ended.kill()
                ended.wait()


def commands_of(words):
    """The commands between the ``--``."""
    commands = [[]]
    for word in words:
        if word == "--":
            commands.append([])
        else:
            commands[-1].append(word)
    return [command for command in commands if command]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--load", type=float, default=10)
    parser.add_argument("--settle", type=float, default=90, help="seconds before the first command")
    words = sys.argv[1:]
    place = words.index("--") if "--" in words else len(words)
    given, commands = parser.parse_args(words[:place]), commands_of(words[place:])
    if not commands:
        parser.error("name a command behind --")
    failed = False
    with Load(given.load) as load:
        time.sleep(given.settle)
        for command in commands:
            load.seen.clear()
            began = time.monotonic()
            done = subprocess.run(command, check=False)
            seconds = time.monotonic() - began
            failed |= done.returncode != 0
            span = f"{min(load.seen):.1f} to {max(load.seen):.1f}" if load.seen else "not looked at"
            print(f"{' '.join(command)}: exit {done.returncode}, {seconds:.0f} s, load {span}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
