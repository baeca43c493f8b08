"""Nothing is taken for a wish to remove: neither an answer that did not come, nor a file that can't be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.clients.command.driver import Kb, said
from tests.clients.command.product import PAGES, Product

PROXY = httpx.Response(404, text="<h1>Not found</h1>")


@pytest.mark.parametrize("answer", [said(404, "not_found"), PROXY, httpx.Response(404, json={"error": "x"})])
@pytest.mark.parametrize("at", ["/sources", "/sources/{}", "/generations/", "/items"])
@pytest.mark.parametrize("command", ["diff", "apply"])
def test_404_is_not_taken_for_nothing(product: Product, kb: Kb, answer: Any, at: str, command: str) -> None:
    product.publish({"page-0.md": "# Zero\n"})
    (product.docs / "page-0.md").unlink()
    product.write({"page-1.md": "# One\n"})
    ending = at.format(product.source["id"])

    def meddle(request: httpx.Request) -> httpx.Response | None:
        is_there = ending in request.url.path if ending.endswith("/") else request.url.path.endswith(ending)
        return answer if request.method == "GET" and is_there else None

    product.meddling = meddle
    ended = kb(command)
    assert ended.code in {4, 5}, ended.out
    assert (ended.out, kb.written, product.served) == ("", [], {"page-0.md": "# Zero\n"})


def test_source_that_serves_nothing_yet_says_so_itself(product: Product, kb: Kb) -> None:
    product.edge.source(label="docs-1@x/y")
    product.write(PAGES)
    ended = kb("diff")
    assert (ended.code, "nothing is served yet" in ended.out, "6 to add" in ended.out) == (2, True, True)
    assert not [each for each in kb.requests if "generations" in each.url.path]


BAD = {
    "empty": b"",
    "not UTF-8": b"caf\xe9 " * 9,
    "large": b"x" * 1_100_000,
    "binary": b"\0\1\2",
    "broken": b"---\na: [\n---\nx",
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_item_whose_file_can_not_be_read_stays_as_it_is_served(product: Product, kb: Kb, content: bytes) -> None:
    product.publish()
    product.write({"page-1.md": content, "page-2.md": "# Changed\n"})
    ended = kb("apply")
    assert (ended.code, "! page-1.md" in ended.out) == (3, True)
    assert product.served == {**PAGES, "page-2.md": "# Changed\n"}


@pytest.mark.parametrize("how", ["otherwise", "removed"])
def test_kept_item_is_staged_as_it_is_served_whatever_somebody_staged(product: Product, kb: Kb, how: str) -> None:
    product.publish()
    product.write({"page-1.md": b"", "page-2.md": "# Changed\n"})
    source_id = product.source["id"]
    if how == "removed":
        product.edge.request("DELETE", f"/v1/sources/{source_id}/items/page-1.md")
    else:
        product.edge.push(source_id, "page-1.md", content="of somebody else")
    assert kb("plan").code == 3
    staged = product.edge.request("GET", f"/v1/sources/{source_id}/items/page-1.md").body["item"]
    assert (staged["state"], staged["content"]) == ("active", PAGES["page-1.md"])
    assert kb("apply").code == 3
    assert product.served == {**PAGES, "page-2.md": "# Changed\n"}


def test_item_that_was_staged_and_never_served_is_not_published_without_its_file(product: Product, kb: Kb) -> None:
    product.publish()
    product.write({"new.md": "# New\n"})
    kb("push")
    (product.docs / "new.md").unlink()
    assert kb("apply").code == 0
    assert product.served == PAGES
    assert (
        product.edge.request("GET", f"/v1/sources/{product.source['id']}/items/new.md").body["item"]["state"]
        != "active"
    )


def test_problem_says_what_it_keeps_and_what_to_do(product: Product, kb: Kb) -> None:
    product.publish({**PAGES, "a/1.md": "# One\n", "a/2.md": "# Two\n"})
    (product.docs / "a").rename(kb.folder / "outside")
    (product.docs / "a").symlink_to(kb.folder / "outside")
    (product.docs / "page-1.md").rename(product.docs / "page-1.adoc")
    (product.docs / "page-2.md").write_text("")
    (product.docs / "new.md").write_text("")
    lines = kb("diff").out.splitlines()
    assert {
        "! a  is a link out of the folder, which is not followed: 2 items below it are kept as they are served",
        "! page-1.adoc  may be what page-1.md has become, and its kind of file is not read: page-1.md is kept as it is"
        " served",
        "! page-2.md  is empty: kept as it is served",
        "! new.md  is empty",
        "  Mend them, or name them in exclude of kb.toml, which removes what is served of them.",
        "? *.adoc  1 file of a kind that is not read",
    } <= set(lines)


def test_folder_that_is_gone_or_empty_keeps_everything(product: Product, kb: Kb) -> None:
    product.publish()
    product.docs.rename(kb.folder / "elsewhere")
    ended = kb("apply")
    assert (ended.code, product.served) == (3, PAGES)
    product.docs.mkdir()
    ended = kb("apply", "--approve-removals", "99")
    assert (ended.code, product.served, kb.written) == (3, PAGES, [])
    assert "holds no documents" in ended.out


def test_draft_is_taken_back_and_named(product: Product, kb: Kb) -> None:
    product.publish()
    product.write({"page-1.md": "---\ndraft: true\n---\n# Page\n"})
    ended = kb("diff")
    assert (ended.code, ". page-1.md  draft: true, left out" in ended.out) == (2, True)
    assert kb("apply").code == 0
    assert "page-1.md" not in product.served


def test_clock_that_is_off_does_not_decide_what_is_in_the_future(product: Product, kb: Kb) -> None:
    product.publish({"a.md": "# A\n", "b.md": "---\ndate: 2026-11-20\n---\n# B\n"})
    # By this clock the page is of the future, by the API's it is not.
    product.date = "Fri, 01 Jan 2100 00:00:00 GMT"
    product.write({"c.md": "---\ndate: 2099-12-31\n---\n# C\n"})
    ended = kb("diff")
    assert (ended.code, "+ c.md  C" in ended.out, "clock is off by" in ended.err) == (2, True, True)
    product.date = "Thu, 01 Jan 2026 00:00:00 GMT"
    assert "- b.md" in kb("diff").out
    product.date = "nonsense"
    assert "clock is off" not in kb("diff").err


def test_file_that_changes_while_it_is_pushed_publishes_nothing(product: Product, kb: Kb) -> None:
    product.publish()
    product.write({"page-1.md": "# Once\n", "page-2.md": "# Twice\n"})

    def meddle(request: httpx.Request) -> None:
        if request.method == "GET" and request.url.path.endswith("/items") and "generations" not in request.url.path:
            product.write({"page-2.md": "# Thrice\n"})

    product.meddling = meddle
    ended = kb("apply")
    assert (ended.code, product.served) == (3, PAGES)
    assert "page-2.md was changed after the folder was read" in ended.err
    product.meddling = lambda _: None
    assert kb("apply").code == 0
    assert product.served == {**PAGES, "page-1.md": "# Once\n", "page-2.md": "# Thrice\n"}


def test_large_kept_item_is_read_by_its_link(product: Product, kb: Kb) -> None:
    """One that comes without a content of its own is read from the list, which follows its link."""
    product.publish()
    product.write({"page-1.md": b""})
    product.edge.push(product.source["id"], "page-1.md", content="of somebody else")

    def meddle(request: httpx.Request) -> httpx.Response | None:
        if not Path(request.url.path).match("*/generations/*/items/page-1.md"):
            return None
        answer = product.answer(request).json()
        del answer["item"]["content"]
        answer["item"]["contentUrl"] = "https://storage.example/x"
        return httpx.Response(200, json=answer)

    product.meddling = meddle
    product.write({"page-2.md": "# Changed\n"})
    assert kb("apply").code == 3
    assert product.served == {**PAGES, "page-2.md": "# Changed\n"}
