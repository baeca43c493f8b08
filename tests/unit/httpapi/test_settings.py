"""What the edge makes of its environment."""

from __future__ import annotations

import pytest
from httpapi.settings import EdgeSettings

from local.template.load import ROOT, read_template, read_yaml


def _settings(monkeypatch: pytest.MonkeyPatch, **given: str) -> EdgeSettings:
    for name, value in {"KEYS_TABLE": "keys", **given}.items():
        monkeypatch.setenv(name, value)
    return EdgeSettings.from_environment()


def test_a_tenant_has_a_share_of_what_the_gateway_lets_through(monkeypatch: pytest.MonkeyPatch) -> None:
    made = _settings(monkeypatch, REQUESTS_PER_SECOND="500", TENANT_SHARE_PERCENT="50")
    assert made.tenant_limit == 15_000


def test_without_a_share_no_key_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that was given none makes no keys, rather than any number."""
    assert _settings(monkeypatch).tenant_limit == 0


def test_no_parameters_give_a_tenant_more_than_there_is_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    parameters = read_yaml(ROOT / "template.yaml")["Parameters"]
    share = parameters["TenantSharePercent"]
    assert (share["MinValue"], share["MaxValue"]) == (1, 100)
    environment = dict(read_template().of_type("AWS::Serverless::Function"))["AdminApiFunction"]["Environment"]
    assert environment["Variables"]["REQUESTS_PER_SECOND"] == {"Ref": "RequestsPerSecond"}
    assert environment["Variables"]["TENANT_SHARE_PERCENT"] == {"Ref": "TenantSharePercent"}
    for rate in (parameters["RequestsPerSecond"]["MinValue"], 7, 500, 10_000):
        for percent in (share["MinValue"], share["Default"], share["MaxValue"]):
            made = _settings(monkeypatch, REQUESTS_PER_SECOND=str(rate), TENANT_SHARE_PERCENT=str(percent))
            assert made.tenant_limit <= rate * 60


def test_what_the_documents_name_is_what_the_parameters_give(monkeypatch: pytest.MonkeyPatch) -> None:
    parameters = read_yaml(ROOT / "template.yaml")["Parameters"]
    rate, share = (str(parameters[name]["Default"]) for name in ("RequestsPerSecond", "TenantSharePercent"))
    limit = _settings(monkeypatch, REQUESTS_PER_SECOND=rate, TENANT_SHARE_PERCENT=share).tenant_limit
    for page in ("auth.md", "rate-limits.md", "operations/deploy.md"):
        assert f"{limit // 1000} {limit % 1000:03d} a minute" in (ROOT / "docs" / page).read_text("utf-8"), page
