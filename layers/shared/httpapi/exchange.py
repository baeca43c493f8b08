"""One request on its way through the edge, with the checks in the order that the contract gives them."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from knowledge.envelope import envelope_bytes
from knowledge.errors import SourceNotFoundError
from knowledge.ids import is_id
from knowledge.limits import CURSOR_CHARACTERS, ENVELOPE_BYTES, IDEMPOTENCY_KEY_CHARACTERS
from knowledge.revisions import Expected
from telemetry.lines import Metric, write_line

from httpapi import strict_json
from httpapi.answers import Answer, RequestMark, WrittenAnswer
from httpapi.assembly import EdgeServices
from httpapi.bodies import read_object, read_text
from httpapi.call import Call, OpenCall, check_ids
from httpapi.client_ids import client_ids
from httpapi.cors import check_origin, cors_headers, page_headers
from httpapi.deprecations import deprecation_headers
from httpapi.entity_tags import NamedTags, read_expected, read_known
from httpapi.error_table import answer_for
from httpapi.errors import InsufficientScopeError, InvalidKeyError, invalid_field
from httpapi.key_errors import BrowserKeyNotAllowedError
from httpapi.keys.browser import check_page
from httpapi.keys.model import Key, KeyKind
from httpapi.keys.scopes import Scope
from httpapi.operations import Operation, check_scope, is_for_pages
from httpapi.requests import HttpRequest, decode_segment
from httpapi.responses import Response
from httpapi.schemas.fields import read_query
from httpapi.sent_answers import send_answer

if TYPE_CHECKING:
    from knowledge.sources.model import Source

_IDEMPOTENCY_KEY = re.compile(rf"[\x20-\x7e]{{1,{IDEMPOTENCY_KEY_CHARACTERS}}}")
# The ids of a path that go into the log, with their prefixes. Only what has the shape of one does: anything else may be
# a secret that was pasted into the wrong place, and a client's own id of an item may be anything.
_LOGGED_IDS = {
    "sourceId": ("source_id", "src"),
    "runId": ("run_id", "run"),
    "importId": ("import_id", "imp"),
    "generationId": ("generation_id", "gen"),
}


class Exchange:
    """Answers one request; the headers of the answer gather in it on the way."""

    def __init__(self, request: HttpRequest, services: EdgeServices, context: Any) -> None:
        self._request = request
        self._services = services
        self._context = context
        self._headers = {"X-Request-Id": request.request_id}
        self._headers |= cors_headers(request, services.settings.cors_origins)
        self._began = time.perf_counter()
        self._operation: Operation | None = None
        self._ids: dict[str, Any] = {"address": request.address, "user_agent": request.user_agent}
        self._ids |= client_ids(request)
        self._code: str | None = None
        self._known: NamedTags | None = None

    def respond(self, work: Callable[[], WrittenAnswer]) -> Response:
        """Turn what the work returns or raises into a response."""
        try:
            answer = work()
        except Exception as error:
            answer = self._refusal(error)
        if answer.replayed:
            self._headers["Idempotent-Replayed"] = "true"
        tagged = self._operation is not None and self._operation.tagged
        response = send_answer(answer, self._request, self._headers, tagged=tagged, known=self._known)
        self._write_line(answer, response.status)
        return response

    def carry_out(self, operation: Operation, raw_ids: Mapping[str, str]) -> WrittenAnswer:
        """Check a request and do what it asks. Raises every error that `httpapi.error_table` knows."""
        self._operation = operation
        self._headers |= deprecation_headers((operation.method, operation.path))
        if operation.open:
            return self._answer_anybody(operation)
        ids = {name: decode_segment(name, raw) for name, raw in raw_ids.items()}
        key = self._services.authenticator.identify_key(self._request)
        self._ids |= {"tenant_id": key.tenant_id, "key_id": key.key_id, **_logged(ids)}
        if key.session is not None:
            self._ids["session_id"] = key.session.session_id
        if key.is_link and not operation.takes_link:
            raise InvalidKeyError
        if key.spec.kind is KeyKind.BROWSER:
            self._check_page(key)
        self._services.authenticator.admit_key(key)
        loading = self._load_source(operation, key, ids)
        try:
            self._count(key)
            _check_access(operation, key, ids)
            if operation.minds_origin:
                check_origin(self._request, self._services.settings.cors_origins)
            query = read_query(operation.query, self._request.query)
            parsed = self._read_body(operation)
            body = operation.body(parsed) if operation.body and parsed is not None else None
            operation.check_body(key, body)
            check_ids(ids)
            call = Call(
                operation.name,
                key,
                self._request,
                ids,
                body,
                query,
                self._services,
                self._services.clock(),
                loading=loading,
                expected=self._conditions(operation),
            )
            return self._work(operation, call, parsed)
        finally:
            # A thread left behind would freeze with the process and wake up in some later request.
            wait([loading] if loading else [])

    def _check_page(self, key: Key) -> None:
        """Anybody can have such a key: it's told nothing, and nothing of it is counted, but where it belongs."""
        self._headers["Vary"] = "Origin"
        if not is_for_pages(self._request.path):
            raise BrowserKeyNotAllowedError
        self._headers |= page_headers(check_page(key.spec, self._request.headers.get("origin", [])))

    def _count(self, key: Key) -> None:
        counted = self._services.rate_limiter.count_request(key, self._request.address)
        self._headers |= counted.headers()
        if key.spec.requests_per_day is not None:
            self._services.budgets.check_requests(key, counted)

    def _answer_anybody(self, operation: Operation) -> WrittenAnswer:
        read_query(operation.query, self._request.query)
        return WrittenAnswer.of(operation.handler(OpenCall(self._services)))

    def _load_source(self, operation: Operation, key: Key, ids: Mapping[str, str]) -> Future[Source] | None:
        source_id = ids.get("sourceId", "")
        if not operation.loads_source or not key.may_see(source_id) or not is_id("src", source_id):
            return None
        sources = self._services.knowledge.sources
        read = sources.find_source if operation.finds_deleting else sources.get_source
        return self._services.loader.submit(read, key.tenant_id, source_id)

    def _conditions(self, operation: Operation) -> Expected | None:
        """Read what the client has of a read, and what it wants to find of a write. Raises ValidationFailedError."""
        headers = self._request.headers
        if operation.method == "GET":
            self._known = read_known(headers)
        return read_expected(
            headers,
            changes=operation.method != "GET",
            if_match=operation.takes_if_match,
            if_absent=operation.takes_if_absent,
        )

    def _read_body(self, operation: Operation) -> Any:
        if operation.body is None:
            return None
        if operation.reads_text:
            return partial(read_text, self._request, limit_bytes=operation.body_limit_bytes)
        read = read_object(self._request, limit_bytes=operation.body_limit_bytes, required=operation.body_required)
        return {} if read is None else read

    def _work(self, operation: Operation, call: Call[Any, Any], parsed: dict[str, Any] | None) -> WrittenAnswer:
        key = self._idempotency_key() if operation.mutating else None
        if key is None:
            return _fitting(operation, call)
        call.idempotency_key = key
        call.fingerprint = _fingerprint(operation, call, parsed)
        mark = RequestMark(call.tenant_id, call.key.retries_id, key, call.fingerprint)
        answer = self._services.idempotency.run_once(
            mark, self._context, lambda: WrittenAnswer.of(operation.handler(call))
        )
        if answer.replayed and operation.complete_replay is not None:
            kept = strict_json.parse(answer.encoded)
            return replace(answer, text=strict_json.write(operation.complete_replay(call, kept)))
        return answer

    def _idempotency_key(self) -> str | None:
        values = self._request.headers.get("idempotency-key", [])
        if not values:
            return None
        if len(values) > 1 or not _IDEMPOTENCY_KEY.fullmatch(values[0]):
            raise invalid_field(
                "Idempotency-Key", f"must have 1 to {IDEMPOTENCY_KEY_CHARACTERS} printable ASCII characters"
            )
        return values[0]

    def _refusal(self, error: Exception) -> WrittenAnswer:
        answer = answer_for(error)
        fields = {"request_id": self._request.request_id, "method": self._request.method, "code": answer.body["code"]}
        fields |= self._ids
        if not answer.known:
            write_line("request_failed", level="ERROR", exc_info=error, **fields)
        elif answer.status >= 500:
            write_line("request_unavailable", level="WARNING", exc_info=error, **fields)
        self._headers |= answer.headers
        self._code = str(answer.body["code"])
        return WrittenAnswer(answer.status, strict_json.write(answer.body))

    def _write_line(self, answer: WrittenAnswer, status: int) -> None:
        """Write the line of the request, with what is counted of it."""
        operation = None if self._operation is None else self._operation.name
        metrics = [] if self._code is None else [Metric("Refusals", dimensions={"code": self._code})]
        if self._pushed(answer):
            metrics.append(Metric("Pushes", dimensions={"operation": str(operation)}))
        write_line(
            "request_answered",
            *metrics,
            level="INFO" if answer.status < 500 else "WARNING",
            request_id=self._request.request_id,
            function_request_id=getattr(self._context, "aws_request_id", None),
            method=self._request.method,
            operation=operation,
            status=status,
            replayed=answer.replayed or None,
            duration_ms=round((time.perf_counter() - self._began) * 1000, 1),
            **self._ids,
        )

    def _pushed(self, answer: WrittenAnswer) -> bool:
        operation = self._operation
        if operation is None or operation.method == "GET":
            return False
        return operation.scope == Scope.ITEMS_WRITE and answer.status < 300


