"""What a worker takes over from the machine that it runs on."""

from __future__ import annotations

import pytest

from local.template import load_template
from local.template.resolve import Resolver
from local.workers.specs import function_specs


def test_worker_is_told_where_models_are_asked_and_nothing_else_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://127.0.0.1:9000")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "the user's")
    template = load_template(overrides=["AnswerModelId=my-model"])
    specs = {spec.logical_id: spec for spec in function_specs(template, Resolver(template), {}, trace=False)}
    environment = specs["SearchApiFunction"].environment
    assert environment["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"] == "http://127.0.0.1:9000"
    assert environment["ANSWER_MODEL_ID"] == "my-model"
    assert "AWS_SESSION_TOKEN" not in environment
    assert "ANSWER_MODEL_ID" not in specs["DeveloperApiFunction"].environment
