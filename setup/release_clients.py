"""Builds what users install, the same bytes each time, with a list of what is in it: `make release-clients`.

    python setup/release_clients.py FOLDER      by default .local/dist

There is the Python client as a wheel and as sources, its bill of materials (CycloneDX), the TypeScript client as npm
packs it, which needs no other package, and SHA256SUMS. Files carry the time of the last commit, or of
SOURCE_DATE_EPOCH, and npm's the one that it gives to all; whoever builds the same commit gets the same bytes, and can
compare.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON_CLIENT = ROOT / "clients" / "python"
TYPESCRIPT_CLIENT = ROOT / "clients" / "typescript"
SUMS = "SHA256SUMS"


def release(folder: Path, *, typescript: bool = True) -> list[Path]:
    """Build everything into a folder, which then holds nothing else; returns the files."""
    shutil.rmtree(folder, ignore_errors=True)
    build(folder)
    [wheel] = folder.glob("*.whl")
    materials = folder / f"{wheel.name.removesuffix('-py3-none-any.whl')}.cdx.json"
    _run(
        *("cyclonedx_py", "requirements", "--output-reproducible", "--validate", "--mc-type", "library"),
        *("--pyproject", "pyproject.toml", "--output-file", str(materials), "requirements.txt"),
    )
    if typescript and typescript_tools():
        build_typescript(folder)
    elif typescript:
        sys.stderr.write("note: the TypeScript client is left out: npm, or what it installs (make setup), is missing\n")
    files = sorted(folder.iterdir())
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    (folder / SUMS).write_text("".join(lines), "utf-8")
    return [*files, folder / SUMS]


def build(folder: Path) -> None:
    """Build the wheel and the sources into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    _run("hatchling", "build", "--directory", str(folder))


def typescript_tools() -> bool:
    """Tell whether there is what builds and packs the TypeScript client."""
    return shutil.which("npm") is not None and (TYPESCRIPT_CLIENT / "node_modules" / ".bin" / "tsc").exists()


def build_typescript(folder: Path) -> Path:
    """Build the TypeScript client and pack it into a folder; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        package = Path(scratch)
        for name in ("README.md", "LICENSE"):
            shutil.copy(TYPESCRIPT_CLIENT / name, package)
        # What builds it is nothing to those who install it.
        described = json.loads((TYPESCRIPT_CLIENT / "package.json").read_text("utf-8"))
        kept = {name: value for name, value in described.items() if name not in {"scripts", "devDependencies"}}
        (package / "package.json").write_text(json.dumps(kept, indent=2) + "\n", "utf-8")
        tsc = str(TYPESCRIPT_CLIENT / "node_modules" / ".bin" / "tsc")
        _execute(TYPESCRIPT_CLIENT, tsc, "--outDir", str(package / "dist"))
        _execute(package, "npm", "pack", "--offline", "--pack-destination", str(folder))
        return folder / f"{kept['name']}-{kept['version']}.tgz"


def _time() -> str:
    """Return the seconds since 1970 that files are to carry."""
    if "SOURCE_DATE_EPOCH" in os.environ:
        return os.environ["SOURCE_DATE_EPOCH"]
    git = ["git", "log", "-1", "--format=%ct"]
    return subprocess.run(git, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603 - our own words


def _run(*command: str) -> None:
    _execute(PYTHON_CLIENT, sys.executable, "-m", *command)


def _execute(folder: Path, *command: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own words
        command,
        cwd=folder,
        env={**os.environ, "SOURCE_DATE_EPOCH": _time()},
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"error: {' '.join(command[:3])} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / ".local" / "dist", help="it is emptied first")
    for built in release(parser.parse_args().folder.resolve()):
        sys.stdout.write(f"{built}\n")
