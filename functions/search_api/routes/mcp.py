"""/v1/mcp: what sources serve, as tools of assistants."""

from __future__ import annotations

from httpapi.answers import Answer
from httpapi.assistants.messages import Incoming, read_incoming
from httpapi.assistants.protocol import answer
from httpapi.assistants.toolbox import Toolbox
from httpapi.call import Call
from httpapi.keys.scopes import Scope
from httpapi.operations import Routes
from httpapi.schemas.assistants import AssistantMessage
from httpapi.schemas.fields import BodyReader, NoQuery

routes = Routes()


@routes.post(
    "/v1/mcp",
    Scope.SEARCH_READ,
    body=BodyReader(AssistantMessage, read_incoming),
    reads_text=True,
    changes_nothing=True,
    minds_origin=True,
)
def call_assistant_tools(call: Call[Incoming, NoQuery]) -> Answer:
    """Answer a message of the Model Context Protocol."""
    tools = Toolbox(call.key, lambda: call.services.knowledge.searcher)
    reply = answer(call.body, call.request.headers, tools, lambda: call.services.rate_limiter.count_request(call.key))
    return Answer(reply.body, reply.status)
