"""The meter of the benchmarks counts what DynamoDB says it consumed, and that is what its published rules say.

Every kind of call is made three times on rows alike: by a watched client, and by one that asks for the capacity itself,
in total and by index. What it must come to is worked out by hand, in `tests.support.metered_calls`.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from benchmarks.meter import Meter
from testing.resources import Resources
from tests.support.metered_calls import CASES, CATALOG, ITEMS, REFUSALS, Case, row


@pytest.fixture(scope="module")
def resources(dynoxide_server: Any) -> Iterator[Resources]:
    """Tables on Dynoxide and a bucket on in-process moto."""
    from moto import mock_aws

    made = Resources(prefix="meter", endpoints={"dynamodb": dynoxide_server.url})
    with mock_aws():
        made.create()
        yield made
        made.drop_tables()


class Bench:
    """A watched and an unwatched client on the same tables."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self.meter = Meter()
        self.watched = resources.client("dynamodb")
        self.meter.watch(self.watched)
        self.plain = resources.client("dynamodb", retries={"total_max_attempts": 1})
        self.sent: list[int] = []
        self.plain.meta.events.register("before-send.*.*", lambda request, **_: self.sent.append(len(request.body)))

    def made(self, case: Case, pk: str) -> dict[str, Any]:
        """Put the rows a case begins with, and return the parameters of its call."""
        names = {name: self.resources.table_name(name) for name in (ITEMS, CATALOG)}
        for each in case.before(pk):
            self.plain.put_item(TableName=names[case.table], Item=each)
        params = case.params(pk)
        if "RequestItems" in params:
            return {"RequestItems": {names[table]: asked for table, asked in params["RequestItems"].items()}}
        if "TransactItems" in params:
            for action in params["TransactItems"]:
                for request in action.values():
                    request["TableName"] = names[request["TableName"]]
            return params
        return {"TableName": names[case.table], **params}

    def reported(self, case: Case, pk: str, mode: str) -> tuple[float, dict[str, float], int, int]:
        """Make a case's call unwatched; its units, those of each table, and the bytes each way."""
        params = self.made(case, pk)
        self.sent.clear()
        answer = getattr(self.plain, case.method)(**params, ReturnConsumedCapacity=mode)
        consumed = answer["ConsumedCapacity"]
        tables = {
            each["TableName"]: each["CapacityUnits"]
            for each in (consumed if isinstance(consumed, list) else [consumed])
        }
        received = int(answer["ResponseMetadata"]["HTTPHeaders"]["content-length"])
        return sum(tables.values()), tables, sum(self.sent), received


@pytest.fixture(scope="module")
def bench(resources: Resources) -> Bench:
    return Bench(resources)


@pytest.mark.parametrize("name", CASES)
def test_counts_what_dynamodb_reports_and_its_rules_say(bench: Bench, name: str) -> None:
    case, meter = CASES[name], bench.meter
    total, tables, sent, received = bench.reported(case, f"{name}-total", "TOTAL")
    by_index, *_ = bench.reported(case, f"{name}-index", "INDEXES")
    params = bench.made(case, f"{name}-meter")
    with meter.measuring():
        getattr(bench.watched, case.method)(**params)
    assert (meter.read_units, meter.write_units, meter.rows_written) == (case.reads, case.writes, case.rows)
    assert meter.read_units + meter.write_units == total == by_index
    assert {**meter.read_units_of, **meter.write_units_of} == tables
    assert (meter.bytes_sent, meter.bytes_received) == (sent, received)
    operation = bench.watched.meta.method_to_api_mapping[case.method]
    assert meter.calls == {operation: 1}
    assert (meter.database_calls, meter.transactions) == (1, int(operation == "TransactWriteItems"))
    assert meter.refused == 0


def test_counts_a_scan(bench: Bench, resources: Resources) -> None:
    keys = resources.table_name("KeysTable")
    for number in range(5):
        bench.plain.put_item(TableName=keys, Item={"keyId": {"S": str(number)}, "body": {"S": "x" * 988}})
    with bench.meter.measuring() as meter:
        bench.watched.scan(TableName=keys, ConsistentRead=True)
    assert (meter.read_units, meter.write_units, meter.calls) == (2, 0, {"Scan": 1})


@pytest.mark.parametrize("name", REFUSALS)
def test_refused_writes_cost_units_and_write_no_row(bench: Bench, name: str) -> None:
    case, meter = REFUSALS[name], bench.meter
    told = []
    for client, pk in ((bench.plain, f"refused {name}-plain"), (bench.watched, f"refused {name}-meter")):
        params = bench.made(case, pk)
        with meter.measuring(), pytest.raises(ClientError) as refusal:
            getattr(client, case.method)(**params)
        told.append((refusal.value.response["Error"], "Item" in refusal.value.response))
    assert (meter.read_units, meter.write_units, meter.rows_written, meter.refused) == (0, case.writes, 0, 1)
    assert told[0] == told[1]


