"""Interpreters that only pretend: bash scripts that answer what `setup/make_venv.sh` asks, and note that they did."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from local.template import ROOT

# What the scripts call besides an interpreter. The PATH of a test has nothing else: the machine's Python stays out.
_TOOLS = ("bash", "awk", "cat", "chmod", "cp", "dirname", "env", "flock", "grep", "mkdir", "printf", "rm", "sleep")
_TOOLS += ("tail", "tee", "touch")

_SCRIPT = """\
#!/usr/bin/env bash
wait_for_a_ctrl_c() {{ echo "{name} waits" >>"$CALLS"; exec sleep 60; }}
echo "{name} $*" >>"$CALLS"
case "$1 $2" in
  "-c import sys"*) echo "{version}" ;;
  "-c import pip") test -e "$(dirname "$0")/pip" ;;
  "-m venv" | "-m virtualenv")
    case "{makes}" in *"|${{2}}|"*) ;; *) exit 1 ;; esac
    mkdir -p "$3/bin" && cp "$0" "$3/bin/python"
    test -z "${{STOP_BEFORE_PIP:-}}" || wait_for_a_ctrl_c
    touch "$3/bin/pip"
    ;;
  "-m pip")
    echo "Collecting something"
    test -z "${{STOP_IN_PIP:-}}" || wait_for_a_ctrl_c
    test -z "${{PIP_FAILS:-}}" || {{ echo "no such package"; exit 1; }}
    echo "Installing collected packages: something, more"
    ;;
esac
"""


class Checkout:
    """A folder with what `make_venv.sh` needs, and a PATH of its own."""

    def __init__(self, folder: Path) -> None:
        """Lay the scripts, and the few programs that they call."""
        self.root, self._programs = folder / "checkout", folder / "programs"
        shutil.copytree(ROOT / "setup", self.root / "setup")
        (self.root / "pyproject.toml").touch()
        self._programs.mkdir()
        for tool in _TOOLS:
            found = shutil.which(tool)
            if found:
                (self._programs / tool).symlink_to(found)
        self._path = [self._programs]
        self._calls = folder / "calls"
        self._calls.touch()

    @property
    def venv(self) -> Path:
        """The environment that is made."""
        return self.root / ".venv"

    @property
    def is_ready(self) -> bool:
        """Tell whether it is taken for whole."""
        return (self.venv / ".ready").exists()

    @property
    def calls(self) -> list[str]:
        """What interpreters were asked, each call behind the name of its interpreter."""
        return self._calls.read_text().splitlines()

    def add_python(self, name: str, *, version: str = "cpython.3.11.9", makes: tuple[str, ...] = ("venv",)) -> Path:
        """Put an interpreter behind those on the PATH: its version, and the modules that make an environment."""
        script = _SCRIPT.format(name=name, version=version, makes=f"|{'|'.join(makes)}|")
        return self.add_program("python3.11", script)

    def add_program(self, name: str, script: str) -> Path:
        """Put a program behind those on the PATH, in a folder of its own."""
        folder = self.root.parent / f"path{len(self._path)}"
        folder.mkdir()
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
        self._path.append(folder)
        return folder / name

    def environment(self, **more: str) -> dict[str, str]:
        """What a script sees."""
        return {"PATH": os.pathsep.join(map(str, self._path)), "CALLS": str(self._calls), **more}

    def start(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        """Begin to run a script; without one, to make the environment."""
        return subprocess.Popen(
            ["bash", *(command or ("setup/make_venv.sh", ".venv", "pyproject.toml", "--editable", ".[dev]"))],
            cwd=self.root,
            env=self.environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str, **environment: str) -> tuple[int, str]:
        """Run a script, or make the environment; returns the exit status and what was said."""
        process = self.start(*command, **environment)
        said, _ = process.communicate(timeout=60)
        return process.returncode, said
