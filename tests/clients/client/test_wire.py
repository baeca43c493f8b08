"""The package over the wire, by the checks that the client of every language passes."""

from __future__ import annotations

import random
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from knowledge_client import ApiError, FailedError, KnowledgeClient, Listing, Retries

from tests.e2e.client_checks import (
    CLIENT_CHECKS,
    Call,
    Failure,
    Outcome,
    answers_of_something_else_are_errors,
    large_sets_go_in_parts,
)
from tests.e2e.example_checks import KEY, ScriptedApi

# Reading the certificates of this machine takes longer than a check.
CERTIFICATES = ssl.create_default_context()
# What the package does more carefully has tests of its own.
OTHERWISE = (answers_of_something_else_are_errors, large_sets_go_in_parts)
OPERATIONS = {
    "pushItem": lambda api, source, item: api.items.push(source, item),
    "pushBatch": lambda api, source, items, removals=(), **key: api.items.push_batch(
        source, items, removals, idempotency_key=key.get("idempotencyKey")
    ),
    "item": lambda api, source, name: api.items.get(source, name),
    "items": lambda api, source, **query: api.items.list(source, **query),
    "removeItem": lambda api, source, name: api.items.remove(source, name),
    "replaceItems": lambda api, source, items, **more: api.items.replace(
        source, items, allow_empty=more.get("allowEmpty", False)
    ),
    "startRun": lambda api, source, mode="incremental": api.runs.start(source, mode=mode),
    "applyRun": lambda api, source, run, **more: api.runs.apply(source, run, **more),
}


def call(server: ScriptedApi, operation: str, *arguments: Any) -> Outcome:
    waits: list[float] = []
    options = arguments[-1] if isinstance(arguments[-1], dict) and operation != "pushItem" else {}
    retries = Retries(dice=lambda: random.uniform(0.5, 1))
    with (
        httpx.Client(verify=CERTIFICATES, trust_env=False) as http,
        KnowledgeClient(server.base_url, KEY, sleep=waits.append, retries=retries, http_client=http) as client,
    ):
        try:
            result = OPERATIONS[operation](client, *(arguments[:-1] if options else arguments), **options)
            return Outcome(list(result) if isinstance(result, Listing | Iterator) else result, None, waits)
        except ApiError as error:
            kind = type(error).__name__
            return Outcome(None, Failure(kind, error.code, error.status, error.details, error.request_id), waits)
        except FailedError as error:
            return Outcome(None, Failure("RunFailedError", error.code, None, [], None), waits)
        except ValueError as error:
            return Outcome(None, Failure("ValueError", str(error), None, [], None), waits)


@pytest.mark.parametrize(
    "check", [check for check in CLIENT_CHECKS if check not in OTHERWISE], ids=lambda check: check.__name__
)
def test_client(check: Callable[[Call], None]) -> None:
    check(call)
