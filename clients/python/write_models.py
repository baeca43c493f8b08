"""Writes the types of requests and answers from openapi.yaml: `make reference`. A test tells when they are old."""

from __future__ import annotations

import keyword
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "openapi.yaml"
TARGET = Path(__file__).parent / "src" / "knowledge_client" / "models.py"
# What a listing sets by itself, and what has a parameter of its own in the client.
_NOT_ASKED_BY_QUERY = frozenset({"cursor", "include", "from"})
_SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_HEAD = '''"""What the API takes and answers, as types. Made from openapi.yaml by `make reference`: edit that, not this.

A field that need not be there is `NotRequired`; one that may be null says so. An answer may hold more than this.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict
'''


class Models:
    """The types of one document, in its order: a class for each object, a name for each list of words."""

    def __init__(self, document: dict[str, Any]) -> None:
        """Take a document as YAML reads it."""
        self._document = document
        self._schemas: dict[str, Any] = document["components"]["schemas"]

    def rendered(self) -> str:
        """Return the whole module."""
        names = {name: schema for name, schema in self._schemas.items() if schema.get("type") != "object"}
        parts = [f"{name} = {self._type(schema, name)}" for name, schema in names.items()]
        for name, schema in self._schemas.items():
            if name not in names:
                parts += self._classes(name, schema)
        for operation in self._lists():
            parts += self._classes(_camel(operation["operationId"]) + "Query", self._query(operation))
        return _HEAD + "\n\n".join(["", *parts]).removeprefix("\n") + "\n"

    def _lists(self) -> Iterator[dict[str, Any]]:
        for methods in self._document["paths"].values():
            if "get" in methods and any(each["name"] == "cursor" for each in self._parameters(methods, "get")):
                yield {**methods["get"], "parameters": self._parameters(methods, "get")}

    def _parameters(self, methods: dict[str, Any], method: str) -> list[dict[str, Any]]:
        given = [*methods.get("parameters", ()), *methods[method].get("parameters", ())]
        known = self._document["components"]["parameters"]
        return [known[each["$ref"].rpartition("/")[2]] if "$ref" in each else each for each in given]

    def _query(self, operation: dict[str, Any]) -> dict[str, Any]:
        asked = {each["name"]: each for each in operation["parameters"] if each["in"] == "query"}
        properties = {
            name: {"description": each.get("description", ""), **each["schema"]}
            for name, each in asked.items()
            if name not in _NOT_ASKED_BY_QUERY
        }
        return {"properties": properties, "description": f"What a listing of `{operation['operationId']}` may ask for."}

    def _classes(self, name: str, schema: dict[str, Any]) -> Iterator[str]:
        """Yield the class of an object, behind those of the objects that lie in it."""
        properties: dict[str, Any] = schema.get("properties", {})
        for field, inner in properties.items():
            nested = inner.get("items", inner)
            if nested.get("properties"):
                yield from self._classes(name + _camel(field), nested)
        required = schema.get("required", ())
        types = {
            field: self._type(inner, name + _camel(field))
            if field in required
            else f"NotRequired[{self._type(inner, name + _camel(field))}]"
            for field, inner in properties.items()
        }
        if any(not field.isidentifier() or keyword.iskeyword(field) for field in types):
            fields = "".join(f'        "{field}": "{told}",\n' for field, told in types.items())
            yield f'{name} = TypedDict(\n    "{name}",\n    {{\n{fields}    }},\n)'
            return
        told_of = _docstring(schema.get("description") or f"What the API calls `{name}`.")
        fields = "\n".join(f"    {field}: {told}" for field, told in types.items())
        yield f"class {name}(TypedDict):\n    {told_of}\n\n{fields}"

    def _type(self, schema: dict[str, Any], name: str) -> str:
        if "$ref" in schema:
            referred = schema["$ref"].rpartition("/")[2]
            return f"{referred} | None" if self._schemas[referred].get("nullable") else referred
        told = self._plain_type(schema, name)
        return f"{told} | None" if schema.get("nullable") and told != "Any" else told

    def _plain_type(self, schema: dict[str, Any], name: str) -> str:
        if "enum" in schema:
            return "Literal[" + ", ".join(f'"{word}"' for word in schema["enum"] if word is not None) + "]"
        kind = schema.get("type")
        if kind == "array":
            return f"list[{self._type(schema['items'], name)}]"
        if kind == "object":
            if schema.get("properties"):
                return name
            values = schema.get("additionalProperties")
            return f"dict[str, {self._type(values, name) if isinstance(values, dict) and values else 'Any'}]"
        return _SIMPLE.get(str(kind), "Any")


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[_-]", name))


def _docstring(text: str) -> str:
    """Return the first sentence of a description as a docstring."""
    sentence = re.split(r"(?<=[.:;])\s", " ".join(text.split()), maxsplit=1)[0]
    return f'"""{sentence.rstrip(".:;")}."""'


def rendered() -> str:
    """Return the module as the document makes it."""
    text = Models(yaml.safe_load(SOURCE.read_text("utf-8"))).rendered()
    ruff = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(TARGET), "-"]
    return subprocess.run(ruff, input=text, text=True, encoding="utf-8", capture_output=True, check=True).stdout


if __name__ == "__main__":
    TARGET.write_text(rendered(), "utf-8")
