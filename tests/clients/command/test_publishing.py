"""`diff`, `push`, `plan` and `apply`: what they print, write and end with, and that nothing else is served."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients.client.scripted import body_of
from tests.clients.command.driver import Kb
from tests.clients.command.product import PAGES, READING, Product

PLAN = "plan.json"


def test_folder_is_published_and_then_there_is_nothing_to_do(product: Product, kb: Kb) -> None:
    product.write(PAGES)
    assert kb("diff").code == 2
    ended = kb("apply", "-m", "first")
    assert (ended.code, product.served) == (0, PAGES)
    assert "6 added; 6 items are served." in ended.out
    assert (product.source["graceDays"], product.source["label"]) == (0, "docs-1@x/y")
    kb.requests.clear()
    assert [kb(*command).code for command in (["diff"], ["push"], ["plan"], ["apply"], ["push", "--dry-run"])] == [
        0
    ] * 5
    assert kb.written == []
    assert "0 changes; 6 unchanged" in kb("diff").out


def test_change_addition_and_removal_are_shown_and_published(product: Product, kb: Kb) -> None:
    product.publish()
    product.write({"page-1.md": "# Page one\n\nText of 1.\n", "new/page.md": "# New\n"})
    (product.docs / "page-2.md").unlink()
    ended = kb("diff")
    assert ended.code == 2
    for line in (
        "~ page-1.md",
        "    title     Page 1  ->  Page one",
        "    - # Page 1",
        "+ new/page.md  New",
        "- page-2.md  its file is gone",
    ):
        assert line in ended.out.splitlines()
    assert "1 to add, 1 to change, 1 to remove; 4 unchanged." in ended.out
    document = kb("diff", "--json").document
    assert [document[name][0]["id"] for name in ("added", "changed", "removed")] == [
        "new/page.md",
        "page-1.md",
        "page-2.md",
    ]
    assert kb("push").code == 0
    assert product.served == PAGES
    assert "- page-2.md  its file is gone" in kb("plan").out.splitlines()
    ended = kb("apply")
    assert (ended.code, "1 added, 1 updated, 1 removed; 6 items" in ended.out) == (0, True)
    wanted = {**PAGES, "page-1.md": "# Page one\n\nText of 1.\n", "new/page.md": "# New\n"}
    del wanted["page-2.md"]
    assert product.served == wanted


def test_diff_and_dry_run_need_a_key_that_reads_and_write_nothing(
    product: Product, kb: Kb, monkeypatch: pytest.MonkeyPatch
) -> None:
    product.publish()
    product.write({"page-1.md": "# Other\n"})
    monkeypatch.setenv("CHATBOT_KEY", product.edge.key(product.edge.admin, scopes=READING))
    assert [kb(*command).code for command in (["diff"], ["push", "--dry-run"], ["status"], ["diff", "--json"])] == [
        2,
        2,
        0,
        2,
    ]
    assert kb.written == []
    ended = kb("apply")
    assert (ended.code, "(insufficient_scope)" in ended.err) == (4, True)


def test_plan_is_the_run_s_own_and_apply_publishes_that_plan(product: Product, kb: Kb) -> None:
    product.publish()
    product.write({"page-1.md": "# Page 1\n\nAnother text.\n", "x.md": "# X\n"})
    ended = kb("plan", "--out", PLAN)
    assert (ended.code, f"kb apply {PLAN} publishes this plan." in ended.err) == (2, True)
    assert {"~ page-1.md  content", "    - Text of 1.", "    + Another text.", "+ x.md  X"} <= set(
        ended.out.splitlines()
    )
    asked = [str(each.url) for each in kb.requests if "/changes" in each.url.path]
    assert any("include=content" in each for each in asked)
    # What is pushed or written later does not come along.
    product.write({"page-3.md": "# Later\n"})
    product.edge.push(product.source["id"], "intruder")
    assert kb("apply", PLAN, "-m", "as reviewed").code == 0
    assert product.served == {**PAGES, "page-1.md": "# Page 1\n\nAnother text.\n", "x.md": "# X\n"}
    # Applied twice it is the same generation.
    published = product.source["generationId"]
    assert (kb("apply", PLAN).code, product.source["generationId"]) == (0, published)


def test_what_the_run_says_is_printed_and_not_what_the_folder_says(product: Product, kb: Kb) -> None:
    product.publish()
    product.write({"page-1.md": "# Page 1\n\nAnother text.\n"})

    def other_text(request: Any) -> Any:
        if "include=content" not in str(request.url):
            return None
        answer = product.answer(request)
        return type(answer)(200, text=answer.text.replace("Another text.", "As the run has it."))

    product.meddling = other_text
    assert "    + As the run has it." in kb("plan").out


def test_plan_ends_with_what_it_found(product: Product, kb: Kb) -> None:
    product.publish()
    assert kb("plan").code == 0
    product.write({"page-1.md": "# Other\n"})
    assert kb("plan").code == 2
    product.write({"page-2.md": ""})
    ended = kb("plan")
    assert (ended.code, "! page-2.md  is empty: kept as it is served" in ended.out) == (3, True)
    assert kb("plan", "--json").document["exitCode"] == 3


def test_plan_that_was_overtaken_publishes_nothing(product: Product, kb: Kb) -> None:
    product.publish()
    product.write({"page-1.md": "# Other\n"})
    kb("plan", "--out", PLAN)
    product.edge.push(product.source["id"], "other.md")
    product.edge.publish(product.source["id"])
    before = product.served
    ended = kb("apply", PLAN)
    assert (ended.code, product.served) == (4, before)
    assert "(stale_" in ended.err or "(not_apply_eligible)" in ended.err
    # Without the plan, the folder is compared anew.
    assert (kb("apply").code, product.served) == (0, {**PAGES, "page-1.md": "# Other\n"})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{}", "was not written by this version"),
        ("[", "is no JSON"),
        (
            json.dumps({"format": 1, "label": "x", "sourceId": "s", "runId": "r", "planVersion": -1}),
            "has no sound planVersion",
        ),
        (
            json.dumps({"format": 1, "label": "x", "sourceId": "s", "runId": "r", "planVersion": 1, "approval": 0}),
            "the plan is of x, and kb.toml is of docs-1@x/y",
        ),
    ],
)
def test_plan_that_is_none_is_named(product: Product, kb: Kb, text: str, told: str) -> None:
    Path(PLAN).write_text(text)
    ended = kb("apply", PLAN)
    assert (ended.code, told in ended.err, kb.requests) == (3, True, [])
    assert kb("apply", "no.json").code == 3


def test_empty_plan_does_not_leave_an_older_one(product: Product, kb: Kb) -> None:
    product.write(PAGES)
    kb("plan", "--out", PLAN)
    assert Path(PLAN).exists()
    kb("apply")
    assert (kb("plan", "--out", PLAN).code, Path(PLAN).exists()) == (0, False)


def test_many_removals_wait_for_somebody_s_approval(product: Product, kb: Kb) -> None:
    product.publish()
    for name in ("page-1.md", "page-2.md"):
        (product.docs / name).unlink()
    ended = kb("apply")
    assert (ended.code, product.served, kb.written) == (3, PAGES, [])
    assert "remove 2 of 6 items (page-1.md, page-2.md)" in ended.err
    assert "--approve-removals 2" in ended.err
    assert kb("apply", "--approve-removals", "1").code == 3
    assert kb("diff").code == kb("push").code == kb("plan", "--out", PLAN).code == 3
    assert kb("apply", PLAN).code == kb("apply", PLAN, "--approve-removals", "1").code == 3
    assert product.served == PAGES
    assert kb("apply", PLAN, "--approve-removals", "2").code == 0
    assert len(product.served) == 4


def test_guard_of_the_source_is_a_guard(product: Product, kb: Kb) -> None:
    product.publish()
    path = f"/v1/sources/{product.source['id']}"
    product.edge.request("PATCH", path, {"removalGuard": {"maxItems": 0}})
    (product.docs / "page-1.md").unlink()
    ended = kb("apply")
    assert (ended.code, product.served) == (3, PAGES)
    assert "(removal_guard)" in ended.err
    assert (kb("apply", "--approve-removals", "1").code, len(product.served)) == (0, 5)


def test_share_is_a_setting(product: Product, kb: Kb) -> None:
    product.publish()
    (kb.folder / "kb.toml").write_text((kb.folder / "kb.toml").read_text() + "removals_share = 0\n")
    (product.docs / "page-1.md").unlink()
    assert kb("apply").code == 3


def test_rename_is_one_and_no_removal(product: Product, kb: Kb) -> None:
    product.publish()
    for number in range(4):
        (product.docs / f"page-{number}.md").rename(product.docs / f"seite-{number}.md")
    ended = kb("diff")
    assert (ended.code, "> page-0.md -> seite-0.md" in ended.out) == (2, True)
    assert "4 to rename; 2 unchanged." in ended.out
    ended = kb("plan")
    assert (ended.code, "> page-3.md -> seite-3.md" in ended.out, "4 to rename" in ended.out) == (2, True, True)
    assert "- page" not in ended.out
    assert kb("apply").code == 0
    assert set(product.served) == {*(f"seite-{n}.md" for n in range(4)), "page-4.md", "page-5.md"}


def test_grace_of_a_source_is_told(product: Product, kb: Kb) -> None:
    (kb.folder / "kb.toml").write_text((kb.folder / "kb.toml").read_text() + "grace_days = 7\n")
    product.publish()
    (product.docs / "page-0.md").rename(product.docs / "x.md")
    (product.docs / "page-1.md").unlink()
    for command in ("diff", "plan"):
        lines = kb(command).out.splitlines()
        assert "> page-0.md -> x.md, served as page-0.md for 7 days more" in lines
        assert any(line.startswith("- page-1.md") and line.endswith("served for 7 days more") for line in lines)
    assert kb("apply").code == 0
    assert "page-0.md" not in product.served
    assert kb("diff").code == 0
    # What comes back within its grace is an item again.
    product.write({"page-1.md": PAGES["page-1.md"]})
    assert "~ page-1.md  comes back" in kb("diff").out
    assert (kb("apply").code, product.served["page-1.md"]) == (0, PAGES["page-1.md"])


def test_lock_is_a_refusal(product: Product, kb: Kb) -> None:
    product.publish()
    product.write({"page-1.md": "# Other\n"})
    product.edge.request("PATCH", f"/v1/sources/{product.source['id']}", {"publishing": "locked", "reason": "prices"})
    for command in (["apply"], ["apply", "--json"]):
        ended = kb(*command)
        assert (ended.code, "publishing_locked" in ended.err + ended.out, product.served) == (4, True, PAGES)


def test_messages_are_in_the_history(product: Product, kb: Kb) -> None:
    product.write(PAGES)
    kb("apply", "-m", "because")
    path = f"/v1/sources/{product.source['id']}/generations/current"
    assert product.edge.request("GET", path).body["generation"]["message"] == "because"
    assert [body_of(each).get("message") for each in kb.requests if each.url.path.endswith(("/runs", "/apply"))] == [
        "because"
    ] * 2
