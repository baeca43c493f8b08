"""`GET /api/health` as a load balancer asks it, of the stack that runs."""

from __future__ import annotations

from typing import Any

import httpx


def test_a_running_stack_says_that_it_works(local_stack: Any) -> None:
    reply = httpx.get(f"{local_stack.credentials['baseUrl']}/health", timeout=60, trust_env=False)
    assert reply.status_code == 200, reply.text
    assert reply.json()["reached"] == ["tables", "objects", "runs"]
    assert reply.headers["cache-control"] == "no-store"
