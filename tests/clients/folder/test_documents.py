"""PDF and Word documents: what of them is an item, and that no file can stop or outgrow its reader."""

from __future__ import annotations

import importlib.util
import os
import random
import re
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from knowledge_client.folder import Plan, Served, converting, make_plan, pdf_text, word_text
from knowledge_client.folder.documents import CONTENT_BYTES
from knowledge_client.folder.titles import written_title

from tests.clients.folder.made_documents import W, docx_of, lines_of, paragraph, pdf_of, run
from tests.clients.folder.trees import item_in, problems_of, read, reader_of, served_of, write_tree

EXAMPLES = int(os.environ.get("FOLDER_EXAMPLES", "40"))
PAGE = lines_of([("Refunds and returns", 20), ("Refunds take 14 days.", 11), ("Ask us for more.", 11)])
PDF = pdf_of([PAGE, lines_of([("The second page.", 11)])], {"Title": "Refund policy", "Keywords": "money; returns"})
DOCX = docx_of(
    paragraph(run("Refunds"), style="Heading1") + paragraph(run("Refunds take 14 days.")),
    {"title": "Refund policy", "keywords": "money; returns", "language": "en-GB"},
)


def test_a_pdf_is_the_text_of_its_pages(tmp_path: Path) -> None:
    raw = pdf_of([PAGE, lines_of([("The second page.", 11)])], {"Title": "Refund policy"}, root=b"/Lang(de-CH)")
    assert item_in(tmp_path, "guides/Refunds.pdf", raw, base_url="https://example.com/d", slugs="hugo") == {
        "externalItemId": "guides/Refunds.pdf",
        "title": "Refund policy",
        "content": "Refunds and returns\nRefunds take 14 days.\nAsk us for more.\n\nThe second page.\n",
        "contentType": "text/plain",
        "language": "de-CH",
        "url": "https://example.com/d/guides/Refunds.pdf",
    }


def test_a_word_document_is_html_of_what_a_reader_sees(tmp_path: Path) -> None:
    table = "<w:tbl><w:tr><w:tc>" + paragraph(run("Cell")) + "</w:tc></w:tr></w:tbl>"
    inserted = (
        f'<w:ins w:author="A">{run(" new")}</w:ins><w:del w:author="A"><w:r><w:delText>old</w:delText></w:r></w:del>'
    )
    body = (
        paragraph(run("Guide <1>"), style="Heading2")
        + paragraph(run("Seen"), run("hidden", "<w:vanish/>"), run(" too", '<w:vanish w:val="0"/>'), inserted)
        + table
    )
    item = item_in(tmp_path, "a.docx", docx_of(body, {"title": "Document1", "keywords": "a; b", "language": "en-GB"}))
    assert item == {
        "externalItemId": "a.docx",
        "title": "Guide <1>",
        "content": "<h2>Guide &lt;1&gt;</h2>\n<p>Seen too new</p>\n"
        "<table>\n<tr>\n<td><p>Cell</p>\n</td></tr>\n</table>\n",
        "contentType": "text/html",
        "language": "en-GB",
        "tags": ["a", "b"],
    }


@pytest.mark.parametrize(
    ("title", "is_written"),
    [
        ("Refund policy", True),
        ("Word", True),
        ("Documents we need", True),
        ("Untitled Goose Game: a guide for parents", True),
        ("Ändern Sie Ihr Passwort", True),
        ("返金", True),
        ("2026 in numbers", True),
        ("Microsoft Word - x.doc", False),
        ("Microsoft Word - Refund policy", False),
        ("Microsoft PowerPoint - Tour", False),
        ("PowerPoint Presentation", False),
        ("Document1", False),
        ("Dokument", False),
        ("untitled", False),
        ("Unbenannt-1", False),
        ("refunds_v3_FINAL.indd", False),
        ("C:\\Users\\ann\\refunds", False),
        ("/home/ann/refunds", False),
        ("file:///tmp/x", False),
        ("00012345", False),
        ("(anonymous)", False),
        ("\u200b \x07", False),
    ],
)
def test_titles_that_programs_wrote_are_none(title: str, is_written: bool) -> None:
    assert bool(written_title(title)) is is_written


