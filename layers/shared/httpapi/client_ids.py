"""The ids that a client gives its request, for the log: nothing is trusted to be one, or decided by one. Pure.

`X-Request-Id` is the client's own here; the answer's is ours. `traceparent` is W3C Trace Context:
https://www.w3.org/TR/trace-context/#traceparent-header. What is not as it should be is ignored, as the specification
asks, and so is what is sent twice.
"""

from __future__ import annotations

import re

from knowledge.limits import CLIENT_REQUEST_ID_CHARACTERS

from httpapi.keys import tokens
from httpapi.requests import HttpRequest

# Letters, digits and what ids are put together with: nothing that ends a line or a text of a log.
_REQUEST_ID = re.compile(rf"[0-9A-Za-z._:/+=@-]{{1,{CLIENT_REQUEST_ID_CHARACTERS}}}", re.ASCII)
# Later versions may go on behind another dash.
_TRACE = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-[\x21-\x7e]{0,200})?", re.ASCII)
_SECRET = re.compile(tokens.WELL_FORMED, re.ASCII)


def client_ids(request: HttpRequest) -> dict[str, str]:
    """The fields of the log that name a request as its client does."""
    return {**_request_id(request), **_trace(request)}


def _request_id(request: HttpRequest) -> dict[str, str]:
    value = _only(request, "x-request-id")
    # Somebody may have pasted a key into the wrong header.
    if value is None or not _REQUEST_ID.fullmatch(value) or _SECRET.search(value):
        return {}
    return {"client_request_id": value}


def _trace(request: HttpRequest) -> dict[str, str]:
    found = _TRACE.fullmatch(_only(request, "traceparent") or "")
    if found is None:
        return {}
    version, trace_id, span_id, rest = found.groups()
    if version == "ff" or (version == "00" and rest) or not int(trace_id, 16) or not int(span_id, 16):
        return {}
    return {"client_trace_id": trace_id, "client_span_id": span_id}


def _only(request: HttpRequest, name: str) -> str | None:
    values = request.headers.get(name, [])
    return values[0] if len(values) == 1 else None
