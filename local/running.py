"""Asks something of a stack that runs already, as another process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from local.failures import LocalStackError
from local.gateway.hooks import PREFIX


class RunningStackError(LocalStackError):
    """Raised when no stack answers, or it refuses what was asked."""

    exit_code = 9


def ask(credentials: Path, method: str, name: str) -> dict[str, Any]:
    """Send a request of the stack's own (see `local.gateway.hooks`) and return its answer."""
    try:
        written = json.loads(credentials.read_text("utf-8"))
        base_url, access_key = written["baseUrl"], written["accessKeyId"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunningStackError(
            f"{credentials} is not the credentials file of a running stack: start one with `make local`, or name its "
            "file with --credentials"
        ) from error
    origin = urlsplit(base_url)
    try:
        answer = httpx.request(
            method,
            f"{origin.scheme}://{origin.netloc}{PREFIX}{name}",
            headers={"Authorization": f"Bearer {access_key}"},
            json={} if method == "POST" else None,
            timeout=30,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        raise RunningStackError(f"no stack answers at {base_url}: start one with `make local`") from error
    document: dict[str, Any] = answer.json()
    if answer.status_code >= 300:
        raise RunningStackError(str(document.get("error")))
    return document
