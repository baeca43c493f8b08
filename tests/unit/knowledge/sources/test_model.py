"""What a source tells of itself."""

from __future__ import annotations

from unittest import mock

import pytest
from knowledge.sources.model import Source, SourceStatus

NOW = 1_795_000_000_000


def source(snapshot_id: str | None, expires_at: int | None, status: SourceStatus = SourceStatus.ACTIVE) -> Source:
    fields = dict.fromkeys(Source.__slots__, mock.sentinel.unread)
    fields |= {"open_snapshot_id": snapshot_id, "open_snapshot_expires_at": expires_at, "status": status}
    return Source(**fields)


@pytest.mark.parametrize(
    ("snapshot_id", "expires_at", "awaits"),
    [
        (None, None, False),
        # What is left of one that ended says nothing.
        (None, NOW + 1, False),
        ("snp_1", NOW + 1, True),
        ("snp_1", NOW, False),
        ("snp_1", NOW - 1, False),
        # An import that stages, and a completion that began, do not run out.
        ("imp_1", None, True),
    ],
)
def test_source_awaits_more_while_a_set_is_under_way(
    snapshot_id: str | None, expires_at: int | None, awaits: bool
) -> None:
    assert source(snapshot_id, expires_at).awaits_more(NOW) is awaits


@pytest.mark.parametrize("status", SourceStatus)
def test_archived_source_takes_no_writes(status: SourceStatus) -> None:
    assert source(None, None, status).active is (status is SourceStatus.ACTIVE)
