"""A systemd unit that serves a store from boot to shutdown."""

import getpass
import sys
from pathlib import Path

_UNIT = """\
# Install it:  cowese serve {options} --systemd | sudo tee /etc/systemd/system/cowese.service
#              sudo systemctl daemon-reload && sudo systemctl enable --now cowese
# Its log:     journalctl -u cowese

[Unit]
Description=cowese: Prefect server, workers and schedule of {described}
After=network-online.target
Wants=network-online.target

[Service]
Type=simple
User={user}
WorkingDirectory={root}
ExecStart={command} serve --foreground {quoted}
Restart=on-failure
RestartSec=30
# SIGTERM goes to the command alone, which ends workers before the server; a training has time to save.
KillMode=mixed
TimeoutStartSec=infinity
TimeoutStopSec=240

[Install]
WantedBy=multi-user.target
"""


def unit(root: Path, config: Path | None, port: int | None) -> str:
    """The unit for the user who calls, with the command of this installation."""
    options = [f"--config {_quoted(config)}" if config else f"--store {_quoted(root)}"]
    options += [f"--port {port}"] if port else []
    plain = [f"--config '{config}'" if config else f"--store '{root}'", *([f"--port {port}"] if port else [])]
    return _UNIT.format(
        options=" ".join(plain),
        described=_escaped(root),
        user=getpass.getuser(),
        root=_escaped(root),
        command=_quoted(Path(sys.argv[0]).absolute() if Path(sys.argv[0]).name == "cowese" else _beside_python()),
        quoted=" ".join(options),
    )


def _beside_python() -> Path:
    return Path(sys.executable).with_name("cowese")


def _escaped(path: Path) -> str:
    """A path as a value: systemd replaces what begins with a per cent sign."""
    return str(path).replace("%", "%%")


def _quoted(path: Path) -> str:
    """A path as one word of a command line."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'