def test_title_is_the_largest_text_if_the_properties_have_none(tmp_path: Path) -> None:
    made = {"Title": "Microsoft Word - refunds.doc"}
    assert item_in(tmp_path, "a.pdf", pdf_of([b"", PAGE], made))["title"] == "Refunds and returns"
    flat = pdf_of([lines_of([("Refunds take 14 days.", 11), ("Ask us.", 11)])], made)
    assert item_in(tmp_path, "refund-policy.pdf", flat)["title"] == "Refund policy"
    titled = docx_of(paragraph(run("The title"), style="Title") + paragraph(run("One"), style="Heading1"))
    assert item_in(tmp_path, "b.docx", titled)["title"] == "The title"


def test_pages_without_text_are_told(tmp_path: Path) -> None:
    [document] = read(write_tree(tmp_path, {"a.pdf": pdf_of([PAGE, b"", b""])})).documents
    assert document.notices == ("2 of its 3 pages have no text",)


def bomb() -> bytes:
    return docx_of(paragraph(run("x")), more={"word/more.xml": b"<x>" + b" " * 40_000_000 + b"</x>"})


def entities() -> bytes:
    text = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
    )
    return docx_of("", more={"word/document.xml": f'{text}]><w:document xmlns:w="{W}">&j;</w:document>'.encode()})


def unmapped() -> bytes:
    """A page in letters for private use, as of a font with a table of its own."""
    table = b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <ff> endcodespacerange\n"
    table += b"1 beginbfrange <20> <ff> <e020> endbfrange endcmap end"
    raw = pdf_of([lines_of([("Nobody can read what stands here.", 11)]), table])
    # The second page's drawing is the first font's table, which has its number.
    return raw.replace(b"/Encoding/WinAnsiEncoding", b"/ToUnicode 6 0 R        ")


UNREADABLE = {
    "encrypted.pdf": (
        pdf_of([PAGE], trailer=b"/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<00>/U<00>>>/ID[<00><00>]"),
        "is encrypted: save it without a password",
    ),
    "scanned.pdf": (pdf_of([b"0 0 100 100 re f", b""]), "has no text, but pictures"),
    "empty.pdf": (b"", "is broken"),
    "text.pdf": (b"# Not a PDF\n" * 9, "is broken"),
    "head.pdf": (PDF[:40], "is broken"),
    "unmapped.pdf": (unmapped(), "has text in fonts that don't say what letters they show"),
    "flate.pdf": (pdf_of([b"BT " * 30_000_000]), "unpacks to more than is read of a file"),
    "pages.pdf": (PDF.replace(b"/Kids[5 0 R", b"/Kids[2 0 R"), "is broken"),
    "long.pdf": (pdf_of([lines_of([("Refunds take 14 days. " * 1_000, 9)] * 2)] * 30), "holds more than 1 MiB of text"),
    "zip.docx": (DOCX[:300], "is no Word document, or a broken one"),
    "garbage.docx": (b"# Not Word\n" * 9, "is no Word document, or a broken one"),
    "old.docx": (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 2_000, "is encrypted, or of a Word before 2007"),
    "bomb.docx": (bomb(), "unpacks to more than 32 MiB"),
    "parts.docx": (docx_of("", more={f"x{n}.bin": b"" for n in range(10_001)}), "has more than 10000 parts"),
    "entities.docx": (entities(), "is no Word document, or a broken one"),
    "deep.docx": (docx_of("<w:p>" * 50_000 + "</w:p>" * 50_000), "is broken"),
    "blank.docx": (docx_of(paragraph(run(" \u200b"))), "is empty"),
    "xml.docx": (docx_of("<w:p>"), "is broken"),
}


