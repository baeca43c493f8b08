"""A function that runs elsewhere, behind the Lambda Invoke API: in a container of `sam local start-lambda`, say."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import uuid
from urllib.parse import urlsplit

from local.failures import LocalStackError
from local.workers.functions import FunctionSpec, Outcome, failure

# A container that is started for the invocation may take this long beside the function's own time-out.
_START_SECONDS = 120
_CONNECT_SECONDS = 1.0


class RemoteFunction:
    """Takes the place of a `FunctionPool`; one invocation at a time, since a warm container runs no more."""

    size = 1

    def __init__(self, spec: FunctionSpec, url: str) -> None:
        """Name the function by its logical id, which is what `sam local` knows it by."""
        self.spec = spec
        self._url = url
        self._turn = threading.Lock()

    def invoke(self, event: bytes, request_id: str | None = None) -> Outcome:
        """Run the function; an endpoint that does not answer is a failure of the invocation."""
        try:
            with self._turn:
                status, function_error, payload = self._post(event, request_id or str(uuid.uuid4()))
        except (OSError, http.client.HTTPException) as error:
            return failure("ServiceException", f"No Lambda endpoint answers at {self._url}: {error}")
        if status >= 300:
            said = payload[:300].decode(errors="replace")
            return failure("ServiceException", f"HTTP {status} of {self._url}: {said}")
        return _outcome(payload, failed=function_error)

    def worker_pids(self) -> list[int]:
        """Return none: what runs elsewhere is not ours to count."""
        return []

    def end_idle(self) -> None:
        """End nothing, as `close` does."""

    def close(self) -> None:
        """End nothing: what runs elsewhere is ended there."""

    def _post(self, event: bytes, request_id: str) -> tuple[int, bool, bytes]:
        seconds = self.spec.timeout_seconds + _START_SECONDS
        connection = http.client.HTTPConnection(urlsplit(self._url).netloc, timeout=seconds)
        try:
            path = f"/2015-03-31/functions/{self.spec.logical_id}/invocations"
            headers = {"Content-Type": "application/json", "x-amzn-RequestId": request_id}
            connection.request("POST", path, event, headers)
            answer = connection.getresponse()
            return answer.status, "X-Amz-Function-Error" in answer.headers, answer.read()
        finally:
            connection.close()


def endpoint_answers(url: str) -> bool:
    """Tell whether something listens at an endpoint; LocalStackError when its URL names no host and port."""
    try:
        address = urlsplit(url)
        host, port = address.hostname, address.port
    except ValueError:
        host = port = None
    if not host or not port:
        raise LocalStackError(f"{url} is no endpoint: write it as http://127.0.0.1:3001")
    try:
        with socket.create_connection((host, port), timeout=_CONNECT_SECONDS):
            return True
    except OSError:
        return False


def _outcome(payload: bytes, *, failed: bool) -> Outcome:
    try:
        json.loads(payload)
    except ValueError:
        # What `sam local` says of a function that timed out or died.
        return failure("Runtime.ExitError", payload[:300].decode(errors="replace") or "The function gave no answer.")
    return Outcome(payload, failed=failed)
