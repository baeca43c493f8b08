"""`make setup` on machines that lack something, and after a Ctrl-C; with interpreters that only pretend."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.setup.fake_python import Checkout

DEAD_SHIM = "#!/usr/bin/env bash\necho 'pyenv: python3.11: command not found' >&2\nexit 127\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_says_what_it_installs_and_where(checkout: Checkout) -> None:
    python = checkout.add_python("good")
    status, said = checkout.run()
    assert (status, checkout.is_ready) == (0, True)
    assert said.splitlines()[:3] == [
        "Setting up .venv for what pyproject.toml names, once, about a minute:",
        f"  made with {python}",
        "  packages to install: 2 ...",
    ]
    assert checkout.calls[-1] == "good -m pip install --disable-pip-version-check --editable .[dev]"


def test_does_nothing_when_all_is_there(checkout: Checkout) -> None:
    checkout.add_python("good")
    checkout.run()
    before = len(checkout.calls)
    assert checkout.run() == (0, "")
    assert checkout.calls[before:] == ["good -c import pip"]


def test_installs_again_when_the_packages_have_changed(checkout: Checkout) -> None:
    checkout.add_python("good")
    checkout.run()
    (checkout.venv / "kept").touch()
    make_newer(checkout)
    status, said = checkout.run()
    assert (status, checkout.is_ready) == (0, True)
    assert said.startswith("Bringing .venv up to date with pyproject.toml:\n")
    assert (checkout.venv / "kept").exists()


def test_goes_past_interpreters_that_cannot(checkout: Checkout) -> None:
    checkout.add_program("python3.11", DEAD_SHIM)
    checkout.add_python("old", version="cpython.3.10.2")
    checkout.add_python("bare", makes=())
    good = checkout.add_python("good")
    status, said = checkout.run()
    assert (status, f"  made with {good}\n" in said) == (0, True), said


def test_takes_virtualenv_where_there_is_no_ensurepip(checkout: Checkout) -> None:
    checkout.add_python("debian", makes=("virtualenv",))
    status, _ = checkout.run()
    assert (status, checkout.is_ready) == (0, True)
    assert [call for call in checkout.calls if "env" in call] == [
        "debian -m venv .venv",
        "debian -m virtualenv .venv",
    ]


def test_says_of_each_interpreter_why_not(checkout: Checkout) -> None:
    dead = checkout.add_program("python3.11", DEAD_SHIM)
    old = checkout.add_python("old", version="cpython.3.10.2")
    bare = checkout.add_python("bare", makes=())
    status, said = checkout.run()
    assert (status, checkout.venv.exists()) == (1, False)
    assert said.splitlines()[1:] == [
        "error: .venv needs a CPython 3.11 to 3.13 that can make virtual environments; name one with PYTHON=",
        f"  {dead} does not run",
        f"  {old} is cpython.3.10.2",
        f"  {bare} has neither ensurepip nor virtualenv: install python3-venv (apt) or virtualenv (pip)",
    ]


def test_takes_the_interpreter_that_is_named_and_no_other(checkout: Checkout) -> None:
    checkout.add_python("first")
    second = checkout.add_python("second")
    assert checkout.run(PYTHON=str(second))[0] == 0
    assert {call.split()[0] for call in checkout.calls} == {"second"}
    (checkout.venv / ".ready").unlink()
    status, said = checkout.run(PYTHON="/nowhere/python")
    assert (status, "  /nowhere/python does not run\n" in said) == (1, True)


@pytest.mark.parametrize("moment", ["STOP_BEFORE_PIP", "STOP_IN_PIP"])
def test_what_a_ctrl_c_left_is_made_anew(checkout: Checkout, moment: str) -> None:
    checkout.add_python("good")
    interrupt(checkout, moment)
    assert not checkout.is_ready
    (checkout.venv / "half").touch()
    status, said = checkout.run()
    assert (status, checkout.is_ready) == (0, True), said
    assert not (checkout.venv / "half").exists()


def test_an_update_that_a_ctrl_c_cut_off_is_made_anew(checkout: Checkout) -> None:
    checkout.add_python("good")
    checkout.run()
    make_newer(checkout)
    interrupt(checkout, "STOP_IN_PIP")
    assert not checkout.is_ready
    (checkout.venv / "half").touch()
    assert checkout.run()[0] == 0
    assert not (checkout.venv / "half").exists()


def test_an_update_that_fails_leaves_the_environment_and_is_tried_again(checkout: Checkout) -> None:
    checkout.add_python("good")
    checkout.run()
    (checkout.venv / "kept").touch()
    make_newer(checkout)
    status, said = checkout.run(PIP_FAILS="1")
    assert (status, checkout.is_ready) == (1, True)
    assert said.splitlines()[-1] == "no such package"
    assert checkout.run()[1].startswith("Bringing .venv up to date")
    assert (checkout.venv / "kept").exists()


def test_an_environment_whose_interpreter_is_gone_is_made_anew(checkout: Checkout) -> None:
    checkout.add_python("good")
    checkout.run()
    (checkout.venv / "bin" / "python").unlink()
    status, said = checkout.run()
    assert (status, checkout.is_ready) == (0, True)
    assert said.startswith("Setting up .venv")


def make_newer(checkout: Checkout) -> None:
    """Change the file that names the packages; `test -nt` in bash sees whole seconds on some systems."""
    later = time.time() + 2
    os.utime(checkout.root / "pyproject.toml", (later, later))


def interrupt(checkout: Checkout, moment: str) -> None:
    """Press Ctrl-C while an interpreter is at work: every process of the terminal gets the signal."""
    process = checkout.start(**{moment: "1"})
    deadline = time.monotonic() + 30
    while "good waits" not in checkout.calls and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode != 0
