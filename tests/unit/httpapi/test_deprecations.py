from __future__ import annotations

from datetime import date

import pytest
from httpapi import deprecations
from httpapi.deprecations import Deprecation, deprecation_headers


def test_end_is_told_in_the_forms_of_the_rfcs(monkeypatch: pytest.MonkeyPatch) -> None:
    end = Deprecation(date(2027, 1, 31), date(2028, 2, 1), "/api/site/docs")
    monkeypatch.setattr(deprecations, "DEPRECATIONS", {("GET", "/v1/one"): end})
    assert deprecation_headers(("GET", "/v1/one")) == {
        "Deprecation": "@1801353600",
        "Sunset": "Tue, 01 Feb 2028 00:00:00 GMT",
        "Link": '</api/site/docs>; rel="deprecation"; type="text/html"',
    }
    assert deprecation_headers(("POST", "/v1/one")) == {}


def test_end_that_is_too_near_is_no_end() -> None:
    with pytest.raises(ValueError, match="365 days ahead"):
        Deprecation(date(2027, 1, 1), date(2027, 12, 31), "/api/site/docs")
