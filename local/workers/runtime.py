"""What runs inside a worker process: import the handler, then answer one invocation after another.

Started as `python -P runtime.py CHANNEL_FD PARENT_PID` with the function's environment; the function's folder and the
layer are on PYTHONPATH, and this project's own root is only while the lines below import from it.
"""

from __future__ import annotations

import importlib
import json
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

_ROOT = str(Path(__file__).resolve().parents[2])
sys.path.append(_ROOT)
from local.guard import die_with_parent  # noqa: E402
from local.workers.calls import record_function  # noqa: E402
from local.workers.channel import receive, send  # noqa: E402

sys.path.remove(_ROOT)

Handler = Callable[[Any, "LambdaContext"], Any]


class LambdaContext:
    """The context object of the Lambda runtime."""

    def __init__(self, header: dict[str, Any]) -> None:
        self.aws_request_id: str = header["requestId"]
        self.invoked_function_arn: str = header["arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.client_context = None
        self.identity = None
        self._deadline_ms: int = header["deadlineMs"]

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the function may still run."""
        return max(0, self._deadline_ms - int(time.time() * 1000))


def _load_handler() -> Handler:
    module, _, name = os.environ["_HANDLER"].rpartition(".")
    handler: Handler = getattr(importlib.import_module(module), name)
    return handler


def _failure(error: BaseException) -> bytes:
    document = {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "stackTrace": traceback.format_tb(error.__traceback__),
    }
    return json.dumps(document).encode()


def _answer(handler: Handler, header: dict[str, Any], event: bytes) -> tuple[bool, bytes]:
    os.environ["_X_AMZN_TRACE_ID"] = header["traceId"]
    try:
        result = handler(json.loads(event), LambdaContext(header))
        # As the runtime writes it from Python 3.12 on: what is not ASCII goes out as it is.
        return True, json.dumps(result, ensure_ascii=False).encode()
    except Exception as error:
        _print_error(error)
        return False, _failure(error)


def _print_error(error: Exception) -> None:
    """Print an error as the real runtime does, without the frames of the runtime.

    One that was raised again without its frames was expected: its name and its text say all there is to know.
    """
    frames = traceback.extract_tb(error.__traceback__)[1:]
    if len(frames) > 1:
        traceback.print_exc()
    else:
        print(f"[ERROR] {type(error).__name__}: {error}", file=sys.stderr, flush=True)


def _target(parameters: dict[str, Any]) -> str:
    target = parameters.get("TableName") or parameters.get("Key") or parameters.get("RequestItems")
    if isinstance(target, dict):
        target = " ".join(target)
    return f" {target}" if target else ""


def _trace_calls() -> None:
    """Print one line for every AWS call: service, operation, milliseconds, status, and the table or object."""
    from botocore.client import BaseClient
    from botocore.exceptions import ClientError

    patched: Any = BaseClient
    call = patched._make_api_call

    def traced(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        began = time.perf_counter()
        status: object = "no answer"
        try:
            answer = call(client, operation, parameters)
            status = answer["ResponseMetadata"]["HTTPStatusCode"]
        except ClientError as error:
            metadata = error.response.get("ResponseMetadata", {})
            status = f"{metadata.get('HTTPStatusCode')} {error.response['Error'].get('Code')}"
            raise
        else:
            return answer
        finally:
            elapsed_ms = (time.perf_counter() - began) * 1000
            service = client.meta.service_model.service_name
            line = f"aws {service} {operation} {elapsed_ms:.1f} ms {status}{_target(parameters)}\n"
            # One write a line, so that lines of several threads do not run into each other.
            os.write(2, line.encode())

    patched._make_api_call = traced


def main() -> None:
    """Serve invocations until the stack closes the channel."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    die_with_parent(int(sys.argv[2]))
    try:
        if os.environ.pop("LOCAL_TRACE_AWS_CALLS", ""):
            _trace_calls()
        record_function(os.environ["AWS_LAMBDA_FUNCTION_NAME"].rpartition("-")[2])
        handler = _load_handler()
    except BaseException as error:
        traceback.print_exc()
        send(channel, {"ready": False}, _failure(error))
        return
    send(channel, {"ready": True})
    while True:
        try:
            header, event = receive(channel)
        except (EOFError, OSError):
            return
        succeeded, payload = _answer(handler, header, event)
        sys.stdout.flush()
        send(channel, {"succeeded": succeeded}, payload)


if __name__ == "__main__":
    main()
