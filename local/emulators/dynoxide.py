"""Finds and runs Dynoxide, the native DynamoDB emulator that npm brings as one binary per platform."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from local.emulators.guard import guarded
from local.failures import StartupError
from local.template import ROOT

_STARTUP_SECONDS = 10
_PLATFORMS = {"linux": "linux", "darwin": "darwin", "win32": "win32"}
_MACHINES = {"x86_64": "x64", "AMD64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def find_dynoxide(root: Path = ROOT) -> Path | None:
    """Find the binary that npm installed for this platform, or the one that DYNOXIDE_PATH names."""
    if named := os.environ.get("DYNOXIDE_PATH"):
        return Path(named) if Path(named).is_file() else None
    system, machine = _PLATFORMS.get(sys.platform), _MACHINES.get(platform.machine())
    suffix = ".exe" if system == "win32" else ""
    binary = root / "node_modules" / "@dynoxide" / f"{system}-{machine}" / f"dynoxide{suffix}"
    return binary if binary.is_file() else None


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nothing listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Dynoxide:
    """One Dynoxide process on 127.0.0.1; in memory without a database file."""

    def __init__(self, binary: Path, *, database: Path | None = None, inherit: Sequence[int] = ()) -> None:
        """Start the process and wait until it answers; `inherit` are file descriptors that it keeps open."""
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [str(binary), "--host", "127.0.0.1", "--port", str(self.port)]
        if database is not None:
            command += ["--db-path", str(database)]
        self._process = subprocess.Popen(
            guarded(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=tuple(inherit),
            process_group=0,
        )
        self._wait()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def alive(self) -> bool:
        """Tell whether the process still runs."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End the process; its data is on disk by then if it has a database file."""
        self._process.terminate()
        try:
            self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()

    def _wait(self) -> None:
        deadline = time.monotonic() + _STARTUP_SECONDS
        while time.monotonic() < deadline:
            if not self.alive():
                break
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        self._process.kill()
        _, errors = self._process.communicate()
        raise StartupError(f"Dynoxide did not start: {errors.decode(errors='replace').strip()[-300:] or 'no answer'}")
