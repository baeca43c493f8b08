"""A client for the Developer API in one file, made to be copied. Needs Python 3.11 and httpx.

    api = DeveloperApi()  # CHATBOT_API="https://your-host/api" CHATBOT_KEY="sk_live_..."
    source = api.create_source("Help centre")
    api.push_item(source["id"], {"externalItemId": "faq-1", "title": "Refunds", "content": "Within 14 days."})
    run = api.start_run(source["id"])
    print(list(api.changes(source["id"], run["id"])))
    print(api.apply_run(source["id"], run["id"])["generationId"])

Every call is tried again after what a retry mends (no answer, 429, 5xx, transient conflicts), and every call that
changes something carries an Idempotency-Key, the same in all its tries, so that none of them does the work twice.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import logging
import os
import random
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote

import httpx

GZIP_OVER_BYTES = 256 * 1024
# A request takes 5 000 items and 8 MiB of JSON, but the gateway only 4.5 MiB even of what does not compress.
PART_ITEMS = 1_000
PART_BYTES = 3_500_000
TRIES = 8
LONGEST_WAIT_SECONDS = 120
# How many faults of a validation_error its message tells; `details` has all.
SHOWN_FAULTS = 3
TRANSIENT_CODES = frozenset(
    {
        "apply_conflict",
        "stale_plan",
        "stale_base",
        "lease_lost",
        "apply_in_progress",
        "run_in_progress",
        "idempotency_in_progress",
    }
)

Json = dict[str, Any]
_log = logging.getLogger(__name__)


class ApiError(Exception):
    """Raised when the API refuses a request for good; decide by `code`, and quote `request_id` when you ask for help.

    `details` lists every fault of a `validation_error`; `retry_after` is in seconds, None if the answer names none.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int | None = None,
        details: list[Json] | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code
        self.status = status
        self.details = details or []
        self.request_id = request_id
        self.retry_after = retry_after

    @property
    def transient(self) -> bool:
        """Whether the same request may succeed later."""
        return self.status == 429 or (self.status or 0) >= 500 or (self.status == 409 and self.code in TRANSIENT_CODES)


class InvalidRequestError(ApiError):
    """Raised for 400, 413 and 415: the request has to be changed."""


class UnauthorizedError(ApiError):
    """Raised for 401: the key is missing, mistyped, expired or revoked."""


class ForbiddenError(ApiError):
    """Raised for 403: the key may not do this."""


class NotFoundError(ApiError):
    """Raised for 404: there is no such thing, or it is not yours."""


class ConflictError(ApiError):
    """Raised for 409 when a retry does not help, or did not in all the tries."""


class RateLimitedError(ApiError):
    """Raised for 429 after all the tries."""


class ServerError(ApiError):
    """Raised for 5xx after all the tries."""


class NoAnswerError(ApiError):
    """Raised when no answer came in all the tries; the work may have been done."""

    @property
    def transient(self) -> bool:
        """True: the same request may get through later."""
        return True


class RunFailedError(ApiError):
    """Raised when a run could not be planned; start another."""


_ERRORS: dict[int, type[ApiError]] = {
    400: InvalidRequestError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    413: InvalidRequestError,
    415: InvalidRequestError,
    429: RateLimitedError,
}


