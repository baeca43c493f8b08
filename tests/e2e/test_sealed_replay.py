"""A recorded answer that holds a secret, over the real stack: sealed with the stack's own key, opened for a retry."""

from __future__ import annotations

from typing import Any

import httpx


def test_retry_of_a_key_creation_gets_the_same_secret(local_stack: Any) -> None:
    with local_stack.client(local_stack.credentials["adminKey"]) as admin:

        def create() -> httpx.Response:
            return admin.post("v1/admin/keys", json={"name": "sealed"}, headers={"Idempotency-Key": "sealed-replay"})

        first, second = create(), create()
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.headers["idempotent-replayed"] == "true"
    assert second.text == first.text
    with local_stack.client(first.json()["secret"]) as api:
        assert api.get("v1/whoami").status_code == 200
