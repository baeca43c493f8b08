"""Executions of Standard state machines, each started once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from knowledge.storage.clients import error_code, translated

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient


def start_once(stepfunctions: SFNClient, arn: str, name: str, state: Mapping[str, Any]) -> None:
    """Start an execution unless it was started before: Step Functions takes a name once, for 90 days after its end."""
    try:
        with translated():
            stepfunctions.start_execution(stateMachineArn=arn, name=name, input=json.dumps(state))
    except ClientError as error:
        if error_code(error) != "ExecutionAlreadyExists":
            raise
