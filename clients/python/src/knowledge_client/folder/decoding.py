"""Text of bytes, by what the file says of itself and never by a guess. Pure.

A text in the wrong charset is published as garbage and nobody notices. So a file is decoded by its byte order mark, by
the charset that its settings or the file itself declare, or as UTF-8. Where these leave a doubt the file is a problem,
and kb.toml can say the charset. Statistics are not asked: they are wrong without knowing it.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

import webencodings  # type: ignore[import-untyped]

from knowledge_client.folder.model import NotReadableError

# Of the longer ones first: the mark of UTF-32 begins as that of UTF-16 does.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ASK = "say its charset under [folder.encodings] in kb.toml, or save it as UTF-8"
# Charsets of seven bits that switch with escape sequences are valid UTF-8, too.
_SWITCHING = re.compile(rb"\x1b(?:\$[@-C()*+\-./]|\([BIJ]|-[A-Z])")
# HZ switches with tildes, as format strings of Lisp do: it is HZ when much of the text lies between them.
_HZ = re.compile(rb"~\{((?:[!-w][!-~])+)~\}")
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_META = re.compile(rb"<meta\s[^>]*?charset\s*=\s*[\"']?\s*([^\s\"'/>;]+)", re.IGNORECASE)
_XML = re.compile(rb"\s*<\?xml\s[^>]*?encoding\s*=\s*[\"']([^\"']+)", re.IGNORECASE)
_HEAD_BYTES = 16_384
# Of Emacs and Vim: https://peps.python.org/pep-0263/ has the same.
_COOKIE = re.compile(rb"(?:-\*-.*?coding[:=][ \t]*([-\w.]+).*?-\*-|\bvim?:.*?\b(?:fileencoding|fenc)=([-\w.]+))")


def find_codec(label: str) -> str | None:
    """Return Python's name of the codec that browsers, or else Python, know by a label; None if there is none."""
    known = webencodings.lookup(label)
    if known is not None:
        return str(known.codec_info.name)
    try:
        found = codecs.lookup(label.strip())
    except (LookupError, ValueError):
        return None
    return found.name if getattr(found, "_is_text_encoding", True) else None


def decode_text(raw: bytes, *, is_html: bool = False, override: str | None = None) -> str:
    """Decode a file without its byte order mark; `override` is the codec that the settings name.

    Raises NotReadableError when it is binary, or when it does not say for certain what charset it is in.
    """
    for mark, marked in _MARKS:
        if raw.startswith(mark):
            return _text(raw[len(mark) :], marked, f"begins as {marked.upper()} and is not")
    if override is not None:
        return _text(raw, override, f"is not {override}, which the settings say")
    if b"\0" in raw:
        return _unmarked_utf16(raw)
    label = _declared(raw, is_html=is_html)
    codec = find_codec(label) if label else None
    utf8 = _try(raw, "utf-8")
    # What can be read byte by byte for its declaration is not UTF-16: the HTML standard takes UTF-8 then, too.
    if codec is not None and not codec.startswith(("utf-8", "utf-16", "utf-32")):
        return _declared_text(raw, codec, utf8)
    if utf8 is None:
        said = f"says that it is {label} and is not" if codec else "is not UTF-8 and does not say what it is"
        raise NotReadableError(f"{said}: {_ASK}")
    if (switching := _switching(raw)) is not None:
        raise NotReadableError(f"looks like {switching}, and does not say so: {_ASK}")
    return utf8


def _switching(raw: bytes) -> str | None:
    if _SWITCHING.search(raw):
        return "ISO-2022"
    return "HZ" if b"~{" in raw and sum(map(len, _HZ.findall(raw))) * 5 > len(raw) else None


def _declared_text(raw: bytes, codec: str, utf8: str | None) -> str:
    said = _try(raw, codec)
    if said is None and utf8 is None:
        raise NotReadableError(f"says that it is {codec} and is not: {_ASK}")
    if said is not None and utf8 is not None and said != utf8 and not raw.isascii():
        raise NotReadableError(f"says that it is {codec} and reads as UTF-8: {_ASK}")
    text = said if said is not None else utf8
    assert text is not None  # noqa: S101 - one of them is, as looked at above
    return _no_binary(text)


def _declared(raw: bytes, *, is_html: bool) -> str | None:
    if is_html:
        head = raw[:_HEAD_BYTES]
        if (xml := _XML.match(head)) is not None:
            return xml[1].decode("ascii", "replace")
        before_body = re.split(rb"<body[\s>]", _COMMENT.sub(b"", head), maxsplit=1, flags=re.IGNORECASE)[0]
        found = _META.search(before_body)
        return found[1].decode("ascii", "replace") if found else None
    cookie = _COOKIE.search(b"\n".join(raw[:_HEAD_BYTES].splitlines()[:2]))
    if cookie is None:
        return None
    return re.sub(r"-(unix|dos|mac)$", "", (cookie[1] or cookie[2]).decode("ascii", "replace"))


def _unmarked_utf16(raw: bytes) -> str:
    """UTF-16 without a mark, where zeros in every other byte leave no doubt."""
    zeros = raw[0::2].count(0), raw[1::2].count(0)
    codec = "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    text = _try(raw, codec)
    if text is None or min(zeros) > 0 or max(zeros) * 5 < len(raw) or not _is_written(text):
        raise NotReadableError("is binary")
    return text


def _is_written(text: str) -> bool:
    odd = {character for character in set(text) if unicodedata.category(character) in {"Cc", "Cn", "Co"}}
    return odd <= set("\t\n\r\f")


def _try(raw: bytes, codec: str) -> str | None:
    try:
        return raw.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _text(raw: bytes, codec: str, otherwise: str) -> str:
    text = _try(raw, codec)
    if text is None:
        raise NotReadableError(otherwise)
    return _no_binary(text)


def _no_binary(text: str) -> str:
    if "\0" in text:
        raise NotReadableError("is binary")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotReadableError("holds half a character") from None
    return text
