"""Requests as nobody should send them: paths, headers and bodies bent in every way, from one seed.

A request is the proxy event that the gateway would send, so oddities that it can't pass on are not made here.
"""

from __future__ import annotations

import base64
import gzip
import json
import random
from typing import Any
from urllib.parse import parse_qs, quote

from testing import spec

Event = dict[str, Any]

ODD_TEXTS = (
    "",
    " ",
    "\0",
    "a\u0085b",
    "\ud800",
    "\U0001f600" * 40,
    "e\u0301",
    "..",
    "current",
    "batch",
    "null",
    "%2F",
    "-1",
    "1e400",
    "x" * 600,
    "' OR 1=1 --",
    "{{7*7}}",
    "\u202egnp.exe",
    "src_01ARZ3NDEKTSV4RRFFQ69G5FAV",
)
ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    10**400,
    2**63,
    [],
    {},
    [[[[]]]],
    {"a": {"b": [1]}},
    *ODD_TEXTS,
)
ODD_BODIES = (
    b"",
    b" ",
    b"null",
    b"[]",
    b'"text"',
    b"{",
    b"{}",
    b'{"a":NaN}',
    b'{"a":1,"a":2}',
    b'{"a":1e999}',
    b"\xef\xbb\xbf{}",
    b"\xff\xfe{\x00}\x00",
    b'{"name":"\xff"}',
    b'{"name":"\\ud800"}',
    b"[" * 5000,
    b'{"a":' * 5000 + b"1" + b"}" * 5000,
    b"1" * 6000,
    b'{"items":[' + b"{}," * 3000 + b"{}]}",
)
ODD_HEADERS: dict[str, tuple[str, ...]] = {
    "Content-Type": (
        "",
        "text/plain",
        "application/json; charset=latin-1",
        'application/json; charset="utf-8"',
        "application/json;;",
        "application/*",
        "APPLICATION/JSON",
        "multipart/form-data",
    ),
    "Content-Encoding": ("gzip", "GZIP", "br", "identity", "gzip, gzip", ""),
    "Idempotency-Key": ("", " ", "x" * 255, "x" * 256, "k\u00e9y", "a b", "\t", "fixed"),
    "Authorization": ("", "Bearer", "Bearer ", "Basic eDp5", "bearer x", "Bearer sk_live_x", "Bearer " + "x" * 9000),
    "Origin": ("null", "https://console.example.com", "https://evil.example", "x" * 3000),
    "Accept": ("", "text/html", "*/*;q=bad"),
    "X-Forwarded-For": ("127.0.0.1", "x" * 500),
    "Host": ("", "evil.example"),
}
ODD_QUERIES = (
    "limit=0",
    "limit=-1",
    "limit=1e3",
    "limit=999999999999999999999",
    "limit=%D9%A3",
    "limit=1&limit=2",
    "cursor=x",
    "cursor=" + "A" * 3000,
    "cursor=eyJhIjoxfQ",
    "cursor=%00",
    "state=none",
    "prefix=%00",
    "prefix=" + "p" * 2000,
    "include=all",
    "include=",
    "change=x",
    "from=x",
    "since=x",
    "since=9999-12-31T23:59:59-14:00",
    "since=9998-01-01T00:00:00Z",
    "since=2027-01-02&until=2027-01-01",
    "since=2027-01-02T00:00:00Z&until=2027-01-01T00:00:00Z",
    "until=0001-01-01T00:00:00%2B14:00",
    "until=1969-12-31T23:59:59Z",
    "until=9999-12-31",
    "until=0001-01-01",
    "=&&=",
    "a[]=1",
)


