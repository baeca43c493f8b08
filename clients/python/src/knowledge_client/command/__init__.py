"""The command `kb`: keeps a folder of documents and what is published of it in step.

`main` is the entry point. What it needs besides the client is the extra `[kb]`: without it, it says how to install it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

_NEEDED = 'kb needs a few packages more. Install them with: pip install "knowledge-client[kb]"'


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with its arguments, those of the process unless they are given; returns its exit code."""
    try:
        from knowledge_client.command.app import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "knowledge_client":
            raise
        sys.stderr.write(f"{_NEEDED}\n({error})\n")
        return 3
    return run(sys.argv[1:] if arguments is None else arguments)