def test_what_cant_be_read_is_named_and_keeps_its_item(tmp_path: Path) -> None:
    write_tree(tmp_path, {"a.md": "# A\n", **dict.fromkeys(UNREADABLE, DOCX), **{"z.pdf": PDF}})
    served = [Served(name, "0" * 64) for name in ["a.md", *UNREADABLE, "z.pdf"]]
    write_tree(tmp_path, {name: raw for name, (raw, _) in UNREADABLE.items()})
    folder = read(tmp_path)
    told = problems_of(folder)
    assert {name: told.get(name, "")[: len(reason)] for name, (_, reason) in UNREADABLE.items()} == {
        name: reason for name, (_, reason) in UNREADABLE.items()
    }
    assert [each.external_item_id for each in folder.documents] == ["a.md", "z.pdf"]
    plan = make_plan(folder, served)
    assert ({each.served.external_item_id for each in plan.keep}, plan.remove) == (set(UNREADABLE), ())


def test_a_file_that_computes_for_ever_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(converting, "SECONDS", 1)
    write_tree(tmp_path, {"slow.pdf": pdf_of([b"q 1 0 0 1 0 0 cm Q\n" * 900_000]), "a.md": "# A\n"})
    folder = read(tmp_path)
    assert problems_of(folder) == {"slow.pdf": "takes more than 1 seconds of computing, or ends what reads it"}


def test_the_child_has_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATBOT_KEY", "sk_live_secret")
    spy = tmp_path / "converter.py"
    spy.write_text("import os, json; print(json.dumps({'error': ' '.join(os.environ)}))")
    monkeypatch.setattr(converting, "__file__", str(tmp_path / "converting.py"))
    write_tree(tmp_path, {"root/a.pdf": PDF})
    assert "CHATBOT_KEY" not in problems_of(read(tmp_path / "root"))["a.pdf"]


def test_large_files_are_read_and_larger_ones_are_not(tmp_path: Path) -> None:
    padded = pdf_of([PAGE], {"Title": "Refund policy"}, root=b"/Padding(" + b"x" * 5_000_000 + b")")
    write_tree(tmp_path, {"a.pdf": padded})
    with (tmp_path / "b.pdf").open("wb") as file:
        file.truncate(converting.FILE_BYTES + 1)
    folder = read(tmp_path)
    assert [each.title for each in folder.documents] == ["Refund policy"]
    assert problems_of(folder) == {"b.pdf": "has 67108865 bytes, and of a file of its kind at most 67108864 are read"}


def test_lock_files_of_word_are_left_out(tmp_path: Path) -> None:
    folder = read(write_tree(tmp_path, {"a.docx": DOCX, "~$a.docx": b"\x03Ann" + b"\0" * 158}))
    assert ([each.path for each in folder.documents], folder.problems) == (["a.docx"], ())


@pytest.fixture
def without_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        converting, "find_spec", lambda name, *rest: None if name in {"pypdf", "mammoth"} else found(name, *rest)
    )


def kept_of(plan: Plan) -> dict[str, str]:
    return {each.served.external_item_id: each.reason for each in plan.keep}


@pytest.mark.usefixtures("without_libraries")
def test_without_the_extra_they_are_named_and_keep_their_items(tmp_path: Path) -> None:
    folder = read(write_tree(tmp_path, {"a.md": "# A\n", "b.pdf": PDF, "c.docx": DOCX}))
    assert (problems_of(folder), folder.others) == ({}, ("b.pdf", "c.docx"))
    served = [*served_of(folder), Served("b.pdf", "0" * 64), Served("gone.docx", "0" * 64)]
    plan = make_plan(folder, served)
    assert plan.notices == (
        ("b.pdf", "is a PDF: install knowledge-client[documents] to have it read"),
        ("c.docx", "is a Word document: install knowledge-client[documents] to have it read"),
    )
    assert kept_of(plan) == {
        "b.pdf": "is of a kind that is not read here, while it is served",
        "gone.docx": "is served, and no file that is read here could be it",
    }
    assert not plan.remove
    # Who asks for them is told at every run.
    asked = problems_of(read(tmp_path, suffixes=(".md", ".pdf")))
    assert asked == {"b.pdf": "is a PDF: install knowledge-client[documents] to have it read"}
    # Who asks for others is not told at all.
    assert read(tmp_path, suffixes=(".md",)).notices == ()


