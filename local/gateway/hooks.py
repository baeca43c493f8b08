"""Requests of the stack's own, under `/_local/`: what the emulators tell it, and what a developer asks of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from local.events.schedules import Ticker, UnknownScheduleError
from local.events.targets import Delivery, Targets
from local.gateway.events import Response

PREFIX = "/_local/"
_JSON = "application/json"


class Hooks:
    """Answers `POST deliveries`, `POST fire/{logicalId}`, `GET environment` and `GET usage`."""

    def __init__(
        self,
        targets: Targets,
        ticker: Ticker,
        environment: Mapping[str, str],
        usage: Callable[[], dict[str, dict[str, int]]],
    ) -> None:
        """Take the settings under which an AWS client finds the emulators as `environment`."""
        self._targets = targets
        self._ticker = ticker
        self._environment = environment
        self._usage = usage

    def answer(self, method: str, path: str, content_type: str, body: bytes) -> Response:
        """Answer a request; bodies must say that they are JSON, which a page of a browser can't without asking."""
        name = path.removeprefix(PREFIX)
        if method == "GET" and name == "environment":
            return _json(200, dict(self._environment))
        if method == "GET" and name == "usage":
            return _json(200, self._usage())
        if method != "POST" or content_type.partition(";")[0].strip() != _JSON:
            return _json(404, {"error": f"{method} {path} is nothing that the local stack answers"})
        if name == "deliveries":
            matched = json.loads(body)
            for target in matched["targets"]:
                self._targets.accept(Delivery(matched["rule"], target, matched["event"]))
            return _json(202, {})
        if name.startswith("fire/"):
            try:
                return _json(202, {"fired": self._ticker.fire(name.removeprefix("fire/"))})
            except UnknownScheduleError as error:
                return _json(404, {"error": str(error)})
        return _json(404, {"error": f"{method} {path} is nothing that the local stack answers"})


def _json(status: int, document: dict[str, Any]) -> Response:
    return Response(status, [("Content-Type", _JSON)], json.dumps(document).encode())
