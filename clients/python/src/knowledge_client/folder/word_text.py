"""The text of a Word document as HTML. Run by its path in a process of its own (see converter.py). Pure."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any
from xml.etree import ElementTree
from zipfile import ZIP_STORED, BadZipFile, ZipFile

import mammoth  # type: ignore[import-untyped]

_MOST_FILES = 10_000
# Of all parts that are read, unpacked. A mebibyte of text takes a tenth.
_MOST_XML_BYTES = 32 * 1_048_576
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORD = (
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "http://purl.oclc.org/ooxml/wordprocessingml/main",
)
_NO = {"0", "false", "off"}
_PROPERTIES = "docProps/core.xml"
_STYLES = "p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => p:fresh"
# One block a line, so that two versions can be compared.
_BLOCK_END = re.compile(r"(</(?:p|h[1-6]|li|tr|table|ul|ol)>|<(?:ul|ol|table|tr)>)")


def convert(raw: bytes, _most_bytes: int) -> dict[str, Any]:
    """Return `text`, `title`, `keywords`, `language` and `notices`, or `error` alone.

    The text is that which a reader sees: no comments, nothing that was struck out or hidden, no headers and footers.
    Whatever the library raises means that it is broken.
    """
    if raw.startswith(_OLE):
        return {"error": "is encrypted, or of a Word before 2007: save it as .docx without a password"}
    try:
        parts = _parts(raw)
    except BadZipFile:
        return {"error": "is no Word document, or a broken one"}
    if isinstance(parts, str):
        return {"error": parts}
    if "[Content_Types].xml" not in parts:
        return {"error": "is no Word document"}
    made = mammoth.convert_to_html(BytesIO(_packed(parts)), style_map=_STYLES, convert_image=_alternative)
    text = _BLOCK_END.sub(r"\1\n", made.value)
    properties = parts.get(_PROPERTIES)
    return {
        "text": text,
        "title": _property(properties, "{http://purl.org/dc/elements/1.1/}title"),
        "keywords": _property(
            properties, "{http://schemas.openxmlformats.org/package/2006/metadata/core-properties}keywords"
        ).replace(";", ","),
        "language": _property(properties, "{http://purl.org/dc/elements/1.1/}language"),
        "notices": [],
    }


def _parts(raw: bytes) -> dict[str, ElementTree.Element] | str:
    """Unpack what is read; pictures are not. A file gives no more bytes than the list of files says.

    Returns a reason when it is too large or encrypted.
    """
    with ZipFile(BytesIO(raw)) as file:
        listed = file.infolist()
        if len(listed) > _MOST_FILES:
            return f"has more than {_MOST_FILES} parts"
        wanted = [each for each in listed if each.filename.endswith((".xml", ".rels"))]
        if sum(each.file_size for each in wanted) > _MOST_XML_BYTES:
            return f"unpacks to more than {_MOST_XML_BYTES // 1_048_576} MiB of text and layout"
        if any(each.flag_bits & 1 for each in wanted):
            return "is encrypted: save it without a password"
        return {each.filename: _parsed(file.read(each)) for each in wanted}


class _NoDoctype(ElementTree.TreeBuilder):
    """Refuses what Office Open XML does not have: in a document type entities may unfold to billions."""

    def doctype(self, *_: object) -> None:
        """Called when there is one."""
        raise BadZipFile


def _parsed(part: bytes) -> ElementTree.Element:
    root = ElementTree.fromstring(part, ElementTree.XMLParser(target=_NoDoctype()))  # noqa: S314 - by its own builder
    for namespace in _WORD:
        for parent in list(root.iter()):
            for run in parent.findall(f"{{{namespace}}}r"):
                if _is_hidden(run, namespace):
                    parent.remove(run)
    return root


def _is_hidden(run: ElementTree.Element, namespace: str) -> bool:
    mark = run.find(f"{{{namespace}}}rPr/{{{namespace}}}vanish")
    return mark is not None and mark.get(f"{{{namespace}}}val", "true").lower() not in _NO


def _packed(parts: dict[str, ElementTree.Element]) -> bytes:
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_STORED) as file:
        for name, root in parts.items():
            file.writestr(name, ElementTree.tostring(root, "utf-8"))
    return packed.getvalue()


def _alternative(image: Any) -> list[Any]:
    """A picture as its words."""
    return [mammoth.html.text(image.alt_text)] if image.alt_text else []


def _property(properties: ElementTree.Element | None, name: str) -> str:
    return "" if properties is None else (properties.findtext(name) or "")
