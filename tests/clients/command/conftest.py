"""Fixtures of the command's tests."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest

from tests.clients.command.driver import Kb, kb
from tests.clients.command.pretended import PretendedApi
from tests.clients.command.product import Product

__all__ = ["kb"]


@pytest.fixture
def product(request: pytest.FixtureRequest, kb: Kb, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    """A folder `docs` with a kb.toml beside it, and the API: a quick one, or with `KB_API=handlers` the real one."""
    edge = PretendedApi()
    if os.environ.get("KB_API") == "handlers":
        from testing.edge import Edge

        edge = Edge(request.getfixturevalue("aws_moto"), dict(os.environ))
    monkeypatch.setenv("CHATBOT_KEY", edge.token)
    yield Product(edge, kb)
    # The functions write every record of their process, here the command's as well, to the standard output.
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if type(handler).__module__ == "telemetry.lines":
            root.removeHandler(handler)