def test_caller_that_asks_for_the_row_in_the_way_gets_it(bench: Bench) -> None:
    case = REFUSALS["put"]
    params = {**bench.made(case, "asked"), "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    with bench.meter.measuring(), pytest.raises(ClientError) as refusal:
        bench.watched.put_item(**params)
    assert refusal.value.response["Item"] == row("asked", "a", 2500)  # type: ignore[typeddict-item]


def test_what_a_batch_left_undone_is_not_a_row_written(bench: Bench) -> None:
    params = bench.made(CASES["batch write"], "undone")
    ((table, requests),) = params["RequestItems"].items()

    def leave_one(parsed: dict[str, Any], **_: Any) -> None:
        parsed["UnprocessedItems"] = {table: requests[:1]}

    bench.watched.meta.events.register_first("after-call.*.*", leave_one)
    with bench.meter.measuring() as meter:
        bench.watched.batch_write_item(**params)
    bench.watched.meta.events.unregister("after-call.*.*", leave_one)
    assert meter.rows_written == 2


def test_retry_is_one_call_whose_bytes_went_twice(bench: Bench) -> None:
    params = bench.made(CASES["put, 1 KB"], "retry")
    answers = [AWSResponse("http://127.0.0.1", 500, {"content-length": "2"}, _Raw(b"{}"))]

    def fail_once(**_: Any) -> AWSResponse | None:
        return answers.pop() if answers else None

    with bench.meter.measuring() as meter:
        bench.watched.put_item(**params)
    once = meter.bytes_sent
    bench.watched.meta.events.register("before-send.dynamodb.PutItem", fail_once)
    with meter.measuring():
        bench.watched.put_item(**params)
    bench.watched.meta.events.unregister("before-send.dynamodb.PutItem", fail_once)
    assert (meter.calls, meter.write_units, meter.rows_written) == ({"PutItem": 1}, 1, 1)
    assert meter.bytes_sent == 2 * once


def test_calls_side_by_side_are_all_counted(bench: Bench) -> None:
    params = bench.made(CASES["put, a byte more"], "beside")
    with bench.meter.measuring() as meter, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: bench.watched.put_item(**params), range(200)))
    assert (meter.calls, meter.write_units, meter.rows_written) == ({"PutItem": 200}, 400, 200)


def test_counts_objects_and_their_bytes_however_they_are_sent(resources: Resources, tmp_path: Path) -> None:
    s3, meter = resources.client("s3"), Meter()
    meter.watch(s3)
    file = tmp_path / "body"
    file.write_bytes(b"x" * 3000)
    with meter.measuring(), file.open("rb") as opened:
        for name, body in (("bytes", b"x" * 1000), ("stream", BytesIO(b"x" * 2000)), ("file", opened)):
            s3.put_object(Bucket=resources.bucket, Key=name, Body=body)
    assert (meter.calls, meter.objects_put, meter.bytes_sent) == ({"PutObject": 3}, 3, 6000)
    assert meter.keys_put == {"bytes": 1, "stream": 1, "file": 1}
    with meter.measuring():
        body = s3.get_object(Bucket=resources.bucket, Key="file")["Body"].read()
        part = s3.get_object(Bucket=resources.bucket, Key="file", Range="bytes=0-99")["Body"].read()
    assert (len(body), len(part)) == (3000, 100)  # The meter left what the caller is to read.
    assert (meter.objects_got, meter.keys_got, meter.bytes_received) == (2, {"file": 2}, 3100)


def test_refused_object_counts_as_a_call(resources: Resources) -> None:
    s3, meter = resources.client("s3"), Meter()
    s3.put_object(Bucket=resources.bucket, Key="taken", Body=b"1")
    meter.watch(s3)
    with meter.measuring(), pytest.raises(ClientError):
        s3.put_object(Bucket=resources.bucket, Key="taken", Body=b"1", IfNoneMatch="*")
    assert (meter.objects_put, meter.refused, meter.write_units) == (1, 1, 0)


def test_links_and_heads_receive_no_object(resources: Resources) -> None:
    s3, meter = resources.client("s3"), Meter()
    s3.put_object(Bucket=resources.bucket, Key="linked", Body=b"x" * 500)
    meter.watch(s3)
    with meter.measuring():
        s3.generate_presigned_url("get_object", Params={"Bucket": resources.bucket, "Key": "linked"})
        s3.generate_presigned_url("put_object", Params={"Bucket": resources.bucket, "Key": "linked"})
    assert (meter.calls, meter.keys_got, meter.keys_put) == ({}, {}, {})
    with meter.measuring():
        s3.head_object(Bucket=resources.bucket, Key="linked")
    assert (meter.calls, meter.bytes_received) == ({"HeadObject": 1}, 0)


class _Raw:
    """The part of urllib3's response that botocore reads."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self._body
