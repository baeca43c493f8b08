"""The template built once for each architecture, and what tests need to look at it."""

from __future__ import annotations

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
    return sam.build(tmp_path_factory.mktemp("arm64"), "arm64")


@pytest.fixture(scope="session")
def x86_64(sam: Sam, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built template for x86_64."""
    return sam.build(tmp_path_factory.mktemp("x86_64"), "x86_64")


@pytest.fixture(params=["arm64", "x86_64"])
def built(request: pytest.FixtureRequest) -> tuple[str, Path]:
    """An architecture and the template that was built for it."""
    return request.param, request.getfixturevalue(request.param)
