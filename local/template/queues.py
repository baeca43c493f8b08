"""The queues of the template as the requests that create them."""

from __future__ import annotations

import json
from typing import Any

from local.template.load import Template
from local.template.resolve import Resolver

_ATTRIBUTES = (
    "ContentBasedDeduplication",
    "DelaySeconds",
    "FifoQueue",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "VisibilityTimeout",
)


def queue_requests(template: Template, resolver: Resolver) -> list[dict[str, Any]]:
    """Return the CreateQueue request of each queue; encryption has nothing to act on here."""
    requests = []
    for logical_id, properties in template.of_type("AWS::SQS::Queue"):
        resolved = resolver.resolve(properties)
        attributes = {name: _text(resolved[name]) for name in _ATTRIBUTES if name in resolved}
        if "RedrivePolicy" in resolved:
            attributes["RedrivePolicy"] = json.dumps(resolved["RedrivePolicy"])
        requests.append({"QueueName": resolver.name(logical_id), "Attributes": attributes})
    return requests


def create_queues(client: Any, template: Template, resolver: Resolver) -> None:
    """Create every queue that does not exist yet, the dead-letter queues before those that name them."""
    requests = queue_requests(template, resolver)
    for request in sorted(requests, key=lambda request: "RedrivePolicy" in request["Attributes"]):
        client.create_queue(**request)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
