"""What keys for web pages may be, and from which pages they are taken."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from httpapi.errors import OriginNotAllowedError, ValidationFailedError
from httpapi.keys.browser import BROWSER_SCOPES, ORIGIN_PATTERN, check_kind, check_page
from httpapi.keys.model import KeyKind, KeySpec
from httpapi.keys.scopes import Scope

SPEC = KeySpec(
    "page",
    scopes=BROWSER_SCOPES,
    source_ids=("src_1",),
    kind=KeyKind.BROWSER,
    allowed_origins=("https://shop.example.com", "http://localhost:5173"),
    address_limit_per_minute=60,
    requests_per_day=100,
    answers_per_day=10,
)


def problems(spec: KeySpec) -> set[str]:
    try:
        check_kind(spec)
    except ValidationFailedError as error:
        return {str(detail["path"]) for detail in error.details}
    return set()


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({}, set()),
        ({"scopes": (Scope.ANSWERS_READ,)}, set()),
        ({"scopes": (Scope.SEARCH_READ, Scope.RUNS_READ)}, {"scopes"}),
        ({"source_ids": None}, {"sourceIds"}),
        ({"allowed_origins": None}, {"allowedOrigins"}),
        ({"address_limit_per_minute": None}, {"addressLimitPerMinute"}),
        ({"requests_per_day": None, "answers_per_day": None}, {"requestsPerDay", "answersPerDay"}),
        ({"kind": KeyKind.SECRET}, {"allowedOrigins", "addressLimitPerMinute"}),
    ],
)
def test_key_is_held_to_the_rules_of_its_kind(changes: dict[str, Any], places: set[str]) -> None:
    assert problems(replace(SPEC, **changes)) == places


@pytest.mark.parametrize("scope", [each for each in Scope if each not in BROWSER_SCOPES])
def test_no_other_scope_is_for_pages(scope: Scope) -> None:
    assert problems(replace(SPEC, scopes=(*BROWSER_SCOPES, scope))) == {"scopes"}


def test_secret_key_may_have_budgets_and_needs_none() -> None:
    assert not problems(KeySpec("job"))
    assert not problems(KeySpec("job", requests_per_day=1, answers_per_day=1))


@pytest.mark.parametrize("origin", SPEC.allowed_origins or ())
def test_listed_origin_is_taken(origin: str) -> None:
    assert check_page(SPEC, [origin]) == origin


@pytest.mark.parametrize(
    "sent",
    [
        *([], [""], ["null"], ["*"]),
        *(["https://shop.example.com", "https://shop.example.com"], ["https://shop.example.com, https://evil.example"]),
        *(["https://SHOP.example.com"], ["HTTPS://shop.example.com"], ["https://shop.example.com/"]),
        *(["https://shop.example.com:443"], ["https://shop.example.com:8443"], ["http://shop.example.com"]),
        *(["https://evil.example"], ["https://shop.example.com.evil.example"], ["https://evilshop.example.com"]),
        *(["https://shop.example.com."], ["https://example.com"], ["https://a.shop.example.com"]),
        *(["http://localhost"], ["http://localhost:5174"], ["http://127.0.0.1:5173"], ["https://localhost:5173"]),
        *(["https://sh\u043ep.example.com"], ["https://user@shop.example.com"], [" https://shop.example.com"]),
    ],
)
def test_no_other_is(sent: list[str]) -> None:
    with pytest.raises(OriginNotAllowedError):
        check_page(SPEC, sent)


@pytest.mark.parametrize(
    ("origin", "right"),
    [
        ("https://example.com", True),
        ("https://intranet", True),
        ("https://192.0.2.7:8443", True),
        ("https://xn--bcher-kva.example", True),
        ("https://a.example.com:1", True),
        ("https://a.example.com:80", True),
        ("https://a.example.com:442", True),
        ("https://a.example.com:444", True),
        ("https://a.example.com:65535", True),
        ("http://localhost", True),
        ("http://localhost:8080", True),
        ("http://localhost:443", True),
        ("http://127.0.0.1:8787", True),
        ("https://a.example.com:443", False),
        ("http://localhost:80", False),
        ("https://a.example.com:0", False),
        ("https://a.example.com:0443", False),
        ("https://a.example.com:65536", False),
        ("https://a.example.com:", False),
        ("https://a.example.com/", False),
        ("https://a.example.com/page", False),
        ("https://A.example.com", False),
        ("https://a.example.com.", False),
        ("https://*.example.com", False),
        ("https://*", False),
        ("*", False),
        ("null", False),
        ("", False),
        ("https://", False),
        ("https://-a.example.com", False),
        ("https://" + "a" * 64 + ".com", False),
        ("https://b\u00fccher.example", False),
        ("https://a_b.example.com", False),
        ("https://user@a.example.com", False),
        ("https://a.example.com\n", False),
        ("https://[::1]:8080", False),
        ("http://a.example.com", False),
        ("http://localhost.example.com", False),
        ("http://127.0.0.2", False),
        ("HTTPS://a.example.com", False),
        ("ftp://a.example.com", False),
        ("chrome-extension://abc", False),
        ("a.example.com", False),
    ],
)
def test_origin_is_written_as_browsers_write_it(origin: str, right: bool) -> None:
    assert (re.fullmatch(ORIGIN_PATTERN[1:-1], origin) is not None) == right


def test_every_port_but_that_of_the_scheme_is_taken() -> None:
    for beginning, own in (("https://a.example", 443), ("http://localhost", 80)):
        refused = [n for n in range(1, 65_600) if not re.fullmatch(ORIGIN_PATTERN[1:-1], f"{beginning}:{n}")]
        assert refused == [own, *range(65_536, 65_600)]
