"""The counted figures of search, by its benchmark at its smallest size. Its collections are not here."""

from __future__ import annotations

import pytest

from benchmarks.search import __main__ as search
from benchmarks.search.relevance import ndcg


@pytest.mark.long
def test_counted_figures_hold(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv(search.VARIABLE, raising=False)
    found = search.measure(search.options().parse_args(["--size", "small"]))
    counted = [figure for figure in found.figures if figure.counted]
    assert len(counted) == 6
    assert [figure.row for figure in counted if figure.share > 1] == []
    assert "relevance is left out" in capsys.readouterr().err


def test_gain_is_discounted_and_normalized() -> None:
    gains = {"a": 3, "b": 1}
    assert ndcg(["a", "b"], gains) == 1
    assert ndcg(["x", "a"], gains) < ndcg(["b", "a"], gains) < 1
    assert ndcg(["x"] * 10 + ["a"], gains) == 0
