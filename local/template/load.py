"""Loads template.yaml the way a deployment would: inline the includes, then let SAM's own translator expand it."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from local.failures import MissingToolError, TemplateError
from local.template.parameters import defaults, parameter_values

ROOT = Path(__file__).resolve().parents[2]
REGION = "us-east-1"
ACCOUNT_ID = "123456789012"

# The translator only takes code that was uploaded, so local folders travel through it under this name.
_UPLOADED = "s3://local/"

# SAM asks IAM for the ARNs of the managed policies it attaches; these are all that template.yaml makes it attach.
_MANAGED_POLICIES = {
    name: f"arn:aws:iam::aws:policy/{path}{name}"
    for name, path in {
        "AWSCodeDeployRoleForLambda": "service-role/",
        "AWSLambdaBasicExecutionRole": "service-role/",
        "AWSLambdaDynamoDBExecutionRole": "service-role/",
        "AWSLambdaSQSQueueExecutionRole": "service-role/",
        "AWSXRayDaemonWriteAccess": "",
        "AWSXrayWriteOnlyAccess": "",
    }.items()
}


@dataclass(frozen=True)
class Template:
    """A translated template: plain CloudFormation, with the folders that code and definitions came from."""

    path: Path
    resources: dict[str, dict[str, Any]]
    outputs: dict[str, dict[str, Any]]
    parameters: dict[str, Any]
    conditions: dict[str, Any] = field(default_factory=dict)

    def of_type(self, resource_type: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the logical id and the properties of each resource of a type, in the template's order."""
        for logical_id, resource in self.resources.items():
            if resource["Type"] == resource_type:
                yield logical_id, resource.get("Properties", {})

    def folder(self, uploaded: dict[str, str]) -> Path:
        """Find the local folder behind a `Code` or `Content` property."""
        return self.path.parent / uploaded["S3Key"]


# libyaml reads the document of the API in a fifth of the time; PyYAML is built without it where there is no wheel.
SafeLoader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(SafeLoader):  # type: ignore[misc, valid-type]
    """YAML with CloudFormation's short forms (`!Ref`, `!Sub`, `!GetAtt` ...) read as their long forms."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)
# CloudFormation keeps `2010-09-09` and other dates as strings.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file with CloudFormation's tags; TemplateError when it is missing or is no mapping."""
    try:
        document = yaml.load(path.read_text("utf-8"), Loader=_Loader)
    except OSError as error:
        raise TemplateError(f"{path.name} cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise TemplateError(f"{path.name} is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict):
        raise TemplateError(f"{path.name} is not a template: it holds no mapping")
    return document


def read_template(path: Path = ROOT / "template.yaml") -> Template:
    """Read a template as it is written, without its includes and untranslated: enough for tables and names."""
    source = read_yaml(path)
    return Template(
        path=path.resolve(),
        resources=source["Resources"],
        outputs=source.get("Outputs", {}),
        parameters=defaults(source),
        conditions=source.get("Conditions", {}),
    )


def read_whole(path: Path = ROOT / "template.yaml") -> dict[str, Any]:
    """Read a template with each document that it includes put in its place."""
    whole: dict[str, Any] = _inline_includes(read_yaml(path), path.parent)
    return whole


def load_template(path: Path = ROOT / "template.yaml", overrides: Iterable[str] = ()) -> Template:
    """Load, inline and translate a SAM template; TemplateError with one line when any of that fails.

    `overrides` set parameters, each as `NAME=VALUE`.
    """
    source = read_whole(path)
    parameters = parameter_values(source, path.parent, overrides)
    _name_uploads(source, path.parent)
    translated = _translate(source, path, parameters)
    return Template(
        path=path.resolve(),
        resources=translated["Resources"],
        outputs=translated.get("Outputs", {}),
        parameters=parameters,
        conditions=source.get("Conditions", {}),
    )


def _inline_includes(value: Any, folder: Path) -> Any:
    """Replace each `Fn::Transform: AWS::Include` by the document that it names."""
    if isinstance(value, list):
        return [_inline_includes(entry, folder) for entry in value]
    if not isinstance(value, dict):
        return value
    transform = value.get("Fn::Transform")
    if isinstance(transform, dict) and transform.get("Name") == "AWS::Include":
        return read_yaml(folder / transform["Parameters"]["Location"])
    return {key: _inline_includes(entry, folder) for key, entry in value.items()}


def _name_uploads(source: dict[str, Any], folder: Path) -> None:
    """Give local code an uploaded name, and put the state machines' definitions into the template."""
    properties_of = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}
    for logical_id, resource in source.get("Resources", {}).items():
        properties = resource.get("Properties", {})
        if name := properties_of.get(resource.get("Type")):
            uri = properties.get(name)
            if not isinstance(uri, str) or not (folder / uri).is_dir():
                raise TemplateError(f"{logical_id} names the folder {uri!r}, which does not exist")
            properties[name] = _UPLOADED + uri.rstrip("/")
        elif resource.get("Type") == "AWS::Serverless::StateMachine" and "DefinitionUri" in properties:
            properties["Definition"] = _read_definition(folder / properties.pop("DefinitionUri"))


def _read_definition(path: Path) -> dict[str, Any]:
    try:
        definition = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise TemplateError(f"{path.name} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise TemplateError(f"{path.name} is not valid JSON: {error}") from error
    if not isinstance(definition, dict):
        raise TemplateError(f"{path.name} holds no state machine")
    return definition


@contextlib.contextmanager
def _without_grammars() -> Iterator[None]:
    """Hide a package from jsonschema, which SAM imports.

    Where it is installed, jsonschema makes 38 grammars of it at once: two seconds, for formats that SAM never checks.
    """
    name = "rfc3987_syntax"
    if "jsonschema" in sys.modules or name in sys.modules:
        yield
        return
    # What makes an import fail.
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]


def _translate(source: dict[str, Any], path: Path, parameters: dict[str, Any]) -> dict[str, Any]:
    try:
        with _without_grammars():
            from samtranslator.parser.parser import Parser  # type: ignore[import-untyped]
            from samtranslator.translator.translator import Translator  # type: ignore[import-untyped]

        # It warns about feature toggles that only its authors can set.
        logging.getLogger("samtranslator").setLevel(logging.ERROR)
    except ImportError as error:
        raise MissingToolError("aws-sam-translator is not installed: run `make setup`") from error
    from boto3 import Session
    from samtranslator.model.exceptions import InvalidDocumentException  # type: ignore[import-untyped]

    translator = Translator(_MANAGED_POLICIES, Parser(), boto_session=Session(region_name=REGION))
    try:
        translated: dict[str, Any] = translator.translate(source, parameter_values=parameters)
    except InvalidDocumentException as error:
        raise TemplateError(f"{path.name} does not translate: {error.message} {_causes(error)}".rstrip()) from error
    return translated


def _causes(error: Any) -> str:
    return " ".join(str(cause.message) for cause in error.causes)
