"""Charsets: what a file says of itself, and never a guess."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge_client.folder import FolderError, Settings
from knowledge_client.folder.decoding import decode_text
from knowledge_client.folder.model import NotReadableError

from tests.clients.folder.trees import item_in, problems_of, read, write_tree

GERMAN = "# Gebühren für Rückgaben\n\nÄpfel, Öl und Straße.\n"
JAPANESE = "# 返品について\n\n三十日以内に返品できます。\n"
RUSSIAN = "# Возврат\n\nТовар можно вернуть за тридцать дней.\n"


@pytest.mark.parametrize(
    "raw",
    [
        GERMAN.encode(),
        codecs.BOM_UTF8 + GERMAN.encode(),
        codecs.BOM_UTF16_LE + GERMAN.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + GERMAN.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + GERMAN.encode("utf-32-le"),
        codecs.BOM_UTF32_BE + GERMAN.encode("utf-32-be"),
        GERMAN.encode("utf-16-le"),
        GERMAN.encode("utf-16-be"),
    ],
)
def test_marks_and_utf16_are_known(raw: bytes) -> None:
    assert decode_text(raw) == GERMAN


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (GERMAN, "latin-1"),
        ("# 반품\n\n삼십 일 안에 반품할 수 있습니다.\n", "iso-2022-kr"),
        (GERMAN, "cp1252"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc-jp"),
        (JAPANESE, "iso-2022-jp"),
        (RUSSIAN, "koi8-r"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "iso8859-5"),
        ("# 退货\n\n三十天内可以退货。\n", "gbk"),
        ("# 退貨\n\n三十天內可以退貨。\n", "big5"),
        ("# 退货\n\n三十天内可以退货。\n", "hz"),
    ],
)
def test_legacy_charset_is_read_when_it_is_declared_and_named_when_not(tmp_path: Path, text: str, codec: str) -> None:
    raw = text.encode(codec)
    folder = read(write_tree(tmp_path, {"page.md": raw, "good.md": "# Good\n"}))
    assert "say its charset under [folder.encodings]" in problems_of(folder)["page.md"]
    assert item_in(tmp_path, "page.md", raw, encodings={"page.md": codec})["content"] == text
    html = f'<html><head><meta charset="{codec}"><title>x</title></head><body>{text}</body></html>'
    assert item_in(tmp_path, "page.html", html.encode(codec))["content"] == html
    old = html.replace(f'charset="{codec}"', f'http-equiv="Content-Type" content="text/html; charset={codec}"')
    assert item_in(tmp_path, "page.html", old.encode(codec))["content"] == old
    cookie = f".. -*- coding: {codec} -*-\n\n{text}"
    assert item_in(tmp_path, "page.rst", cookie.encode(codec))["content"] == cookie


@pytest.mark.parametrize(
    ("page", "codec", "reason"),
    [
        # A page in UTF-8 that was saved with an old head, or one in Latin-1 that looks like UTF-8: nobody can tell.
        ('<meta charset="iso-8859-1"><p>Ã¼', "latin-1", "says that it is cp1252 and reads as UTF-8"),
        ('<meta charset="utf-8"><p>ü', "latin-1", "says that it is utf-8 and is not"),
        ('<meta charset="shift_jis"><p>\x81', "latin-1", "says that it is shift_jis and is not"),
        ('<meta charset="nonsense"><p>ü', "latin-1", "is not UTF-8 and does not say what it is"),
        ('<!-- <meta charset="latin-1"> --><p>ü', "latin-1", "is not UTF-8 and does not say what it is"),
        ('<body><meta charset="latin-1"><p>ü', "latin-1", "is not UTF-8 and does not say what it is"),
    ],
)
def test_doubtful_declaration_is_a_problem(page: str, codec: str, reason: str) -> None:
    with pytest.raises(NotReadableError, match=reason):
        decode_text(page.encode(codec), is_html=True)


@pytest.mark.parametrize(
    ("page", "codec"),
    [
        ('<meta charset="utf-16"><p>ü', "utf-8"),
        ('<meta charset="{{ page.charset }}"><p>ü', "utf-8"),
        ('<meta charset="shift_jis"><p>\u0080ü', "utf-8"),
        ('<?xml version="1.0" encoding="iso-8859-1"?><p>ü', "latin-1"),
        ('<meta charset="iso-8859-1"><p>“quoted” €', "cp1252"),
    ],
)
def test_declaration_counts_as_browsers_count_it(page: str, codec: str) -> None:
    assert decode_text(page.encode(codec), is_html=True) == page


@pytest.mark.parametrize(
    "raw",
    [
        b"a\0b",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        codecs.BOM_UTF16_LE + b"a\0\0\0",
        codecs.BOM_UTF16_LE + b"a",
        codecs.BOM_UTF16_LE + b"\x00\xd8a\0",
        codecs.BOM_UTF8 + b"\xff",
        b"\0" * 64,
        bytes(range(256)),
    ],
)
def test_binary_and_broken_files_are_problems(raw: bytes) -> None:
    with pytest.raises(NotReadableError):
        decode_text(raw)


def test_wrong_charset_in_the_settings_is_refused_at_once() -> None:
    with pytest.raises(FolderError, match="charset 'klingon'"):
        Settings(encodings={"*.md": "klingon"})
    with pytest.raises(NotReadableError, match="is not ascii, which the settings say"):
        decode_text("ü".encode(), override="ascii")


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200),
    st.sampled_from(
        [
            "utf-8",
            "utf-8-sig",
            "utf-16",
            "utf-32",
            "latin-1",
            "cp1252",
            "shift_jis",
            "euc-jp",
            "gb18030",
            "koi8-r",
            "cp1251",
            "iso-2022-jp",
            "big5",
            "utf-16-le",
            "utf-16-be",
            "cp037",
        ]
    ),
    st.booleans(),
)
def test_text_is_right_or_a_problem(text: str, codec: str, is_html: bool) -> None:
    """Whatever a file is written in, it never becomes other text, unless its bytes are that text in UTF-8."""
    try:
        raw = text.encode(codec)
    except UnicodeEncodeError:
        return
    try:
        told = decode_text(raw, is_html=is_html)
    except NotReadableError:
        assert codec != "utf-8" or "\x1b" in text
        return
    assert told == text.removeprefix("\ufeff") or told == text or told.encode() == raw or text == ""
