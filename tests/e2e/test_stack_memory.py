"""What the stack holds in memory is bounded, and what it takes is told."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.emulators.ended_executions import KEPT_EXECUTIONS
from local.template import ROOT
from local.usage import memory_bytes
from tests.e2e.background_stack import MACHINE_ARN, BackgroundStack, put_rows, streamed
from tests.support.stack import eventually, require_whole_stack

BUCKET = "local-bucket"
MEBIBYTE = 1 << 20
OBJECTS = 200
# What it takes to pass objects of a mebibyte on, whose memory the C library keeps: a third of them at most.
PASSING_BYTES = 130 * MEBIBYTE


@pytest.mark.long
@pytest.mark.parametrize("durable", [False, True])
def test_objects_do_not_lie_in_memory(tmp_path: Path, durable: bool) -> None:
    require_whole_stack()
    folder = tmp_path / "stack"
    folder.mkdir()
    running = BackgroundStack(folder, durable=durable)
    try:
        moto = running.stack.services.pids()["moto"][0]
        before = memory_bytes(moto)
        objects = running.client("s3")
        for number in range(OBJECTS):
            # As many again are replaced.
            for _ in range(2):
                objects.put_object(Bucket=BUCKET, Key=str(number % 150), Body=os.urandom(MEBIBYTE))
        assert memory_bytes(moto) - before < PASSING_BYTES
        usage = running.stack.usage()
        assert usage["disk"]["objects"] // MEBIBYTE == 150
        assert usage["memory"]["moto"] > 0
    finally:
        running.stack.stop()


def test_ended_executions_are_forgotten_but_for_the_last_and_their_names(tmp_path: Path) -> None:
    require_whole_stack()
    running = BackgroundStack(tmp_path)
    try:
        states = running.client("stepfunctions")

        def start(name: str) -> None:
            states.start_execution(stateMachineArn=MACHINE_ARN, name=name, input='{"until": 1}')

        def listed(**more: str) -> list[str]:
            answer = states.list_executions(stateMachineArn=MACHINE_ARN, maxResults=1000, **more)
            return [execution["name"] for execution in answer["executions"]]

        for number in range(KEPT_EXECUTIONS):
            start(f"early-{number}")
        eventually(lambda: not listed(statusFilter="RUNNING"))
        for number in range(5):
            start(f"late-{number}")
        names = listed()
        assert len(names) == KEPT_EXECUTIONS
        assert {f"late-{number}" for number in range(5)} < set(names)
        assert "early-0" not in names
        with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
            start("early-0")
    finally:
        running.stack.stop()


def test_stream_goes_on_after_its_old_records_are_compacted_away(tmp_path: Path) -> None:
    require_whole_stack()
    first = BackgroundStack(tmp_path, durable=True)
    database, positions = first.stack.data.database, first.stack.data.positions / "StreamFunctionStream.json"
    try:
        for number in range(5):
            put_rows(first, f"old-{number}")
        eventually(lambda: positions.exists() and list(json.loads(positions.read_text()).values()) == ["5"])
    finally:
        first.stack.stop()
    with closing(sqlite3.connect(database)) as tables, tables:
        tables.execute("UPDATE _stream_records SET created_at = 0")
    calls = len(streamed(first))
    second = BackgroundStack(tmp_path, durable=True)
    try:
        put_rows(second, "new")
        eventually(lambda: ["new"] in streamed(second)[calls:])
        with closing(sqlite3.connect(database)) as tables:
            numbers = tables.execute("SELECT CAST(sequence_number AS INTEGER) FROM _stream_records ORDER BY id")
            assert [number for (number,) in numbers] == [5, 6]
    finally:
        second.stack.stop()


def test_usage_is_told_at_the_start_and_on_request(own_stack: Any, tmp_path: Path) -> None:
    stack = own_stack("--data", str(tmp_path / "data"))
    taken = r"takes \d+\.\d MiB \(tables \d+\.\d, objects \d+\.\d, other \d+\.\d\)$"
    assert re.search(rf"^The data in {tmp_path / 'data'} {taken}", stack.console(), re.MULTILINE)
    command = [sys.executable, "-m", "local", "usage", "--credentials", str(stack.credentials_path)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    number = r"[1-9]\d*\.\d"
    assert re.match(
        rf"memory: {number} MiB \(the stack {number}, moto {number}, Dynoxide {number}, \d+ workers {number}\)\n"
        r"disk: \d+\.\d MiB \(tables \d+\.\d, objects \d+\.\d, other \d+\.\d\)\n$",
        told,
    ), told
