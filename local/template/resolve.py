"""Resolves references and the functions that the template uses against the names of resources on this machine."""

from __future__ import annotations

import re
import uuid
from typing import Any

from local.failures import TemplateError
from local.template.load import ACCOUNT_ID, REGION, Template

STACK_NAME = "local"
_PSEUDO_PARAMETERS = {
    "AWS::AccountId": ACCOUNT_ID,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": STACK_NAME,
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::NoValue": None,
}
_VARIABLE = re.compile(r"\$\{(!?)([^}]+)\}")

# ARN formats by resource type: what GetAtt of `Arn` gives on AWS, where `{name}` is the physical name.
_ARNS = {
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:{region}:{account}:table/{name}",
    "AWS::S3::Bucket": "arn:aws:s3:::{name}",
    "AWS::KMS::Key": "arn:aws:kms:{region}:{account}:key/{name}",
    "AWS::Lambda::Function": "arn:aws:lambda:{region}:{account}:function:{name}",
    "AWS::StepFunctions::StateMachine": "arn:aws:states:{region}:{account}:stateMachine:{name}",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{name}",
    "AWS::Logs::LogGroup": "arn:aws:logs:{region}:{account}:log-group:{name}:*",
    "AWS::SQS::Queue": "arn:aws:sqs:{region}:{account}:{name}",
    "AWS::Events::EventBus": "arn:aws:events:{region}:{account}:event-bus/{name}",
    "AWS::Events::Rule": "arn:aws:events:{region}:{account}:rule/{name}",
    "AWS::WAFv2::WebACL": "arn:aws:wafv2:{region}:{account}:regional/webacl/{name}",
    "AWS::Scheduler::Schedule": "arn:aws:scheduler:{region}:{account}:schedule/default/{name}",
}
# A template that was not translated has the short types of SAM.
_ARNS["AWS::Serverless::Function"] = _ARNS["AWS::Lambda::Function"]
_ARNS["AWS::Serverless::StateMachine"] = _ARNS["AWS::StepFunctions::StateMachine"]
# Types whose Ref is the ARN and not the name.
_REF_IS_ARN = {"AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine"}
# A queue is named by its URL; the services take any host in it, so it is the same at every start.
_QUEUE_URL = "https://sqs.{region}.amazonaws.com/{account}/{name}"
# The label of a stream is the time of its creation, which matters to nobody here.
_STREAM_LABEL = "2026-01-01T00:00:00.000"
# Types whose id is always a UUID.
_NAMED_BY_UUID = {"AWS::KMS::Key", "AWS::Lambda::EventSourceMapping"}
# Names that AWS restricts to lower case.
_LOWER_CASE = {"AWS::S3::Bucket"}


