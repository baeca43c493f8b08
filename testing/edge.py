"""The HTTP functions behind a stand-in for the gateway, on tables made from template.yaml.

Every answer is held against openapi.yaml, and `seen` remembers which status of which operation came up: the session is
asked for it at its end (`tests/functional/every_status.py`).
"""

from __future__ import annotations

import base64
import gzip
import importlib.util
import json
import shutil
import sys
import tempfile
import weakref
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qs, quote

from httpapi.assembly import EdgeServices
from httpapi.keys.export_permission import KeyExportPermission
from httpapi.keys.import_permission import KeyImportPermission
from httpapi.keys.model import Key, KeySpec
from httpapi.keys.scopes import ALL_SCOPES
from httpapi.settings import EdgeSettings
from knowledge.assembly import KnowledgeServices
from knowledge.settings import SearchSettings, Settings
from knowledge.storage.clients import Clients, Fanout
from webhooks.assembly import WebhookServices, WebhookSettings
from webhooks.sending.posting import Poster

from testing import spec
from testing.export_machine import InlineExportMachine
from testing.held_clock import HeldClock
from testing.import_machine import InlineImportMachine
from testing.inline_machine import InlineMachine
from testing.recording import acting, logical_id_of

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 6 MB, which is 6 MiB and 100 bytes.
LAMBDA_ANSWER_BYTES = 6_291_556
FUNCTIONS = Path(__file__).parents[1] / "functions"
# What the limits of a tenant's keys may add up to, a minute.
TENANT_LIMIT = 60_000
SEARCH_BYTES = 64 * 1024 * 1024

seen: set[tuple[str, int | str]] = set()


@cache
def load_app(function: str) -> Any:
    """Import a function's app.py as Lambda would, under a name of its own."""
    folder = FUNCTIONS / function
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    found = importlib.util.spec_from_file_location(f"{function}_app", folder / "app.py")
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module
    found.loader.exec_module(module)
    return module


@cache
def _clients() -> Clients:
    """Make clients once: moto stands in for AWS wherever they were made, and making them is slow."""
    return Clients()


class Context:
    """What Lambda tells a function about its invocation."""

    aws_request_id = "11111111-2222-3333-4444-555555555555"
    function_name = "test"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:test"

    def __init__(self, remaining: int = 29_000) -> None:
        self._remaining = remaining

    def get_remaining_time_in_millis(self) -> int:
        return self._remaining


@dataclass
class Reply:
    """An answer as a client sees it; header names are lower case."""

    status: int
    headers: dict[str, str]
    text: str
    # Of the body as it travels, or would.
    length: int = 0

    @property
    def body(self) -> Any:
        return json.loads(self.text) if self.text else None

    @property
    def code(self) -> str:
        # An error of JSON-RPC is an object, and has the code in what it brings along.
        refused = self.body["error"]
        return refused["data"]["code"] if isinstance(refused, dict) else self.body["code"]


def composed(
    json_body: Any, body: bytes | str | None, key: str | None, headers: dict[str, str] | None, compress: bool
) -> tuple[dict[str, str], bytes | None]:
    """The headers and the body of a request as a client sends them; a header that is None is left out."""
    given = headers or {}
    sent = {"Content-Type": "application/json"} if json_body is not None or body is not None else {}
    if key is not None:
        sent["Authorization"] = f"Bearer {key}"
    payload = json.dumps(json_body).encode() if json_body is not None else body
    payload = payload.encode() if isinstance(payload, str) else payload
    if compress and payload is not None:
        payload = gzip.compress(payload)
        sent["Content-Encoding"] = "gzip"
    replaced = {name.lower() for name in given}
    sent = {name: value for name, value in sent.items() if name.lower() not in replaced} | given
    return {name: value for name, value in sent.items() if value is not None}, payload


def _refuse(*_: object) -> NoReturn:
    raise OSError("functional tests connect to nobody")


