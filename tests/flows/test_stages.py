"""A stage's process tells how far it is, gives back what it returned or raised, and ends with whoever waits for it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from stage_functions import doubled, ended, killed, refused, sleeping, with_a_helper

from data.errors import InputError, StageError, StoreError
from data.store import Store
from flows.stage_lock import StageLocked
from flows.stages import process
from flows.stages.process import run_in_child

TESTS = Path(__file__).parent


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(TESTS))


def lives(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_for(condition, seconds=120.0):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def test_a_stage_returns_what_its_function_returned(tmp_path):
    told = []
    assert run_in_child("double", tmp_path, lambda *now: told.append(now), doubled, 21) == 42
    assert told[-1] == ("double", 21, 21, {"made": 42})


def test_an_error_is_raised_again_as_it_was(tmp_path):
    with pytest.raises(InputError, match=r"seeds\.tsv: no such file\."):
        run_in_child("crawl", tmp_path, lambda *_: None, refused)
    assert "InputError" in (tmp_path / "log.txt").read_text()


def test_a_killed_stage_is_a_stage_error_that_names_the_log(tmp_path):
    with pytest.raises(StageError, match=r"clean: its process was ended by SIGKILL .*log\.txt"):
        run_in_child("clean", tmp_path, lambda *_: None, killed)


@pytest.mark.parametrize(
    ("code", "how"), [(143, "was ended by SIGTERM"), (3, "ended with code 3"), (255, "ended with code 255")]
)
def test_a_stage_that_ends_itself_without_a_word_tells_how(tmp_path, code, how):
    with pytest.raises(StageError, match=f"clean: its process {how}. What was finished"):
        run_in_child("clean", tmp_path, lambda *_: None, ended, code)


def test_what_a_killed_stage_started_is_ended_too(tmp_path):
    with pytest.raises(StageError):
        run_in_child("clean", tmp_path, lambda *_: None, with_a_helper, tmp_path)
    helper = int((tmp_path / "helper").read_text())
    assert wait_for(lambda: not lives(helper))


class Cancelled(BaseException):
    pass


@pytest.mark.slow
def test_whatever_ends_the_waiting_ends_the_stage(tmp_path):
    pids = []

    def cancel(stage, done, total, counts):
        pids.append(counts["pid"])
        raise Cancelled

    with pytest.raises(Cancelled):
        run_in_child("crawl", tmp_path, cancel, sleeping, 60)
    assert not lives(pids[0])


@pytest.mark.slow
def test_a_stage_that_will_not_end_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "PATIENCE", 0.5)
    pids = []

    def cancel(stage, done, total, counts):
        pids.append(counts["pid"])
        os.kill(pids[0], signal.SIGSTOP)
        raise Cancelled

    with pytest.raises(Cancelled):
        run_in_child("crawl", tmp_path, cancel, sleeping, 60)
    assert not lives(pids[0])


PARENT = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from flows.stages.process import run_in_child
from stage_functions import sleeping
run_in_child("crawl", Path({folder!r}), lambda *now: print(now[3]["pid"], flush=True), sleeping, 60)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the beat sees it, some seconds later")
def test_a_stage_does_not_outlive_a_killed_parent(tmp_path):
    code = PARENT.format(tests=str(TESTS), folder=str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline())
        assert lives(child)
        parent.kill()
    assert wait_for(lambda: not lives(child))


def held(*, progress):
    return "done"


HOLDER = """
from data.store import Store
with Store.open({root!r}).exclusive("crawl"):
    print("held", flush=True)
    input()
"""


def test_a_stage_waits_for_another_that_holds_the_store(tmp_path):
    store = Store.open(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER.format(root=str(tmp_path))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as other:
        other.stdout.readline()
        with pytest.raises(StoreError, match=f"process {other.pid} runs crawl"):
            StageLocked(store, "crawl", 0.0, held)(progress=None)
        other.stdin.close()
        assert StageLocked(store, "crawl", 20.0, held)(progress=None) == "done"
