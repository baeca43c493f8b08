"""Stopping an import before rows become stubs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from knowledge.erasures import stubbing
from knowledge.erasures.stubbing import Stubber
from knowledge.errors import ImportNotFoundError, StagingConflictError
from knowledge.imports.model import ImportState
from knowledge.imports.transitions import ImportMovedError


class Imports:
    """An import that moves so often while it is being stopped."""

    def __init__(self, moves: int, state: ImportState | None = ImportState.STAGING) -> None:
        self.moves = moves
        self.state = state
        self.stopped = 0

    def get_import(self, *_: str) -> Any:
        if self.state is None:
            raise ImportNotFoundError
        return SimpleNamespace(state=self.state)

    def note_progress(self, *_: Any) -> None:
        if self.moves:
            self.moves -= 1
            raise ImportMovedError
        self.stopped += 1


def stub(imports: Imports, monkeypatch: pytest.MonkeyPatch, open_id: str | None = "imp_" + "0" * 26) -> int:
    monkeypatch.setattr(stubbing, "backoff", lambda _: None)
    stores = cast(Any, SimpleNamespace(imports=imports))
    source = cast(Any, SimpleNamespace(source_id="src_1", open_snapshot_id=open_id))
    return Stubber(stores, lambda: 0, str).stub_rows(cast(Any, None), source, [])


def test_import_that_moves_meanwhile_is_stopped_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it stages next is by what it knew before the erasure was opened."""
    imports = Imports(moves=3)
    stub(imports, monkeypatch)
    assert imports.stopped == 1


def test_rows_wait_for_an_import_that_can_not_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StagingConflictError):
        stub(Imports(moves=100), monkeypatch)


@pytest.mark.parametrize("state", [None, ImportState.PLANNING, ImportState.COMPLETED, ImportState.CANCELLED])
def test_import_that_stages_no_more_is_left_alone(state: ImportState | None, monkeypatch: pytest.MonkeyPatch) -> None:
    imports = Imports(moves=100, state=state)
    stub(imports, monkeypatch)
    assert imports.stopped == 0


def test_snapshot_is_no_import(monkeypatch: pytest.MonkeyPatch) -> None:
    imports = Imports(moves=100)
    stub(imports, monkeypatch, "snp_" + "0" * 26)
    assert imports.stopped == 0
