"""What the gateway answers by itself, from the gateway responses of the API's definition."""

from __future__ import annotations

import json
from typing import Any

from local.gateway.events import Response

_EXTENSION = "x-amazon-apigateway-gateway-responses"
# What the gateway sends for a type that nothing overrides.
_OWN_STATUS = {
    "INTEGRATION_FAILURE": 504,
    "INTEGRATION_TIMEOUT": 504,
    "MISSING_AUTHENTICATION_TOKEN": 403,
    "REQUEST_TOO_LARGE": 413,
    "THROTTLED": 429,
}


class Refusals:
    """The gateway responses by type; a type without one falls back to DEFAULT_4XX or DEFAULT_5XX."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._responses: dict[str, Any] = document.get(_EXTENSION, {})

    def response(self, response_type: str, request_id: str) -> Response:
        """Render the response of a type."""
        own_status = _OWN_STATUS.get(response_type, 500)
        default = "DEFAULT_4XX" if own_status < 500 else "DEFAULT_5XX"
        definition = self._responses.get(response_type) or self._responses.get(default) or {}
        templates = definition.get("responseTemplates") or {
            "application/json": '{"message":$context.error.messageString}'
        }
        context = {
            "$context.requestId": request_id,
            "$context.error.messageString": json.dumps(response_type),
        }
        body = templates["application/json"]
        for name, value in context.items():
            body = body.replace(name, value)
        headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", response_type)]
        for target, source in (definition.get("responseParameters") or {}).items():
            value = request_id if source == "context.requestId" else str(source).strip("'")
            headers.append((target.removeprefix("gatewayresponse.header."), value))
        return Response(int(definition.get("statusCode", own_status)), headers, body.encode())
