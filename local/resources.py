"""Creates the resources of a template in the emulators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from local.events.rules import create_buses, create_rules
from local.failures import TemplateError
from local.template.load import Template
from local.template.queues import create_queues
from local.template.resolve import Resolver
from local.template.tables import create_buckets, create_tables


def create_resources(make_client: Callable[[str], Any], template: Template, resolver: Resolver) -> None:
    """Create what does not exist yet; TemplateError when an emulator refuses."""
    states, events = make_client("stepfunctions"), make_client("events")
    try:
        create_tables(make_client("dynamodb"), template, resolver)
        create_buckets(make_client("s3"), template, resolver)
        create_queues(make_client("sqs"), template, resolver)
        for logical_id, properties in template.of_type("AWS::StepFunctions::StateMachine"):
            states.create_state_machine(**machine_request(logical_id, properties, resolver))
        create_buses(events, template, resolver)
        create_rules(events, template, resolver)
    except ClientError as error:
        raise TemplateError(f"a resource of {template.path.name} cannot be created: {error}") from error


def machine_request(logical_id: str, properties: dict[str, Any], resolver: Resolver) -> dict[str, Any]:
    """Build the CreateStateMachine request of a state machine, its definition's substitutions made."""
    definition: str = properties["DefinitionString"]
    if not isinstance(definition, str):
        definition = resolver.resolve(definition)
    for name, value in resolver.resolve(properties.get("DefinitionSubstitutions", {})).items():
        definition = definition.replace(f"${{{name}}}", value)
    return {
        "name": resolver.name(logical_id),
        "definition": definition,
        "roleArn": resolver.resolve(properties["RoleArn"]),
        "type": properties.get("StateMachineType", "STANDARD"),
    }
