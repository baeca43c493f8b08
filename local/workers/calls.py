"""Which permissions AWS calls take, and a record of them: a test holds the functions' policies against it.

A record is a file of lines `{"function", "action", "resource", "keys"?}`, each once a process; `keys` are what the
conditions of a policy judge: the attributes that an update names or a read asks for, the encryption context, what kind
of event it is. Resources carry the physical names: `table`, `table/index/name`, `bucket`, `bucket/first-folder/*`, a
queue, a machine; a KMS key, whose id says nothing, and a bus go by the environment variable that holds them.
"""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

# A folder; the stack hands it on to its workers.
FOLDER = "RECORD_AWS_CALLS"
UNNAMED_KEY = "?"
EVERY_ATTRIBUTE = "*"

# An action, a resource, and the condition keys that the call brings.
Asked = tuple[str, str, tuple[str, ...]]
CONTEXT = "kms:EncryptionContext:"
_NAME = re.compile(r"(?<![:#\w])[A-Za-z_]\w*|#\w+")
_WORDS = {"SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "IN", "BETWEEN"}
_FUNCTIONS = {"attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains", "size"}
_NO_NAMES = _WORDS | _FUNCTIONS | {"if_not_exists", "list_append"}
_OF_TRANSACTION = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Get": "dynamodb:GetItem",
}
_OF_OBJECT = {
    "HeadObject": "s3:GetObject",
    "DeleteObjects": "s3:DeleteObject",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "ListParts": "s3:ListMultipartUploadParts",
}
# Of a version that is named.
_OF_VERSION = {"s3:GetObject": "s3:GetObjectVersion", "s3:DeleteObject": "s3:DeleteObjectVersion"}
_OF_BUCKET = {
    "ListObjectsV2": "s3:ListBucket",
    "HeadBucket": "s3:ListBucket",
    "ListObjectVersions": "s3:ListBucketVersions",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
}
_OF_QUEUE = {"SendMessageBatch": "sqs:SendMessage", "DeleteMessageBatch": "sqs:DeleteMessage"}


def asked(service: str, operation: str, parameters: Mapping[str, Any]) -> set[Asked]:
    """The permissions that a call takes, with the keys that conditions judge. KeyError for a service not known here."""
    return set(_READERS[service](operation, parameters))


class Recorder:
    """Writes down what one process asks for."""

    def __init__(self, folder: str) -> None:
        Path(folder).mkdir(parents=True, exist_ok=True)
        self._path = Path(folder) / f"{uuid.uuid4().hex}.jsonl"
        self._seen: set[tuple[str, Asked]] = set()

    def note(self, function: str, service: str, operation: str, parameters: Mapping[str, Any]) -> None:
        """Note a call of a function."""
        for one in asked(service, operation, parameters):
            if (function, one) in self._seen:
                continue
            self._seen.add((function, one))
            action, resource, keys = one
            fact = {"function": function, "action": action, "resource": resource, **({"keys": keys} if keys else {})}
            line = json.dumps(fact)
            # At once and in one write: a worker may be killed at any time.
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")


def watch_clients(note: Any) -> None:
    """Have `note(service, operation, parameters)` see each call of each botocore client, presigned ones included."""
    from botocore.client import BaseClient

    patched: Any = BaseClient
    emit = patched._emit_api_params

    def noting(client: Any, api_params: Any, operation_model: Any, context: Any) -> Any:
        note(client.meta.service_model.service_name, operation_model.name, api_params)
        return emit(client, api_params, operation_model, context)

    patched._emit_api_params = noting


def record_function(logical_id: str) -> None:
    """Record every call of this process as one of a function's, if the environment asks for it."""
    if folder := os.environ.get(FOLDER):
        recorder = Recorder(folder)
        watch_clients(lambda *call: recorder.note(logical_id, *call))


def _dynamodb(operation: str, parameters: Mapping[str, Any]) -> Iterator[Asked]:
    if operation in {"TransactWriteItems", "TransactGetItems"}:
        for entry in parameters["TransactItems"]:
            for kind, action in entry.items():
                yield _OF_TRANSACTION[kind], action["TableName"], _updated(action)
    elif "RequestItems" in parameters:
        for table in parameters["RequestItems"]:
            yield f"dynamodb:{operation}", table, ()
    else:
        index = parameters.get("IndexName")
        resource = parameters["TableName"] + (f"/index/{index}" if index else "")
        read = _read(parameters) if operation == "GetItem" else ()
        yield f"dynamodb:{operation}", resource, read or _updated(parameters)


def _updated(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """The attributes that an update names, those of its key and its condition too; none for any other call."""
    if "UpdateExpression" not in parameters:
        return ()
    names = parameters.get("ExpressionAttributeNames", {})
    words = _NAME.findall(f"{parameters['UpdateExpression']} {parameters.get('ConditionExpression', '')}")
    return tuple(sorted({*parameters["Key"], *(names.get(word, word) for word in words if word not in _NO_NAMES)}))


def _read(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """The attributes that a read asks for, those of its key too; every one unless it names some."""
    if "ProjectionExpression" not in parameters:
        return (EVERY_ATTRIBUTE,)
    names = parameters.get("ExpressionAttributeNames", {})
    asked_for = (names.get(word, word) for word in parameters["ProjectionExpression"].split(", "))
    return tuple(sorted({*parameters["Key"], *asked_for}))


def _s3(operation: str, parameters: Mapping[str, Any]) -> Iterator[Asked]:
    bucket = parameters["Bucket"]
    objects: Iterable[Mapping[str, Any]] = [parameters] if "Key" in parameters else []
    if operation == "DeleteObjects":
        objects = parameters["Delete"]["Objects"]
    if operation in _OF_BUCKET:
        yield _OF_BUCKET[operation], bucket, ()
    for each in objects:
        action = _OF_OBJECT.get(operation, f"s3:{operation}")
        if "VersionId" in each:
            action = _OF_VERSION[action]
        yield action, f"{bucket}/{each['Key'].split('/')[0]}/*", ()


def _sqs(operation: str, parameters: Mapping[str, Any]) -> Iterator[Asked]:
    yield _OF_QUEUE.get(operation, f"sqs:{operation}"), parameters["QueueUrl"].rsplit("/", 1)[-1], ()


def _states(operation: str, parameters: Mapping[str, Any]) -> Iterator[Asked]:
    arn = parameters.get("stateMachineArn") or parameters["executionArn"]
    yield f"states:{operation}", arn.split(":")[6], ()


def _kms(operation: str, parameters: Mapping[str, Any]) -> Iterator[Asked]:
    # What is opened names its key itself.
    key_id = parameters.get("KeyId")
    names = [name for name, value in os.environ.items() if key_id is not None and value == key_id]
    context = tuple(sorted(CONTEXT + name for name in parameters.get("EncryptionContext", {})))
    yield f"kms:{operation}", names[0] if names else UNNAMED_KEY, context


def _events(operation: str, parameters: Mapping[str, Any]) -> Iterator[Asked]:
    for entry in parameters["Entries"]:
        names = [name for name, value in os.environ.items() if value == entry["EventBusName"]]
        keys = (f"events:detail-type={entry['DetailType']}", f"events:source={entry['Source']}")
        yield f"events:{operation}", names[0] if names else entry["EventBusName"], keys


_READERS = {"dynamodb": _dynamodb, "events": _events, "s3": _s3, "sqs": _sqs, "stepfunctions": _states, "kms": _kms}
