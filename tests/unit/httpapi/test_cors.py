"""Which pages may read answers."""

from __future__ import annotations

import pytest
from httpapi.cors import cors_headers, open_preflight, page_headers
from httpapi.requests import HttpRequest

PAGES = ("https://console.example", "http://localhost:5173")


def request(origin: str | None) -> HttpRequest:
    return HttpRequest("GET", "/", {} if origin is None else {"origin": [origin]}, {}, None, False, "r-1")


def test_nobody_may_unless_configured_and_then_no_cache_is_told_apart() -> None:
    assert cors_headers(request(PAGES[0]), ()) == {}


@pytest.mark.parametrize("origin", PAGES)
def test_configured_page_is_named_and_no_other(origin: str) -> None:
    headers = cors_headers(request(origin), PAGES)
    assert headers["Access-Control-Allow-Origin"] == origin
    assert "Retry-After" in headers["Access-Control-Expose-Headers"]
    # Keys are sent by hand, never by cookies.
    assert "Access-Control-Allow-Credentials" not in headers


@pytest.mark.parametrize(
    "origin",
    [
        *(None, "", "null", "*", "https://console.example.evil", "https://console.example:444"),
        # An origin is compared letter by letter: browsers send it in lower case, and without a path.
        *("http://console.example", "HTTPS://CONSOLE.EXAMPLE", "https://console.example/"),
    ],
)
def test_other_origins_get_no_leave_but_caches_tell_them_apart(origin: str | None) -> None:
    assert cors_headers(request(origin), PAGES, ("GET",)) == {"Vary": "Origin"}


def test_preflight_names_the_methods_of_the_path() -> None:
    headers = cors_headers(request(PAGES[1]), PAGES, ("GET", "PUT"))
    assert headers["Access-Control-Allow-Methods"] == "GET, PUT"
    assert "Idempotency-Key" in headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Methods" not in cors_headers(request(PAGES[1]), PAGES)


def test_open_preflight_allows_every_page_to_ask_and_lets_none_send_cookies() -> None:
    headers = open_preflight(("OPTIONS", "POST"))
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Access-Control-Max-Age"] == "7200"
    # `*` does not stand for this one.
    assert "Authorization" in headers["Access-Control-Allow-Headers"].split(", ")
    assert "Access-Control-Allow-Credentials" not in headers


def test_page_of_a_key_is_named_and_caches_tell_it_apart() -> None:
    headers = page_headers(PAGES[0])
    assert (headers["Access-Control-Allow-Origin"], headers["Vary"]) == (PAGES[0], "Origin")
    assert "Retry-After" in headers["Access-Control-Expose-Headers"]
