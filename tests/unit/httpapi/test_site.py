"""How built files are answered."""

from __future__ import annotations

import base64
import gzip
from typing import Any

import pytest
from httpapi.errors import ValidationFailedError
from httpapi.requests import HttpRequest
from httpapi.site import Site

FILES = {
    "page.html": b"<p>" + b"words " * 100,
    "portal/app-0123abcd/app.js": b"export const portal = 1;\n" * 100,
    "portal/index.html": b"<p>" + b"portal " * 100,
    "picture.png": b"\x89PNG" * 100,
    "widget/1.0.0-0123abcd/widget.js": b"export const words = 1;\n" * 100,
    "widget/short.js": b"1",
    "widget/widget.json": b'{"file": "1.0.0-0123abcd/widget.js"}',
}
SITE = Site(frozenset(FILES), FILES.__getitem__, {"widget/latest/widget.js": "widget/widget.json"}, "https://b.example")
SCRIPT = "widget/1.0.0-0123abcd/widget.js"


def ask(name: str, method: str = "GET", **headers: str) -> dict[str, Any] | None:
    sent = {header.replace("_", "-"): value for header, value in headers.items()}
    return SITE.answer(HttpRequest.from_event({"httpMethod": method, "headers": sent}, name), name)


def answered(name: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    answer = ask(name, method, **headers)
    assert answer is not None
    assert answer["isBase64Encoded"] is True
    values = {header: value for header, (value,) in answer["multiValueHeaders"].items()}
    return answer["statusCode"], values, base64.b64decode(answer["body"])


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_file_is_sent_as_it_was_built(name: str, method: str) -> None:
    status, headers, body = answered(name, method)
    assert (status, body) == (200, FILES[name])
    assert "Content-Encoding" not in headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Access-Control-Allow-Origin"] == "*"


NO_FILES = (
    *("", "/", "widget", "widget/", "nothing.js", "../app.py", "widget/../page.html", "widget/%2e%2e/page.html"),
    *("/page.html", "page.html/", "page.html\0", "PAGE.HTML", "./page.html", "widget\\widget.json"),
)


@pytest.mark.parametrize("name", NO_FILES)
def test_nothing_else_is_a_file(name: str) -> None:
    assert ask(name) is None


def test_a_page_is_found_without_its_ending() -> None:
    assert answered("page") == answered("page.html")
    assert ask("picture") is ask("widget/widget") is ask("page.html.html") is None


def test_the_portal_is_found_by_its_folder_alone_and_by_nothing_that_misleads_its_files() -> None:
    assert answered("portal/") == answered("portal/index.html")
    status, headers, _ = answered("portal")
    assert (status, headers["Location"]) == (302, "portal/index.html")
    assert ask("portal//") is ask("portal/app-0123abcd/") is ask("portal/app-0123abcd") is None


def test_the_portal_alone_may_connect_to_the_storage() -> None:
    policies = [answered(name)[1]["Content-Security-Policy"] for name in ("portal/", "page.html")]
    assert "connect-src 'self' https://b.example;" in policies[0]
    assert "connect-src 'self';" in policies[1]
    assert not any("unsafe" in policy or "*" in policy for policy in policies)


def test_types_are_said() -> None:
    kinds = {name: answered(name)[1]["Content-Type"] for name in FILES}
    assert kinds[SCRIPT] == "text/javascript; charset=utf-8"
    assert kinds["page.html"] == "text/html; charset=utf-8"
    assert kinds["picture.png"] == "image/png"
    assert kinds["widget/widget.json"] == "application/json"


def test_what_its_folder_names_by_its_hash_is_kept_for_a_year_and_all_else_for_minutes() -> None:
    kept = {name: answered(name)[1]["Cache-Control"] for name in FILES}
    assert kept.pop(SCRIPT) == kept.pop("portal/app-0123abcd/app.js") == "public, max-age=31536000, immutable"
    assert set(kept.values()) == {"public, max-age=300"}


def test_pages_may_load_nothing_foreign_and_stand_in_no_frame() -> None:
    policies = {name: answered(name)[1].get("Content-Security-Policy") for name in FILES}
    page = policies.pop("page.html")
    assert page is not None
    assert policies.pop("portal/index.html") is not None
    assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= set(page.split("; "))
    assert "unsafe" not in page
    assert set(policies.values()) == {None}


@pytest.mark.parametrize(
    ("taken", "zipped"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("br, zstd", False),
        ("identity", False),
        ("", False),
    ],
)
def test_gzip_is_sent_to_who_takes_it(taken: str, zipped: bool) -> None:
    status, headers, body = answered(SCRIPT, accept_encoding=taken)
    assert (status, headers["Vary"]) == (200, "Accept-Encoding")
    assert (headers.get("Content-Encoding") == "gzip") == zipped
    assert (gzip.decompress(body) if zipped else body) == FILES[SCRIPT]


@pytest.mark.parametrize("name", ["picture.png", "widget/short.js"])
def test_what_gzip_makes_no_smaller_is_sent_plain(name: str) -> None:
    _, headers, body = answered(name, accept_encoding="gzip")
    assert {"Vary", "Content-Encoding"} & headers.keys() == set()
    assert body == FILES[name]


@pytest.mark.parametrize("taken", ["", "gzip"])
def test_who_has_a_file_is_told_so_with_its_own_type(taken: str) -> None:
    """A browser takes over a 304's headers, and the gateway says JSON where nothing is said."""
    _, first, _ = answered(SCRIPT, accept_encoding=taken)
    for known in (first["ETag"], f"W/{first['ETag']}", f'"other", {first["ETag"]}', "*"):
        status, headers, body = answered(SCRIPT, accept_encoding=taken, if_none_match=known)
        assert (status, body) == (304, b"")
        assert headers == {name: value for name, value in first.items() if name != "Content-Encoding"}
    assert answered(SCRIPT, accept_encoding=taken, if_none_match='"other"')[0] == 200


@pytest.mark.parametrize("malformed", ["", '"', "5f0c", '"a" "b"', '* , "a"', 'w/"a"'])
def test_a_condition_that_is_none_is_refused_as_the_api_refuses_it(malformed: str) -> None:
    with pytest.raises(ValidationFailedError):
        ask(SCRIPT, if_none_match=malformed)


def test_a_tag_with_a_comma_is_one_tag() -> None:
    _, first, _ = answered(SCRIPT)
    plain = first["ETag"].strip('"')
    assert answered(SCRIPT, if_none_match=f'"a,{plain},b"')[0] == 200
    assert answered(SCRIPT, if_none_match=f'"a,b",W/"{plain}"')[0] == 304


def test_each_form_of_a_file_has_a_tag_of_its_own() -> None:
    tags = {answered(name, accept_encoding=taken)[1]["ETag"] for name in FILES for taken in ("", "gzip")}
    # The picture and the short file have one form.
    assert len(tags) == 2 * len(FILES) - 2 - 1
    plain, zipped = (answered(SCRIPT, accept_encoding=taken)[1]["ETag"] for taken in ("", "gzip"))
    assert answered(SCRIPT, accept_encoding="gzip", if_none_match=plain)[0] == 200
    assert answered(SCRIPT, if_none_match=zipped)[0] == 200


def test_the_newest_is_where_its_manifest_says() -> None:
    status, headers, body = answered("widget/latest/widget.js")
    assert (status, headers["Location"], body) == (302, "../1.0.0-0123abcd/widget.js", b"")
    assert headers["Cache-Control"] == "public, max-age=300"
    assert headers["Access-Control-Allow-Origin"] == "*"
