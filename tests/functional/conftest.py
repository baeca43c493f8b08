"""One tenant behind the two HTTP functions, on moto."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.functional.edge import Edge


@pytest.fixture
def edge(aws_moto: Any) -> Edge:
    """The edge with a tenant, its admin key and a key with every scope."""
    return Edge(aws_moto, dict(os.environ))
