"""The tables and buckets of the template as the requests that create them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from local.failures import TemplateError
from local.template.load import Template
from local.template.resolve import Resolver

_TABLE_PROPERTIES = (
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
)


def table_requests(template: Template, resolver: Resolver) -> dict[str, dict[str, Any]]:
    """Return the CreateTable request of each table by its logical id."""
    requests = {}
    for logical_id, properties in template.of_type("AWS::DynamoDB::Table"):
        resolved = resolver.resolve(properties)
        # Backups, encryption and deletion protection have nothing to act on here, and would stop tests tidying up.
        request = {name: resolved[name] for name in _TABLE_PROPERTIES if name in resolved}
        if "StreamSpecification" in resolved:
            request["StreamSpecification"] = {"StreamEnabled": True, **resolved["StreamSpecification"]}
        requests[logical_id] = {"TableName": resolver.name(logical_id), **request}
    return requests


def time_to_live_requests(template: Template, resolver: Resolver) -> list[dict[str, Any]]:
    """Return the UpdateTimeToLive request of each table that forgets rows by itself."""
    return [
        {"TableName": resolver.name(logical_id), "TimeToLiveSpecification": properties["TimeToLiveSpecification"]}
        for logical_id, properties in template.of_type("AWS::DynamoDB::Table")
        if "TimeToLiveSpecification" in properties
    ]


def create_tables(client: Any, template: Template, resolver: Resolver, *, streams: bool = True) -> None:
    """Create every table that does not exist yet; without `streams` where nobody reads them, since they cost time."""
    for request in table_requests(template, resolver).values():
        if not streams:
            request.pop("StreamSpecification", None)
        try:
            client.create_table(**request)
        except client.exceptions.ResourceInUseException:
            # A stack that starts again on its data finds its tables there, perhaps from before they had a stream.
            _enable_stream(client, request)
    for request in time_to_live_requests(template, resolver):
        with contextlib.suppress(client.exceptions.ClientError):
            client.update_time_to_live(**request)


def _enable_stream(client: Any, request: dict[str, Any]) -> None:
    table = client.describe_table(TableName=request["TableName"])["Table"]
    if "StreamSpecification" in request and "LatestStreamArn" not in table:
        client.update_table(TableName=request["TableName"], StreamSpecification=request["StreamSpecification"])


def create_buckets(client: Any, template: Template, resolver: Resolver) -> None:
    """Create every bucket that does not exist yet, and have it tell EventBridge of its objects if it should."""
    for logical_id, properties in template.of_type("AWS::S3::Bucket"):
        name = resolver.name(logical_id)
        client.create_bucket(Bucket=name)
        notifications = properties.get("NotificationConfiguration", {})
        if unknown := set(notifications) - {"EventBridgeConfiguration"}:
            raise TemplateError(f"{logical_id}: the local stack does not notify by {', '.join(sorted(unknown))}")
        if notifications.get("EventBridgeConfiguration", {}).get("EventBridgeEnabled"):
            configuration: dict[str, Any] = {"EventBridgeConfiguration": {}}
            client.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=configuration)


def resource_environment(template: Template, resolver: Resolver) -> Mapping[str, str]:
    """Merge the environment variables of all functions, for tests that call the services themselves.

    Takes a template that was read, not translated.
    """
    merged: dict[str, str] = {}
    for _, properties in template.of_type("AWS::Serverless::Function"):
        variables = resolver.resolve(properties["Environment"]["Variables"])
        merged |= {name: str(value) for name, value in variables.items() if not name.startswith("POWERTOOLS_")}
    return merged
