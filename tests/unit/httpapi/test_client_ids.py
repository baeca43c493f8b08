"""What of a client's own ids goes into the log."""

from __future__ import annotations

from typing import Any

import pytest
from httpapi.client_ids import client_ids
from httpapi.keys.tokens import mint
from httpapi.requests import HttpRequest
from knowledge.environments import Environment

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
NAMED = {"client_trace_id": TRACE, "client_span_id": SPAN}


def logged(**headers: Any) -> dict[str, str]:
    sent = {name.replace("_", "-"): [value] if isinstance(value, str) else value for name, value in headers.items()}
    return client_ids(HttpRequest.from_event({"multiValueHeaders": sent}, "/"))


@pytest.mark.parametrize("value", ["1", "01KAQ5HZY6V7B2N3M4P5Q6R7S8", "job-7/page=2:a@b.c+d_e", "x" * 128])
def test_request_id_of_a_client_is_logged(value: str) -> None:
    assert logged(x_request_id=value) == {"client_request_id": value}


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "a b", "a\nb", 'a"b', "a,b", "a{b", "é", "\x1b[31m", "x" * 129, "<b>", "a\\b", ["a", "b"]),
        # A key in the wrong header.
        mint(Environment.LIVE, "0" * 16).text,
        f"key={mint(Environment.TEST, 'A' * 16).text}",
    ],
)
def test_what_is_no_id_is_ignored(value: Any) -> None:
    assert logged(x_request_id=value) == {}


@pytest.mark.parametrize("value", [f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-ff", f"cc-{TRACE}-{SPAN}-01-more"])
def test_trace_is_logged(value: str) -> None:
    assert logged(traceparent=value) == NAMED


@pytest.mark.parametrize(
    "value",
    [
        *("", "x", f"ff-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01-more", f"00-{TRACE}-{SPAN}-1", f"00-{TRACE}-{SPAN}"),
        *(f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE.upper()}-{SPAN}-01"),
        *(f"cc-{TRACE}-{SPAN}-01-{'x' * 201}", f"cc-{TRACE}-{SPAN}-01-a b", f" 00-{TRACE}-{SPAN}-01"),
        *(f"0-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01\n"),
        [f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01"],
    ],
)
def test_what_is_no_trace_is_ignored(value: Any) -> None:
    assert logged(traceparent=value) == {}
