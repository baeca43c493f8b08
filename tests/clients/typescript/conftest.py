"""The TypeScript package, built and packed once for all tests of it."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.template import ROOT
from setup import release_clients
from tests.contract.tenant import Tenant
from tests.e2e.example_checks import require_tool


@pytest.fixture(scope="package")
def node() -> str:
    found = require_tool("node")
    if not release_clients.typescript_tools():
        require_tool("what builds the TypeScript client")
    return found


@pytest.fixture(scope="package")
def packed(node: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return release_clients.build_typescript(tmp_path_factory.mktemp("tarball"))


@pytest.fixture(scope="package")
def environment(packed: Path) -> dict[str, str]:
    """Name what the tests load: the package as it came out of its tarball."""
    with tarfile.open(packed) as tarball:
        tarball.extractall(packed.parent, filter="data")
    vectors = ROOT / "tests" / "contract" / "vectors" / "content_hashes.json"
    build = packed.parent / "package" / "dist"
    return {**os.environ, "CLIENT_BUILD": str(build), "HASH_VECTORS": str(vectors)}


@pytest.fixture
def tenant(local_stack: Any) -> Iterator[Tenant]:
    tenant = Tenant(local_stack)
    yield tenant
    tenant.close()
