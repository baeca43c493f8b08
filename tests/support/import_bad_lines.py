"""Lines of an import: every way in which one can be bad, and odd ones that are good."""

from __future__ import annotations

import itertools
import json
from typing import Any

_numbers = itertools.count(1)


def _item(**fields: Any) -> bytes:
    whole = {"externalItemId": f"bad-{next(_numbers)}", "title": "T", "content": "C", **fields}
    return json.dumps({name: value for name, value in whole.items() if value is not ...}).encode()


BAD_LINES = [
    b"nonsense",
    b'{"externalItemId":"cut","title":"T"',
    b"[]",
    b'"text"',
    b"null",
    b"12",
    b"NaN",
    b'{"externalItemId":"nan","title":"T","content":"C","sourceVersion":NaN}',
    b'{"externalItemId":"twice","title":"T","title":"U","content":"C"}',
    b'{"externalItemId":"latin","title":"T","content":"caf\xe9"}',
    b'{"externalItemId":"half","title":"T","content":"\\ud800"}',
    b"\x1f\x8b\x08\x00binary",
    b"\0\0\0",
    b"[" * 100,
    b'{"externalItemId":"deep","title":"T","content":"C","metadata":' + b'{"a":' * 40 + b"1" + b"}" * 41,
    b'{"externalItemId":"long","title":"T","content":"' + b"x" * 1_200_000 + b'"}',
    b"y" * 3_000_000,
    _item(content="z" * 1_048_577),
    _item(externalItemId=...),
    _item(title=...),
    _item(content=...),
    _item(content=""),
    _item(title=""),
    _item(title="t" * 501),
    _item(externalItemId=""),
    _item(externalItemId="i" * 513),
    _item(externalItemId="control\u0001"),
    _item(externalItemId=".."),
    _item(externalItemId=7),
    _item(contentType="text/css"),
    _item(url="ftp://example.com"),
    _item(language="not a language"),
    _item(tags=["t"] * 51),
    _item(metadata=[1]),
    _item(metadata={"large": "m" * 20_000}),
    _item(sourceVersion=-1),
    _item(sourceVersion="3"),
    _item(unknown=1),
    _item(**{"n" * 2_000: 1}),
    _item(**{f"field{number}": number for number in range(40)}),
]

GOOD_ODD_LINES = [
    b"",
    b"   ",
    b'{"externalItemId":"crlf","title":"T","content":"C"}\r',
    b' \t{"externalItemId":"spaces", "title":"T", "content":"C"}  ',
    '{"externalItemId":"ümlaut/ 😀","title":"T","content":"C"}'.encode(),
    b'{"externalItemId":"escaped","title":"\\u00e9","content":"\\n"}',
    b'{"externalItemId":"nulls","title":"T","content":"C","url":null,"metadata":null}',
    b'{"externalItemId":"largest","title":"T","content":"' + b"x" * 1_048_576 + b'"}',
]
