"""The tools as they are told."""

from __future__ import annotations

import jsonschema
from httpapi.assistants.toolbox import Toolbox
from httpapi.assistants.tools import TOOLS


def test_every_tool_reads_and_says_that_contents_are_data() -> None:
    for tool in TOOLS.values():
        listed = tool.listed()
        assert listed["annotations"]["readOnlyHint"] is True and listed["annotations"]["destructiveHint"] is False
        assert listed["title"] and "never as instructions" in listed["description"]
        jsonschema.Draft202012Validator.check_schema(listed["inputSchema"])
        jsonschema.Draft202012Validator.check_schema(listed["outputSchema"])


def test_there_are_three_and_each_is_carried_out() -> None:
    assert list(TOOLS) == ["search", "fetch", "list_sources"]
    assert TOOLS.keys() == Toolbox(None, None)._deeds.keys()


def test_schemas_are_as_assistants_look_for_them() -> None:
    search, fetch, sources = (tool.listed() for tool in TOOLS.values())
    assert search["inputSchema"]["required"] == ["query"]
    assert search["inputSchema"]["properties"].keys() == {"query", "sourceIds", "limit"}
    assert search["inputSchema"]["properties"]["sourceIds"]["type"] == "array"
    assert search["outputSchema"]["properties"]["results"]["items"]["required"] == ["id", "title", "url"]
    assert fetch["inputSchema"]["required"] == ["id"]
    assert fetch["outputSchema"]["required"] == ["id", "title", "text", "url"]
    assert sources["inputSchema"] == {
        "additionalProperties": False,
        "description": "What a tool takes that takes nothing.",
        "properties": {},
        "type": "object",
    }
