"""moto without the work that no test looks at: it takes most of the functional tier's time."""

from __future__ import annotations

import copy
import re
from functools import cache
from threading import local
from types import SimpleNamespace
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from moto.core import DEFAULT_ACCOUNT_ID, serialize
from moto.core import models as core_models
from moto.core import responses as core_responses
from moto.core.base_backend import BaseBackend
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.config import default_user_config
from moto.core.exceptions import HTTPException
from moto.dynamodb import models as dynamodb_models
from moto.dynamodb.models import DynamoDBBackend, Table
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser
from moto.dynamodb.parsing.expressions import UpdateExpressionParser
from moto.dynamodb.responses import DynamoHandler
from moto.kms import models as kms_models

_pick = serialize.AttributePicker.__call__
_serialize = serialize.BaseJSONSerializer._serialize_type_structure
_transact = DynamoDBBackend.transact_write_items
_find_urls = BaseBackend.urls.fget
_process = BotocoreStubber.process_request
_add_auth = SigV4Auth.add_auth
_find_kinds = DepthFirstTraverser.nodes_to_be_processed
_DYNAMODB = re.compile(r"https://dynamodb\.([a-z0-9-]+)\.amazonaws\.com/")
_transactions = local()


def _pick_from_row(picker: serialize.AttributePicker, context: serialize.AttributePickerContext) -> Any:
    """A value of a row has one of ten members, and moto would look for each of the others under every alias."""
    within = getattr(context.shape, "parent", None)
    if type(context.obj) is dict and within is not None and within.name == "AttributeValue":
        return context.obj.get(context.key)
    return _pick(picker, context)


def _serialize_structure(serializer: Any, serialized: dict[str, Any], value: Any, shape: Any, key: str) -> None:
    """Values of rows are kept as they are sent, all but binary ones."""
    sent = _sent(value) if shape.name == "AttributeValue" else None
    if sent is None:
        _serialize(serializer, serialized, value, shape, key)
    else:
        serialized[key] = sent


def _sent(value: Any) -> dict[str, Any] | None:
    if type(value) is not dict or len(value) != 1:
        return None
    (kind, held), *_ = value.items()
    if kind in {"S", "N", "BOOL", "NULL", "SS", "NS"}:
        return value
    if kind == "M":
        members = {name: _sent(member) for name, member in held.items()}
        return None if None in members.values() else {"M": members}
    if kind == "L":
        entries = [_sent(entry) for entry in held]
        return None if None in entries else {"L": entries}
    return None


def _transact_write_items(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    """For each write of a transaction moto copies the whole table, to put it back if one fails."""
    _transactions.kept = {
        name: _kept(
            backend, table, [op for item in transact_items for op in item.values() if op.get("TableName") == name]
        )
        for name, table in backend.tables.items()
    }
    try:
        _transact(backend, transact_items)
    finally:
        del _transactions.kept


def _kept(backend: DynamoDBBackend, table: Table, writes: list[dict[str, Any]]) -> Table:
    """Return a table as it is, of which only what the writes may change is copied."""
    if not writes:
        return table
    kept = copy.copy(table)
    kept.items = copy.copy(table.items)
    for write in writes:
        row: dict[str, Any] = write.get("Key") or write.get("Item") or {}
        if table.hash_key_attr not in row or (table.has_range_key and table.range_key_attr not in row):
            continue
        partition, place = backend.get_keys_value(table, row)
        if partition not in table.items:
            continue
        if place is None:
            kept.items[partition] = copy.deepcopy(table.items[partition])
            continue
        if kept.items[partition] is table.items[partition]:
            kept.items[partition] = dict(table.items[partition])
        if place in table.items[partition]:
            kept.items[partition][place] = copy.deepcopy(table.items[partition][place])
    return kept


def _deepcopy(of: Any) -> Any:
    kept: dict[str, Table] = getattr(_transactions, "kept", {})
    return kept[of.name] if isinstance(of, Table) and of.name in kept else copy.deepcopy(of)


def _process_request(stubber: BotocoreStubber, request: AWSPreparedRequest) -> Any:
    """Most calls are DynamoDB's, which are JSON by one address: no WSGI request is made of them, and no form read."""
    found = _DYNAMODB.fullmatch(request.url)
    if found is None:
        return _process(stubber, request)
    headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
    kind = headers["Content-Type"]
    handler = DynamoHandler()
    handler.region, handler.current_account = found.group(1), DEFAULT_ACCOUNT_ID
    handler.headers, handler.querystring, handler.uri_match = headers, {}, {}
    handler.response_headers = {"server": "amazon.com"}
    asked = {"method": request.method, "headers": headers, "data": request.body, "values": {}, "path": "/"}
    handler.parse_parameters(SimpleNamespace(**asked, content_type=kind))
    try:
        return handler.call_action()
    except HTTPException as refused:
        return refused.code, refused.get_headers(), refused.get_body()


def _sign(signer: SigV4Auth, request: AWSRequest) -> None:
    """Nobody looks at the signature of what goes no further than this process."""
    if not _DYNAMODB.fullmatch(request.url):
        _add_auth(signer, request)


def _kinds(traverser: DepthFirstTraverser) -> tuple[type, ...]:
    """The kinds of nodes that a check is about, which moto would list anew at each node."""
    if "kinds" not in vars(traverser):
        traverser.kinds = _find_kinds(traverser)
    return traverser.kinds


@cache
def _urls(kind: type[BaseBackend]) -> Any:
    """What a service's urls lead to; moto would put them together at every call."""
    return _find_urls(kind.__new__(kind))


def make_lean() -> None:
    """Change moto for this process, before its first use."""
    # It would begin a new session for each test, which then reads each service's model anew.
    default_user_config["core"]["reset_boto3_session"] = False
    # Where a rule or a queue leads to a function it would look for Docker.
    default_user_config["lambda"]["use_docker"] = False
    # It makes an RSA key pair for every key, the symmetric ones too, where nobody uses it; one serves all.
    kms_models.generate_private_key = cache(kms_models.generate_private_key)
    # What follows from a class or a name alone it would find out at every call, or at the start of every test.
    core_responses.method_names_from_class = cache(core_responses.method_names_from_class)
    core_responses.camelcase_to_underscores = cache(core_responses.camelcase_to_underscores)
    core_models.CallbackResponse = cache(core_models.CallbackResponse)
    BaseBackend.urls = property(lambda backend: _urls(type(backend)))
    DepthFirstTraverser.nodes_to_be_processed = _kinds
    BotocoreStubber.process_request = _process_request
    SigV4Auth.add_auth = _sign
    serialize.AttributePicker.__call__ = _pick_from_row
    serialize.BaseJSONSerializer._serialize_type_structure = _serialize_structure
    UpdateExpressionParser.make = cache(UpdateExpressionParser.make)
    DynamoDBBackend.transact_write_items = _transact_write_items
    dynamodb_models.copy = SimpleNamespace(deepcopy=_deepcopy)
