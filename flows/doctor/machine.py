"""The machine and the installation: versions, clock, GPU and driver, proxy."""

import ctypes
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, requires, version
from pathlib import Path
from urllib.parse import urlsplit

from packaging.requirements import Requirement

from flows.doctor.finding import Finding, bad, ok, warning

OLDEST, NEWEST = (3, 11), (3, 13)
NOT_SYNCHRONISED = 0x0040
"""STA_UNSYNC of adjtimex(2): no time server has set the clock."""
LEAST_DRIVER = {11: 450, 12: 525, 13: 580}
"""The oldest driver of NVIDIA, by CUDA's major version (CUDA Compatibility, table 1)."""
AHEAD = 600.0
"""Seconds that a file of the store may lie in the future."""
SMI = ("nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader,nounits")
PROXIES = ("http_proxy", "https_proxy", "all_proxy")


def versions() -> Iterator[Finding]:
    """Python and every library that the package needs."""
    here = sys.version_info[:2]
    python = ".".join(map(str, sys.version_info[:3]))
    if not OLDEST <= here <= NEWEST:
        yield bad("python", python, "Install Python 3.11, 3.12 or 3.13 and make the environment again.")
    try:
        needed = [Requirement(line) for line in requires("cowese") or ()]
    except PackageNotFoundError:
        yield bad("versions", "the package is not installed", "Install it: pip install --editable . in the checkout.")
        return
    asked = [one for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
    wrong = [problem for one in asked if (problem := _problem(one)) is not None]
    if wrong:
        yield bad("versions", "; ".join(wrong), "Install the pinned set: pip install --constraint constraints.txt .")
    elif OLDEST <= here <= NEWEST:
        yield ok("versions", f"Python {python}, cowese {version('cowese')}, {len(asked)} libraries fit")


def _problem(needed: Requirement) -> str | None:
    try:
        installed = version(needed.name)
    except PackageNotFoundError:
        return f"{needed.name} is missing"
    if not needed.specifier.contains(installed, prereleases=True):
        return f"{needed.name} {installed} instead of {needed.specifier}"
    return None


def clock(newest_file: float | None) -> Finding:
    """Whether a time server keeps the clock, and whether the store comes from the future.

    ``newest_file``: when the store was last written, in seconds since 1970.
    """
    if newest_file is not None and newest_file - time.time() > AHEAD:
        ahead = (newest_file - time.time()) / 3600
        return bad(
            "clock",
            f"the store was written {ahead:.1f} hours in the future",
            "Set the clock (timedatectl set-ntp true): pages fall due by it, and a schedule starts by it.",
        )
    status = _clock_status()
    if status is None:
        return ok("clock", f"{time.strftime('%Y-%m-%d %H:%M:%S %Z')}; this system does not tell whether it is kept")
    if status & NOT_SYNCHRONISED:
        return warning(
            "clock",
            f"{time.strftime('%Y-%m-%d %H:%M:%S %Z')}; no time server keeps it",
            "Switch synchronisation on: timedatectl set-ntp true (in a container: on its host).",
        )
    return ok("clock", f"{time.strftime('%Y-%m-%d %H:%M:%S %Z')}, kept by a time server")


def _clock_status() -> int | None:
    """The status word of adjtimex(2), which reads the kernel's clock; None where there is no such call."""
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return None
    words = (ctypes.c_long * 64)()  # struct timex: modes, offset, freq, maxerror, esterror, status, …
    if adjtimex(ctypes.byref(words)) < 0:
        return None
    return ctypes.c_int.from_buffer(words, 5 * ctypes.sizeof(ctypes.c_long)).value


def gpu() -> Finding:
    """The GPU, its driver, and whether torch can use it."""
    build = torch_cuda()
    if shutil.which(SMI[0]) is None:
        return ok("gpu", "none (no nvidia-smi): training runs on the CPU")
    try:
        told = subprocess.run(SMI, capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        return bad("gpu", f"nvidia-smi failed ({error})", "Reload or reinstall NVIDIA's driver, or reboot.")
    cards = [[part.strip() for part in line.split(",")] for line in told.splitlines() if line.strip()]
    if not cards:
        return ok("gpu", "none: training runs on the CPU")
    name, driver, memory = cards[0][:3]
    shown = f"{len(cards)} × {name}, {float(memory) / 1024:.0f} GiB, driver {driver}"
    if build is None:
        return warning(
            "gpu",
            f"{shown}, but torch is built for the CPU",
            "pip install --force-reinstall torch (PyPI's build)",
        )
    least = LEAST_DRIVER.get(int(build.split(".")[0]), 0)
    if int(driver.split(".")[0]) < least:
        return bad("gpu", f"{shown}; torch's CUDA {build} needs {least} or newer", "Upgrade NVIDIA's driver.")
    return ok("gpu", f"{shown}, torch with CUDA {build}")


def torch_cuda() -> str | None:
    """The CUDA version that torch was built with, read from its files: an import takes seconds."""
    try:
        file = distribution("torch").locate_file("torch/version.py")
        text = Path(str(file)).read_text(encoding="utf-8")
    except (PackageNotFoundError, OSError):
        return None
    found = re.search(r"^cuda\b[^=]*=\s*'([\d.]+)'", text, re.MULTILINE)
    return found[1] if found else None


def proxy(crawl_proxy: str | None) -> Finding:
    """The proxy that the crawl uses, and what the environment says of proxies."""
    named = [f"{name}={os.environ[name]}" for one in PROXIES for name in (one, one.upper()) if os.environ.get(name)]
    if crawl_proxy is not None:
        url = urlsplit(crawl_proxy)
        try:
            with socket.create_connection((url.hostname or "", url.port or 80), 5):
                return ok("proxy", f"the crawl uses {crawl_proxy}, which answers")
        except OSError as error:
            return bad(
                "proxy", f"the crawl uses {crawl_proxy}: {error}", "Start it, or change the setting crawl.proxy."
            )
    if named:
        return warning(
            "proxy",
            f"{', '.join(named)}; the crawl does not use it, servers on this machine are asked directly",
            "If hosts are reached by it alone, set crawl.proxy.",
        )
    return ok("proxy", "none")
