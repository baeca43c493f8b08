"""Every documented operation as something to send, so that a new one joins each sweep by being documented."""

from __future__ import annotations

import re
from typing import Any

from testing import spec
from testing.edge import Edge, Reply

ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
# Parameters that the client chooses, and ids that are no prefixed ULIDs.
_KEY_ID = "0123456789abcdef"
_OWN_FORM = {"partNumber": "1", "externalItemId": "nobodys-item", "keyId": _KEY_ID, "sessionId": _KEY_ID}
RATE_HEADERS = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")


def _absent(parameter: dict[str, Any]) -> str:
    """Make an id of the right shape that nothing has; its prefix stands in the parameter's description."""
    if parameter["name"] in _OWN_FORM:
        return _OWN_FORM[parameter["name"]]
    prefix = re.search(r"`([a-z]+)_\.\.\.`", parameter["description"])
    assert prefix, f"describe the parameter {parameter['name']} by its prefix, as `src_...`"
    return f"{prefix[1]}_{ULID}"


ABSENT = {
    parameter["name"]: _absent(parameter)
    for operation in spec.operations()
    for parameter in operation.parameters("path")
}


def send(edge: Edge, operation: spec.SpecOperation, ids: dict[str, str] | None = None, **kwargs: Any) -> Reply:
    """Send an operation with its documented example; ids that are not given belong to nothing."""
    path = operation.path.format(**{**ABSENT, **(ids or {})})
    body = operation.request_body()
    example = body["content"]["application/json"]["example"] if body and "body" not in kwargs else None
    return edge.request(operation.method, path, example, **kwargs)


def having(status: int) -> list[spec.SpecOperation]:
    """List the operations that document a status and want a key."""
    return [operation for operation in spec.keyed() if status in operation.statuses()]


def made_id(reply: Reply) -> str:
    """Read the id of what a request made, whatever that is."""
    assert reply.status in {201, 202}, reply.text
    return next(str(made["id"]) for made in reply.body.values() if isinstance(made, dict) and "id" in made)


def path_names(operation: spec.SpecOperation) -> list[str]:
    """List the names in an operation's path, outermost first."""
    return re.findall(r"{(\w+)}", operation.path)
