"""What the stack prints: its own messages and the functions' log lines, whole lines only."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

# How the functions' lines for the record begin (`telemetry.lines`); on AWS they go to the log and to the metrics.
_INFORMATION = '{"level":"INFO"'
_writing = threading.Lock()


def say(message: str) -> None:
    """Print a message of the stack itself."""
    with _writing:
        print(message, file=sys.stderr, flush=True)


def log_line(source: str, line: str) -> None:
    """Print a log line with the name of the function or service it comes from."""
    with _writing:
        print(f"{source} | {line}", file=sys.stderr, flush=True)


def without_information(sink: Callable[[str, str], None]) -> Callable[[str, str], None]:
    """Keep from a sink what the functions tell of requests and tasks that went as they should."""

    def sift(source: str, line: str) -> None:
        if not line.startswith(_INFORMATION):
            sink(source, line)

    return sift
