"""Serves the built files of the website below `/site/`, the widget, the portal and the reference; and the contract."""

from __future__ import annotations

import json
import os
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from telemetry.process import prepare_process

prepare_process()  # First, since it is for what is imported below.

from httpapi.error_table import answer_for
from httpapi.errors import EdgeError, MethodNotAllowedError, UnknownRouteError
from httpapi.requests import HttpRequest
from httpapi.responses import Response
from httpapi.site import Site, SiteFile, answer_file
from httpapi.strict_json import write
from telemetry.lines import Metric, write_line

_FOLDER = Path(__file__).parent / "site"
_CONTRACT = "/openapi.json"
_METHODS = ("GET", "HEAD")


@cache
def site() -> Site:
    """List the files, once a process; each is read when it is first asked for."""
    names = frozenset(path.relative_to(_FOLDER).as_posix() for path in _FOLDER.rglob("*") if path.is_file())
    newest = {"widget/latest/widget.js": "widget/widget.json"}
    storage = os.environ.get("AWS_ENDPOINT_URL") or os.environ.get("CONTENT_ORIGIN")
    return Site(names, lambda name: (_FOLDER / name).read_bytes(), newest, storage)


@lru_cache(maxsize=8)
def contract(server: str) -> SiteFile:
    """The contract as it is asked for at a server, which it names."""
    document = json.loads((Path(__file__).parent / "openapi.json").read_bytes())
    document["servers"] = [{"url": server}]
    return SiteFile("openapi.json", json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer one request of the gateway."""
    whole = event.get("resource") == _CONTRACT
    name = "openapi.json" if whole else str((event.get("pathParameters") or {}).get("file", ""))
    request = HttpRequest.from_event(event, name)
    if request.method not in _METHODS:
        return _refused(request, MethodNotAllowedError(_METHODS))
    try:
        answer = answer_file(contract(_server(event, request)), request) if whole else site().answer(request, name)
    except EdgeError as error:
        return _refused(request, error)
    if answer is None:
        return _refused(request, UnknownRouteError())
    write_line("file_served", request_id=request.request_id, file=name, status=answer["statusCode"])
    return answer


def _server(event: dict[str, Any], request: HttpRequest) -> str:
    """Where the API is for who asks: below a stage, or below the path of a domain of its own."""
    context = event["requestContext"]
    scheme = request.header("x-forwarded-proto") or "https"
    return f"{scheme}://{context['domainName']}{str(context['path']).removesuffix(_CONTRACT)}"


def _refused(request: HttpRequest, error: EdgeError) -> dict[str, Any]:
    answer = answer_for(error)
    refusal = Metric("Refusals", dimensions={"code": error.code})
    write_line("request_answered", refusal, request_id=request.request_id, method=request.method, status=answer.status)
    headers = {"Content-Type": "application/json", "X-Request-Id": request.request_id, **answer.headers}
    return Response(answer.status, write(answer.body), headers).as_event()
