"""The demand of a whole session for every documented status, in sessions of two small files."""

from __future__ import annotations

import pytest

CONFTEST = """
from pathlib import Path
from tests.functional.every_status import EveryStatusSeen

documented = lambda: {("get_a", 200), ("get_a", 404), ("get_b", 503)}
seen = {("get_b", 503)}

def pytest_configure(config):
    config.pluginmanager.register(EveryStatusSeen(Path(__file__).parent, documented, seen))
"""
# Stands before the other file: what is looked at last needs no name that makes it last.
ASKING = """
from tier.conftest import seen

def test_one(): seen.add(("get_a", 200))
def test_other(): pass
"""
MISSING = """
from tier.conftest import seen

def test_one(): seen.add(("get_a", 404))
"""


@pytest.fixture
def tier(pytester: pytest.Pytester) -> pytest.Pytester:
    """A tier of two files, in a project that has a test besides."""
    pytester.mkpydir("tier")
    for name, text in {"conftest": CONFTEST, "nested/test_asking": ASKING, "test_missing": MISSING}.items():
        path = pytester.path / "tier" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    pytester.makepyfile(test_elsewhere="def test_elsewhere(): pass")
    return pytester


def run(tier: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return tier.runpytest("-p", "no:cacheprovider", "-p", "no:schemathesis", *arguments)


def forget(tier: pytest.Pytester) -> None:
    """Have nobody bring up the 404."""
    (tier.path / "tier" / "test_missing.py").write_text("def test_one(): pass")


@pytest.mark.parametrize("arguments", [[], ["tier"], ["tier/test_missing.py", "tier/nested"]])
def test_session_that_saw_everything_passes(tier: pytest.Pytester, arguments: list[str]) -> None:
    result = run(tier, *arguments)
    assert result.ret == pytest.ExitCode.OK
    assert "errors" not in result.parseoutcomes()


@pytest.mark.parametrize("arguments", [[], ["tier"], ["tier/test_missing.py", "tier/nested"]])
def test_session_that_missed_a_status_fails_and_names_it(tier: pytest.Pytester, arguments: list[str]) -> None:
    forget(tier)
    result = run(tier, *arguments)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.parseoutcomes()["errors"] == 1
    result.stdout.fnmatch_lines(["*openapi.yaml documents what no test here brought up:", "get_a 404"])
    result.stdout.fnmatch_lines(["ERROR tier::every documented status*"])
    assert "get_a 200" not in result.stdout.str()


@pytest.mark.parametrize(
    "arguments",
    [
        ["tier/nested/test_asking.py"],
        ["tier/nested"],
        ["tier", "-k", "one"],
        ["tier/nested/test_asking.py::test_one", "tier/test_missing.py"],
        ["tier", "--deselect", "tier/nested/test_asking.py::test_other"],
        ["tier", "--ignore", "tier/nested"],
        ["tier", "--collect-only"],
        ["test_elsewhere.py"],
    ],
    ids=" ".join,
)
def test_part_of_a_session_is_not_asked(tier: pytest.Pytester, arguments: list[str]) -> None:
    forget(tier)
    result = run(tier, *arguments)
    assert result.ret == pytest.ExitCode.OK
    assert "every documented status" not in result.stdout.str()


def test_session_that_stopped_early_is_not_asked(tier: pytest.Pytester) -> None:
    (tier.path / "tier" / "test_missing.py").write_text("def test_one(): assert False\ndef test_two(): pass")
    result = run(tier, "tier", "-x")
    assert (result.ret, result.parseoutcomes()["failed"]) == (pytest.ExitCode.TESTS_FAILED, 1)
    assert "every documented status" not in result.stdout.str()
