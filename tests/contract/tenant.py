"""A tenant of the local stack, as a client sees it: every answer over HTTP, held against openapi.yaml."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
import httpx

from local.template.load import REGION
from local.template.resolve import Resolver
from testing import spec
from testing.edge import Edge, Reply, composed
from testing.resources import project_template
from tests.support.stack import PATIENCE_SECONDS, StackProcess

# What speaks of the connection and not of the answer.
_TRANSPORT = {"date", "content-length", "connection"}
ALL_SCOPES = tuple(spec.document()["components"]["schemas"]["Scope"]["enum"])


class Tenant:
    """A tenant with an admin key and a key for everything else, both with limits of their own."""

    # The same short ways to a state as in process: they are made of requests.
    source = Edge.source
    push = Edge.push
    run = Edge.run
    apply = Edge.apply
    publish = Edge.publish

    def __init__(self, stack: StackProcess) -> None:
        """Make the tenant and its keys."""
        self.stack = stack
        self.base_url = stack.credentials["baseUrl"]
        self.origin = self.base_url.removesuffix("/api")
        self._client = httpx.Client(timeout=PATIENCE_SECONDS, trust_env=False)
        made = self._client.post(
            f"{self.origin}/2015-03-31/functions/local-BootstrapTenantFunction/invocations",
            json={"name": "contract"},
            headers=stack.access,
        ).json()
        self.tenant_id, self.admin = str(made["tenantId"]), str(made["secret"])
        self.token = self.key(scopes=ALL_SCOPES, rateLimitPerMinute=6_000)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def key(self, **fields: Any) -> str:
        """Make a key with the admin key; return its text."""
        reply = self.request("POST", "/v1/admin/keys", {"name": "contract", **fields}, key=self.admin)
        assert reply.status == 201, reply.text
        return str(reply.body["secret"])

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
    ) -> Reply:
        """Send a request below the base path; `key` None sends no Authorization header."""
        sent, payload = composed(json_body, body, None if key is None else key or self.token, headers, compress)
        url = f"{self.base_url}{path}" + (f"?{query}" if query else "")
        answer = self._client.request(method, url, content=payload, headers=sent)
        # The gateway keeps some names of headers for itself and renames a function's.
        answered = {name.lower().removeprefix("x-amzn-remapped-"): value for name, value in answer.headers.items()}
        reply = Reply(answer.status_code, answered, answer.text)
        _check(method, path, reply)
        return reply


def _check(method: str, path: str, reply: Reply) -> None:
    operation = spec.find(method, path)
    # What the gateway answers by itself is the same for every path; no operation documents its header.
    if operation is None or "x-amzn-errortype" in reply.headers:
        return
    headers = {name: value for name, value in reply.headers.items() if name not in _TRANSPORT}
    faults = list(spec.faults(operation, reply.status, headers, reply.body))
    assert not faults, (faults, reply.text[:500])


@cache
def _table_name(logical_id: str) -> str:
    return Resolver(project_template()).name(logical_id)


def table(tenant: Tenant, logical_id: str) -> Any:
    """Reach into a table of the stack, for what only time or an accident would bring about (boto3 resource)."""
    environment = tenant.stack.environment
    dynamodb = boto3.resource(
        "dynamodb",
        region_name=REGION,
        endpoint_url=environment["AWS_ENDPOINT_URL_DYNAMODB"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    return dynamodb.Table(_table_name(logical_id))
