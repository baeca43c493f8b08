"""The child of converting.py: a program that turns the file at its standard input into JSON, within bounds.

It is run by its path, and imports nothing of this package, which takes three times as long to import as a file to read.
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any

_MEMORY_BYTES = 2 * 1_073_741_824


def main() -> None:
    """Convert by a module, within seconds of computing, to a text of so many bytes; `path` is where modules are."""
    module, seconds, most_bytes, path = sys.argv[1:]
    sys.path[:] = json.loads(path)
    _limit(int(seconds))
    raw = sys.stdin.buffer.read()
    try:
        answer = runpy.run_path(str(Path(__file__).with_name(module)))["convert"](raw, int(most_bytes))
    except MemoryError:
        answer = {"error": "takes too much memory to read"}
    except Exception as error:  # a library may raise anything of a file that was made for it
        answer = {"error": f"is broken ({type(error).__name__})"}
    sys.stdout.buffer.write(json.dumps(answer).encode())


def _limit(seconds: int) -> None:
    """Set what the system ends a process for. Windows has no such bounds; there the parent's clock is the only one."""
    try:
        import resource
    except ImportError:
        return
    _lower(resource, resource.RLIMIT_CPU, seconds)
    _lower(resource, resource.RLIMIT_AS, _MEMORY_BYTES)
    _lower(resource, resource.RLIMIT_CORE, 0)


def _lower(resource: Any, what: int, value: int) -> None:
    hard = resource.getrlimit(what)[1]
    try:
        resource.setrlimit(what, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
    except (ValueError, OSError):
        # macOS knows the bound of memory and refuses to set it.
        return


if __name__ == "__main__":
    main()
