"""What schemathesis must know beyond the document; its command imports this file."""

from __future__ import annotations

import itertools
import json
import os
import unicodedata
from typing import Any
from urllib.parse import unquote

import schemathesis
from schemathesis.openapi.checks import EnsureResourceAvailability, RejectedPositiveData

from tests.contract.beyond_schemas import is_refused_beyond

_OWN_KEY_ID = os.environ["CONTRACT_ADMIN_KEY"].split("_")[2]
_NO_KEY_ID = "0" * 16

# What there is, and what requests made: (id of the parent, id) by the name of the parameter that leads to it. Left to
# itself, schemathesis sends ids that belong to nothing, or to another source, to most operations deep in the tree.
_made: dict[str, list[tuple[str, str]]] = {
    "snapshotId": [(pair[0], pair[1]) for pair in json.loads(os.environ["CONTRACT_SNAPSHOTS"])],
    "generationId": [tuple(json.loads(os.environ["CONTRACT_GENERATION"]))],
    "deliveryId": [],
    "erasureId": [],
}
# The one source that is erased from: while that goes on none of its generations can be restored.
_ERASED = os.environ["CONTRACT_ERASED"]
# The one that is deleted, as only an archived one can be; asked again, it is still being deleted.
_ARCHIVED = os.environ["CONTRACT_ARCHIVED"]
# An answer of which feedback is taken.
_ANSWER = os.environ["CONTRACT_ANSWER"]
_PARENTS = {"deliveryId": "webhookId"}
_turns = itertools.count()
# The snapshot that the case under way is to end.
_ending: list[tuple[str, str]] = []


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Send three of four requests to something that exists; none may revoke or rotate the key it is sent with."""
    _ending.clear()
    ids = case.path_parameters or {}
    if ids.get("keyId") == _OWN_KEY_ID and case.method != "GET":
        ids["keyId"] = _NO_KEY_ID
    if isinstance(case.body, dict) and isinstance(case.body.get("url"), str) and "/v1/webhooks" in case.path:
        # No name resolves where the stack runs; what is no URL is left as it is.
        case.body["url"] = case.body["url"].replace("https://hooks.example.com", "http://127.0.0.1:9")
    if case.method == "POST" and case.path.endswith("/erasures"):
        ids["sourceId"] = _ERASED
    if case.method == "POST" and case.path.endswith("/delete"):
        ids["sourceId"] = _ARCHIVED
    if "answerId" in ids and next(_turns) % 4:
        ids["answerId"] = _ANSWER
    for name in _made.keys() & ids.keys():
        if _made[name] and next(_turns) % 4:
            # What ends a snapshot takes the oldest, and never the last, so that one is open for the others.
            ends = (case.method == "DELETE") + case.path.endswith("/complete")
            if not ends:
                parent, made = _made[name][-1]
            elif len(_made[name]) > 1 + (case.method == "DELETE"):
                parent, made = _made[name].pop(0)
                _ending.append((parent, made))
            else:
                continue
            ids[_PARENTS.get(name, "sourceId")], ids[name] = parent, made


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Remember what was made, and a snapshot that was not ended after all: refusals must not use them up."""
    if _ending and response.status_code >= 300:
        _made["snapshotId"].insert(-1, _ending.pop())
    if response.status_code == 201 and case.path.endswith("/snapshots"):
        _made["snapshotId"].append((case.path_parameters["sourceId"], response.json()["snapshot"]["id"]))
    if response.status_code == 202 and case.path.endswith("/test"):
        _made["deliveryId"].append((case.path_parameters["webhookId"], response.json()["delivery"]["id"]))
    if response.status_code == 202 and case.path.endswith("/erasures"):
        _made["erasureId"].append((case.path_parameters["sourceId"], response.json()["erasure"]["id"]))
    if response.status_code == 200 and case.path.endswith("/apply"):
        _made["generationId"].append((case.path_parameters["sourceId"], response.json()["generationId"]))


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Let a refusal stand that follows from a rule beyond schemas; every fault must be of that kind."""
    if isinstance(failure, EnsureResourceAvailability) and "%" in str(case.path_parameters.get("externalItemId")):
        # An id that looks percent-encoded is put into the next path as it is, where it stands for another one.
        return False
    if isinstance(failure, EnsureResourceAvailability) and case.path.endswith("/feedback"):
        # An answer is kept for feedback where its sources keep questions, which the answer says.
        return False
    if response.status_code == 412:
        # No schema knows what is there.
        return False
    if case.path == "/v1/mcp" and isinstance(case.body, list):
        # A batch of JSON-RPC, which a schema could only tell by a choice of types; API Gateway imports none.
        return False
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 400:
        return True
    body = json.loads(response.content)
    error = body["error"]["message"] if isinstance(body["error"], dict) else body["error"]
    item_id = unquote(str((case.path_parameters or {}).get("externalItemId", "")))
    if any(unicodedata.category(each) == "Cc" for each in item_id):
        # The pattern has none of them, and at times one is sent as if it fitted: then it is the id that is refused.
        return {detail["path"] for detail in body.get("details", [])} != {"externalItemId"}
    messages = [detail["message"] for detail in body.get("details", [])] or [error]
    return not is_refused_beyond(messages)
