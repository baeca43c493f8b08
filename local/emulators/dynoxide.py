"""Finds and runs Dynoxide, the native DynamoDB emulator that npm brings as one binary per platform."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread
from typing import IO

from local.failures import StartupError
from local.guard import guarded
from local.template import ROOT

# It says that it listens, or why it ended. Only one that does neither is given up on, and a busy machine is slow.
_STARTUP_SECONDS = 300
_LISTENS = "listening on"
_PORT_TAKEN = "already in use"
_PORTS_TRIED = 5
_LINES_KEPT = 50
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


def free_port(host: str = "127.0.0.1") -> int:
    """Return a TCP port of an address of this machine that nothing listens on right now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


class Dynoxide:
    """One Dynoxide process; in memory without a database file. It takes any credentials, from any page too."""

    def __init__(
        self, binary: Path, *, host: str = "127.0.0.1", database: Path | None = None, inherit: Sequence[int] = ()
    ) -> None:
        """Start the process and wait until it says that it listens; `inherit` are file descriptors that it keeps open.

        StartupError when it ends instead. A port that somebody else took in the meantime is no reason: there are more.
        """
        for _ in range(_PORTS_TRIED):
            self.port = free_port(host)
            command = [str(binary), "--host", host, "--port", str(self.port)]
            if database is not None:
                command += ["--db-path", str(database)]
            self._process = subprocess.Popen(
                guarded(command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=tuple(inherit),
                process_group=0,
                umask=0o077,
            )
            assert self._process.stderr
            self._said = Said(self._process.stderr, _LISTENS)
            if self._said.heard(_STARTUP_SECONDS):
                break
            self._process.kill()
            self._process.wait()
            if _PORT_TAKEN not in self._said.text():
                raise StartupError(f"Dynoxide did not start: {self._said.text()[-300:] or 'no answer'}")
        else:
            raise StartupError(f"Dynoxide found no free port: {self._said.text()[-300:]}")
        self.address = (host, self.port)
        self.url = f"http://{host}:{self.port}"

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


class Said:
    """What a process says, read as it comes: a pipe that nobody reads would hold the process up one day."""

    def __init__(self, stream: IO[bytes], awaited: str) -> None:
        """Read to the end of the stream, on a thread of its own, and close it."""
        self._lines: deque[str] = deque(maxlen=_LINES_KEPT)
        self._awaited = awaited
        self._met = False
        self._decided = Event()
        Thread(target=self._read, args=(stream,), daemon=True).start()

    def heard(self, seconds: float) -> bool:
        """Wait until the awaited words were said, and tell so, or until there is nothing more to be said."""
        self._decided.wait(seconds)
        return self._met

    def text(self) -> str:
        """Return the last lines that were said."""
        return "\n".join(self._lines).strip()

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self._lines.append(line.decode(errors="replace").rstrip())
                if self._awaited in self._lines[-1]:
                    self._met = True
                    self._decided.set()
        self._decided.set()
