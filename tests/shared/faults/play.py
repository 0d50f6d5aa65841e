"""Play one case: submit, strike or disturb, look until all has ended, judge."""

import difflib
import itertools
import threading
import time
from typing import Any

from faults.cases import Case
from faults.ground import BUILD, FINAL, TRAIN, Ground
from faults.processes import kill, processes_of, until
from faults.proxy import Asked, Fault, Strike

ALONE_LIMIT = 180.0
"""Seconds that a run may be without an end and without a live engine."""
WHOLE_LIMIT = 900.0
RESTARTED_AFTER = 3.0
"""Seconds after the blow in which nobody starts again what died."""
LEFT_LIMIT = 60.0
"""Seconds that a process of a run may outlive the run's end."""
STRUCK_LIMIT = 300.0
LOOKS = 1.0
"""Seconds between two looks at the runs: each costs the server some requests."""
_numbers = itertools.count(1)


class Played:
    """A case while it is played."""

    def __init__(self, ground: Ground, case: Case) -> None:
        self.ground, self.case = ground, case
        number = next(_numbers)
        self.parameters = {"max_pages": number, "pretrain": case.training, "steps": number}
        self.roots: list[str] = []
        self.runs: dict[str, dict[str, Any]] = {}
        """The last that the server said of each run, by id."""
        self.alone_since: dict[str, float] = {}
        self.longest_alone = 0.0
        self.blow = threading.Event()

    def row(self) -> dict[str, Any]:
        """Play, and say what was seen; `bad` is empty where all is as it should be."""
        ground, case = self.ground, self.case
        operators, outside = ground.operators(), ground.outside()
        fault = Fault(case.lane, case.kind, case.first, case.seconds) if case.lane else None
        strike = Strike(self._is_moment, case.when, lambda: None) if case.victims else None
        if strike:
            strike.blow = self._blow_by_proxy
        self.began = time.monotonic()
        ground.proxy.arm(fault=fault, strike=strike)
        try:
            self.roots.append(ground.api.submit(BUILD, self.parameters))
            struck = self._strike()
            if case.equal == "meanwhile":
                self._submit_equal()
            self._revive()
            self._watch(self.roots[0])
            ended = time.monotonic() - self.began
            if case.equal == "afterwards":
                self._submit_equal()
            self._watch(*self.roots)
            left = self._left_behind()
        finally:
            ground.proxy.arm()
            self._tidy()
        whole = time.monotonic() - self.began
        first, equal = (self.runs.get(root, {}) for root in self.roots)
        bad = [] if struck else ["the moment never came"]
        if self.longest_alone > ALONE_LIMIT:
            bad.append(f"a run was without an end and an engine for {self.longest_alone:.0f} s")
        if equal.get("state_type") != "COMPLETED":
            bad.append(f"the equal run ended as {equal.get('state_type')}: {_message(equal)}")
        if case.lane and not case.seconds and first.get("state_type") != "COMPLETED":
            bad.append(f"one disturbed request: {first.get('state_type')}")
        bad += [
            f"what the operator set was changed: {line}" for line in _changes(operators, until(ground.operators, 30))
        ]
        bad += [f"written outside: {name}" for name in ground.outside() if name not in outside]
        children = [one for one in self.runs.values() if one["id"] not in self.roots]
        if not case.cancelled and any(self._was_cancelled(child) for child in children):
            bad.append("a training was cancelled that nobody cancelled")
        bad += [f"left: {command}" for command in left]
        return {
            "case": case.name,
            "state": first.get("state_type", "?"),
            "message": _message(first),
            "seconds": round(ended, 1),
            "whole": round(whole, 1),
            "alone": round(self.longest_alone, 1),
            "training": " ".join(child["state_type"] for child in children),
            "equal": equal.get("state_type", "?"),
            "bad": bad,
        }

    def _is_moment(self, asked: Asked) -> bool:
        case = self.case
        if asked.state != case.state or (asked.run is not None and asked.run in self.roots[1:]):
            return False
        if case.of_child and asked.state == "SCHEDULED":
            return asked.lane == "engine"
        return (asked.run is not None) and (asked.run not in self.roots if case.of_child else True)

    def _blow_by_proxy(self) -> None:
        self._kill()
        self.blow.set()

    def _kill(self) -> None:
        children = [run for run, _ in self._children()] if self.case.of_child else []
        for victim in self.case.victims:
            if victim == "trainer":
                for child in children:
                    self.ground.kill(["engine"], child)
            elif victim == "stage":
                self.ground.kill(["stage"], self.roots[0])
            elif self.case.end:
                self.ground.end(victim)
            else:
                self.ground.kill([victim], self.roots[0] if self.roots else None)

    def _strike(self) -> bool:
        """Come to the moment and strike; whether it came."""
        case = self.case
        if not case.victims:
            time.sleep(1)
            return True
        if case.state == "SCHEDULED" and not case.of_child:
            self._kill()
            return True
        if case.state == "WORK" or case.cancelled:
            if not until(lambda: self._at_work(of_child=case.of_child), STRUCK_LIMIT):
                return False
            if case.state == "WORK":
                self._kill()
                return True
            if case.state == "CANCELLING" and not case.of_child and case.when == "before":
                self._kill()
                self._revive()
                return bool(until(self._cancel, STRUCK_LIMIT, 1))
            assert until(self._cancel, STRUCK_LIMIT, 1)
            if case.state == "CANCELLING" and not case.of_child:
                self._kill()
                return True
        return self.blow.wait(STRUCK_LIMIT)

    def _at_work(self, *, of_child: bool) -> bool:
        runs = [run for run, _ in self._children()] if of_child else self.roots
        stage = "pretrain" if of_child else "crawl"
        return any((self.ground.store / "serve" / "runs" / run / stage / "progress.json").exists() for run in runs)

    def _cancel(self) -> bool:
        state = {"state": {"type": "CANCELLING"}}
        return self.ground.ask(f"/flow_runs/{self.roots[0]}/set_state", state) is not None

    def _submit_equal(self) -> None:
        again = until(self._again, STRUCK_LIMIT, 1)
        assert again, "the server did not come back"

    def _again(self) -> bool:
        if self.ground.ask("/admin/version") is None:
            self._revive()
            return False
        self.roots.append(self.ground.api.submit(BUILD, self.parameters))
        return True

    def _revive(self) -> None:
        """What a keeper, a person or a service manager does some seconds later."""
        if self.case.victims:
            time.sleep(RESTARTED_AFTER)
            self.ground.revive(whole="everything" in self.case.victims)

    def _watch(self, *roots: str) -> None:
        """Look until these runs and those that they started have ended."""
        while time.monotonic() - self.began < WHOLE_LIMIT and self.longest_alone <= ALONE_LIMIT:
            self._look()
            waited = [one for run, one in self.runs.items() if run in roots or run not in self.roots]
            if len(waited) >= len(roots) and all(one["state_type"] in FINAL for one in waited):
                return
            time.sleep(LOOKS)

    def _look(self) -> None:
        found = [self.ground.ask(f"/flow_runs/{run}") for run in self.roots]
        for one in [*found, *(child for _, child in self._children())]:
            if one is None:
                continue
            run, now = one["id"], time.monotonic()
            self.runs[run] = one
            engines = [command for _, command in processes_of(run) if "short_engine" in command]
            if one["state_type"] in FINAL and run in self.alone_since:
                self.longest_alone += self.ground.spared(_message(one))
            if one["state_type"] in FINAL or engines:
                self.alone_since.pop(run, None)
            else:
                self.longest_alone = max(self.longest_alone, now - self.alone_since.setdefault(run, now))

    def _children(self) -> list[tuple[str, dict[str, Any]]]:
        """The runs of the training that this case's runs started, the newest first."""
        if not self.case.training:
            return []
        runs = self.ground.runs(TRAIN) or []
        mine = [one for one in runs if one["parameters"].get("steps") == self.parameters["max_pages"]]
        return [(one["id"], one) for one in mine]

    def _was_cancelled(self, run: dict[str, Any]) -> bool:
        states = self.ground.ask(f"/flow_run_states/?flow_run_id={run['id']}") or []
        return any(state["type"].startswith("CANCELL") for state in states)

    def _left_behind(self) -> list[str]:
        """Processes of ended runs that live on."""
        gone = until(lambda: not any(processes_of(run) for run in self.runs), LEFT_LIMIT, 0.25)
        return [] if gone else [command for run in self.runs for _, command in processes_of(run)]

    def _tidy(self) -> None:
        """Leave nothing of this case to the next one."""
        for run in {*self.roots, *self.runs}:
            for pid, _ in processes_of(run):
                kill(pid)
        self.ground.revive(whole=False)
        until(lambda: self.ground.ask("/admin/version"), STRUCK_LIMIT, 1)
        for run in {*self.roots, *self.runs}:
            one = self.ground.ask(f"/flow_runs/{run}")
            if one is not None and one["state_type"] not in FINAL:
                state = {"state": {"type": "CANCELLED", "message": "tidied up by the check"}, "force": True}
                self.ground.ask(f"/flow_runs/{run}/set_state", state)


def _changes(before: str | None, after: str | None) -> list[str]:
    lines = difflib.unified_diff((before or "").splitlines(), (after or "").splitlines(), n=0, lineterm="")
    return [line for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---")]


def _message(run: dict[str, Any]) -> str:
    return str((run.get("state") or {}).get("message") or "")[:200]
