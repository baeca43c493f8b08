"""The age of what nothing has published yet, as the upkeep tells it once a day and source."""

from __future__ import annotations

from typing import Any

from knowledge.upkeep.rounds import RoundReport

DAY_SECONDS = 86_400


def tend(lifecycle: Any) -> RoundReport:
    """A round over the source of the test, which is alone in its bucket; a day ends the one before."""
    key = {"pk": {"S": "upkeep"}, "sk": {"S": "round"}}
    lifecycle.clients.dynamodb.delete_item(TableName=lifecycle.settings.catalog_table, Key=key)
    lifecycle.watch.calls.clear()
    report = lifecycle.knowledge.upkeep.go_on(lambda: True)
    assert (report.sources, report.failed) == (1, 0)
    return report


def test_age_is_that_of_the_oldest_change_no_generation_holds(lean_lifecycle: Any) -> None:
    lifecycle = lean_lifecycle
    lifecycle.push(a="published")
    lifecycle.publish()
    assert tend(lifecycle).oldest_unapplied_seconds is None
    lifecycle.push(b="first")
    lifecycle.clock.advance(days=2)
    lifecycle.push(c="second")
    lifecycle.run()
    lifecycle.clock.advance(days=1)
    report = tend(lifecycle)
    # A run alone publishes nothing.
    assert report.oldest_unapplied_seconds == 3 * DAY_SECONDS
    assert report.oldest_unapplied_source_id == lifecycle.source_id
    lifecycle.publish()
    assert tend(lifecycle).oldest_unapplied_seconds is None


def test_age_costs_one_read_of_one_row(lean_lifecycle: Any) -> None:
    lifecycle = lean_lifecycle
    lifecycle.push(a="published")
    lifecycle.publish()
    for number in range(5):
        lifecycle.push(**{f"item{number}": "text"})
    tend(lifecycle)
    reads = [call.request for call in lifecycle.watch.calls if "#journal" in str(call.request)]
    assert [request["Limit"] for request in reads] == [1]


def test_archived_source_waits_without_being_told(lean_lifecycle: Any) -> None:
    lifecycle = lean_lifecycle
    lifecycle.push(a="published")
    lifecycle.publish()
    lifecycle.push(b="staged")
    lifecycle.knowledge.sources.archive_source(lifecycle.tenant_id, lifecycle.source_id)
    lifecycle.clock.advance(days=40)
    assert tend(lifecycle).oldest_unapplied_seconds is None
