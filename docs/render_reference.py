"""Renders docs/reference.md from openapi.yaml: `make reference`. A test tells when it is out of date."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "openapi.yaml"
TARGET = ROOT / "docs" / "reference.md"
METHODS = ("get", "post", "put", "patch", "delete")
# Said once at the top, because every operation may answer them.
EVERYWHERE = ("401", "403", "429", "500", "503", "504")
BOUNDS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minItems": "at least {} entries",
    "maxItems": "at most {} entries",
    "default": "default `{}`",
    "pattern": "pattern `{}`",
}


class Reference:
    """The document as Markdown."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    def render(self, *, made_from: bool = True) -> str:
        """Return the whole page; `made_from` has it say to those who change it what it is made from."""
        return "\n".join(self._lines(made_from=made_from)).rstrip() + "\n"

    def _lines(self, *, made_from: bool) -> Iterator[str]:
        document = self._document
        base = urlsplit(document["servers"][0]["url"]).path
        yield from (f"# {document['info']['title']}: reference", "")
        if made_from:
            yield from (
                "Made from [openapi.yaml](../openapi.yaml) by `make reference`: edit that file, not this page.",
                "",
            )
        yield from (document["info"]["description"].strip(), "")
        keyed = "Send `Authorization: Bearer <API key>` with every request whose scope is not `no key`."
        yield from (f"Every path is below `{base}`. {keyed}", "")
        yield from self._contents()
        yield from self._common_answers()
        for tag in document["tags"]:
            yield from (f"## {tag['name']}", "", tag["description"], "")
            for method, path, operation in self.operations(tag["name"]):
                yield from self._operation(method, path, operation)
        yield from ("## Objects", "", "What requests and answers are made of.", "")
        for name, schema in sorted(document["components"]["schemas"].items()):
            yield from self._object(name, schema)

    def operations(self, tag: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Find the operations of a tag: method, path, and what is said of each."""
        for path, item in self._document["paths"].items():
            for method in METHODS:
                if tag in item.get(method, {}).get("tags", ()):
                    yield method.upper(), path, item[method]

    def _contents(self) -> Iterator[str]:
        yield from ("| request | purpose | scope |", "|---|---|---|")
        for tag in self._document["tags"]:
            for method, path, operation in self.operations(tag["name"]):
                link = f"[{method} {path}](#{operation['operationId']})"
                yield f"| {link} | {operation['summary']} | {_scope(operation)} |"
        yield ""

    def _common_answers(self) -> Iterator[str]:
        yield from ("## Answers that every operation with a key may give", "")
        yield from ('Errors are `{"error": "for people", "code": "for_programs"}`.', "")
        some = next(iter(self._document["paths"].values()))
        responses = next(some[method] for method in METHODS if method in some)["responses"]
        yield from self._answers({status: responses[status] for status in EVERYWHERE})
        yield from ("Headers:", "")
        for name, header in self._headers().items():
            yield f"- `{name}`: {_line(header['description'])}"
        yield ""

    def _headers(self) -> dict[str, dict[str, Any]]:
        """Find every header that some operation answers with, by its name."""
        found: dict[str, dict[str, Any]] = {}
        for tag in self._document["tags"]:
            for _, _, operation in self.operations(tag["name"]):
                for response in map(self._resolved, operation["responses"].values()):
                    found |= {name: self._resolved(each) for name, each in response.get("headers", {}).items()}
        return found

    def _operation(self, method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
        yield from (f'<a id="{operation["operationId"]}"></a>', "", f"### {method} {path}", "")
        yield from (f"**{operation['summary']}.** {operation['description'].strip()}", "")
        parameters = self._document["paths"][path].get("parameters", []) + operation.get("parameters", [])
        if parameters:
            yield from ("| parameter | in | | what it is |", "|---|---|---|---|")
            for parameter in map(self._resolved, parameters):
                must = "required" if parameter.get("required") else ""
                told = _joined(parameter.get("description", ""), self._bounds(parameter["schema"]))
                yield f"| `{parameter['name']}` | {parameter['in']} | {must} | {told} |"
            yield ""
        body = operation.get("requestBody")
        if body:
            media = body["content"]["application/json"]
            yield from (f"Body ({'required' if body['required'] else 'optional'}):", "")
            yield from self._fields(media["schema"])
            yield from self._example("Example of a body", media)
        shared = () if _is_open(operation) else EVERYWHERE
        own = {status: found for status, found in operation["responses"].items() if status not in shared}
        yield from self._answers(own)
        for status, response in own.items():
            content = self._resolved(response).get("content")
            if status < "300" and content:
                yield from self._example(f"Example of {status}", content["application/json"])

    def _answers(self, responses: dict[str, Any]) -> Iterator[str]:
        yield from ("| status | meaning |", "|---|---|")
        for status, response in responses.items():
            found = self._resolved(response)
            schema = found.get("content", {}).get("application/json", {}).get("schema", {})
            holds = f" {self._type(schema)}" if status < "300" and schema else ""
            yield f"| {status} | {_line(found['description'])}{holds} |"
        yield ""

    def _example(self, title: str, media: dict[str, Any]) -> Iterator[str]:
        examples = [each["value"] for each in media.get("examples", {}).values()]
        for example in [media["example"]] if "example" in media else examples[:1]:
            yield from (f"{title}:", "", "```json", json.dumps(example, indent=2, ensure_ascii=False), "```", "")

    def _object(self, name: str, schema: dict[str, Any]) -> Iterator[str]:
        yield from (f'<a id="{name.lower()}"></a>', "", f"### {name}", "")
        if schema.get("description"):
            yield from (schema["description"].strip(), "")
        if schema.get("properties"):
            yield from self._fields(schema)
        else:
            yield from (_joined(self._type(schema), self._bounds(schema)), "")

    def _fields(self, schema: dict[str, Any]) -> Iterator[str]:
        found = self._resolved(schema)
        if not found.get("properties"):
            yield from (self._type(schema), "")
            return
        yield from ("| field | type | | what it is |", "|---|---|---|---|")
        for name, field in found["properties"].items():
            must = "required" if name in found.get("required", ()) else ""
            told = _joined(field.get("description", ""), self._bounds(field))
            yield f"| `{name}` | {self._type(field)} | {must} | {told} |"
        yield ""

    def _type(self, schema: dict[str, Any]) -> str:
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return f"[{name}](#{name.lower()})"
        if "allOf" in schema:
            return " and ".join(self._type(part) for part in schema["allOf"])
        kind = schema.get("type", "any")
        if kind == "array":
            return f"list of {self._type(schema['items'])}"
        if kind == "object" and schema.get("properties"):
            return "{" + ", ".join(f"`{name}`: {self._type(part)}" for name, part in schema["properties"].items()) + "}"
        named = schema.get("format", kind)
        return f"{named} or null" if schema.get("nullable") else str(named)

    def _bounds(self, schema: dict[str, Any]) -> str:
        found = self._resolved(schema)
        told = [text.format(found[name]) for name, text in BOUNDS.items() if name in found]
        if "enum" in found:
            told.append("one of " + ", ".join(f"`{value}`" for value in found["enum"] if value is not None))
        return "; ".join(told)

    def _resolved(self, value: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in value:
            return value
        found: Any = self._document
        for step in value["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return dict(found)


def _is_open(operation: dict[str, Any]) -> bool:
    return operation.get("security") == []


def _scope(operation: dict[str, Any]) -> str:
    if _is_open(operation):
        return "no key"
    found = re.search(r"Scope: (`[a-z:]+`(?: (?:and|or) `[a-z:]+`)?)", operation["description"])
    return found[1] if found else "any key"


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _joined(*parts: str) -> str:
    return " ".join(f"{_line(part[0].upper() + part[1:]).rstrip('.')}." for part in parts if part)


def read_contract() -> dict[str, Any]:
    """Read openapi.yaml."""
    # The loader in C reads it in a tenth of the time, where PyYAML was built with it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, Any] = yaml.load(SOURCE.read_text("utf-8"), Loader=loader)  # noqa: S506 - both are safe
    return found


def rendered() -> str:
    """Return the page as openapi.yaml makes it now."""
    return Reference(read_contract()).render()


if __name__ == "__main__":
    TARGET.write_text(rendered(), "utf-8")
