"""The TypeScript package as `npm install` of its tarball lays it into a folder."""

from __future__ import annotations

import tarfile
from pathlib import Path

from setup import release_clients
from tests.e2e.example_checks import require_tool


def install_package(modules: Path) -> None:
    """Build and pack it, and unpack it into a folder `node_modules`; skips the test without what builds it."""
    if not release_clients.typescript_tools():
        require_tool("what builds the TypeScript client")
    packed = release_clients.build_typescript(modules / ".packed")
    with tarfile.open(packed) as tarball:
        tarball.extractall(modules / ".packed", filter="data")
    (modules / ".packed" / "package").rename(modules / "knowledge-client")
