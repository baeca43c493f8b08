"""Whatever dies, and when: `kb` leaves a set that some command wanted, and the next run repairs the rest."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.contract.tenant import Tenant
from tests.e2e.kb_folders import Publishing
from tests.support.stack import StackProcess

# `make soak` takes 50 of each. A stack takes seconds to start again.
KILLS = int(os.environ.get("KB_KILLS", "5"))
STACK_KILLS = int(os.environ.get("KB_STACK_KILLS", "5"))
SEED = int(os.environ.get("KB_SEED", "1"))

pytestmark = pytest.mark.long


@pytest.fixture
def publishing(local_stack: StackProcess, tmp_path: Path) -> Any:
    tenant = Tenant(local_stack)
    yield Publishing(tmp_path / "here", tenant.base_url, tenant.token, "killed-1@here")
    tenant.close()


def whole_run(publishing: Publishing, dice: random.Random) -> float:
    """Publish once, and return the seconds that it took."""
    wanted = publishing.change(dice, 0)
    began = time.monotonic()
    code, printed = publishing.run()
    assert code == 0, printed
    assert publishing.served() == wanted
    return time.monotonic() - began


def test_killed_command_leaves_the_old_set_or_the_new_one(publishing: Publishing) -> None:
    dice = random.Random(SEED)
    took = whole_run(publishing, dice)
    for turn in range(1, KILLS + 1):
        wanted = publishing.change(dice, turn)
        # Starting Python is a part of it that is not worth a kill.
        arguments = ("push",) if turn % 3 == 0 else ()
        process = publishing.start(*arguments)
        try:
            process.wait(took * dice.uniform(0.3, 1.1))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.communicate()
        assert publishing.served() in (wanted, publishing.wanted[-2]), f"turn {turn} of seed {SEED}"
        if turn % 2 == 0:
            code, printed = publishing.run()
            assert (code, publishing.served() == wanted) == (0, True), printed
        else:
            # Nobody repairs it: the next one goes on from what was left.
            publishing.wanted[-1] = publishing.served()
    wanted = publishing.change(dice, KILLS + 1)
    code, printed = publishing.run()
    assert (code, publishing.served() == wanted) == (0, True), printed
    assert publishing.run("diff")[0] == 0


def test_killed_stack_leaves_the_old_set_or_the_new_one(own_stack: Any, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # It comes back at its address, so that the command can go on.
    stack: StackProcess = own_stack("--port", str(port), "--data", str(tmp_path / "data"))
    credentials = stack.credentials
    publishing = Publishing(tmp_path / "here", credentials["baseUrl"], credentials["apiKey"], "killed-2@here")
    dice = random.Random(SEED)
    took = whole_run(publishing, dice)
    for turn in range(1, STACK_KILLS + 1):
        wanted = publishing.change(dice, turn)
        process = publishing.start()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(took * dice.uniform(0.3, 0.9))
        stack.kill()
        stack.start()
        printed, _ = process.communicate()
        assert process.returncode in {0, 4, 5}, printed
        assert publishing.served() in (wanted, publishing.wanted[-2]), f"turn {turn} of seed {SEED}: {printed}"
        if process.returncode:
            code, printed = publishing.run()
            assert (code, publishing.served() == wanted) == (0, True), printed


def test_two_commands_at_once_leave_one_of_their_sets(publishing: Publishing, tmp_path: Path) -> None:
    dice = random.Random(SEED)
    other = Publishing(tmp_path / "there", *publishing.client, publishing.label)
    for turn in range(max(1, KILLS // 5)):
        before = publishing.served()
        publishing.change(dice, turn)
        other.change(dice, 100 + turn)
        processes = [publishing.start(), other.start()]
        while any(process.poll() is None for process in processes):
            assert publishing.served() in [*publishing.wanted, *other.wanted]
            time.sleep(0.2)
        printed = [process.communicate()[0] for process in processes]
        # One that was overtaken again and again says so, as does one that would remove too much of what the other
        # pushed. Such a one has published nothing; that can be both.
        codes = {process.returncode for process in processes}
        assert codes <= {0, 3, 4}, printed
        published = [publishing.wanted[-1], other.wanted[-1]] if 0 in codes else [before]
        assert publishing.served() in published, f"{codes}: {printed}"
    code, text = publishing.run()
    assert (code, publishing.served() == publishing.wanted[-1]) == (0, True), text
