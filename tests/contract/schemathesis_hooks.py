"""What schemathesis must know beyond the document; its command imports this file."""

from __future__ import annotations

import json
import os
from typing import Any

import schemathesis
from schemathesis.openapi.checks import RejectedPositiveData

_OWN_KEY_ID = os.environ["CONTRACT_ADMIN_KEY"].split("_")[2]
_NO_KEY_ID = "0" * 16

# Rules that no schema can state; each is told in the description of its field.
_BEYOND_SCHEMAS = (
    "is not a cursor that this list returned",
    "is also at ",
    "The snapshot names no items",
    "a request takes 5000 items and removals",
    "must be in the future",
    "must be a BCP 47 language tag",
    "must be an absolute http or https URL",
    "must have 1 to 512 bytes of UTF-8",
    "must not be `.` or `..`",
    "must be a whole number from 1 to 10000",
)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Keep the requests on keys from revoking or rotating the key they are sent with."""
    if (case.path_parameters or {}).get("keyId") == _OWN_KEY_ID and case.method != "GET":
        case.path_parameters["keyId"] = _NO_KEY_ID


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Let a refusal stand that follows from a rule beyond schemas; every fault must be of that kind."""
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 400:
        return True
    body = json.loads(response.content)
    messages = [detail["message"] for detail in body.get("details", [])] or [body["error"]]
    return not all(message.startswith(_BEYOND_SCHEMAS) for message in messages)
