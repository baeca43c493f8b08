"""One tenant behind the two HTTP functions."""

from __future__ import annotations

import os
from typing import Any

import pytest
from knowledge.storage.clients import Clients

from testing.edge import Edge


@pytest.fixture
def edge(aws_moto: Any) -> Edge:
    """The edge on moto, with a tenant, its admin key and a key with every scope."""
    return Edge(aws_moto, dict(os.environ))


@pytest.fixture
def edge_on_dynoxide(dynoxide: Any) -> Edge:
    """The same on Dynoxide, for thousands of items: moto copies its tables for every transaction."""
    return Edge(dynoxide, dict(os.environ), clients=Clients())