class HostileClient:
    """Makes events; the same seed makes the same ones. `ids` are values for path parameters that lead somewhere."""

    def __init__(self, seed: int, token: str, ids: dict[str, list[str]]) -> None:
        self.dice = random.Random(seed)
        self.token = token
        self.ids = ids

    def event(self) -> Event:
        """Make the next event: about right in most ways, and bent in some."""
        operation = self.dice.choice(spec.operations())
        path = operation.path
        for name in [parameter["name"] for parameter in operation.parameters("path")]:
            path = path.replace(f"{{{name}}}", self._segment(name))
        if self._now_and_then(0.02):
            path = self.dice.choice(("", "/", "//v1", "/v1/../etc", path + "/", path + "/%zz", path.upper(), "/v1/%"))
        method = operation.method
        if self._now_and_then(0.03):
            method = self.dice.choice(("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "get", ""))
        headers = self._headers()
        body = self._body(operation, headers)
        return self._as_event(method, path, headers, body)

    def _segment(self, name: str) -> str:
        known = self.ids.get(name)
        if known and self._now_and_then(0.8):
            return quote(self.dice.choice(known), safe="")
        text = self.dice.choice(ODD_TEXTS).encode(errors="surrogatepass")
        raw = quote(text, safe="") or "%20"
        return raw if self._now_and_then(0.8) else raw + self.dice.choice(("%", "%zz", "%ff", "%C0%AF", "%00"))

    def _headers(self) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        for name, odd in ODD_HEADERS.items():
            if self._now_and_then(0.02 if name == "Authorization" else 0.06):
                headers[name] = self.dice.choice(odd)
            elif self._now_and_then(0.02):
                headers.pop(name, None)
        if self._now_and_then(0.1):
            change = self.dice.choice((str.lower, str.upper))
            headers = {change(name): value for name, value in headers.items()}
        return headers

    def _body(self, operation: spec.SpecOperation, headers: dict[str, str]) -> bytes | None:
        documented = operation.request_body()
        if documented is None and self._now_and_then(0.9):
            return None
        if self._now_and_then(0.15):
            body = self.dice.choice(ODD_BODIES)
        else:
            example = documented["content"]["application/json"]["example"] if documented else {}
            value = json.loads(json.dumps(example, default=str))
            for _ in range(self.dice.choice((0, 0, 1, 1, 2, 4))):
                value = self._bent(value)
            body = json.dumps(value, ensure_ascii=self._now_and_then(0.5)).encode(errors="surrogatepass")
        if headers.get("Content-Encoding", "").lower() == "gzip" and self._now_and_then(0.7):
            body = gzip.compress(body)
        if self._now_and_then(0.05) and body:
            place = self.dice.randrange(len(body))
            body = body[:place] + bytes([self.dice.randrange(256)]) + body[place + 1 :]
        if self._now_and_then(0.03):
            body = body[: self.dice.randrange(len(body) + 1)]
        return body

    def _bent(self, value: Any) -> Any:
        """Change one thing somewhere in a JSON value."""
        if isinstance(value, dict) and value and self._now_and_then(0.85):
            name = self.dice.choice(list(value))
            match self.dice.randrange(5):
                case 0:
                    return {key: each for key, each in value.items() if key != name}
                case 1:
                    return {**value, self.dice.choice(ODD_TEXTS): self.dice.choice(ODD_VALUES)}
                case _:
                    return {**value, name: self._bent(value[name])}
        if isinstance(value, list) and value and self._now_and_then(0.85):
            place = self.dice.randrange(len(value))
            if self._now_and_then(0.2):
                return [*value, value[place]]
            return [*value[:place], self._bent(value[place]), *value[place + 1 :]]
        return self.dice.choice(ODD_VALUES)

    def _as_event(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> Event:
        query = self.dice.choice(ODD_QUERIES) if self._now_and_then(0.15) else ""
        text: str | None = None
        if body is not None:
            text = base64.b64encode(body).decode()
        event = {
            "httpMethod": method,
            "path": path,
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "queryStringParameters": None,
            "multiValueQueryStringParameters": parse_qs(query, keep_blank_values=True) or None,
            "requestContext": {"requestId": "req-1", "stage": "api", "path": f"/api{path}"},
            "body": text,
            "isBase64Encoded": text is not None,
        }
        if self._now_and_then(0.05):
            event["multiValueHeaders"] = None
        if self._now_and_then(0.05):
            event["headers"] = None
        if self._now_and_then(0.02):
            # Hand-made events and emulators leave out what they have no value for.
            del event[
                self.dice.choice(("headers", "queryStringParameters", "requestContext", "body", "isBase64Encoded"))
            ]
        if text is not None and self._now_and_then(0.03):
            event["body"] = text[:-1] + self.dice.choice(("=", "!", "\u00e9", ""))
        return event

    def _now_and_then(self, share: float) -> bool:
        return self.dice.random() < share
