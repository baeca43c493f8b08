"""Ends a child process when the process that started it is gone, however it went.

Linux does it by itself once asked (PR_SET_PDEATHSIG), and keeps doing it across an exec. Elsewhere a process has to
look whether its parent is still the one it started with.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 0.5


def die_with_parent(parent_pid: int) -> None:
    """Have this process end as soon as its parent `parent_pid` does.

    The kernel's signal follows the *thread* that started this process: start children from a thread that lives as
    long as they should.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)
    if sys.platform != "linux":
        threading.Thread(target=_watch, args=(parent_pid,), daemon=True).start()


def _watch(parent_pid: int) -> None:
    while os.getppid() == parent_pid:
        time.sleep(_POLL_SECONDS)
    os._exit(1)


def guarded(command: list[str]) -> list[str]:
    """Return the command line that runs `command`, any program, as a child that dies with this process."""
    return [sys.executable, "-S", __file__, str(os.getpid()), *command]


def _run(parent_pid: int, command: list[str]) -> None:
    if sys.platform == "linux":
        die_with_parent(parent_pid)
        os.execv(command[0], command)
    with subprocess.Popen(command, close_fds=False) as child:
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        while child.poll() is None:
            if os.getppid() != parent_pid:
                child.kill()
            time.sleep(_POLL_SECONDS)
        sys.exit(child.returncode)


if __name__ == "__main__":
    _run(int(sys.argv[1]), sys.argv[2:])
