"""PDF and Word documents that tests write by hand, from what the two formats say, so that every byte is theirs."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_CORE = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"


def pdf_text(text: str) -> bytes:
    """A text in a PDF's own form, readable in any charset."""
    return b"<" + (b"\xfe\xff" + text.encode("utf-16-be")).hex().encode() + b">"


def lines_of(lines: Iterable[tuple[str, int]]) -> bytes:
    """The contents of a page: lines of Latin text, each in letters of a size."""
    drawn, height = [], 760
    for text, size in lines:
        height -= size + 4
        shown = text.encode("cp1252").hex()
        drawn.append(f"BT /F1 {size} Tf 1 0 0 1 60 {height} Tm <{shown}> Tj ET")
    return "\n".join(drawn).encode()


def pdf_of(
    pages: Sequence[bytes], info: Mapping[str, str] | None = None, *, trailer: bytes = b"", root: bytes = b""
) -> bytes:
    """A PDF of pages that are drawn so; `trailer` and `root` are more entries of its dictionaries."""
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
    objects = [b"<</Type/Catalog/Pages 2 0 R" + root + b">>", b"", font]
    kids = []
    for drawn in pages:
        packed = zlib.compress(drawn, 9)
        objects.append(b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(packed), packed))
        page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R>>"
        objects.append(page % len(objects))
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<</Type/Pages/Kids[%s]/Count %d>>" % (b" ".join(kids), len(kids))
    said = b"".join(b"/%s %s" % (name.encode(), pdf_text(value)) for name, value in (info or {}).items())
    objects.append(b"<<" + said + b">>")
    return _written(objects, b"/Root 1 0 R/Info %d 0 R" % len(objects) + trailer)


def _written(objects: list[bytes], trailer: bytes) -> bytes:
    out, places = BytesIO(), []
    out.write(b"%PDF-1.7\n")
    for number, body in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer\n<</Size %d%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start))
    return out.getvalue()


def run(text: str, properties: str = "") -> str:
    """A piece of a paragraph's text, shown as its properties say."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def paragraph(*pieces: str, style: str = "") -> str:
    """A paragraph of such pieces."""
    said = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{said}{''.join(pieces)}</w:p>"


def docx_of(body: str, properties: Mapping[str, str] | None = None, more: Mapping[str, bytes] | None = None) -> bytes:
    """A Word document; `properties` are those of its core, `more` are other files in it."""
    names = {"Title": "Title", "Heading1": "heading 1", "Heading2": "heading 2", "Heading3": "heading 3"}
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{id_}"><w:name w:val="{name}"/></w:style>'
        for id_, name in names.items()
    )
    core = "".join(
        f"<{space}:{name}>{escape(value)}</{space}:{name}>"
        for name, value in (properties or {}).items()
        for space in ["cp" if name == "keywords" else "dc"]
    )
    package = "application/vnd.openxmlformats-"
    main = f"{package}officedocument.wordprocessingml.document.main+xml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Default Extension="xml" ContentType="application/xml"/>'
        f'<Default Extension="rels" ContentType="{package}package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{main}"/>'
        "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" Type="{_OFFICE}/officeDocument" '
        'Target="word/document.xml"/></Relationships>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="s1" '
        f'Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "word/styles.xml": f'<w:styles xmlns:w="{W}">{styles}</w:styles>',
        "word/document.xml": f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>',
        "docProps/core.xml": f'<cp:coreProperties xmlns:cp="{_CORE}" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/">{core}</cp:coreProperties>',
    }
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as file:
        for name, text in {**{name: text.encode() for name, text in parts.items()}, **(more or {})}.items():
            file.writestr(name, text)
    return out.getvalue()
