"""A stand-in for Amazon Bedrock's runtime, for tests: speaks the wire format of Converse, and has no model.

boto3 reaches it by an endpoint URL, so that what is sent and read is what goes over the wire; moto has no Converse.
What the real service refuses of a request is refused here, too; answers and failures are those that a test hands in.

    POST /model/{modelId}/converse -> 200 {"output", "stopReason", "usage", "metrics"}, or an error: its class in
    `x-amzn-ErrorType`, `{"message"}` in the body.

Format: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import unquote

_PATH = re.compile(r"/model/([^/]+)/converse")
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
# How long a slow answer is held back when nobody lets it go: a test that waits for it fails by this.
_HELD_SECONDS = 20.0


@dataclass(frozen=True)
class Reply:
    """What goes out: a status, an error's class or none, and a body. `held` goes out only when `release` is called."""

    status: int = 200
    body: bytes = b""
    error: str | None = None
    held: bool = False
    # A byte now and then; never whole.
    trickles: bool = False
    # The connection ends in the middle of the body.
    broken: bool = False


@dataclass(frozen=True)
class Asked:
    """A request as it came: the model, the headers with lower-case names, and the body."""

    model_id: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def document(self) -> dict[str, Any]:
        """What the user's message holds."""
        document: dict[str, Any] = json.loads(self.body["messages"][0]["content"][0]["text"])
        return document


# Makes a reply of a request.
Model = Callable[[Asked], Reply]


def called_tool(given: Any, *, stop: str = "tool_use", name: str = "give_answer", before: str = "") -> Reply:
    """A model's call of a tool, with an input."""
    said = [{"text": before}] if before else []
    return message([*said, {"toolUse": {"toolUseId": "tooluse_1", "name": name, "input": given}}], stop=stop)


def message(content: list[Any], *, stop: str) -> Reply:
    """What a model answers."""
    return Reply(
        body=json.dumps(
            {
                "output": {"message": {"role": "assistant", "content": content}},
                "stopReason": stop,
                "usage": {"inputTokens": 900, "outputTokens": 60, "totalTokens": 960},
                "metrics": {"latencyMs": 700},
            }
        ).encode()
    )


def refusal(status: int, error: str, text: str = "No.") -> Reply:
    """An error of the service."""
    return Reply(status, json.dumps({"message": text}).encode(), error)


class _Server(ThreadingHTTPServer):
    # A connection that is kept, or held back, is none to wait for.
    daemon_threads = True
    block_on_close = False


@dataclass
class ConverseServer:
    """The server, at `url` from its making to `close`; `model` answers, `asked` has every request."""

    model: Model = lambda _: refusal(503, "ServiceUnavailableException")
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._released = Event()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def answer(self, reply: Reply) -> None:
        """Answer every further request with this."""
        self.model = lambda _: reply

    def release(self) -> None:
        """Let what is held go."""
        self._released.set()

    @property
    def is_holding(self) -> bool:
        """Whether nothing that was held has been let go."""
        return not self._released.is_set()

    def close(self) -> None:
        """End, with every connection."""
        self.release()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers.get("content-length", "0")))
                reply = stand_in._reply(self.path, headers, body)
                if reply.held:
                    stand_in._released.wait(_HELD_SECONDS)
                try:
                    self._send(reply)
                except OSError:
                    self.close_connection = True  # Whoever asked has gone.

            def _send(self, reply: Reply) -> None:
                self.send_response(reply.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(reply.body)))
                self.send_header("x-amzn-RequestId", "0b5a7a1e-0000-4000-8000-000000000000")
                if reply.error:
                    self.send_header("x-amzn-ErrorType", f"{reply.error}:http://internal.amazon.com/")
                self.end_headers()
                if reply.trickles:
                    # A byte a quarter of a second, for as long as what is held is held.
                    for byte in reply.body[: int(_HELD_SECONDS * 4)]:
                        self.wfile.write(bytes([byte]))
                        if stand_in._released.wait(0.25):
                            break
                    self.close_connection = True
                else:
                    self.wfile.write(reply.body[: len(reply.body) // 2] if reply.broken else reply.body)
                self.close_connection |= reply.broken

            def log_message(self, *_: Any) -> None:
                return

        return Handler

    def _reply(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        found = _PATH.fullmatch(path)
        if found is None:
            return refusal(404, "UnknownOperationException")
        if "/bedrock/aws4_request" not in headers.get("authorization", ""):
            return refusal(403, "UnrecognizedClientException", "The security token included in the request is invalid.")
        asked = Asked(unquote(found[1]), headers, json.loads(body))
        self.asked.append(asked)
        fault = fault_of(asked.body)
        return refusal(400, "ValidationException", fault) if fault else self.model(asked)


def fault_of(body: dict[str, Any]) -> str | None:
    """What the service would refuse of a request; None when it takes it."""
    messages, config = body.get("messages", []), body.get("toolConfig", {})
    texts = [
        block.get("text", "") for each in [*messages, {"content": body.get("system", [])}] for block in each["content"]
    ]
    names = [tool["toolSpec"]["name"] for tool in config.get("tools", [])]
    inference = body.get("inferenceConfig", {})
    if not messages or messages[0]["role"] != "user":
        return "A conversation must start with a user message."
    if not all(text.strip() for text in texts):
        return "The text field in the ContentBlock object is blank. Add text to the text field, and try again."
    if not names or not all(map(_TOOL_NAME.fullmatch, names)):
        return "The toolConfig field must have tools, with names of letters, digits, _ and -."
    if config.get("toolChoice", {}).get("tool", {}).get("name") not in names:
        return "The tool that toolChoice names is none of the tools."
    if any(tool["toolSpec"]["inputSchema"]["json"].get("type") != "object" for tool in config["tools"]):
        return "The value at toolConfig.tools.0.toolSpec.inputSchema.json.type must be object."
    if not 0 <= inference.get("temperature", 0) <= 1 or inference.get("maxTokens", 1) < 1:
        return "The inferenceConfig is out of range."
    return None
