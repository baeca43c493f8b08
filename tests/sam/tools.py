"""The AWS SAM CLI, checkov and Docker as the tests find them; one that is missing skips, or fails in CI."""

from __future__ import annotations

import ipaddress
import json
import os
import platform
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest

from local.template import ROOT
from local.template.load import REGION
from testing.resources import continuous_integration

_PYTHON = "python3.13"
_STOP_SECONDS = 120


def lacking(reason: str) -> NoReturn:
    """Skip a test for want of a tool; fail it in continuous integration."""
    (pytest.fail if continuous_integration() else pytest.skip)(reason)
    raise AssertionError(reason)


def installed(environment: str, program: str) -> Path:
    """Find a program in an environment that `make aws-tools` sets up."""
    path = ROOT / environment / "bin" / program
    if not path.is_file():
        lacking(f"{program} is not installed: run `make aws-tools`")
    return path


def machine_architecture() -> str:
    """The `Architecture` that containers of this machine run."""
    return "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"


class Sam:
    """Runs `sam`, away from any account."""

    def __init__(self) -> None:
        self._program = installed(".venv-sam", "sam")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        # It was installed without bytecode: where none may be kept, each start would compile all that it imports.
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        self._environment = {
            **kept,
            "SAM_CLI_TELEMETRY": "0",
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_DEFAULT_REGION": REGION,
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; whether it succeeded is for the caller to see."""
        return subprocess.run(
            [str(self._program), *arguments],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def build(self, folder: Path, architecture: str) -> Path:
        """Build template.yaml into a folder, and return the built template."""
        self._environment["PATH"] = f"{_python_folder()}{os.pathsep}{self._environment['PATH']}"
        directories = ["--build-dir", str(folder / "build"), "--cache-dir", str(folder / "cache")]
        done = self.run("build", *directories, "--parameter-overrides", f"Architecture={architecture}")
        assert done.returncode == 0, done.stderr
        return folder / "build" / "template.yaml"

    @contextmanager
    def serving(self, port: int, log: Path, *arguments: str) -> Iterator[str]:
        """Run a command that serves on a port; yields its URL. It ends its own containers."""
        with log.open("ab") as output:
            process = subprocess.Popen(
                [str(self._program), *arguments, "--port", str(port)],
                cwd=ROOT,
                env=self._environment,
                stdout=output,
                stderr=output,
            )
        try:
            _await(process, f"http://127.0.0.1:{port}/", log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def require_docker() -> None:
    """Skip a test that needs containers where no daemon answers."""
    if shutil.which("docker") is None:
        lacking("docker is not installed")
    if _docker("version", "--format", "{{.Server.Version}}").returncode != 0:
        lacking("no Docker daemon answers: start one, or name one with DOCKER_HOST")


def bridge_address() -> str:
    """The address under which containers reach this machine."""
    inspected = _docker("network", "inspect", "bridge")
    assert inspected.returncode == 0, inspected.stderr
    (network,) = json.loads(inspected.stdout)
    configuration: dict[str, Any] = network["IPAM"]["Config"][0]
    # Docker names the gateway only where it is not the first address.
    return configuration.get("Gateway") or str(next(ipaddress.ip_network(configuration["Subnet"]).hosts()))


def image_options() -> Sequence[str]:
    """The options for the image that SAM_INVOKE_IMAGE names; SAM brings its own without."""
    image = os.environ.get("SAM_INVOKE_IMAGE")
    return ["--skip-pull-image", "--invoke-image", image] if image else []


def _docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)


def _python_folder() -> Path:
    """The folder of the Python that `sam build` needs: what pyenv offers may be switched off for this folder."""
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    on_path = shutil.which(_PYTHON)
    for python in [on_path and Path(on_path), *sorted(pyenv.glob(f"versions/3.13*/bin/{_PYTHON}"))]:
        if python and _runs(python, "-m", "pip", "--version"):
            return python.parent
    # No package index has an interpreter, so continuous integration can't provide it where the machine does not.
    pytest.skip(f"{_PYTHON} with pip is not installed, which `sam build` needs")


def _runs(*command: str | Path) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _await(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    while process.poll() is None:
        try:
            httpx.get(url, timeout=5, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"sam did not serve:\n{log.read_text(errors='replace')[-4000:]}")
