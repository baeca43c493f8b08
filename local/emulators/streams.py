"""Makes moto's DynamoDB Streams fit to be polled for long; they serve where Dynoxide is missing."""

from __future__ import annotations

from typing import Any

from moto.dynamodbstreams.models import DynamoDBStreamsBackend

_KEPT_ITERATORS = 100


def install_streams() -> None:
    """Have moto forget old iterators, of which every read makes one, and take sequence numbers as clients send them."""
    patched: Any = DynamoDBStreamsBackend
    get_records, get_shard_iterator = patched.get_records, patched.get_shard_iterator

    def get_records_and_forget(backend: Any, iterator_arn: str, limit: int) -> Any:
        answer = get_records(backend, iterator_arn, limit)
        for old in list(backend.shard_iterators)[:-_KEPT_ITERATORS]:
            backend.shard_iterators.pop(old, None)
        return answer

    def get_shard_iterator_by_text(
        backend: Any, arn: str, shard_id: str, kind: str, sequence_number: str | None = None
    ) -> Any:
        number = None if sequence_number is None else int(sequence_number)
        return get_shard_iterator(backend, arn, shard_id, kind, number)

    patched.get_records = get_records_and_forget
    patched.get_shard_iterator = get_shard_iterator_by_text
