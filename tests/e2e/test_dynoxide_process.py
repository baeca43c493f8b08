"""Starting Dynoxide: it is waited for by what it says or by its end, and never by the clock."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.emulators.dynoxide import Dynoxide, find_dynoxide
from local.failures import StartupError
from tests.support.stack import eventually, require_whole_stack

SERVES = 'echo "Dynoxide listening on http://127.0.0.1:$4" >&2; exec sleep 600'
Start = Callable[[str], Dynoxide]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start what a shell script makes of Dynoxide; `$4` is the port."""
    started: list[Dynoxide] = []

    def run(script: str) -> Dynoxide:
        binary = tmp_path / "dynoxide"
        binary.write_text(f"#!/bin/sh\n{script}\n")
        binary.chmod(0o755)
        started.append(Dynoxide(binary))
        return started[-1]

    yield run
    for process in started:
        process.stop()


def test_process_that_takes_its_time_is_waited_for(start: Start) -> None:
    assert start(f"sleep 1; {SERVES}").alive()


def test_process_that_ends_is_told_with_what_it_said(start: Start) -> None:
    with pytest.raises(StartupError, match="did not start: error: the database is broken"):
        start('echo "error: the database is broken" >&2; exit 1')
    with pytest.raises(StartupError, match="did not start: no answer"):
        start("exit 1")


def test_port_that_somebody_took_meanwhile_is_no_reason_to_give_up(start: Start, tmp_path: Path) -> None:
    taken = 'echo "error: port $4 is already in use" >&2; exit 1'
    started = start(f"echo $4 >>{tmp_path}/ports; test $(wc -l <{tmp_path}/ports) -lt 3 && {{ {taken}; }}; {SERVES}")
    ports = (tmp_path / "ports").read_text().split()
    assert len(ports) == 3
    assert started.url == f"http://127.0.0.1:{ports[-1]}"
    with pytest.raises(StartupError, match="found no free port"):
        start(taken)


def test_process_that_says_much_is_not_held_up(start: Start, tmp_path: Path) -> None:
    said = "head -c 1000000 /dev/zero | tr '\\0' '\\n' >&2"
    start(SERVES.replace("exec", f"{said}; touch {tmp_path}/said; exec"))
    eventually((tmp_path / "said").exists)


def test_real_one_listens_when_it_says_so() -> None:
    require_whole_stack()
    binary = find_dynoxide()
    assert binary
    process = Dynoxide(binary)
    socket.create_connection(("127.0.0.1", process.port)).close()
    process.stop()
    assert not process.alive()
