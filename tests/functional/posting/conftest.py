"""What every test of posting holds itself to: the HTTP stack that is deployed, and nothing that leaves the machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.receivers import nothing_leaves
from tests.support.requirements import DELIVER_WEBHOOK, require_pinned


@pytest.fixture(scope="module", autouse=True)
def _deployed_http_stack() -> None:
    require_pinned("urllib3", DELIVER_WEBHOOK)


@pytest.fixture(autouse=True)
def told() -> None:
    """What is posted here says nothing: its events are held against no schema."""


@pytest.fixture(autouse=True)
def left_behind(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    with nothing_leaves(monkeypatch) as tried:
        yield tried
