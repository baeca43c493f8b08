"""Decides what a request gets: a function's answer, or one of the gateway's own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from threading import Thread
from typing import Any

from local.events.asynchronous import MAX_EVENT_BYTES, AsynchronousInvoker
from local.gateway.events import MalformedAnswerError, Request, Response, proxy_event, response_of
from local.gateway.refusals import Refusals
from local.gateway.routes import RouteTable
from local.workers.functions import MAX_PAYLOAD_BYTES, Function, Outcome

MAX_BODY_BYTES = 10 * 1024 * 1024
INTEGRATION_SECONDS = 29.0
_BINARY_TYPES = "x-amazon-apigateway-binary-media-types"
_INVOKE_PATH = re.compile(r"^/2015-03-31/functions/([^/]+)/invocations$")

Unquote = Callable[[str], str]


class Front:
    """Answers the requests of one API stage, and those of the Lambda Invoke API."""

    def __init__(
        self,
        document: dict[str, Any],
        stage: str,
        pools: Mapping[str, Function],
        asynchronous: AsynchronousInvoker | None = None,
        *,
        integration_seconds: float = INTEGRATION_SECONDS,
    ) -> None:
        """Take the API's resolved document, the pools by the functions' names, and who invokes without waiting."""
        self.stage = stage
        self._routes = RouteTable(document)
        self._refusals = Refusals(document)
        self._binary_types: list[str] = document.get(_BINARY_TYPES, [])
        self._pools = pools
        self._asynchronous = asynchronous
        self._seconds = integration_seconds
        # The only paths whose requests pass while the stage's throttle is 0: those with one of their own.
        self.lets_through: frozenset[str] | None = None

    def refuse(self, response_type: str, request_id: str) -> Response:
        """Answer with a gateway response of a type, as for a body that was not even read."""
        return self._refusals.response(response_type, request_id)

    def answer(self, request: Request) -> Response:
        """Answer a request of the stage; its path has the stage already taken off."""
        if self.lets_through is not None and request.path not in self.lets_through:
            return self.refuse("THROTTLED", request.request_id)
        match = self._routes.match(request.method, request.path)
        if match is None:
            return self.refuse("MISSING_AUTHENTICATION_TOKEN", request.request_id)
        event = json.dumps(
            proxy_event(request, match, api_id="local", stage=self.stage, binary_types=self._binary_types)
        ).encode()
        if len(event) > MAX_PAYLOAD_BYTES:
            return self.refuse("REQUEST_TOO_LARGE", request.request_id)
        try:
            outcome = self._invoke_in_time(self._pools[match.route.function_name], event, request.request_id)
        except FutureTimeoutError:
            return self.refuse("INTEGRATION_TIMEOUT", request.request_id)
        if outcome.failed:
            return self.refuse("INTEGRATION_FAILURE", request.request_id)
        try:
            return response_of(outcome.payload)
        except MalformedAnswerError:
            return self.refuse("DEFAULT_5XX", request.request_id)

    def invoke(self, name_or_arn: str, payload: bytes, request_id: str, *, waits: bool = True) -> Response:
        """Answer a request of the Lambda Invoke API: RequestResponse, or Event when the caller does not wait."""
        name = name_or_arn.rpartition(":function:")[2]
        pool = self._pools.get(name)
        if pool is None:
            return _lambda_error(404, "ResourceNotFoundException", f"Function not found: {name_or_arn}", request_id)
        if len(payload) > MAX_PAYLOAD_BYTES:
            message = f"Request must be smaller than {MAX_PAYLOAD_BYTES} bytes for the InvokeFunction operation"
            return _lambda_error(413, "RequestTooLargeException", message, request_id)
        if not waits and self._asynchronous:
            if len(payload) > MAX_EVENT_BYTES:
                message = f"Request must be smaller than {MAX_EVENT_BYTES} bytes for the InvokeFunction operation"
                return _lambda_error(413, "RequestTooLargeException", message, request_id)
            self._asynchronous.invoke(name, payload or b"{}", request_id)
            return Response(202, [("x-amzn-RequestId", request_id)])
        outcome = pool.invoke(payload or b"{}", request_id)
        headers = [
            ("Content-Type", "application/json"),
            ("X-Amz-Executed-Version", "$LATEST"),
            ("x-amzn-RequestId", request_id),
        ]
        if outcome.failed:
            headers.append(("X-Amz-Function-Error", "Unhandled"))
        return Response(200, headers, outcome.payload)

    def _invoke_in_time(self, pool: Function, event: bytes, request_id: str) -> Outcome:
        future: Future[Outcome] = Future()

        def run() -> None:
            try:
                future.set_result(pool.invoke(event, request_id))
            except BaseException as error:
                future.set_exception(error)

        # The function goes on when the gateway has given up on it, as it does on AWS.
        Thread(target=run, daemon=True).start()
        return future.result(timeout=self._seconds)


def invoked_function(path: str, unquote: Unquote) -> str | None:
    """Return the function that a path of the Invoke API names, None for any other path."""
    found = _INVOKE_PATH.match(path)
    return unquote(found.group(1)) if found else None


def _lambda_error(status: int, code: str, message: str, request_id: str) -> Response:
    headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", code), ("x-amzn-RequestId", request_id)]
    return Response(status, headers, json.dumps({"Type": "User", "Message": message}).encode())
