"""The published description is held against the local stack, over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.tenant import Tenant


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what waits for something long begun behind everything else: by then most of the wait is over."""
    items.sort(key=lambda item: item.get_closest_marker("late") is not None)


@pytest.fixture
def tenant(local_stack: Any, spent_key: tuple[str, float]) -> Iterator[Tenant]:
    """A fresh tenant of the local stack."""
    made = Tenant(local_stack)
    yield made
    made.close()


@pytest.fixture(scope="session")
def spent_key(local_stack: Any) -> tuple[str, float]:
    """A key whose minute is used up, and when it was refused; asked for early, so that the wait costs nothing."""
    tenant = Tenant(local_stack)
    key, refused_at = tenant.key(rateLimitPerMinute=1), 0.0
    while not refused_at:
        if tenant.request("GET", "/v1/whoami", key=key).status == 429:
            refused_at = time.time()
    tenant.close()
    return key, refused_at
