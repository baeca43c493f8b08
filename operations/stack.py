"""A deployed stack as the tools see it: its resources by the names that template.yaml gives them, and clients."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3


class RefusedError(Exception):
    """Raised when a command may not be carried out; the text says what to do first."""


@dataclass(frozen=True)
class DeployedStack:
    """`resources` are pairs of type and physical id by logical id; `client` makes the client of a service."""

    name: str
    resources: Mapping[str, tuple[str, str]]
    client: Callable[[str], Any]

    def physical(self, logical_id: str) -> str:
        """The physical id of a resource. Raises RefusedError when the stack has none of the name."""
        if logical_id not in self.resources:
            raise RefusedError(f"the stack {self.name} has no {logical_id}: deploy this version first")
        return self.resources[logical_id][1]

    def of_type(self, resource_type: str) -> dict[str, str]:
        """The physical ids of all resources of a type."""
        return {name: physical for name, (its_type, physical) in self.resources.items() if its_type == resource_type}

    def invoke(self, logical_id: str, event: Any) -> Any:
        """Invoke a function and return what it answers. Raises RefusedError when it fails."""
        name = self.physical(logical_id)
        answer = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
        payload = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            raise RefusedError(f"{name} failed: {payload.get('errorMessage')}")
        return payload

    def count_messages(self, queue: str) -> int:
        """How many messages wait in a queue, about."""
        url, name = self.physical(queue), "ApproximateNumberOfMessages"
        attributes = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"]
        return int(attributes[name])


def tell_lines(make: Callable[[], Iterable[Mapping[str, Any]]]) -> int:
    """Write what a command tells, each as a line of JSON; returns the exit status, 1 when it is refused."""
    try:
        for line in make():
            sys.stdout.write(json.dumps(line) + "\n")
    except RefusedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def find_stack(name: str) -> DeployedStack:
    """Ask CloudFormation what a stack consists of."""
    client = cache(boto3.client)
    resources: dict[str, tuple[str, str]] = {}
    # DescribeStackResources would end at a hundred, and SAM makes more of the template.
    for page in client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=name):
        for found in page["StackResourceSummaries"]:
            physical = found.get("PhysicalResourceId")
            if physical and found["ResourceStatus"] != "DELETE_COMPLETE":
                resources[found["LogicalResourceId"]] = (found["ResourceType"], physical)
    return DeployedStack(name, resources, client)