@dataclass
class Edge:
    """Tenants, keys and requests."""

    resources: Any
    environment: dict[str, str]
    clock: HeldClock = field(default_factory=HeldClock)
    remaining: int = 29_000
    clients: Clients = field(default_factory=_clients)
    addresses: dict[str, list[str]] = field(default_factory=dict)
    search: SearchSettings | None = None
    # moto gets concurrent writes wrong, so the lifecycle works in order here.
    fanout: Fanout = field(default_factory=lambda: Fanout(1))

    def __post_init__(self) -> None:
        # Deleted when nobody names it any more.
        folder = tempfile.mkdtemp(prefix="search-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.search = self.search or SearchSettings(folder, SEARCH_BYTES, 8 * SEARCH_BYTES)
        self.machine: InlineMachine | None = None
        self.services = self.make_services()
        self.admin = self.bootstrap()
        self.token = self.key(self.admin)

    def make_services(self, **settings: Any) -> EdgeServices:
        """Put the functions' services together, as a new process would."""
        environment = self.environment
        edge = EdgeSettings(
            keys_table=environment["KEYS_TABLE"],
            rate_counters_table=environment["RATE_COUNTERS_TABLE"],
            idempotency_table=environment["IDEMPOTENCY_TABLE"],
            content_bucket=environment["CONTENT_BUCKET"],
            catalog_table=environment["CATALOG_TABLE"],
            audit_table=environment["AUDIT_TABLE"],
            items_table=environment["ITEMS_TABLE"],
            questions_table=environment["QUESTIONS_TABLE"],
            machine_arn=environment["DIFF_AND_APPLY_ARN"],
            cursor_key_id=environment["CURSOR_KEY_ID"],
            **{"cors_origins": ("https://console.example.com",), "tenant_limit": TENANT_LIMIT, **settings},
        )
        return EdgeServices(
            edge, clients=self.clients, clock=self.clock, knowledge=self._knowledge, webhooks=self._webhooks
        )

    def _knowledge(self, clients: Any) -> KnowledgeServices:
        self.import_machine = self.make_import_machine()
        self.export_machine = InlineExportMachine(self.clock)
        made = KnowledgeServices(
            Settings.from_environment(),
            clients=clients,
            clock=self.clock,
            fanout=self.fanout,
            machine=self.make_machine,
            import_machine=self.import_machine,
            import_permission=lambda found: KeyImportPermission(found, self.environment["KEYS_TABLE"], self.clock),
            export_machine=self.export_machine,
            export_permission=lambda found: KeyExportPermission(found, self.environment["KEYS_TABLE"], self.clock),
            search=self.search,
        )
        self.import_machine.knowledge = self.export_machine.knowledge = made
        return made

    def make_machine(self, knowledge: KnowledgeServices) -> InlineMachine:
        """Make what runs and applies are carried out by."""
        self.machine = InlineMachine(knowledge)
        return self.machine

    def make_import_machine(self) -> InlineImportMachine:
        """Make what imports are carried out by."""
        return InlineImportMachine(self.clock)

    def _webhooks(self, clients: Any) -> WebhookServices:
        # Names resolve to a public address here, and nothing is connected to.
        poster = Poster(resolve=lambda host, port: self.addresses.get(host, ["93.184.215.14"]), connect=_refuse)
        return WebhookServices(WebhookSettings.from_environment(), clients=clients, clock=self.clock, poster=poster)

    def create_machine(self) -> None:
        """Have the state machine be there to be seen; runs and applies are carried out in its place."""
        name = self.environment["DIFF_AND_APPLY_ARN"].rpartition(":")[2]
        definition = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
        role = "arn:aws:iam::123456789012:role/machine"
        states = self.resources.client("stepfunctions")
        states.create_state_machine(name=name, definition=definition, roleArn=role, type="EXPRESS")

    def bootstrap(self, **event: Any) -> str:
        """Make a tenant; return its admin key's text."""
        return self.services.keys.bootstrap_tenant(tenant_id=event.get("tenantId"), name="tenant").token.text

    def tenant_of(self, token: str) -> str:
        return self.stored(token).tenant_id

    def stored(self, token: str) -> Key:
        return self.services.key_store.find_key(token.split("_")[2])

    def key(self, admin: str, **spec_fields: Any) -> str:
        """Make a key for an admin's tenant without going through HTTP."""
        fields = {"name": "test", "scopes": ALL_SCOPES, "rate_limit_per_minute": 6_000, **spec_fields}
        return self.services.keys.create_key(self.tenant_of(admin), KeySpec(**fields)).token.text

    def request(
        self,
        method: str,
        path: str,
        json_body: Any = None,
        *,
        body: bytes | str | None = None,
        key: str | None = "",
        headers: dict[str, str] | None = None,
        query: str = "",
        compress: bool = False,
        check: bool = True,
        address: str | None = "203.0.113.9",
        request_id: str = "req-1",
    ) -> Reply:
        """Send a request as a client would; `key` None sends no Authorization header."""
        sent, payload = composed(json_body, body, None if key is None else key or self.token, headers, compress)
        event = {
            "httpMethod": method,
            "path": path,
            "headers": sent,
            "multiValueHeaders": {name: [value] for name, value in sent.items()},
            "queryStringParameters": None,
            "multiValueQueryStringParameters": parse_qs(query, keep_blank_values=True) or None,
            "requestContext": {
                "requestId": request_id,
                "stage": "api",
                "path": f"/api{path}",
                "identity": {"sourceIp": address},
            },
            "body": base64.b64encode(payload).decode() if payload is not None else None,
            "isBase64Encoded": payload is not None,
        }
        return self.send(event, check=check)

    def send(self, event: dict[str, Any], *, check: bool = True) -> Reply:
        """Send a proxy event to the function that the gateway would choose."""
        head = event["httpMethod"] == "HEAD"
        operation = spec.find("GET" if head else event["httpMethod"], event["path"])
        function = spec.function_of(event["httpMethod"], event["path"])
        app = load_app(function)
        with acting(logical_id_of(function)):
            answer = app.api.handle(event, Context(self.remaining), self.services)
        # Lambda's bound, on what it writes: the body is a string inside JSON.
        carried = len(json.dumps(answer, ensure_ascii=False).encode())
        assert carried <= LAMBDA_ANSWER_BYTES, f"Lambda would answer 502: {carried} bytes"
        headers = {name.lower(): ",".join(values) for name, values in answer["multiValueHeaders"].items()}
        body = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
        # The gateway tells the length of a body, and leaves it out for a HEAD.
        length = len(body)
        text = (gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body).decode()
        reply = Reply(answer["statusCode"], headers, "" if head else text, length)
        if operation and check and not head:
            faults = list(spec.faults(operation, reply.status, reply.headers, reply.body))
            assert not faults, (faults, reply.text[:500])
            seen.add((operation.name, reply.status))
        return reply

    # Short ways to the state that a test starts from.

    def source(self, **fields: Any) -> str:
        reply = self.request("POST", "/v1/sources", {"name": "Help center", **fields})
        assert reply.status == 201, reply.text
        return str(reply.body["source"]["id"])

    def push(self, source_id: str, external_item_id: str = "faq-1", **fields: Any) -> Reply:
        item = {"externalItemId": external_item_id, "title": "Refunds", "content": "Refunds take 14 days.", **fields}
        return self.request("POST", f"/v1/sources/{source_id}/items", item)

    def run(self, source_id: str) -> str:
        reply = self.request("POST", f"/v1/sources/{source_id}/runs")
        assert reply.status == 201, reply.text
        return str(reply.body["run"]["id"])

    def apply(self, source_id: str, run_id: str, **body: Any) -> Reply:
        return self.request("POST", f"/v1/sources/{source_id}/runs/{run_id}/apply", body or None)

    def publish(self, source_id: str) -> str:
        reply = self.apply(source_id, self.run(source_id))
        assert reply.status == 200, reply.text
        return str(reply.body["generationId"])


def item_path(source_id: str, external_item_id: str) -> str:
    return f"/v1/sources/{source_id}/items/{quote(external_item_id, safe='')}"
