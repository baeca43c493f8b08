"""Answers of a model over Converse's wire format, by boto3 itself: whatever the service does, another can answer.

moto has no Converse, so a server of our own stands in for the service. It has no model: what one says is written here.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ParamValidationError
from httpapi.assembly import EdgeServices
from httpapi.settings import EdgeSettings
from knowledge.answering.bedrock import BedrockProvider
from knowledge.answering.converse import write_request
from knowledge.answering.model import Draft, Passage, Quote, Sentence
from knowledge.errors import ProviderFailedError
from knowledge.storage.clients import Clients
from telemetry.process import open_log

from testing.converse_server import ConverseServer, Reply, called_tool, message, refusal
from testing.resources import Resources

MODEL = "eu.anthropic.claude-haiku-4-5-20251001-v1:0"
QUESTION = "How long do refunds of SECRET-QUESTION take?"
PASSAGES = [Passage(1, "src_1", "refunds", "Refunds", None, "Refunds of SECRET-PASSAGE take 5 days.", 0)]
GOOD = called_tool(
    {"sentences": [{"text": "They take 5 days.", "quotes": [{"passage": 1, "text": "take 5 days"}]}]},
    before="I look it up.",
)
DRAFT = Draft((Sentence("They take 5 days.", (Quote(1, "take 5 days"),)),))
SLOW = GOOD.body
# Longer than any test may take: what counts is that nobody waited for it.
AMPLE_SECONDS = 60.0


@pytest.fixture
def bedrock(monkeypatch: pytest.MonkeyPatch) -> Iterator[ConverseServer]:
    server = ConverseServer()
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", server.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    yield server
    server.close()


@pytest.fixture
def clients() -> Clients:
    return Clients()


def provider(clients: Clients, model_id: str = MODEL, seconds: float = AMPLE_SECONDS) -> BedrockProvider:
    return BedrockProvider(lambda: clients.bedrock, model_id, seconds=seconds)


def reason_of(asking: BedrockProvider) -> str:
    with pytest.raises(ProviderFailedError) as failed:
        asking.answer(QUESTION, None, PASSAGES)
    return failed.value.reason


def test_model_answers_over_the_wire(bedrock: ConverseServer, clients: Clients) -> None:
    bedrock.answer(GOOD)
    assert provider(clients).answer(QUESTION, "de", PASSAGES) == DRAFT
    [asked] = bedrock.asked
    assert asked.model_id == MODEL
    assert asked.document["question"] == QUESTION and asked.document["language"] == "de"
    assert [each["text"] for each in asked.document["passages"]] == [PASSAGES[0].text]


@pytest.mark.parametrize(
    "model_id",
    [
        "amazon.nova-lite-v1:0",
        "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0",
        "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/a1b2c3d4e5f6",
    ],
)
def test_ids_and_arns_of_models_go_into_the_path_whole(
    bedrock: ConverseServer, clients: Clients, model_id: str
) -> None:
    bedrock.answer(GOOD)
    assert provider(clients, model_id).answer(QUESTION, None, PASSAGES) == DRAFT
    assert bedrock.asked[0].model_id == model_id


def test_no_model_is_asked_about_nothing(bedrock: ConverseServer, clients: Clients) -> None:
    assert provider(clients).answer(QUESTION, None, []) == Draft()
    assert bedrock.asked == []


def test_model_that_finds_no_answer_has_not_failed(bedrock: ConverseServer, clients: Clients) -> None:
    bedrock.answer(called_tool({"sentences": []}))
    assert provider(clients).answer(QUESTION, None, PASSAGES) == Draft()


# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors
REFUSALS = [
    (400, "ValidationException", "refused"),
    (403, "AccessDeniedException", "refused"),
    (403, "ExpiredTokenException", "refused"),
    (404, "ResourceNotFoundException", "refused"),
    (408, "ModelTimeoutException", "timed_out"),
    (424, "ModelErrorException", "unavailable"),
    (429, "ThrottlingException", "throttled"),
    (429, "ModelNotReadyException", "unavailable"),
    (400, "ServiceQuotaExceededException", "throttled"),
    (500, "InternalServerException", "unavailable"),
    (503, "ServiceUnavailableException", "unavailable"),
    (418, "ExceptionOfTomorrow", "unavailable"),
]


@pytest.mark.parametrize(("status", "error", "reason"), REFUSALS)
def test_every_refusal_of_the_service_is_a_failure_after_one_attempt(
    bedrock: ConverseServer, clients: Clients, status: int, error: str, reason: str
) -> None:
    bedrock.answer(refusal(status, error))
    assert reason_of(provider(clients)) == reason
    # Another attempt would take the time of the other provider.
    assert len(bedrock.asked) == 1


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(body=b"{"), "malformed"),
        (Reply(body=b""), "malformed"),
        (Reply(body=b"null"), "unavailable"),
        (Reply(body=b"[1, 2]"), "unavailable"),
        (Reply(body=b"\xff\xfe"), "unavailable"),
        (Reply(body=b"<html>Bad Gateway</html>"), "malformed"),
        (Reply(502, b"<html>Bad Gateway</html>"), "unavailable"),
        (Reply(body=b'{"output": 5, "stopReason": "tool_use"}'), "unavailable"),
        (Reply(body=b'{"output": {"message": {"content": "x"}}, "stopReason": "tool_use"}'), "unavailable"),
        (
            Reply(body=b'{"output": {"message": {"content": [{"toolUse": []}]}}, "stopReason": "tool_use"}'),
            "unavailable",
        ),
        (Reply(body=b"[" * 100_000), "unavailable"),
        (Reply(body=GOOD.body, broken=True), "malformed"),
        (message([{"text": "They take 5 days."}], stop="end_turn"), "malformed"),
        (message([{"text": "They take"}], stop="max_tokens"), "cut"),
        (message([{"text": "I can't help with that."}], stop="guardrail_intervened"), "filtered"),
        (called_tool({"sentences": [{"text": "They take 5 days."}]}), "malformed"),
        (called_tool({"sentences": [{"text": "a" * 5_000_000, "quotes": []}]}), "malformed"),
        (called_tool({"sentences": [{"text": "a", "quotes": []}] * 200_000}), "malformed"),
        (called_tool({"sentences": []}, name="send_mail"), "malformed"),
    ],
)
def test_what_is_no_answer_is_a_failure_and_nothing_else(
    bedrock: ConverseServer, clients: Clients, reply: Reply, reason: str
) -> None:
    bedrock.answer(reply)
    assert reason_of(provider(clients)) == reason


def test_nobody_there_is_a_failure(bedrock: ConverseServer, clients: Clients) -> None:
    bedrock.close()
    assert reason_of(provider(clients)) == "unavailable"


@pytest.mark.parametrize("slow", [Reply(body=SLOW, held=True), Reply(body=SLOW * 100, trickles=True)])
def test_the_bound_is_on_all_of_a_call(bedrock: ConverseServer, clients: Clients, slow: Reply) -> None:
    """A byte now and then resets a read time-out, so that alone is no bound."""
    bedrock.answer(slow)
    assert reason_of(provider(clients, seconds=0.5)) == "timed_out"
    # It still goes on: nobody waited for its end, nor asked again.
    assert bedrock.is_holding
    assert len(bedrock.asked) <= 1


def test_after_one_that_was_too_slow_the_next_is_asked(bedrock: ConverseServer, clients: Clients) -> None:
    bedrock.answer(Reply(body=SLOW, held=True))
    asking = provider(clients, seconds=0.5)
    assert reason_of(asking) == "timed_out"
    bedrock.answer(GOOD)
    assert provider(clients).answer(QUESTION, None, PASSAGES) == DRAFT


def test_making_the_client_is_part_of_the_call() -> None:
    """Credentials may be slow to come, or not come at all."""

    def none() -> Any:
        raise OSError("no credentials of SECRET-QUESTION")

    failing = BedrockProvider(none, MODEL)
    assert reason_of(failing) == "unavailable"


def test_no_client_is_made_before_it_is_asked(clients: Clients) -> None:
    provider(clients)
    assert "bedrock" not in vars(clients)


def test_one_attempt_and_no_more_time_than_there_is(bedrock: ConverseServer, clients: Clients) -> None:
    config = clients.bedrock.meta.config
    assert config.retries["total_max_attempts"] == 1
    assert (config.connect_timeout, config.read_timeout) == (2, 15)


@pytest.mark.parametrize(
    "reply",
    [
        GOOD,
        refusal(400, "ValidationException", f"Bad: {QUESTION} {PASSAGES[0].text}"),
        refusal(429, "ThrottlingException", QUESTION),
        called_tool({"sentences": QUESTION}),
        Reply(body=QUESTION.encode()),
        Reply(body=GOOD.body, broken=True),
    ],
)
def test_nothing_of_question_or_contents_is_told(
    bedrock: ConverseServer, clients: Clients, caplog: pytest.LogCaptureFixture, reply: Reply
) -> None:
    caplog.set_level(logging.INFO)
    bedrock.answer(reply)
    try:
        provider(clients).answer(QUESTION, None, PASSAGES)
    except ProviderFailedError as error:
        told: BaseException | None = error
        while told is not None:
            assert "SECRET" not in f"{told!r}"
            told = told.__context__
    for record in caplog.records:
        assert "SECRET" not in json.dumps(record.__dict__, default=repr)


def test_an_error_that_holds_what_was_sent_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    class Client:
        def converse(self, **request: Any) -> Any:
            raise ParamValidationError(report=repr(request))

    with pytest.raises(ProviderFailedError) as failed:
        BedrockProvider(Client, MODEL).answer(QUESTION, None, PASSAGES)  # type: ignore[arg-type]
    assert (failed.value.__cause__, failed.value.__context__) == (None, None)
    assert "SECRET" not in json.dumps([record.__dict__ for record in caplog.records], default=repr)


def test_a_failure_says_why_for_who_operates_it(
    bedrock: ConverseServer, clients: Clients, caplog: pytest.LogCaptureFixture
) -> None:
    bedrock.answer(refusal(403, "AccessDeniedException"))
    reason_of(provider(clients))
    [record] = [each for each in caplog.records if each.message == "answer_model_failed"]
    told = {name: getattr(record, name, None) for name in ("model_id", "reason", "error", "aws_code")}
    assert told == {
        "model_id": MODEL,
        "reason": "refused",
        "error": "AccessDeniedException",
        "aws_code": "AccessDeniedException",
    }


# ------------------------------------------------------------------------------------------------- in the deployment
@pytest.fixture
def search_api(bedrock: ConverseServer, monkeypatch: pytest.MonkeyPatch) -> EdgeServices:
    """The services that the function makes of what template.yaml gives it, and of the name of a model."""
    monkeypatch.setenv("METRICS_NAMESPACE", "stack")
    for name, value in Resources(prefix="model").environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ANSWER_MODEL_ID", MODEL)
    return EdgeServices(EdgeSettings.from_environment())


def test_the_deployments_model_is_asked(bedrock: ConverseServer, search_api: EdgeServices) -> None:
    bedrock.answer(GOOD)
    model = search_api.knowledge.answer_model
    assert model is not None and model.name == "bedrock"
    assert "bedrock" not in vars(search_api.knowledge.clients)
    assert model.answer(QUESTION, None, PASSAGES) == DRAFT
    assert [asked.model_id for asked in bedrock.asked] == [MODEL]


@pytest.mark.parametrize("variable", ["", None])
def test_without_a_name_there_is_no_model(
    search_api: EdgeServices, monkeypatch: pytest.MonkeyPatch, variable: str | None
) -> None:
    monkeypatch.delenv("ANSWER_MODEL_ID")
    if variable is not None:
        monkeypatch.setenv("ANSWER_MODEL_ID", variable)
    assert search_api.knowledge.answer_model is None


@pytest.mark.parametrize(
    ("reply", "reason"), [(refusal(429, "ThrottlingException"), "throttled"), (called_tool({}), "malformed")]
)
def test_each_failure_is_counted_once_by_its_reason(
    bedrock: ConverseServer,
    search_api: EdgeServices,
    capsys: pytest.CaptureFixture[str],
    reply: Reply,
    reason: str,
) -> None:
    open_log()
    bedrock.answer(reply)
    with pytest.raises(ProviderFailedError):
        search_api.knowledge.answer_model.answer(QUESTION, None, PASSAGES)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    [counted] = [line for line in lines if "AnswerFallbacks" in line]
    assert (counted["AnswerFallbacks"], counted["code"]) == (1, reason)
    assert [line["reason"] for line in lines if line["message"] == "answer_model_failed"] == [reason]
    assert "SECRET" not in json.dumps(lines)


@pytest.mark.parametrize(
    "change",
    [
        {"messages": []},
        {"messages": [{"role": "assistant", "content": [{"text": "a"}]}]},
        {"messages": [{"role": "user", "content": [{"text": " "}]}]},
        {"toolConfig": {"tools": [{"toolSpec": {"name": "other", "inputSchema": {"json": {"type": "object"}}}}]}},
        {"toolConfig": {"tools": [{"toolSpec": {"name": "give_answer", "inputSchema": {"json": {"type": "array"}}}}]}},
        {"inferenceConfig": {"temperature": 1.5}},
    ],
)
def test_stand_in_refuses_what_the_service_refuses(
    bedrock: ConverseServer, clients: Clients, change: dict[str, Any]
) -> None:
    bedrock.answer(GOOD)
    client: Any = clients.bedrock
    with pytest.raises(client.exceptions.ValidationException):
        client.converse(modelId=MODEL, **write_request(QUESTION, None, PASSAGES) | change)