def test_push_reads_the_same_again_and_a_move_is_a_rename(tmp_path: Path) -> None:
    folder = read(write_tree(tmp_path, {"a.md": "# A\n", "old/b.pdf": PDF, "c.docx": DOCX}))
    served = served_of(folder)
    assert make_plan(read(tmp_path), served).is_empty
    (tmp_path / "new").mkdir()
    (tmp_path / "old" / "b.pdf").rename(tmp_path / "new" / "b.pdf")
    reader = reader_of(tmp_path)
    plan = make_plan(reader.read(), served, hash_at=reader.hash_at)
    assert [(each.served.external_item_id, each.document.path) for each in plan.rename] == [("old/b.pdf", "new/b.pdf")]
    assert (plan.remove, plan.add, plan.change) == ((), (), ())


_WORDS = st.text(st.characters(codec="cp1252", exclude_categories=["Cc", "Cf", "Z"]), min_size=1, max_size=12).filter(
    lambda word: not word.startswith("/")
)
_LINES = st.lists(st.lists(_WORDS, min_size=1, max_size=5).map(" ".join), min_size=1, max_size=6)


@settings(max_examples=EXAMPLES)
@given(st.lists(_LINES, min_size=1, max_size=3))
def test_every_line_of_a_pdf_is_read_in_its_order(pages: list[list[str]]) -> None:
    raw = pdf_of([lines_of([(line, 11) for line in lines]) for lines in pages])
    answer = pdf_text.convert(raw, CONTENT_BYTES)
    assert answer["text"] == "\n\n".join("\n".join(lines) for lines in pages) + "\n"


_PIECE = st.tuples(
    st.sampled_from(["seen", "seen", "hidden", "inserted", "deleted"]),
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=10),
)


def piece_of(kind: str, text: str) -> str:
    match kind:
        case "hidden":
            return run(text, "<w:b/><w:vanish/>")
        case "inserted":
            return f'<w:ins w:author="A">{run(text)}</w:ins>'
        case "deleted":
            return (
                f'<w:del w:author="A">{run(text).replace("w:t>", "w:delText>").replace("<w:t ", "<w:delText ")}</w:del>'
            )
    return run(text)


@settings(max_examples=EXAMPLES)
@given(st.lists(st.lists(_PIECE, min_size=1, max_size=5), min_size=1, max_size=5))
def test_what_a_reader_of_word_sees_is_read_and_nothing_else(paragraphs: list[list[tuple[str, str]]]) -> None:
    raw = docx_of("".join(paragraph(*(piece_of(*piece) for piece in pieces)) for pieces in paragraphs))
    answer = word_text.convert(raw, CONTENT_BYTES)
    seen = ["".join(text for kind, text in pieces if kind in {"seen", "inserted"}) for pieces in paragraphs]
    shown = [unescape(re.sub(r"<[^>]*>", "", line)) for line in answer["text"].splitlines()]
    assert shown == [each for each in seen if each]


@pytest.mark.parametrize("seed", range(max(4, EXAMPLES // 10)))
def test_a_damaged_file_is_read_or_named(tmp_path: Path, seed: int) -> None:
    choose = random.Random(seed)
    name, whole = choose.choice([("a.pdf", PDF), ("a.docx", DOCX)])
    raw = bytearray(whole)
    for _ in range(choose.randint(1, 40)):
        place = choose.randrange(len(raw))
        match choose.randrange(3):
            case 0:
                raw[place] = choose.randrange(256)
            case 1:
                del raw[place : place + choose.randint(1, 30)]
            case _:
                raw[place:place] = choose.randbytes(choose.randint(1, 30))
    folder = read(write_tree(tmp_path, {"a.md": "# A\n", name: bytes(raw)}))
    assert [each.path for each in folder.documents] + [each.path for each in folder.problems] in (
        ["a.docx", "a.md"],
        ["a.md", "a.pdf"],
        ["a.md", "a.docx"],
    )
