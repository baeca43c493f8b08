"""The figures of `benchmarks/publish.py` at sizes that a test can afford: counts, which repeat exactly."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import publish


def test_calls_and_units_grow_with_the_change_alone(
    dynoxide: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(publish, "CHANGES", (1, 50))
    assert publish.run((2_000, 20_000), dynoxide) == []
    capsys.readouterr()


def test_figure_that_is_missed_is_told() -> None:
    met = publish.Figures(10_000, 1, 25, 11, 5.0, 25.0, 3, 4, 16, 0)
    dear = publish.Figures(100_000, 1, 26, 13, 5.0, 25.0, 3, 6, 256, 0)
    assert publish.missed([met]) == []
    assert publish.missed([met, dear]) == [
        "1 of 100000: 6 objects written, more than 5",
        "1 of 100000: 26 calls, more than 25",
        "1 changes: database_calls [11, 13] are not flat within 10 %",
    ]
