"""What the stack prints: its own messages and the functions' log lines, whole lines only."""

from __future__ import annotations

import sys
import threading

_writing = threading.Lock()


def say(message: str) -> None:
    """Print a message of the stack itself."""
    with _writing:
        print(message, file=sys.stderr, flush=True)


def log_line(source: str, line: str) -> None:
    """Print a log line with the name of the function or service it comes from."""
    with _writing:
        print(f"{source} | {line}", file=sys.stderr, flush=True)
