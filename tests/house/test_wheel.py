"""A wheel of the package, installed into a folder whose name has a space, runs without the checkout."""

import json
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest
from demo_web.server import DemoWeb

pytestmark = [
    pytest.mark.slow,
    # asked of what is installed: to import pip, or to look for its module, makes setuptools refuse to be loaded later
    pytest.mark.skipif(
        not {"pip", "setuptools"} <= {one.name for one in distributions()}, reason="pip and setuptools build the wheel"
    ),
]

CHECKOUT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = [name.rstrip("*") for name in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]]
DEPLOYED = """
from prefect.flows import load_flow_from_entrypoint
from yaml import safe_load
from flows.serving.registration import DESCRIPTION, ENGINE, PROJECT
import shlex
for one in safe_load(DESCRIPTION.read_text())["deployments"]:
    print(load_flow_from_entrypoint(f"{PROJECT}/{one['entrypoint']}", use_placeholder_flow=False).name)
print(shlex.split(ENGINE)[0])
"""


def run(*command, cwd, check=True):
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(cwd), "PREFECT_HOME": str(cwd / "prefect"), "DO_NOT_TRACK": "1"}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy: setuptools leaves its build folder beside what it reads."""
    room = tmp_path_factory.mktemp("wheel")
    source = room / "source"
    for package in PACKAGES:
        shutil.copytree(CHECKOUT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(CHECKOUT / file, source)
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check")
    run(sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", room, source, cwd=room)
    return next(room.glob("cowese-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder of an environment that has the wheel and, of this one, what the wheel depends on."""
    room = tmp_path_factory.mktemp("an empty folder")
    run(sys.executable, "-m", "venv", "--without-pip", "venv", cwd=room)
    site = next((room / "venv").glob("lib/python3*/site-packages"))
    shared = [path for path in sys.path if path.endswith("site-packages")]
    (site / "shared.pth").write_text("".join(f"{path}\n" for path in shared))  # not a site: its own .pth do not count
    pip = (sys.executable, "-m", "pip", "--python", room / "venv" / "bin" / "python", "--quiet")
    run(*pip, "install", "--no-deps", "--no-index", "--disable-pip-version-check", wheel, cwd=room)
    return room


def test_the_wheel_has_all_that_the_packages_read(wheel):
    held = set(zipfile.ZipFile(wheel).namelist())
    read = {
        path.relative_to(CHECKOUT).as_posix()
        for package in PACKAGES
        for path in (CHECKOUT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert read <= held
    assert "flows/prefect.yaml" in held
    assert not [name for name in held if name.startswith(("tests/", "bench/", "build/"))]


def test_it_runs_from_an_empty_folder(installed):
    cowese = installed / "venv" / "bin" / "cowese"
    assert run(cowese, "--version", cwd=installed).stdout.strip()
    assert "all well-formed" in run(cowese, "seeds", "--check", cwd=installed).stdout
    with DemoWeb() as web:
        web.write_seeds(installed / "seeds.tsv")
        settings = ("--set", "crawl.delay_min=0.05", "--set", "engine.workers=1")
        common = ("--seeds", "seeds.tsv", "--proxy", web.proxy, "--max-pages", "30", "--no-train", "--json", *settings)
        built = json.loads(run(cowese, "build", *common, cwd=installed).stdout)
    assert built["corpus"]["publish"]["version"] == "v0001"
    version = installed / "store" / "corpus" / "v0001"
    assert (version / "report.html").is_file()
    assert (version / "README.md").is_file()


def test_its_deployments_are_found_and_its_engine_starts_whatever_the_folder_is_called(installed):
    python = installed / "venv" / "bin" / "python"
    *flows, engine = run(python, "-c", DEPLOYED, cwd=installed).stdout.splitlines()
    assert flows == ["build-cowese", "corpus-to-model", "pretrain-biomedtra", "benchmark"]
    assert engine == str(python)
