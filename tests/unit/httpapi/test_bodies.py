"""Bodies before they are JSON."""

from __future__ import annotations

import base64
import gzip
import time

import pytest
from httpapi.bodies import read_object
from httpapi.errors import InvalidBodyError, InvalidJsonError, PayloadTooLargeError
from httpapi.requests import HttpRequest

LIMIT = 1_000


def request(body: bytes, **headers: str) -> HttpRequest:
    sent = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return HttpRequest(
        method="POST",
        path="/",
        headers={name: [value] for name, value in sent.items()},
        query={},
        encoded_body=base64.b64encode(body).decode(),
        body_is_base64=True,
        request_id="r",
    )


def read(body: bytes, *, required: bool = True, **headers: str) -> object:
    return read_object(request(body, **headers), limit_bytes=LIMIT, required=required)


def test_members_of_gzip_are_joined() -> None:
    body = gzip.compress(b'{"a":') + gzip.compress(b" 1}")
    assert read(body, content_encoding="GZIP") == {"a": 1}


def test_many_empty_members_are_refused_quickly() -> None:
    body = gzip.compress(b"") * 45
    started = time.process_time()
    with pytest.raises((InvalidJsonError, InvalidBodyError)):
        read(body, content_encoding="gzip")
    assert time.process_time() - started < 1


def test_compressed_body_is_bounded_too() -> None:
    with pytest.raises(PayloadTooLargeError):
        read(b"x" * (LIMIT + 1), content_encoding="gzip")


@pytest.mark.parametrize("size", [LIMIT - 8, LIMIT - 7])
def test_inflated_size_decides_at_the_byte(size: int) -> None:
    body = gzip.compress(b'{"a":"' + b"x" * size + b'"}')
    if size + 8 <= LIMIT:
        assert read(body, content_encoding="gzip") == {"a": "x" * size}
    else:
        with pytest.raises(PayloadTooLargeError):
            read(body, content_encoding="gzip")


def test_optional_body_may_be_missing_but_not_blank() -> None:
    assert read(b"", required=False, content_type="text/plain") is None
    with pytest.raises(InvalidBodyError):
        read(b" ", required=False)


def test_body_that_is_no_base64_is_refused() -> None:
    broken = HttpRequest("POST", "/", {}, {}, "%%%", body_is_base64=True, request_id="r")
    with pytest.raises(InvalidJsonError):
        read_object(broken, limit_bytes=LIMIT, required=True)
