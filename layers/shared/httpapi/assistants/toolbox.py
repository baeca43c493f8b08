"""The tools carried out for one key, each by one call of what searches."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from knowledge.limits import ASSISTANT_TEXT_CHARACTERS
from knowledge.searching.model import ReadItem, Result
from telemetry.lines import Metric, write_line

from httpapi import strict_json
from httpapi.assistants.item_tokens import item_token, read_token
from httpapi.assistants.messages import INVALID_PARAMS, ProtocolError
from httpapi.assistants.tools import TOOLS, error_result
from httpapi.error_table import ErrorAnswer, answer_for
from httpapi.errors import invalid_field
from httpapi.keys.model import Key
from httpapi.schemas.assistants import FetchArguments, NoArguments, SearchArguments
from httpapi.schemas.fields import read_model
from httpapi.schemas.search import question_of

if TYPE_CHECKING:
    from knowledge.searching.service import Searcher


class Toolbox:
    """The tools of one key. `searcher` is asked for when the first tool needs it."""

    def __init__(self, key: Key, searcher: Callable[[], Searcher]) -> None:
        self._key = key
        self._searcher = searcher
        self._deeds: dict[str, Callable[[Any], dict[str, Any]]] = {
            "search": self._search,
            "fetch": self._fetch,
            "list_sources": self._list_sources,
        }

    def list_tools(self) -> list[dict[str, Any]]:
        """List the tools."""
        return [tool.listed() for tool in TOOLS.values()]

    def call(self, name: Any, arguments: Any) -> dict[str, Any]:
        """Carry a tool out; what it fails with comes as its result, for the assistant to go on from.

        Raises ProtocolError when there is no such tool, or when the arguments are no object.
        """
        if not isinstance(name, str) or name not in TOOLS:
            raise ProtocolError(INVALID_PARAMS, f"There is no such tool. There are: {', '.join(TOOLS)}.")
        if not isinstance(arguments, dict):
            raise ProtocolError(INVALID_PARAMS, "The arguments of a tool must be an object.")
        try:
            found = self._deeds[name](read_model(TOOLS[name].takes, arguments, message="The arguments do not fit."))
        except Exception as error:
            refusal = answer_for(error)
            if not refusal.known:
                raise
            self._note(name, error, refusal)
            return error_result(_told(refusal))
        return {
            "content": [{"type": "text", "text": strict_json.write(found)}],
            "structuredContent": found,
            "isError": False,
        }

    def _search(self, arguments: SearchArguments) -> dict[str, Any]:
        question = question_of(self._key, arguments.query, arguments.source_ids, limit=arguments.limit)
        found = self._searcher().search(question, None)
        return {"results": [_result(each) for each in found.results]}

    def _fetch(self, arguments: FetchArguments) -> dict[str, Any]:
        name = read_token(arguments.id)
        item = self._searcher().read_item(question_of(self._key, "", [name.source_id]), name.external_item_id)
        return _item(item, arguments.offset)

    def _list_sources(self, _arguments: NoArguments) -> dict[str, Any]:
        found = self._searcher().list_sources(question_of(self._key, "", None))
        return {
            "sources": [{"id": each.source_id, "name": each.name, "items": each.served_items} for each in found],
        }

    def _note(self, name: str, error: Exception, refusal: ErrorAnswer) -> None:
        """Count a refusal as one of any other route is: alarms go by that."""
        code = str(refusal.body["code"])
        write_line(
            "tool_refused",
            Metric("Refusals", dimensions={"code": code}),
            level="INFO" if refusal.status < 500 else "WARNING",
            exc_info=None if refusal.status < 500 else error,
            tenant_id=self._key.tenant_id,
            key_id=self._key.key_id,
            tool=name,
            code=code,
        )


def _told(refusal: ErrorAnswer) -> str:
    lines = [f"{refusal.body['code']}: {refusal.body['error']}"]
    lines += [f"{each['path']}: {each['message']}" for each in refusal.body.get("details", [])]
    if "Retry-After" in refusal.headers:
        lines.append(f"Call the tool again in {refusal.headers['Retry-After']} seconds.")
    return "\n".join(lines)


def _result(result: Result) -> dict[str, Any]:
    return {
        "id": item_token(result.name),
        "title": result.title,
        "url": result.url or "",
        "snippet": result.snippet,
    }


def _item(item: ReadItem, offset: int) -> dict[str, Any]:
    """Write an item with its text from an offset on. Raises ValidationFailedError."""
    characters, details = len(item.text), item.details
    if offset and offset >= characters:
        raise invalid_field("offset", f"is behind the text, which has {characters} characters")
    end = min(characters, offset + ASSISTANT_TEXT_CHARACTERS)
    text = item.text[offset:end]
    metadata = {
        "sourceId": item.name.source_id,
        "externalItemId": item.name.external_item_id,
        "generationId": item.generation_id,
        "contentType": details.content_type,
        "characters": characters,
        "language": details.language,
        "tags": list(details.tags) or None,
        "item": details.metadata,
    }
    if end < characters:
        metadata["nextOffset"] = end
        text += (
            f"\n\n[Cut here: these are the characters {offset} to {end} of {characters}. "
            f"To read on, call fetch with the same id and the offset {end}.]"
        )
    return {
        "id": item_token(item.name),
        "title": item.title,
        "text": text,
        "url": details.url or "",
        "metadata": {name: value for name, value in metadata.items() if value is not None},
    }
