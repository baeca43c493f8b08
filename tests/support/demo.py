"""`make demo` while it serves, as whoever tries the product has it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from local.template import ROOT
from tests.support.stack import PATIENCE_SECONDS


@contextlib.contextmanager
def serving_demo(folder: Path, content: Path) -> Iterator[str]:
    """Run `make demo` of a folder of documents; yield what it printed until it served."""
    command = [sys.executable, "-m", "local", "demo", "--port", "0", "--data", str(folder / "data")]
    command += ["--content", str(content), "--credentials", str(folder / "credentials.json")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout
    lines = []
    try:
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Serving at"):
                break
        yield "".join(lines)
    finally:
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0
        process.stdout.close()
