"""What AWS answers when a write of the edge is refused, and what counts as being too busy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError
from knowledge.aws import error_code, translated
from knowledge.errors import ServiceUnavailableError

_REFUSED = "ConditionalCheckFailed"
_BUSY_REASONS = frozenset(
    {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded"}
)


@contextmanager
def busy_as_unavailable() -> Iterator[None]:
    """Turn throttles, lost connections and colliding transactions into ServiceUnavailableError; pass on the rest."""
    try:
        with translated():
            yield
    except ClientError as error:
        codes = cancellation_codes(error)
        # A condition that did not hold will not hold again: that is an answer, whatever else went wrong.
        busy = _REFUSED not in codes and not _BUSY_REASONS.isdisjoint(codes)
        if busy:
            raise ServiceUnavailableError from error
        raise


def is_refused(error: ClientError) -> bool:
    """Say whether a single write's condition did not hold."""
    return error_code(error) == "ConditionalCheckFailedException"


def refused_actions(error: ClientError) -> set[int]:
    """Return the numbers of the actions of a transaction whose conditions did not hold; empty for any other error."""
    return {index for index, code in enumerate(cancellation_codes(error)) if code == _REFUSED}


def cancellation_codes(error: ClientError) -> list[str]:
    """List why each action of a transaction was refused; empty for any other error."""
    if error_code(error) != "TransactionCanceledException":
        return []
    return [str(reason.get("Code", "None")) for reason in error.response.get("CancellationReasons", [])]
