"""Serves the built files of the website below `/site/`: the widget."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from telemetry.process import prepare_process

prepare_process()  # First, since it is for what is imported below.

from httpapi.error_table import answer_for
from httpapi.errors import EdgeError, MethodNotAllowedError, UnknownRouteError
from httpapi.requests import HttpRequest
from httpapi.responses import Response
from httpapi.site import Site
from httpapi.strict_json import write
from telemetry.lines import Metric, write_line

_FOLDER = Path(__file__).parent / "site"
_METHODS = ("GET", "HEAD")


@cache
def site() -> Site:
    """List the files, once a process; each is read when it is first asked for."""
    names = frozenset(path.relative_to(_FOLDER).as_posix() for path in _FOLDER.rglob("*") if path.is_file())
    newest = {"widget/latest/widget.js": "widget/widget.json"}
    return Site(names, lambda name: (_FOLDER / name).read_bytes(), newest)


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer one request of the gateway."""
    name = str((event.get("pathParameters") or {}).get("file", ""))
    request = HttpRequest.from_event(event, name)
    if request.method not in _METHODS:
        return _refused(request, MethodNotAllowedError(_METHODS))
    answer = site().answer(request, name)
    if answer is None:
        return _refused(request, UnknownRouteError())
    write_line("file_served", request_id=request.request_id, file=name, status=answer["statusCode"])
    return answer


def _refused(request: HttpRequest, error: EdgeError) -> dict[str, Any]:
    answer = answer_for(error)
    refusal = Metric("Refusals", dimensions={"code": error.code})
    write_line("request_answered", refusal, request_id=request.request_id, method=request.method, status=answer.status)
    headers = {"Content-Type": "application/json", "X-Request-Id": request.request_id, **answer.headers}
    return Response(answer.status, write(answer.body), headers).as_event()
