"""The template built once for each architecture, and what tests need to look at it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.sam.tools import Sam


@pytest.fixture(scope="session")
def sam() -> Sam:
    """The AWS SAM CLI."""
    return Sam()


@pytest.fixture(scope="session")
def arm64(sam: Sam, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built template for arm64."""
    return _built(sam, tmp_path_factory, "arm64")


@pytest.fixture(scope="session")
def x86_64(sam: Sam, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built template for x86_64."""
    return _built(sam, tmp_path_factory, "x86_64")


def _built(sam: Sam, factory: pytest.TempPathFactory, architecture: str) -> Path:
    """Build the template, or find it where SAM_BUILDS says: `make test` has one run of pytest build for the next."""
    folder = Path(os.environ.get("SAM_BUILDS") or factory.mktemp("builds"), architecture)
    template = folder / "build" / "template.yaml"
    return template if template.is_file() else sam.build(folder, architecture)


@pytest.fixture(params=["arm64", "x86_64"])
def built(request: pytest.FixtureRequest) -> tuple[str, Path]:
    """An architecture and the template that was built for it."""
    return request.param, request.getfixturevalue(request.param)
