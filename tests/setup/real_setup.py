"""`make setup` in a clone, with the real interpreter and the real pip: cut off at several moments, then let through.

Takes minutes, so `make soak` runs it and `make test` does not: pytest tests/setup/real_setup.py
"""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from local.template import ROOT

CUT_OFF_AFTER_SECONDS = (0.5, 2, 5, 15, 40)


@pytest.mark.timeout(900)
def test_make_setup_survives_every_ctrl_c(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    for seconds in CUT_OFF_AFTER_SECONDS:
        process = subprocess.Popen(["make", "setup"], cwd=clone, env=environment, start_new_session=True)
        try:
            assert process.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(60)
    assert subprocess.run(["make", "setup"], cwd=clone, env=environment, check=False).returncode == 0
    collected = ["-m", "pytest", "--collect-only", "-q", "tests/unit"]
    subprocess.run([clone / ".venv" / "bin" / "python", *collected], cwd=clone, env=environment, check=True)
