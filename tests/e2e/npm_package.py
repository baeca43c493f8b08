"""The TypeScript package as `npm install` of its tarball lays it into a folder, and the examples beside it."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

from setup import release_clients
from tests.e2e.example_checks import EXAMPLES, require_tool


def javascript_examples(folder: Path) -> Path:
    """Copy `examples/javascript` into a folder, with the package installed beside it."""
    examples = folder / "javascript"
    shutil.copytree(EXAMPLES / "javascript", examples)
    install_package(examples / "node_modules")
    return examples


def install_package(modules: Path) -> None:
    """Build and pack it, and unpack it into a folder `node_modules`; skips the test without what builds it."""
    if not release_clients.typescript_tools():
        require_tool("what builds the TypeScript client")
    packed = release_clients.build_typescript(modules / ".packed")
    with tarfile.open(packed) as tarball:
        tarball.extractall(modules / ".packed", filter="data")
    (modules / ".packed" / "package").rename(modules / "knowledge-client")
