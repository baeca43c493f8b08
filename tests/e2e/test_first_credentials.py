"""Making the stack's tenant and its keys while the functions that do it are starting."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from local.credentials import Credentials, kept_or_new
from local.failures import StartupError
from tests.e2e.example_checks import Answer, ScriptedApi, refusal

TENANT = Answer(200, {"tenantId": "ten_1", "secret": "sk_live_admin"})
CUT_OFF = Answer(504, {"message": "Endpoint request timed out"})
MADE = Credentials("ten_1", "sk_live_admin", "sk_live_made")


def make(api: ScriptedApi, kept: Path) -> Credentials:
    return kept_or_new(kept, api.base_url.removesuffix("/api"), api.base_url, "KEY")


def test_key_that_the_gateway_did_not_wait_for_is_asked_for_again(tmp_path: Path) -> None:
    under_way = Answer(409, {"code": "idempotency_in_progress"}, {"Retry-After": "0"})
    with ScriptedApi(TENANT, CUT_OFF, under_way, Answer(201, {"secret": "sk_live_made"})) as api:
        assert make(api, tmp_path / "kept") == MADE
        # Once kept they are made no more.
        assert make(api, tmp_path / "kept") == MADE
    bootstrap, *asked = api.requests
    assert bootstrap.target.endswith("local-BootstrapTenantFunction/invocations")
    assert bootstrap.headers["authorization"] == "Bearer KEY"
    assert len(asked) == 3
    assert len({request.headers["idempotency-key"] for request in asked}) == 1


def test_key_that_is_refused_is_told_at_once(tmp_path: Path) -> None:
    with (
        ScriptedApi(TENANT, refusal(500, "internal_error")) as api,
        pytest.raises(StartupError, match="internal_error"),
    ):
        make(api, tmp_path / "kept")
    assert len(api.requests) == 2


def test_key_that_is_cut_off_for_ever_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.credentials.time", SimpleNamespace(sleep=lambda _: None))
    with ScriptedApi(TENANT, *[CUT_OFF] * 20) as api, pytest.raises(StartupError, match="HTTP 504"):
        make(api, tmp_path / "kept")
    assert json.loads(api.requests[-1].raw) == {"name": "Local key"}
    assert not (tmp_path / "kept").exists()
