"""What an import tells of itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from knowledge.imports.model import ENDED, Import, ImportFormat, ImportMode, ImportState, shown_state
from knowledge.times import MS_PER_DAY

NOW = 1_795_000_000_000
MADE = Import(
    tenant_id="ten_1",
    source_id="src_1",
    import_id="imp_1",
    state=ImportState.STAGING,
    mode=ImportMode.UPSERT,
    apply=False,
    format=ImportFormat.NDJSON,
    created_at=NOW,
    updated_at=NOW,
)
LIVING = [ImportState.QUEUED, ImportState.STAGING, ImportState.PLANNING, ImportState.APPLYING]


# Expired is shown and never stored.
@pytest.mark.parametrize("state", [each for each in ImportState if each is not ImportState.EXPIRED])
def test_import_that_was_not_worked_on_in_time_is_dead_unless_there_is_nothing_to_do(state: ImportState) -> None:
    job = replace(MADE, state=state, alive_until=NOW)
    assert not replace(job, alive_until=NOW + 1).dead(NOW)
    assert job.dead(NOW) is (state in LIVING)
    assert job.ended is (state in ENDED) is (state not in {*LIVING, ImportState.AWAITING_UPLOAD})


@pytest.mark.parametrize(
    ("age", "state"),
    [(0, "awaiting_upload"), (MS_PER_DAY - 1, "awaiting_upload"), (MS_PER_DAY, "expired"), (9 * MS_PER_DAY, "expired")],
)
def test_upload_is_awaited_for_a_day_and_the_link_is_good_for_an_hour(age: int, state: str) -> None:
    job = replace(MADE, state=ImportState.AWAITING_UPLOAD)
    assert shown_state(job, NOW + age) == state
    assert job.upload_expires_at == NOW + 3_600_000


@pytest.mark.parametrize("state", [*LIVING, *ENDED])
def test_file_that_came_never_expires(state: ImportState) -> None:
    assert shown_state(replace(MADE, state=state), NOW + 99 * MS_PER_DAY) is state


@pytest.mark.parametrize(
    ("plain_bytes", "offset", "rejected", "whole", "skipped"),
    [
        (None, 0, 0, False, False),
        (10, 9, 0, False, False),
        (10, 10, 0, True, False),
        (10, 10, 1, False, True),
        # Bad lines in the middle decide nothing before the end is read.
        (10, 9, 1, False, False),
        # A file without a byte is whole.
        (0, 0, 0, True, False),
    ],
)
def test_snapshot_removes_nothing_unless_every_line_was_good(
    plain_bytes: int | None, offset: int, rejected: int, whole: bool, skipped: bool
) -> None:
    job = replace(MADE, mode=ImportMode.SNAPSHOT, plain_bytes=plain_bytes, offset=offset, rejected=rejected)
    assert (job.whole, job.removals_skipped) == (whole, skipped)
    assert not replace(job, mode=ImportMode.UPSERT).removals_skipped