def _logged(ids: Mapping[str, str]) -> dict[str, str]:
    known = {name: _LOGGED_IDS[name] for name in ids.keys() & _LOGGED_IDS.keys()}
    return {field: ids[name] for name, (field, prefix) in known.items() if is_id(prefix, ids[name])}


def _check_access(operation: Operation, key: Key, ids: Mapping[str, str]) -> None:
    if operation.scope is not None and operation.or_scope not in key.spec.scopes:
        check_scope(key, operation.scope)
    for scope in operation.further_scopes:
        check_scope(key, scope)
    if operation.unlimited_key and key.spec.source_ids is not None:
        raise InsufficientScopeError(
            "The API key is limited to some sources, so it cannot be used for this request. Use one for all sources."
        )
    if "sourceId" in ids and not key.may_see(ids["sourceId"]):
        raise SourceNotFoundError


def _fingerprint(operation: Operation, call: Call[Any, Any], parsed: dict[str, Any] | None) -> str:
    # The path goes in decoded, so that two spellings of one id are one request.
    query = call.query.model_dump(mode="json", exclude_none=True)
    asked = [operation.method, operation.path, dict(call.ids), query, parsed]
    if call.expected is not None:
        # The same change under another condition is another request.
        asked.append([sorted(call.expected.revisions or ()), call.expected.absent])
    return hashlib.sha256(strict_json.canonical(asked)).hexdigest()


def _fitting(operation: Operation, call: Call[Any, Any]) -> WrittenAnswer:
    """Answer a read. A page that Lambda could not carry is read again, with as many entries as fit: it has a cursor."""
    while True:
        answer = operation.handler(call)
        written = WrittenAnswer.of(answer)
        size = envelope_bytes(written.encoded)
        limit = getattr(call.query, "limit", 1)
        if size <= ENVELOPE_BYTES or limit == 1:
            return written
        fitting = min(limit - 1, _how_many_fit(answer, size))
        call.query = call.query.model_copy(update={"limit": fitting})


def _how_many_fit(answer: Answer, size: int) -> int:
    """Count the entries of a page of too large a size that fit into an answer with a cursor; the first always does."""
    body = answer.body if isinstance(answer.body, Mapping) else {}
    entries = max((value for value in body.values() if isinstance(value, list)), key=len, default=[])
    count = len(entries)
    while count > 1 and size + CURSOR_CHARACTERS > ENVELOPE_BYTES:
        count -= 1
        size -= envelope_bytes(strict_json.write(entries[count]).encode())
    return max(1, count)
