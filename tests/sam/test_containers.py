"""The quickstart and every function of template.yaml in containers of `sam local`, on the local stack's emulators."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.template.load import read_template
from tests.sam.containers import SamLocal, sam_local
from tests.sam.tools import Sam, machine_architecture, require_docker
from tests.support.quickstart import run_quickstart
from tests.support.stack import require_whole_stack

# What a runtime says that could not load a function or lost it.
_RUNTIME_ERRORS = ("Runtime.", "Sandbox.", "HandlerNotFound")


@pytest.fixture(scope="module")
def running(request: pytest.FixtureRequest, sam: Sam, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SamLocal]:
    """The emulators, `sam local start-lambda` and `sam local start-api`."""
    require_whole_stack()
    require_docker()
    template: Path = request.getfixturevalue(machine_architecture())
    with sam_local(sam, template, tmp_path_factory.mktemp("containers")) as started:
        yield started


def test_quickstart_publishes_what_it_pushed(running: SamLocal) -> None:
    key = running.stack.credentials["apiKey"]
    published = run_quickstart(running.api_url, key)
    assert published.pushed["result"] == "created"
    assert published.answer["status"] == "published"
    assert published.answer["counts"]["added"] == published.answer["counts"]["total"] == 1
    with running.client(key) as api:
        generation = f"/v1/sources/{published.source_id}/generations/{published.answer['generationId']}"
        items = api.get(f"{generation}/items?include=content").json()["items"]
    assert [(item["externalItemId"], item["content"]) for item in items] == [("faq-1", "Refunds take 14 days.")]
    # The state machine ran on the emulator, and each of its tasks in a container.
    assert {"DiffRunFunction", "BuildGenerationFunction", "PublishGenerationFunction"} <= running.invoked()


def test_operator_makes_a_tenant_with_sam_local_invoke(running: SamLocal, tmp_path: Path) -> None:
    tenant = running.invoke_once("BootstrapTenantFunction", {"name": "Acme"}, tmp_path)
    with running.client(tenant["secret"]) as api:
        answer = api.get("/v1/whoami")
        assert (answer.status_code, answer.json()["tenantId"]) == (200, tenant["tenantId"])
        made = api.post("/v1/admin/keys", json={"name": "Key"})
        assert made.status_code == 201


def test_compressed_bodies_and_refusals_go_through(running: SamLocal) -> None:
    with running.client(running.stack.credentials["apiKey"]) as api:
        body = gzip.compress(json.dumps({"name": "Gzipped"}).encode())
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        assert api.post("/v1/sources", content=body, headers=headers).json()["source"]["name"] == "Gzipped"
        for method, path, status, code in (
            ("GET", "/v1/nowhere", 404, "not_found"),
            ("DELETE", "/v1/whoami", 405, "method_not_allowed"),
            ("POST", "/v1/sources", 400, "invalid_body"),
        ):
            answer = api.request(method, path, headers={"Content-Type": "application/json"})
            assert (answer.status_code, answer.json()["code"]) == (status, code), path


def test_every_function_starts_in_its_container(running: SamLocal) -> None:
    """With an event that none of them expects: they may refuse it, but they have to be there to do so."""
    functions = {logical_id for logical_id, _ in read_template().of_type("AWS::Serverless::Function")}
    todo = sorted(functions - running.invoked())
    with ThreadPoolExecutor(2) as pool:
        for function, answer in zip(todo, pool.map(lambda name: running.invoke(name, {}), todo), strict=True):
            assert answer.status_code == 200, (function, answer.text)
            error = (answer.json() or {}).get("errorType", "") if "errorType" in answer.text else ""
            assert not str(error).startswith(_RUNTIME_ERRORS), (function, answer.text)
    assert running.invoked() == functions