class Resolver:
    """Knows the physical name and ARN of every resource of a template, and replaces references by them."""

    def __init__(self, template: Template, *, prefix: str = STACK_NAME) -> None:
        self._template = template
        self._prefix = prefix

    def name(self, logical_id: str) -> str:
        """Return the physical name of a resource: the stack's name and the logical id."""
        name = f"{self._prefix}-{logical_id}"
        if self._type(logical_id) in _NAMED_BY_UUID:
            # The same at every start.
            return str(uuid.uuid5(uuid.NAMESPACE_URL, name))
        if self._type(logical_id) == "AWS::Events::EventBus":
            # Others address a bus by the name that the template gives it.
            return str(self.resolve(self._properties(logical_id)["Name"]))
        if self._properties(logical_id).get("FifoQueue"):
            return f"{name}.fifo"
        return name.lower() if self._type(logical_id) in _LOWER_CASE else name

    def arn(self, logical_id: str) -> str:
        """Return the ARN of a resource; TemplateError for a type that has none here."""
        resource_type = self._type(logical_id)
        if resource_type not in _ARNS:
            raise TemplateError(f"{logical_id}: the local stack gives {resource_type} no ARN")
        return _ARNS[resource_type].format(region=REGION, account=ACCOUNT_ID, name=self.name(logical_id))

    def logical_id(self, name: str) -> str:
        """Find the logical id behind a physical name; KeyError when there is none."""
        for logical_id in self._template.resources:
            if self.name(logical_id) == name:
                return logical_id
        raise KeyError(name)

    def resolve(self, value: Any) -> Any:
        """Return a copy of a property with every reference replaced; entries that are AWS::NoValue are left out."""
        if isinstance(value, list):
            return [entry for entry in map(self.resolve, value) if entry is not None]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((function, argument),) = value.items()
            if function == "Ref":
                return self._ref(argument)
            if function.startswith("Fn::"):
                return self._call(function, argument)
        resolved = {key: self.resolve(entry) for key, entry in value.items()}
        return {key: entry for key, entry in resolved.items() if entry is not None}

    def _call(self, function: str, argument: Any) -> Any:
        if function == "Fn::GetAtt":
            logical_id, attribute = argument
            return self._get_att(logical_id, attribute)
        if function == "Fn::Sub":
            text, variables = (argument, {}) if isinstance(argument, str) else argument
            return self._sub(text, self.resolve(variables))
        if function == "Fn::Join":
            separator, parts = argument
            return separator.join(str(part) for part in self.resolve(parts))
        if function == "Fn::Split":
            delimiter, text = argument
            return str(self.resolve(text)).split(delimiter)
        if function == "Fn::Select":
            index, entries = argument
            found = self.resolve(entries)
            if int(index) >= len(found):
                raise TemplateError(f"Fn::Select asks for entry {index} of {len(found)}")
            return found[int(index)]
        if function == "Fn::If":
            condition, then, otherwise = argument
            return self.resolve(then if self._holds({"Condition": condition}) else otherwise)
        raise TemplateError(f"the local stack does not resolve {function}")

    def _holds(self, condition: dict[str, Any]) -> bool:
        ((function, argument),) = condition.items()
        if function == "Condition":
            return self._holds(self._template.conditions[argument])
        if function == "Fn::Equals":
            # CloudFormation compares parameters as the text that they were given as.
            left, right = (str(self.resolve(value)) for value in argument)
            return left == right
        if function == "Fn::Not":
            return not self._holds(argument[0])
        if function in {"Fn::And", "Fn::Or"}:
            return (all if function == "Fn::And" else any)(self._holds(each) for each in argument)
        raise TemplateError(f"the local stack knows no condition {function}")

    def _ref(self, name: str) -> Any:
        if name in _PSEUDO_PARAMETERS:
            return _PSEUDO_PARAMETERS[name]
        if name in self._template.parameters:
            return self._template.parameters[name]
        if self._type(name) == "AWS::SQS::Queue":
            return _QUEUE_URL.format(region=REGION, account=ACCOUNT_ID, name=self.name(name))
        return self.arn(name) if self._type(name) in _REF_IS_ARN else self.name(name)

    def _get_att(self, logical_id: str, attribute: str) -> str:
        if attribute == "Arn":
            return self.arn(logical_id)
        if attribute == "StreamArn" and "StreamSpecification" in self._properties(logical_id):
            return f"{self.arn(logical_id)}/stream/{_STREAM_LABEL}"
        if attribute in {"Name", "QueueName"}:
            return self.name(logical_id)
        raise TemplateError(f"{logical_id}: the local stack does not know the attribute {attribute}")

    def _sub(self, text: str, variables: dict[str, Any]) -> str:
        def replace(match: re.Match[str]) -> str:
            escaped, name = match.groups()
            if escaped:
                return f"${{{name}}}"
            if name in variables:
                return str(variables[name])
            if "." in name:
                return self._get_att(*name.split(".", 1))
            return str(self._ref(name))

        return _VARIABLE.sub(replace, text)

    def _properties(self, logical_id: str) -> dict[str, Any]:
        properties: dict[str, Any] = self._template.resources[logical_id].get("Properties", {})
        return properties

    def _type(self, logical_id: str) -> str:
        try:
            return str(self._template.resources[logical_id]["Type"])
        except KeyError:
            raise TemplateError(f"the template refers to {logical_id}, which it does not define") from None
