"""schemathesis against the local stack over HTTP, in all its phases; openapi.yaml is all that it goes by.

The cases are the same at every run. SCHEMATHESIS_SEED=N draws others, SCHEMATHESIS_EXAMPLES=N draws more of them;
`make soak` draws twelve where six are the usual.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from testing import spec
from tests.contract.tenant import ALL_SCOPES, Tenant

HERE = Path(__file__).parent
PHASES = {"examples", "coverage", "fuzzing", "stateful"}
CASES = 2_000
SNAPSHOTS = 8


@dataclass
class Seen:
    """What came of the cases: statuses by operation, and the phases that sent any."""

    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    phases: Counter[str] = field(default_factory=Counter)

    def read(self, report: Path) -> Seen:
        for line in report.read_text("utf-8").splitlines():
            scenario = json.loads(line).get("ScenarioFinished")
            if scenario:
                self._add(scenario["phase"], scenario["recorder"])
        return self

    def _add(self, phase: str, recorder: dict[str, Any]) -> None:
        for case_id, interaction in recorder.get("interactions", {}).items():
            case = recorder["cases"][case_id]["value"]
            status = (interaction["response"] or {}).get("status_code")
            self.statuses[f"{case['method']} {case['path']}"][status] += 1
            self.phases[phase] += 1


def open_snapshot(tenant: Tenant) -> tuple[str, str]:
    """Open a snapshot in a source of its own, with a part, so that it can be completed."""
    source = tenant.source()
    path = f"/v1/sources/{source}/snapshots"
    snapshot = str(tenant.request("POST", path).body["snapshot"]["id"])
    part = {"items": [{"externalItemId": "a", "title": "A", "content": "a"}]}
    assert tenant.request("PUT", f"{path}/{snapshot}/parts/1", part).status == 200
    return source, snapshot


def archived_source(tenant: Tenant) -> str:
    source = tenant.source()
    assert tenant.request("DELETE", f"/v1/sources/{source}").status == 200
    return source


def published_generation(tenant: Tenant) -> tuple[str, str]:
    """Publish something in a source of its own, so that it can be restored."""
    source = tenant.source()
    tenant.push(source)
    return source, tenant.publish(source)


def kept_answer(tenant: Tenant) -> str:
    """Ask a source that keeps questions, so that feedback can be given."""
    source = tenant.source(questionLog="on")
    tenant.push(source)
    tenant.publish(source)
    reply = tenant.request("POST", "/v1/answers", {"question": "What is this about?", "sourceIds": [source]})
    assert reply.body["feedback"] is True
    return str(reply.body["id"])


def call(local_stack: Any, report: Path) -> subprocess.CompletedProcess[str]:
    """Run schemathesis with a tenant of its own, and another one for the requests on keys."""
    everything, keys = Tenant(local_stack), Tenant(local_stack)
    scopes = [scope for scope in ALL_SCOPES if scope != "keys:manage"]
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE.parents[1]),
        "CONTRACT_HOOKS": str(HERE / "schemathesis_hooks.py"),
        "CONTRACT_KEY": everything.key(scopes=scopes, rateLimitPerMinute=6_000),
        "CONTRACT_ADMIN_KEY": keys.token,
        "CONTRACT_ANSWER": kept_answer(everything),
        "CONTRACT_ERASED": everything.source(),
        "CONTRACT_ARCHIVED": archived_source(everything),
        "CONTRACT_GENERATION": json.dumps(published_generation(everything)),
        "CONTRACT_SNAPSHOTS": json.dumps([open_snapshot(everything) for _ in range(SNAPSHOTS)]),
    }
    for tenant in (everything, keys):
        tenant.close()
    seed = os.environ.get("SCHEMATHESIS_SEED")
    draw = ["--seed", seed] if seed else ["--generation-deterministic"]
    if examples := os.environ.get("SCHEMATHESIS_EXAMPLES"):
        draw += ["--max-examples", examples]
    command = ["schemathesis", "--config-file", str(HERE / "schemathesis.toml"), "run", str(spec.PATH)]
    options = ["--url", everything.base_url, "--no-color", "--report-ndjson-path", str(report), *draw]
    print("seed:", seed or "none, the cases are always the same")  # noqa: T201 - pytest shows it when the test fails
    return subprocess.run(
        [str(Path(sys.executable).with_name(command[0])), *command[1:], *options],
        cwd=report.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.timeout(900)
def test_no_case_finds_what_the_document_does_not_say(local_stack: Any, tmp_path: Path) -> None:
    report = tmp_path / "report.ndjson"
    done = call(local_stack, report)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
    seen = Seen().read(report)
    assert set(seen.phases) == PHASES
    assert seen.phases.total() >= CASES
    # Cases that the rate limit turns away, or that never get further than a refusal, test nothing.
    documented = {f"{operation.method} {operation.path}" for operation in spec.operations()}
    assert {name for name in documented if seen.statuses[name][429]} == set()
    assert {name for name in documented if not any(200 <= status < 300 for status in seen.statuses[name])} == set()
