"""What `make test`, `make check` and `make soak` tell of the tiers they ran."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from local.template import ROOT

SCRIPT = """
set -u
. tests/tiers.sh
run_tier good echo '===== 3 passed, 1 skipped, 2 deselected in 0.50s ====='
run_tier bad bash -c 'echo "FAILED some"; echo "1 failed, 2 passed, 1 error in 75.20s (0:01:15)"; exit 1' || echo told
run_tier crashed bash -c 'echo no closing line; exit 3' || echo told
run_tier lint echo All checks passed!
tell_results
"""


def test_each_tier_is_shown_whole_and_summed_up(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "tiers.sh", tmp_path / "tests")
    done = subprocess.run(["bash", "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60)
    said = done.stdout.splitlines()
    assert done.stderr == ""
    assert said.count("told") == 2
    # pytest's own closing lines stay as they are.
    assert "===== 3 passed, 1 skipped, 2 deselected in 0.50s =====" in said
    assert "1 failed, 2 passed, 1 error in 75.20s (0:01:15)" in said
    table = [line.split()[:4] for line in said[said.index("") :]]
    assert table == [
        [],
        ["tier", "passed", "failed", "skipped"],
        ["good", "3", "0", "1"],
        ["bad", "2", "2", "0"],
        ["crashed", "0", "1", "0"],
        ["lint", "0", "0", "0"],
        ["all", "5", "3", "1"],
        [],
        ["5", "passed,", "3", "failed,"],
    ]
    assert said[-1] == "5 passed, 3 failed, 1 skipped"
