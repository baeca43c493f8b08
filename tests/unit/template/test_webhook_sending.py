"""What template.yaml and the rules of sending webhooks must agree on."""

from __future__ import annotations

from typing import Any

import pytest
from knowledge.limits import RECEIVER_SECONDS
from knowledge.storage.catalog import WAITING_INDEX
from webhooks.deliveries.schedule import OVERDUE_MS, SWEEP_MS
from webhooks.deliveries.slots import LEASE_MS, SLOTS

from local.template import Template
from local.template.load import read_template


@pytest.fixture(scope="module")
def template() -> Template:
    return read_template()


def events_of(template: Template, kind: str) -> list[tuple[str, dict[str, Any]]]:
    """Every event source of a kind, with its function."""
    return [
        (function, event["Properties"])
        for function, properties in template.of_type("AWS::Serverless::Function")
        for event in properties.get("Events", {}).values()
        if event["Type"] == kind
    ]


def test_every_queue_starts_a_bounded_number_of_invocations(template: Template) -> None:
    mappings = events_of(template, "SQS")
    assert mappings
    for function, mapping in mappings:
        assert mapping.get("ScalingConfig", {}).get("MaximumConcurrency"), f"{function} may take all of the account's"


def test_function_that_sends_to_the_queue_it_reads_is_watched_for_dropped_loops(template: Template) -> None:
    alarms = [alarm for _, alarm in template.of_type("AWS::CloudWatch::Alarm")]
    watched = [
        each["Dimensions"][0]["Value"]["Ref"]
        for each in alarms
        if each.get("MetricName") == "RecursiveInvocationsDropped"
    ]
    loops = []
    for function, mapping in events_of(template, "SQS"):
        for policy in template.resources[function]["Properties"]["Policies"]:
            for statement in policy["Statement"]:
                if "sqs:SendMessage" in statement["Action"] and statement["Resource"] == mapping["Queue"]:
                    loops.append(function)
    assert watched == loops == ["DeliverWebhookFunction"]


def test_batch_is_no_larger_than_the_slots_of_a_tenant(template: Template) -> None:
    ((_, mapping),) = events_of(template, "SQS")
    assert mapping["BatchSize"] == SLOTS


def test_who_comes_back_finds_the_lease_over_and_who_has_it_outlives_no_lease(template: Template) -> None:
    function = template.resources["DeliverWebhookFunction"]["Properties"]
    queue = template.resources["WebhookDeliveriesQueue"]["Properties"]
    assert RECEIVER_SECONDS < function["Timeout"] < LEASE_MS / 1000 < queue["VisibilityTimeout"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] * queue["VisibilityTimeout"] == OVERDUE_MS / 1000


def test_sweep_comes_by_as_often_as_it_looks_ahead(template: Template) -> None:
    ((function, schedule),) = [each for each in events_of(template, "Schedule") if each[0] == "RelayEventsFunction"]
    assert SWEEP_MS == 60_000
    assert schedule["Schedule"] == "rate(1 minute)"
    (index,) = [
        each
        for each in template.resources["CatalogTable"]["Properties"]["GlobalSecondaryIndexes"]
        if each["IndexName"] == WAITING_INDEX
    ]
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["waiting", "remindAt"]
    assert function == "RelayEventsFunction"
