"""Bodies and routing over HTTP, each fault to its published code."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from testing.edge import Edge

MIB = 1_048_576


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "invalid_json"),
        (b'{"name": "a",}', "invalid_json"),
        (b'{"name": NaN}', "invalid_json"),
        (b'{"name": -Infinity}', "invalid_json"),
        (b'{"name": 1e999}', "invalid_json"),
        (b'{"name": "a", "name": "b"}', "invalid_json"),
        (b'\xef\xbb\xbf{"name": "a"}', "invalid_json"),
        (b'{"name": "\xff"}', "invalid_json"),
        (b'{"name": ' + b"[" * 70 + b"]" * 70 + b"}", "invalid_json"),
        (b"[" * 100_000, "invalid_json"),
        (b'{"name": ' + b"9" * 5_000 + b"}", "invalid_json"),
        (b"", "invalid_body"),
        (b"   ", "invalid_body"),
        (b"[]", "invalid_body"),
        (b"null", "invalid_body"),
        (b'"text"', "invalid_body"),
        (b"{}", "validation_error"),
        (b'{"name": "\\ud800"}', "validation_error"),
        (b'{"\\ud800": 1, "name": "a"}', "validation_error"),
    ],
)
def test_bad_body_has_its_code(edge: Edge, body: bytes, code: str) -> None:
    reply = edge.request("POST", "/v1/sources", body=body)
    assert (reply.status, reply.code) == (400, code), reply.text


@pytest.mark.parametrize(
    ("content_type", "taken"),
    [
        ("application/json", True),
        ("APPLICATION/JSON; charset=UTF-8", True),
        ('application/json; charset="utf-8"; x=y', True),
        (None, False),
        ("text/plain", False),
        ("application/json; charset=latin-1", False),
        ("application/jsonx", False),
        ("application/x-www-form-urlencoded", False),
    ],
)
def test_media_type_decides(edge: Edge, content_type: str | None, taken: bool) -> None:
    reply = edge.request("POST", "/v1/sources", {"name": "a"}, headers={"content-type": content_type})
    assert reply.status == (201 if taken else 415)
    if not taken:
        assert reply.code == "unsupported_media_type"


def test_body_that_is_optional_needs_no_content_type(edge: Edge) -> None:
    source = edge.source()
    reply = edge.request("POST", f"/v1/sources/{source}/runs", key=edge.token)
    assert reply.status == 201
    wrong = edge.request(
        "POST", f"/v1/sources/{source}/runs", body=b"mode=full", headers={"content-type": "text/plain"}
    )
    assert wrong.status == 415


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip"])
def test_unknown_encoding_is_415(edge: Edge, encoding: str) -> None:
    reply = edge.request("POST", "/v1/sources", {"name": "a"}, headers={"Content-Encoding": encoding})
    assert (reply.status, reply.code) == (415, "unsupported_media_type")


@pytest.mark.parametrize("cut", [slice(None, -4), slice(None, 12), slice(5, None)])
def test_broken_gzip_is_invalid_json(edge: Edge, cut: slice) -> None:
    body = gzip.compress(b'{"name": "a"}')[cut]
    reply = edge.request("POST", "/v1/sources", body=body, headers={"Content-Encoding": "gzip"})
    assert (reply.status, reply.code) == (400, "invalid_json")


def _padded(size: int) -> bytes:
    return b'{"name": "' + b"a" * (size - 12) + b'"}'


@pytest.mark.parametrize("compress", [False, True])
def test_size_is_counted_after_decompression(edge: Edge, compress: bool) -> None:
    fits = edge.request("POST", "/v1/sources", body=_padded(MIB), compress=compress)
    assert fits.code == "validation_error"  # It was read: only its name is too long.
    over = edge.request("POST", "/v1/sources", body=_padded(MIB + 1), compress=compress)
    assert (over.status, over.code) == (413, "payload_too_large")


def test_gzip_bomb_is_not_inflated(edge: Edge) -> None:
    bomb = gzip.compress(b" " * (64 * MIB))
    reply = edge.request("POST", "/v1/sources", body=bomb, headers={"Content-Encoding": "gzip"})
    assert reply.code == "payload_too_large"


def test_batch_has_room_for_8_mib(edge: Edge) -> None:
    source = edge.source()
    body = json.dumps({"items": [], "removals": []}).encode()
    padded = body + b" " * (8 * MIB - len(body))
    assert edge.request("POST", f"/v1/sources/{source}/items/batch", body=padded).status == 200
    over = edge.request("POST", f"/v1/sources/{source}/items/batch", body=padded + b" ", compress=True)
    assert over.code == "payload_too_large"


def test_batch_of_too_many_is_refused(edge: Edge) -> None:
    items: list[Any] = [{}] * 5_001
    reply = edge.request("POST", f"/v1/sources/{edge.source()}/items/batch", {"items": items})
    assert (reply.status, len(reply.body["details"])) == (400, 1)


def test_checks_come_in_their_order(edge: Edge) -> None:
    """A request with every fault at once is refused for the first; each fault mended shows the next."""
    readonly = edge.key(edge.admin, scopes=("sources:read",))
    source = "src_01ARZ3NDEKTSV4RRFFQ69G5FAV"
    big, plain = _padded(2 * MIB), {"content-type": "text/plain"}
    codes = [
        edge.request("POST", f"/v1/nowhere/{source}", body=big, key=None, headers=plain).code,
        edge.request("PATCH", f"/v1/sources/{source}", body=big, key=None, headers=plain).code,
        edge.request("PATCH", f"/v1/sources/{source}", body=big, key=readonly, headers=plain).code,
        edge.request("PATCH", f"/v1/sources/{source}", body=big, headers=plain).code,
        edge.request("PATCH", f"/v1/sources/{source}", body=b"{", headers=plain).code,
        edge.request("PATCH", f"/v1/sources/{source}", body=b"{").code,
        edge.request("PATCH", f"/v1/sources/{source}", body=b'{"nam": 1}', headers={"Idempotency-Key": "\t"}).body[
            "details"
        ],
        edge.request("PATCH", f"/v1/sources/{source}", body=b'{"name": "a"}', headers={"Idempotency-Key": "\t"}).body[
            "details"
        ],
        edge.request("PATCH", f"/v1/sources/{source}", body=b'{"name": "a"}').code,
    ]
    assert codes == [
        "not_found",
        "unauthorized",
        "insufficient_scope",
        "payload_too_large",
        "unsupported_media_type",
        "invalid_json",
        [{"path": "nam", "message": "is not a field of this object; did you mean name?"}],
        [{"path": "Idempotency-Key", "message": "must have 1 to 255 printable ASCII characters"}],
        "not_found",
    ]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=+5",
        "limit=1_0",
        "limit=",
        "limit=1&limit=2",
        "cursor=",
        "cursor=abc",
        "cursor=%FF",
    ],
)
def test_bad_paging_is_400(edge: Edge, query: str) -> None:
    reply = edge.request("GET", "/v1/sources", query=query)
    assert (reply.status, reply.code) == (400, "validation_error")


def test_cursor_of_another_list_is_400(edge: Edge) -> None:
    for _ in range(2):
        edge.source()
    cursor = edge.request("GET", "/v1/sources", query="limit=1").body["nextCursor"]
    assert edge.request("GET", "/v1/sources", query=f"cursor={cursor}").status == 200
    for reply in (
        edge.request("GET", "/v1/admin/keys", query=f"cursor={cursor}"),
        edge.request("GET", "/v1/sources", query=f"cursor={cursor[:-1]}"),
        edge.request("GET", "/v1/sources", query=f"cursor={cursor}", key=edge.bootstrap()),
    ):
        assert (reply.status, reply.code) == (400, "validation_error")


def test_number_that_cannot_be_kept_is_told_with_its_item(edge: Edge) -> None:
    source = edge.source()
    entries = [{"externalItemId": f"id-{n}", "title": "T", "content": "C", "metadata": {"p": n}} for n in range(1_000)]
    body = json.dumps({"items": entries}, indent=1).replace('"p": 437\n', '"p": 1e999\n')
    for target in ("batch", "snapshot"):
        reply = edge.request("POST", f"/v1/sources/{source}/items/{target}", body=body.encode())
        assert (reply.status, reply.code) == (400, "invalid_json")
        line = body[: body.index("1e999")].count("\n") + 1
        assert reply.body["error"] == f"The body holds a number that is too large (line {line}, column 10)."
        assert reply.body["details"] == [
            {
                "index": 437,
                "externalItemId": "id-437",
                "path": "items[437].metadata.p",
                "message": f"holds a number that is too large (line {line}, column 10)",
            }
        ]
    alone = edge.request(
        "POST", f"/v1/sources/{source}/items", body=b'{"externalItemId": "x", "metadata": {"p": 1e-999}}'
    )
    assert alone.body["details"][0]["path"] == "metadata.p"


def test_names_that_nobody_sees_are_refused(edge: Edge) -> None:
    for name in (" ", "\u200b\ufeff", "\u3000\u3164"):
        for path, body in (
            ("/v1/sources", {"name": name}),
            ("/v1/admin/keys", {"name": name, "scopes": ["items:read"]}),
        ):
            reply = edge.request("POST", path, body, key=edge.admin)
            assert [fault["path"] for fault in reply.body["details"]] == ["name"], reply.text
            assert "blank" in reply.body["details"][0]["message"]
