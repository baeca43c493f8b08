"""Every item has a document, whatever its content does to a parser."""

from __future__ import annotations

from typing import Any

import pytest
from knowledge.segments import documents
from knowledge.segments.documents import DocumentMaker
from search.text.model import Effort


class PanicError(BaseException):
    """As what a parser in Rust ends in, which is no `Exception`."""


def item(content: str = "<p>Text <b>of</b> it</p>", content_type: str = "text/html", **more: Any) -> dict[str, Any]:
    return {"externalItemId": "a", "title": "A title", "content": content, "contentType": content_type, **more}


def test_document_has_what_the_item_says() -> None:
    told = item(language="de-AT", tags=["x", "y"], metadata={"n": 1})
    made = DocumentMaker().make_document("a", "00" * 32, told)
    assert (made.item_id, made.content_hash, made.text.title, made.text.text) == (
        "a",
        "00" * 32,
        "A title",
        "Text of it",
    )
    assert (made.language, made.tags, made.metadata) == ("de-AT", ("x", "y"), {"n": 1})
    plain = DocumentMaker().make_document("a", "00" * 32, item())
    assert (plain.language, plain.tags, plain.metadata) == (None, (), {})


@pytest.mark.parametrize("error", [PanicError, ValueError, MemoryError])
@pytest.mark.parametrize(
    ("failing", "effort"),
    [(1, Effort.UNPARSED), (2, Effort.TITLE), (3, Effort.NOTHING)],
    ids=["once", "twice", "always"],
)
def test_parser_that_fails_leaves_a_document_all_the_same(
    monkeypatch: pytest.MonkeyPatch, error: type[BaseException], failing: int, effort: Effort
) -> None:
    extract, tries = documents.extract, []

    def failing_at_first(*of: Any) -> Any:
        tries.append(of[3])
        if len(tries) <= failing:
            raise error
        return extract(*of)

    monkeypatch.setattr(documents, "extract", failing_at_first)
    assert DocumentMaker().make_document("a", "00" * 32, item()).text.effort is effort


def test_end_of_the_process_is_no_failure_of_a_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(documents, "extract", ended)
    with pytest.raises(KeyboardInterrupt):
        DocumentMaker().make_document("a", "00" * 32, item())


def test_past_the_time_that_all_share_markup_is_not_parsed() -> None:
    moments = iter([0.0, 41.0, 41.0, 41.0])
    maker = DocumentMaker(lambda: next(moments))
    efforts = [maker.make_document(name, "00" * 32, item()).text.effort for name in "ab"]
    assert efforts == [Effort.PARSED, Effort.UNPARSED]
    # Plain text takes no time worth asking for.
    assert maker.make_document("c", "00" * 32, item("text", "text/plain")).text.effort is Effort.PARSED
