"""A line for each invocation of a function that serves no requests: its ids, its time, what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any

from knowledge.errors import KnowledgeError

from telemetry.lines import Metric, write_line

Handler = Callable[[dict[str, Any], Any], Any]
# Takes the event and the result, or the event and the error; returns what they stand for.
Outcome = Callable[[Mapping[str, Any], Any], Iterable[Metric]]
_IDS = {
    "tenantId": "tenant_id",
    "sourceId": "source_id",
    "runId": "run_id",
    "importId": "import_id",
    "generationId": "generation_id",
    "oldest_unapplied_source_id": "oldest_unapplied_source_id",
}


def observed(task: str, *, done: Outcome | None = None, refused: Outcome | None = None) -> Callable[[Handler], Handler]:
    """Write a line of every invocation of a handler. `done` and `refused` name the metrics of an end.

    A refusal is an error of the lifecycle, which the state machine follows; anything else is counted in `TaskCrashes`
    and written down whole by the runtime.
    """

    def around(handler: Handler) -> Handler:
        @wraps(handler)
        def observed_handler(event: dict[str, Any], context: Any) -> Any:
            fields: dict[str, Any] = {
                "task": task,
                "request_id": getattr(context, "aws_request_id", None),
                **ids_in(event),
            }
            began = time.perf_counter()

            def end(message: str, metrics: Iterable[Metric], **more: Any) -> None:
                duration_ms = round((time.perf_counter() - began) * 1000, 1)
                write_line(message, *metrics, duration_ms=duration_ms, **{**fields, **more})

            try:
                result = handler(event, context)
            except KnowledgeError as error:
                end("task_refused", refused(event, error) if refused else (), error=type(error).__name__)
                # The runtime writes an error down with all its frames, and nobody has to look for a refusal's cause.
                raise error.with_traceback(None) from None
            except Exception as error:
                crash = Metric("TaskCrashes", dimensions={"task": task})
                end("task_crashed", [crash], level="ERROR", error=type(error).__name__)
                raise
            end("task_done", done(event, result) if done else (), **ids_in(result))
            return result

        return observed_handler

    return around


def ids_in(value: Any) -> dict[str, str]:
    """Find the ids in an event or an answer, or in the machine's state inside it."""
    if not isinstance(value, Mapping):
        return {}
    inner = value.get("state")
    found = ids_in(inner) if isinstance(inner, Mapping) else {}
    return found | {name: value[key] for key, name in _IDS.items() if isinstance(value.get(key), str)}
