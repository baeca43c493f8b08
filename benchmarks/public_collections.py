"""Public collections of questions, in a folder that a benchmark is told of; none is part of the project."""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
from pathlib import Path
from typing import Any

from benchmarks.findings import parser

VARIABLE = "RELEVANCE_COLLECTIONS"


def collections_parser(description: str | None) -> argparse.ArgumentParser:
    """Make the options of a benchmark that reads collections."""
    made = parser(description)
    named = os.environ.get(VARIABLE)
    made.add_argument("--collections", type=Path, default=Path(named) if named else None)
    return made


def find_folder(arguments: argparse.Namespace, left_out: str) -> Path | None:
    """Return the folder of the collections; None when there is none, and then say what is left out."""
    folder: Path | None = arguments.collections
    if folder is None or not folder.is_dir():
        print(f"note: {left_out} left out: no folder of collections ({VARIABLE} or --collections)", file=sys.stderr)
        return None
    return folder


def read_lines(folder: Path, name: str) -> list[dict[str, Any]]:
    """Read a collection: an object a line."""
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
