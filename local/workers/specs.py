"""Reads the functions of a template: folder, layers, time-out, and the environment that a worker gets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from local.template import Template
from local.template.resolve import Resolver
from local.workers.calls import FOLDER
from local.workers.functions import FunctionSpec

# What a worker takes over from the machine; the rest of the user's environment is none of a function's business. No
# emulator has models: whoever sets AnswerModelId says where one is asked.
_INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", FOLDER)


def function_specs(
    template: Template, resolver: Resolver, services: Mapping[str, str], *, trace: bool
) -> list[FunctionSpec]:
    """Return every function; `services` are the settings that lead AWS clients to the emulators."""
    return [
        _spec(template, resolver, services, logical_id, properties, trace=trace)
        for logical_id, properties in template.of_type("AWS::Lambda::Function")
    ]


def _spec(
    template: Template,
    resolver: Resolver,
    services: Mapping[str, str],
    logical_id: str,
    properties: dict[str, Any],
    *,
    trace: bool,
) -> FunctionSpec:
    folder = template.folder(properties["Code"])
    layers = [
        str(template.folder(template.resources[layer["Ref"]]["Properties"]["Content"]))
        for layer in properties.get("Layers", [])
    ]
    name = resolver.name(logical_id)
    variables = resolver.resolve(properties.get("Environment", {}).get("Variables", {}))
    environment = {
        **{key: os.environ[key] for key in _INHERITED if key in os.environ},
        "PYTHONPATH": os.pathsep.join([str(folder), *layers]),
        "PYTHONUNBUFFERED": "1",
        "_HANDLER": properties["Handler"],
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(properties.get("MemorySize", 128)),
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "LAMBDA_TASK_ROOT": str(folder),
        # There is no X-Ray daemon to send traces to.
        "POWERTOOLS_TRACE_DISABLED": "true",
        **services,
        **{key: str(value) for key, value in variables.items()},
    }
    if trace:
        environment["LOCAL_TRACE_AWS_CALLS"] = "true"
    return FunctionSpec(
        logical_id=logical_id,
        name=name,
        arn=resolver.arn(logical_id),
        timeout_seconds=properties.get("Timeout", 3),
        environment=environment,
        folder=folder,
    )
