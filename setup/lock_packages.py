"""Writes what is deployed with the functions, and what the client is tested with, with hashes: `make lock`.

The versions of what we import stand in pyproject.toml; uv finds what those need in turn, on the runtime's Python. All
hashes of a release are written, so that it builds on any system and for either processor. What is locked already
stays as it is, unless pyproject.toml says otherwise, or `--upgrade` is given.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUNTIME = "3.13"
LAYER = ROOT / "layers" / "shared" / "requirements.txt"
SEARCH_LAYER = ROOT / "layers" / "search" / "requirements.txt"
CLIENT = ROOT / "clients" / "python"
# What only one function imports lies beside it, and what only search does in its layer.
ELSEWHERE = {
    "pyromark": SEARCH_LAYER,
    "tantivy": SEARCH_LAYER,
    "urllib3": ROOT / "functions" / "deliver_webhook" / "requirements.txt",
}
_HEAD = "# Made by `make lock` from pyproject.toml. `sam build` takes nothing that has another hash.\n"
_CLIENT_HEAD = (
    "# Made by `make lock` from pyproject.toml: what tests and the SBOM of a release have. Users get ranges.\n"
)


def wanted() -> dict[Path, list[str]]:
    """Return the pins of pyproject.toml by the file that locks them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    files: dict[Path, list[str]] = {}
    for pin in project["dependencies"]:
        files.setdefault(ELSEWHERE.get(pin.partition("==")[0], LAYER), []).append(pin)
    return files


def lock(path: Path, pins: list[str], *, upgrade: bool) -> None:
    """Write one file."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "-", "--quiet", "--generate-hashes", "--no-header"]
    command += ["--no-annotate", "--python-version", RUNTIME, "--python-platform", "aarch64-manylinux_2_28"]
    command += ["--output-file", str(path), *(["--upgrade"] if upgrade else [])]
    subprocess.run(command, input="\n".join(pins), text=True, check=True, cwd=ROOT)  # noqa: S603 - our own words
    _put_head(path, _HEAD)


def lock_client(*, upgrade: bool) -> None:
    """Write what the client's package is tested with, all its extras included, for each Python that it takes."""
    command = [sys.executable, "-m", "uv", "pip", "compile", str(CLIENT / "pyproject.toml"), "--quiet", "--all-extras"]
    command += ["--generate-hashes", "--no-header", "--no-annotate", "--universal", "--python-version", "3.11"]
    command += ["--output-file", str(CLIENT / "requirements.txt"), *(["--upgrade"] if upgrade else [])]
    subprocess.run(command, check=True, cwd=ROOT)  # noqa: S603 - our own words
    _put_head(CLIENT / "requirements.txt", _CLIENT_HEAD)


def _put_head(path: Path, head: str) -> None:
    path.write_text(head + re.sub(r"^#.*\n", "", path.read_text("utf-8"), flags=re.MULTILINE), "utf-8")


def main() -> None:
    """Write every file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--upgrade", action="store_true", help="take the newest of what is not pinned in pyproject.toml"
    )
    arguments = parser.parse_args()
    for path, pins in wanted().items():
        lock(path, pins, upgrade=arguments.upgrade)
    lock_client(upgrade=arguments.upgrade)


if __name__ == "__main__":
    main()