class DeveloperApi:
    """The API with one key; share it between threads, and close it (or use `with`) when you are done."""

    def __init__(
        self,
        base_url: str | None = None,
        key: str | None = None,
        *,
        client: httpx.Client | None = None,
        tries: int = TRIES,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the address and the key, or find them in CHATBOT_API and CHATBOT_KEY; ValueError if one is none."""
        self._base_url = (base_url or os.environ.get("CHATBOT_API", "")).strip().rstrip("/")
        key = (key or os.environ.get("CHATBOT_KEY", "")).strip()
        # What no header can hold would otherwise look as if nothing answered.
        if not self._base_url.startswith(("https://", "http://")) or not re.fullmatch(r"[\w.~+/=-]+", key, re.ASCII):
            raise ValueError("set CHATBOT_API (https://your-host/api) and CHATBOT_KEY (sk_live_...)")
        self._authorization = f"Bearer {key}"
        self._client = client or httpx.Client(timeout=60)
        self._tries = tries
        self._sleep = sleep

    def __enter__(self) -> DeveloperApi:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    # Any request

    def request(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        query: Json | None = None,
        idempotency_key: str | None = None,
        final_codes: Iterable[str] = (),
    ) -> Json:
        """Send one request, as often as it takes, and return the JSON of its answer; raises ApiError.

        `path` is everything after /api. `final_codes` are raised at once although a retry could help.
        """
        request = self._request(method, path, body, query, idempotency_key)
        tries = 0
        while True:
            try:
                return self._try_once(request)
            except ApiError as error:
                tries += 1
                if tries == self._tries or not error.transient or error.code in final_codes:
                    raise
                # Jitter, so that clients which were refused together do not come back together.
                wait = min(0.5 * 2 ** (tries - 1), 30) * random.uniform(0.5, 1)
                if error.retry_after is not None:
                    if error.retry_after > LONGEST_WAIT_SECONDS:
                        raise
                    wait = error.retry_after + random.uniform(0, 1)
                _log.warning("%s; trying again in %.1f s", error, wait)
            self._sleep(wait)

    def _request(
        self, method: str, path: str, body: Json | None, query: Json | None, idempotency_key: str | None
    ) -> httpx.Request:
        headers = {"Authorization": self._authorization}
        content = b""
        if method != "GET":
            headers["Idempotency-Key"] = idempotency_key or str(uuid.uuid4())
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body, ensure_ascii=False).encode()
            if len(content) > GZIP_OVER_BYTES:
                headers["Content-Encoding"] = "gzip"
                content = gzip.compress(content, 6)
        given = {name: value for name, value in (query or {}).items() if value is not None}
        return self._client.build_request(
            method, self._base_url + path, params=given or None, content=content, headers=headers
        )

    def _try_once(self, request: httpx.Request) -> Json:
        try:
            answer = self._client.send(request)
        except httpx.TransportError as error:
            raise NoAnswerError(f"{request.method} {request.url.path}: {error}", code="no_answer") from error
        try:
            body = answer.json()
        except ValueError:
            body = None
        if answer.is_success and isinstance(body, dict):
            return body
        raise _error_of(answer, body if isinstance(body, dict) else {})

    def pages(self, path: str, plural: str, **query: Any) -> Iterator[Json]:
        """Yield the entries of a list, reading page after page as they are asked for."""
        cursor = None
        while True:
            page = self.request("GET", path, query={"limit": 200, **query, "cursor": cursor})
            yield from page[plural]
            cursor = page["nextCursor"]
            if cursor is None:
                return

    # Sources and items

    def sources(self) -> Iterator[Json]:
        """Yield the sources that the key reaches, newest first."""
        return self.pages("/v1/sources", "sources")

    def create_source(self, name: str, **settings: Any) -> Json:
        """Create a source; `graceDays` and `removalGuard` are settings."""
        source: Json = self.request("POST", "/v1/sources", {"name": name, **settings})["source"]
        return source

    def push_item(self, source_id: str, item: Json) -> Json:
        """Create or replace one item; returns `{item, result}`."""
        return self.request("POST", f"/v1/sources/{source_id}/items", item)

    def push_batch(
        self, source_id: str, items: list[Json], removals: Iterable[str] = (), *, idempotency_key: str | None = None
    ) -> Json:
        """Push and remove up to 5 000 items, and leave the others; returns `{counts, results}`."""
        body = {"items": items, "removals": [{"externalItemId": name} for name in removals]}
        return self.request("POST", f"/v1/sources/{source_id}/items/batch", body, idempotency_key=idempotency_key)

    def items(self, source_id: str, **query: Any) -> Iterator[Json]:
        """Yield what is staged; `state`, `prefix` and `include="content"` are queries."""
        return self.pages(f"/v1/sources/{source_id}/items", "items", **query)

    def item(self, source_id: str, external_item_id: str) -> Json:
        """Read a staged item with its content."""
        item: Json = self.request("GET", f"/v1/sources/{source_id}/items/{path_segment(external_item_id)}")["item"]
        return item

    def remove_item(self, source_id: str, external_item_id: str) -> Json:
        """Remove an item; it is served until the source's `graceDays` have passed."""
        path = f"/v1/sources/{source_id}/items/{path_segment(external_item_id)}"
        item: Json = self.request("DELETE", path)["item"]
        return item

    def replace_items(
        self,
        source_id: str,
        items: list[Json],
        *,
        allow_empty: bool = False,
        progress: Callable[[int], None] = lambda done: None,
    ) -> Json:
        """Make the staging set exactly these items, in parts if they are many; returns how many came to what.

        `progress` is called with the number of items sent so far.
        """
        parts = list(parts_of(items))
        path = f"/v1/sources/{source_id}"
        # A part that was lost would take its items along.
        meant = {"parts": len(parts), "items": len(items)} if len(parts) > 1 else None
        if len(parts) <= 1:
            body = {"items": items, "allowEmpty": allow_empty}
            answer = self.request("POST", f"{path}/items/snapshot", body)
        else:
            answer = self.request("POST", f"{path}/snapshots")
            self._send_parts(f"{path}/snapshots/{answer['snapshot']['id']}", parts, progress)
        progress(len(items))
        # An answer without counts is a snapshot that is still to be completed; so many removals take a few requests.
        while "counts" not in answer:
            snapshot = answer["snapshot"]
            if snapshot["state"] == "completed":
                answer = snapshot
            else:
                answer = self.request("POST", f"{path}/snapshots/{snapshot['id']}/complete", meant)
        counts: Json = answer["counts"]
        return counts

    def _send_parts(self, path: str, parts: list[list[Json]], progress: Callable[[int], None]) -> None:
        sent = 0
        try:
            for number, part in enumerate(parts, start=1):
                progress(sent)
                self.request("PUT", f"{path}/parts/{number}", {"items": part})
                sent += len(part)
        except BaseException:
            # An open snapshot would stand in the way of the next one, and of runs, for a day. One try, for Ctrl-C.
            with contextlib.suppress(ApiError):
                self._try_once(self._request("DELETE", path, None, None, None))
            raise

    # Runs and generations

    def start_run(self, source_id: str, mode: str = "incremental") -> Json:
        """Find what differs from the published state; returns the run once it is planned."""
        path = f"/v1/sources/{source_id}/runs"
        run: Json = self.request("POST", path, {"mode": mode})["run"]
        while run["state"] == "planning":
            self._sleep(1)
            run = self.request("GET", f"{path}/{run['id']}")["run"]
        if run["state"] == "failed":
            failure = run["lastError"] or {"code": "run_failed", "message": "the run failed"}
            raise RunFailedError(f"{run['id']}: {failure['message']}", code=failure["code"])
        return run

    def changes(self, source_id: str, run_id: str, change: str | None = None) -> Iterator[Json]:
        """Yield a run's changes: all, or those that are `added`, `updated`, `removed`, `restored` or `tombstoned`."""
        return self.pages(f"/v1/sources/{source_id}/runs/{run_id}/changes", "changes", change=change)

    def apply_run(
        self, source_id: str, run_id: str, *, plan_version: int | None = None, approve_removals: int | None = None
    ) -> Json:
        """Publish a run; returns `{status, generationId, counts}`.

        With the `plan_version` that was reviewed a run that was planned again since is refused (`stale_plan`), not
        published: review it again. `approve_removals` is how many removals may pass the source's `removalGuard`.
        """
        wanted = {"planVersion": plan_version, "approveRemovals": approve_removals}
        body = {name: value for name, value in wanted.items() if value is not None}
        reviewed = ("stale_plan", "stale_base") if plan_version is not None else ()
        path = f"/v1/sources/{source_id}/runs/{run_id}/apply"
        return self.request("POST", path, body, final_codes=reviewed)

    def generation(self, source_id: str, generation_id: str = "current") -> Json:
        """Read a generation; by default the one that is served."""
        path = f"/v1/sources/{source_id}/generations/{path_segment(generation_id)}"
        generation: Json = self.request("GET", path)["generation"]
        return generation

    def generation_items(self, source_id: str, generation_id: str = "current", **query: Any) -> Iterator[Json]:
        """Yield what a generation serves; `include="content"` adds the contents."""
        path = f"/v1/sources/{source_id}/generations/{path_segment(generation_id)}/items"
        return self.pages(path, "items", **query)


def path_segment(text: str) -> str:
    """Percent-encode one part of a path: an externalItemId may hold `/`, spaces and any Unicode."""
    if text in {"", ".", ".."}:
        raise ValueError(f"{text!r} can't be an id")
    return quote(text, safe="")


def parts_of(items: Iterable[Json]) -> Iterator[list[Json]]:
    """Cut items into lists that one request takes."""
    part: list[Json] = []
    size = 0
    for item in items:
        length = len(json.dumps(item, ensure_ascii=False).encode()) + 2
        if part and (len(part) == PART_ITEMS or size + length > PART_BYTES):
            yield part
            part, size = [], 0
        part.append(item)
        size += length
    if part:
        yield part


def _error_of(answer: httpx.Response, body: Json) -> ApiError:
    default = ServerError if answer.status_code >= 500 else ApiError
    said = body.get("error") or f"HTTP {answer.status_code} without an error of the API; is CHATBOT_API right?"
    retry_after = answer.headers.get("Retry-After", "")
    return _ERRORS.get(answer.status_code, default)(
        f"{answer.request.method} {answer.request.url.path}: {said}{_faults_of(body)}",
        code=str(body.get("code") or f"http_{answer.status_code}"),
        status=answer.status_code,
        details=body.get("details"),
        request_id=answer.headers.get("X-Request-Id"),
        retry_after=float(retry_after) if retry_after.isdecimal() else None,
    )


def _faults_of(body: Json) -> str:
    """Tell the first faults of a validation_error: ` name is missing; graceDays must be ...`."""
    faults = [fault for fault in body.get("details") or [] if isinstance(fault, dict) and "message" in fault]
    told = "; ".join(f"{fault.get('path') or ''} {fault['message']}".strip() for fault in faults[:SHOWN_FAULTS])
    return f" {told}" if told else ""
