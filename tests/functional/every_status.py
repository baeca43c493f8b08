"""Demands of a whole session that it brought up every documented status; a part of one can't be asked that."""

from __future__ import annotations

from collections.abc import Callable, Generator, Set
from pathlib import Path

import pytest

Status = tuple[str, int | str]
"""The name of an operation and a status of its, or `event` and a type of event."""


class EveryStatusSeen:
    """A plugin of pytest: fails the session like a test when every test of a folder ran and a status is missing.

    That holds whichever order the tests run in, since it is looked at behind the last of them.
    """

    def __init__(self, folder: Path, documented: Callable[[], Set[Status]], seen: Set[Status]) -> None:
        """Take the folder of the tests, the statuses to be seen, and the set that the tests fill meanwhile."""
        self._folder = folder
        self._documented = documented
        self._seen = seen
        self._whole = True
        self._to_run: set[str] = set()

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Note that somebody wanted some of the tests only (`-k`, `-m`, `--lf`)."""
        if any(self._folder in item.path.parents for item in items):
            self._whole = False

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """See whether every file is there as a whole, and what there is to run."""
        own = [item for item in session.items if self._folder in item.path.parents]
        files = set(self._folder.rglob("test_*.py"))
        named = any("::" in argument for argument in session.config.args)
        self._whole = self._whole and not named and files <= {item.path for item in own}
        self._to_run = {item.nodeid for item in own}

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Note that a test is over; one that never comes to run (`-x`, `--collect-only`, Ctrl-C) stays to be run."""
        self._to_run.discard(nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Report what is missing once all tests have run, as the failure of a test that has this folder's name."""
        result = yield
        if self._whole and not self._to_run and (missing := self._documented() - self._seen):
            session.config.hook.pytest_runtest_logreport(report=self._report(session, missing))
        return result

    def _report(self, session: pytest.Session, missing: Set[Status]) -> pytest.TestReport:
        folder = self._folder.relative_to(session.config.rootpath).as_posix()
        lines = [f"{operation} {status}" for operation, status in sorted(missing)]
        return pytest.TestReport(
            nodeid=f"{folder}::every documented status",
            location=(folder, None, "every documented status"),
            keywords={},
            outcome="failed",
            longrepr="\n".join(["openapi.yaml documents what no test here brought up:", *lines]),
            when="teardown",
        )
