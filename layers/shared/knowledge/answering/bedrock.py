"""The provider that asks a model of Amazon Bedrock; what it asks and how it reads the answer is `answering.converse`.

Nothing of a question, a passage or an answer is logged, nor stands in an error: an error of botocore may hold what was
sent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from knowledge.answering.converse import read_answer, write_request
from knowledge.answering.model import Draft, Passage, ProviderFailure
from knowledge.errors import ProviderFailedError
from knowledge.limits import MODEL_SECONDS
from knowledge.ports import TellFailure
from knowledge.storage.clients import error_code

if TYPE_CHECKING:
    from types_boto3_bedrock_runtime import BedrockRuntimeClient

_log = logging.getLogger(__name__)
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors
_OF_CODES = {
    "ThrottlingException": ProviderFailure.THROTTLED,
    "ServiceQuotaExceededException": ProviderFailure.THROTTLED,
    "ModelTimeoutException": ProviderFailure.TIMED_OUT,
    # The deployment's to mend: no permission, no access to the model, no such model, one that takes no such request.
    "AccessDeniedException": ProviderFailure.REFUSED,
    "ExpiredTokenException": ProviderFailure.REFUSED,
    "UnrecognizedClientException": ProviderFailure.REFUSED,
    "ResourceNotFoundException": ProviderFailure.REFUSED,
    "ValidationException": ProviderFailure.REFUSED,
}


class BedrockProvider:
    """Answers with a model. It has `seconds` for all of a call; the client is made by the first call, within them.

    Each failure is told to `tell_failure` by its reason, for whoever counts them.
    """

    def __init__(
        self,
        client: Callable[[], BedrockRuntimeClient],
        model_id: str,
        *,
        seconds: float = MODEL_SECONDS,
        tell_failure: TellFailure | None = None,
    ) -> None:
        self._client = client
        self._model_id = model_id
        self._seconds = seconds
        self._tell_failure = tell_failure

    @property
    def name(self) -> str:
        """What answers tell of their provider."""
        return "bedrock"

    def answer(self, question: str, language: str | None, passages: Sequence[Passage]) -> Draft:
        """Ask the model, once. Raises ProviderFailedError."""
        if not passages:
            return Draft()
        request = write_request(question, language, passages)
        answer = self._within_time(lambda: self._client().converse(modelId=self._model_id, **request))
        try:
            return read_answer(answer)
        except ProviderFailedError as error:
            raise self._failed(error.reason, None) from None

    def _within_time(self, call: Callable[[], Any]) -> Any:
        """Wait for a call. A read time-out counts from the last byte, and a connection tries each address of a host.

        So the call has a thread of its own, which may end later: nobody waits for it, and what it brings is dropped.
        """
        future: Future[Any] = Future()
        Thread(target=_settle, args=(future, call), name="ask-model", daemon=True).start()
        try:
            error = future.exception(self._seconds)
        except TimeoutError as late:
            error = late
        if error is None:
            return future.result()
        # Raised here, where no other error is being handled that it would carry along.
        raise self._failed(_reason(error), error)

    def _failed(self, reason: str, error: BaseException | None) -> ProviderFailedError:
        code = error_code(error) if isinstance(error, ClientError) else None
        fields = {"model_id": self._model_id, "reason": str(reason), "error": type(error).__name__, "aws_code": code}
        _log.warning("answer_model_failed", extra={name: value for name, value in fields.items() if value is not None})
        if self._tell_failure is not None:
            self._tell_failure(str(reason))
        return ProviderFailedError(reason=reason)


def _settle(future: Future[Any], call: Callable[[], Any]) -> None:
    try:
        future.set_result(call())
    except Exception as error:  # Whatever goes wrong in a call, another provider answers.
        future.set_exception(error)


def _reason(error: BaseException) -> ProviderFailure:
    match error:
        case ClientError():
            return _OF_CODES.get(error_code(error), ProviderFailure.UNAVAILABLE)
        case TimeoutError() | ConnectTimeoutError() | ReadTimeoutError():
            return ProviderFailure.TIMED_OUT
    return ProviderFailure.UNAVAILABLE
